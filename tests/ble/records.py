"""What lies in recordings and results, for comparison."""
import csv
import json
import subprocess

from mcap.reader import make_reader


def channels(path):
    found = {}
    with open(path, "rb") as file:
        for _schema, channel, message in make_reader(file).iter_messages(log_time_order=False):
            found.setdefault(channel.topic, []).append(json.loads(message.data))
    return found


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def analyze(program, recording, out):
    subprocess.run([program, "analyze", str(recording), "--out", str(out)], check=True, capture_output=True)
    return rows(out / "stances.csv"), rows(out / "alerts.csv")


def motion(folder):
    """Samples (acceleration, rate) of each placement of a synthetic data set, all on one clock."""
    found = {}
    for columns in sorted(folder.glob("sub-*/motion/*_channels.tsv")):
        with open(columns) as file:
            listed = list(csv.DictReader(file, delimiter="\t"))
        wanted = [i for i, c in enumerate(listed) if c["type"] in ("ACCEL", "GYRO")]
        if not wanted:
            continue
        # A file for all sensors that are sampled together, six columns each.
        with open(str(columns).replace("_channels", "_motion")) as file:
            table = [line.rstrip("\n").split("\t") for line in file]
        for first in range(0, len(wanted), 6):
            six = wanted[first:first + 6]
            found[listed[six[0]]["tracked_point"]] = [tuple(float(row[i]) for i in six) for row in table if "n/a" not in [row[i] for i in six]]
    return found


def events(folder):
    path = next(folder.glob("sub-*/motion/*_events.tsv"))
    with open(path) as file:
        return [(float(e["onset"]), e["trial_type"], e["side"]) for e in csv.DictReader(file, delimiter="\t")]


def received(found):
    """Device times in microseconds and arrivals of every sensor's samples, by name."""
    names, samples = {}, {}
    for message in found["input"]:
        if message["input"] == "sensor":
            names[message["id"]] = message["name"]
        elif message["input"] == "packet":
            samples.setdefault(names[message["sensor"]], []).extend((round(s["t"] * 1e6), message["arrival"]) for s in message["samples"])
    return samples
