#!/usr/bin/env python3
"""Our exports, read by the programs that they are for. Prints a row per format and fails where one does not agree.

run.py PROGRAM: the built stancewatch. Runs in the environment that set_up.sh makes.
"""

import csv
import datetime
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
STARTED = "2026-11-23T18:05:00+01:00"
TABLES = ("angles", "stances", "alerts")
# The slowest rounding in our CSV files: three decimals of a degree.
ROUNDING = 0.5e-3 + 1e-9
# Seconds of the session that OpenSim works through: walking and running.
WALK, RUN = (58, 64), (110, 116)


class Session:
    """A synthetic runner and its exports."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.source = folder / "source"
        self.call("simulate", "--runner-config", HERE / "runner.toml", "--out", self.source)
        self.analysed = self.analyze(self.source / "sub-01/motion/sub-01_task-run_tracksys-Pelvis_motion.tsv", "analysed")

    def call(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    def analyze(self, source, name):
        self.call("analyze", source, "--out", self.folder / name)
        return self.folder / name

    def export(self, form, name, source=None):
        out = self.folder / name
        self.call("export", source or self.source, "--format", form, "--out", out, "--started", STARTED)
        return out

    def rows(self, folder, table):
        with open(folder / f"{table}.csv", newline="") as file:
            return list(csv.DictReader(file))

    def same_results(self, source, name):
        """Numbers of a second import are the first's, to the byte."""
        again = self.analyze(source, name)
        for table in TABLES:
            file = f"{table}.csv"
            assert (again / file).read_bytes() == (self.analysed / file).read_bytes(), f"{name}: {file} differs"


def check_csv(session):
    folder = session.export("csv", "csv")
    for table in TABLES:
        text = (folder / f"{table}.csv").read_bytes()
        assert text.endswith(b"\r\n") and text.count(b"\n") == text.count(b"\r\n"), f"{table}: line ends"
        with open(folder / f"{table}.csv", newline="") as file:
            widths = {len(row) for row in csv.reader(file, strict=True)}
        assert len(widths) == 1, f"{table}: {widths}"
        assert session.rows(folder, table) == session.rows(session.analysed, table), table
    stances = session.rows(folder, "stances")
    assert {"valid", "reason", "contact_ms"} <= set(stances[0])
    return f"{len(stances)} stances, equal to analyze"


def check_parquet(session):
    import pyarrow.parquet as parquet

    folder = session.export("parquet", "parquet")
    worst = 0.0
    for table in TABLES:
        read = parquet.read_table(folder / f"{table}.parquet")
        wanted = session.rows(session.analysed, table)
        assert read.num_rows == len(wanted) > 0, table
        assert all(read.schema.metadata[f"unit:{c}".encode()] == b"deg" for c in read.column_names if c.endswith("_deg"))
        for row, want in zip(read.to_pylist(), wanted):
            assert list(row) == list(want)
            for name, value in row.items():
                if isinstance(value, float):
                    limit = 0.05 + 1e-9 if name.endswith(("_ms", "_spm")) else ROUNDING
                    error = abs(value - float(want[name]))
                    worst = max(worst, error if limit == ROUNDING else 0.0)
                    assert error <= limit, f"{table} {name}: {value} {want[name]}"
                else:
                    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
                    assert text == want[name], f"{table} {name}: {value!r} {want[name]!r}"
    return f"{read.num_rows} alerts, largest difference to analyze {worst:.4f} (rounding)"


def check_bids(session):
    data_set = session.export("bids", "bids")
    validator = Path(sys.executable).with_name("bids-validator-deno")
    for root in (data_set, data_set / "derivatives/stancewatch"):
        out = subprocess.run([validator, "--json", root], capture_output=True, text=True)
        issues = json.loads(out.stdout)["issues"]["issues"]
        errors = [issue for issue in issues if issue["severity"] == "error"]
        assert not errors and out.returncode == 0, errors
    session.same_results(next((data_set / "sub-01/motion").glob("*_motion.tsv")), "from-bids")
    return "no error in raw and derived; second import equal to the byte"


def check_mcap(session):
    from mcap.reader import make_reader

    path = session.export("mcap", "run.mcap")
    counts, schemas = {}, set()
    with open(path, "rb") as file:
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            value = json.loads(message.data)
            properties = json.loads(schema.data).get("properties", {})
            missing = set(json.loads(schema.data).get("required", [])) - set(value)
            assert schema.encoding == "jsonschema" and properties and not missing, (channel.topic, missing)
            counts[channel.topic] = counts.get(channel.topic, 0) + 1
            schemas.add(schema.name)
            first = message.log_time if sum(counts.values()) == 1 else first
    begun = datetime.datetime.fromisoformat(STARTED).timestamp()
    assert abs(first / 1e9 - begun) < 1.0, first
    assert counts["stance"] == len(session.rows(session.analysed, "stances")), counts
    session.same_results(path, "from-mcap")
    copy = session.export("mcap", "copy.mcap", path)
    assert copy.read_bytes() == path.read_bytes()
    return f"{sum(counts.values())} messages in {len(schemas)} schemas; second import equal to the byte"


def check_fit(session):
    from garmin_fit_sdk import Decoder, Stream

    path = session.export("fit", "run.fit")
    assert Decoder(Stream.from_file(str(path))).check_integrity(), "sums"
    messages, errors = Decoder(Stream.from_file(str(path))).read()
    assert not errors, errors
    activity, lap, records = messages["session_mesgs"][0], messages["lap_mesgs"], messages["record_mesgs"]
    stances, alerts = (session.rows(session.analysed, table) for table in ("stances", "alerts"))
    begun = datetime.datetime.fromisoformat(STARTED)
    assert abs((activity["start_time"] - begun).total_seconds()) < 1, activity
    contact = {
        side: [float(s["contact_ms"]) for s in stances if s["side"] == side] for side in ("left", "right")
    }
    left, right = (sum(c) / len(c) for c in (contact["left"], contact["right"]))
    assert abs(activity["avg_stance_time"] - (left + right) / 2) < 0.2
    assert abs(activity["avg_stance_time_balance"] - 100 * left / (left + right)) < 0.02
    rates = [float(s["cadence_spm"]) / 2 for s in stances if s["cadence_spm"]]
    cadence = activity["avg_cadence"] + activity["avg_fractional_cadence"]
    assert abs(cadence - sum(rates) / len(rates)) < 0.02, (cadence, sum(rates) / len(rates))
    onsets = {int(float(a["decided_time_s"])) for a in alerts}
    assert onsets and len(lap) == len(onsets) + 1, (onsets, len(lap))
    fields = {f["key"]: f for f in messages["field_description_mesgs"]}
    names = {f["field_name"]: key for key, f in fields.items()}
    assert all(f.get("units") == "deg" for name, f in ((f["field_name"], f) for f in fields.values()) if name != "alert")
    # One second's peak: the mean over the valid stances of a leg that ended in it.
    peak, compared = names["right_peak_femur_adduction"], 0
    for record in records:
        second = (record["timestamp"] - begun).total_seconds()
        values = [
            float(s["peak_femur_adduction_deg"])
            for s in stances
            if s["side"] == "right" and s["valid"] == "true" and s["peak_femur_adduction_deg"]
            and second <= float(s["tc_time_s"]) < second + 1
        ]
        found = record.get("developer_fields", {}).get(peak)
        if values:
            assert abs(found - sum(values) / len(values)) < 0.002, (second, found, values)
            compared += 1
    said = lap[1]["developer_fields"][names["alert"]]
    assert alerts[0]["rule"] in said and alerts[0]["side"] in said, said
    return f"{len(records)} records, {len(lap)} laps (\"{said}\"), {compared} peaks equal"


def check_opensim(session):
    import opensim_check

    sto, mot = session.export("sto", "run.sto"), session.export("mot", "run.mot")
    lines = []
    for gait, seconds in (("walk", WALK), ("run", RUN)):
        folder = session.folder / f"opensim-{gait}"
        folder.mkdir()
        found = opensim_check.check(folder, sto, mot, seconds)
        for kind, limits in (("free", (0.01, 0.05)), ("hinge", (5.0, 12.0))):
            rms, most = (max(values[k] for values in found[kind].values()) for k in (0, 1))
            lines.append(f"{gait}, {kind} knees: RMS {rms:.3f}, largest {most:.3f}")
            assert rms < limits[0] and most < limits[1], (lines[-1], found[kind])
            hinges = ", ".join(f"{name} {rms:.2f}" for name, (rms, _) in found[kind].items() if kind == "hinge")
            print(f"    {gait}, {kind}: {hinges}" if hinges else f"    {lines[-1]}")
    # The .mot has our angles under OpenSim's names.
    ours = opensim_check.table(mot)
    by_time = {round(float(row["time_s"]), 4): row for row in session.rows(session.analysed, "angles")}
    for name, column in (
        ("hip_flexion_r", "right_hip_flexion_deg"),
        ("hip_adduction_l", "left_hip_adduction_deg"),
        ("hip_rotation_l", "left_hip_rotation_deg"),
        ("knee_angle_l", "left_knee_flexion_deg"),
    ):
        for t, value in zip(ours["time"], ours[name]):
            assert abs(value - float(by_time[round(t, 4)][column])) < 1e-6, (t, name)
    return f"{len(ours['time'])} frames; " + "; ".join(lines) + " degrees"


CHECKS = {
    "csv": ("Python csv, strict", check_csv),
    "parquet": ("pyarrow", check_parquet),
    "bids": ("bids-validator-deno", check_bids),
    "mcap": ("mcap for Python", check_mcap),
    "fit": ("Garmin FIT SDK", check_fit),
    "sto, mot": ("OpenSim", check_opensim),
}


def main():
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        session = Session(str(Path(sys.argv[1]).resolve()), Path(folder))
        for name, (reader, check) in CHECKS.items():
            try:
                print(f"{name:9} {reader:20} {check(session)}", flush=True)
            except Exception as error:  # one format's failure hides no other's
                failed.append(name)
                print(f"{name:9} {reader:20} FAILED: {type(error).__name__}: {error}", flush=True)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
