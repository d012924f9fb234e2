#!/usr/bin/env python3
"""A club on a NATS server: 500 simulated runners from 10 daemons, one server, one board, and what can go wrong.

    bash tests/team/set_up.sh
    cargo build --release --features team --example team_load
    target/team/venv/bin/python tests/team/run.py target/release/examples/team_load

Real: the server, the daemons' log on disk and their way to the server, the board's way from it. The daemons live in a
network namespace of their own, which is cut off like a laptop that walks out of the Wi-Fi. Needs Linux and root (or
sudo). About three and a half minutes; prints the table and fails when a stance or an alert is lost or shown twice.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from server import Raw, Server, configuration, nkey  # noqa: E402

# Runners of each daemon: 50 is the club that the document's table is about.
DAEMONS, RUNNERS = 10, int(sys.argv[2]) if len(sys.argv) > 2 else 50
TELL_S = 135
SPACE, OUTSIDE, INSIDE = "swteam", "swteam0", "swteam1"
HOST, PORT = "10.231.77.1", 42221
CLUB = "club"
BOARD = {"id": "board", "password": "listens"}
NATS_SERVER = os.environ.get("NATS_SERVER", str(Path(sys.executable).parent / "nats-server"))


def say(text):
    print(f"[{time.monotonic() - BEGUN:5.1f} s] {text}", flush=True)


def root(*command, check=True):
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return subprocess.run([*prefix, *command], check=check, capture_output=not check)


class Network:
    """Two ends of a cable: the server's here, the daemons' in a namespace."""

    def __enter__(self):
        self.__exit__()
        root("ip", "netns", "add", SPACE)
        root("ip", "link", "add", OUTSIDE, "type", "veth", "peer", "name", INSIDE, "netns", SPACE)
        root("ip", "addr", "add", f"{HOST}/24", "dev", OUTSIDE)
        root("ip", "link", "set", OUTSIDE, "up")
        for command in (["addr", "add", "10.231.77.2/24", "dev", INSIDE], ["link", "set", INSIDE, "up"], ["link", "set", "lo", "up"]):
            root("ip", "-n", SPACE, *command)
        return self

    def __exit__(self, *_):
        root("ip", "netns", "del", SPACE, check=False)
        root("ip", "link", "del", OUTSIDE, check=False)

    def cut(self, cut):
        root("ip", "link", "set", OUTSIDE, "down" if cut else "up")


class Cost:
    """Processor time and memory of a process over a while."""

    def __init__(self, pid):
        self.pid, self.at = pid, time.monotonic()
        self.used = self.seconds()

    def seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def row(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        memory = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
        return 100 * (self.seconds() - self.used) / (time.monotonic() - self.at), int(memory) / 1024


class Board:
    def __init__(self, load, folder):
        self.load, self.folder, self.out = load, folder, folder / "board.jsonl"
        self.settings = settings(folder / "board.toml", BOARD)

    def start(self):
        self.process = subprocess.Popen([self.load, "hear", self.settings, self.out], stderr=open(self.folder / "board.log", "a"))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def lines(self):
        if not self.out.exists():
            return []
        # The last one may be on its way.
        return [json.loads(line) for line in self.out.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def newest(self):
        lines = self.lines()
        return lines[-1] if lines else {"stances": 0, "alerts": 0, "refused": {}, "came_again": 0, "twice": 0}


def settings(path, who, **other):
    keys = {"url": f"nats://{HOST}:{PORT}", "club": CLUB, **other}
    if "seed" in who:
        keys["nkey"] = who["seed"]
    else:
        keys |= {"user": who["id"], "password": who["password"]}
    path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()))
    return path


def quantile(lines, q):
    """Of the lags in ms that the board wrote down."""
    counts = {}
    for line in lines:
        for lag, n in line["lags"].items():
            counts[int(lag)] = counts.get(int(lag), 0) + n
    wanted, seen = q * sum(counts.values()), 0
    for lag in sorted(counts):
        seen += counts[lag]
        if seen >= wanted:
            return lag
    return None


def unix_ms():
    return time.time_ns() // 1_000_000


def daemons(load, folder):
    """Ten daemons; the last one signs in with a key pair."""
    all_of_them = []
    for k in range(DAEMONS):
        home = folder / f"daemon{k}"
        out = subprocess.run([load, "id", home], check=True, capture_output=True, text=True).stdout.strip()
        all_of_them.append({"id": out, "password": f"tells{k}", "home": home})
    seed, public = nkey()
    path = folder / "seed"
    path.write_text(seed)
    all_of_them[-1] |= {"nkey": public, "seed": str(path)}
    return all_of_them


def tell(load, folder, daemon, seconds, runners=RUNNERS):
    path = settings(folder / f"{daemon['home'].name}.toml", daemon)
    prefix = ["ip", "netns", "exec", SPACE] if os.geteuid() == 0 else ["sudo", "-n", "ip", "netns", "exec", SPACE]
    log = open(folder / f"{daemon['home'].name}.log", "a")
    return subprocess.Popen(
        [*prefix, load, "tell", path, daemon["home"], str(runners), str(seconds)], stdout=subprocess.PIPE, stderr=log, text=True
    )


def until(what, seconds):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def storm(load, folder, server, network, board, them):
    """The run with all faults: what the board has shown in the end."""
    telling = [tell(load, folder, daemon, TELL_S) for daemon in them]
    try:
        return story(telling, server, network, board)
    finally:
        for process in telling:
            process.kill()


def story(telling, server, network, board):
    begun = time.monotonic()

    def at(second, text):
        time.sleep(max(0, begun + second - time.monotonic()))
        say(text)

    at(6, "steady")
    steady, costs = unix_ms(), {"board": Cost(board.process.pid), "nats-server": Cost(server.process.pid)}
    at(26, "the server is killed, for 5 s")
    calm = unix_ms()
    costs = {name: cost.row() for name, cost in costs.items()}
    server.kill()
    at(31, "the server starts again")
    server.start()
    at(42, "the board is killed, for 3 s")
    before = board.newest()
    board.kill()
    at(45, "the board starts again and replays the day")
    again = unix_ms()
    board.start()
    assert until(lambda: board.newest()["stances"] > before["stances"], 20), "the board did not replay the day"
    replayed = next(line for line in board.lines() if line["unix_ms"] > again and line["stances"] > before["stances"])
    at(55, "the network is cut, for 60 s")
    network.cut(True)
    at(85, "... half of it")
    silent = board.newest()["stances"]
    at(115, "the network is back")
    grew = board.newest()["stances"] - silent
    network.cut(False)
    back = unix_ms()
    told = [json.loads(process.communicate(timeout=TELL_S)[0]) for process in telling]
    say("the daemons have told all")
    total = {kind: sum(one[kind] for one in told) for kind in ("stances", "alerts")}
    until(lambda: all(board.newest()[kind] >= total[kind] for kind in total), 120)
    time.sleep(2)
    shown = board.newest()
    lines = board.lines()
    calm_lines = [line for line in lines if steady < line["unix_ms"] <= calm]
    late = [line for line in lines if line["unix_ms"] > back and line["lags"]]
    # Until what is shown is a second old at most.
    caught_up = next((line["unix_ms"] for line in late if quantile([line], 0.99) < 1000), late[-1]["unix_ms"])

    print(f"\n{DAEMONS * RUNNERS} runners, {DAEMONS} daemons, {sum(sum(l['lags'].values()) for l in calm_lines) / 20:.0f} reports per second")
    print(f"lag from telling to showing, calm: median {quantile(calm_lines, 0.5)} ms, p99 {quantile(calm_lines, 0.99)} ms, most {quantile(calm_lines, 1)} ms")
    for name, (cpu, memory) in costs.items():
        print(f"{name}: {cpu:.0f} % of a core, {memory:.0f} MB")
    print(f"board after its restart: {replayed['stances']} stances of the day again within {(replayed['unix_ms'] - again) / 1000:.1f} s")
    print(f"board while the network was cut: {grew} stances; caught up {(caught_up - back) / 1000:.1f} s after it was back")
    print(f"{'':10}{'told':>8}{'shown':>8}{'lost':>6}")
    for kind in total:
        print(f"{kind:10}{total[kind]:8}{shown[kind]:8}{total[kind] - shown[kind]:6}")
    print(f"shown twice {shown['twice']}, refused {sum(shown['refused'].values())}, came again and were known {shown['came_again']}")
    assert all(one["trouble"] is None for one in told), told
    assert all(shown[kind] == total[kind] for kind in total), "something was lost"
    assert shown["twice"] == 0, "something was shown twice"
    assert grew == 0, "the cut network carried something"
    return shown


def says(load, folder, who, wanted, **other):
    """What a daemon says that is not let in, within ten seconds; it goes on trying, and its log keeps what it has."""
    path = settings(folder / "wrong.toml", who, **other)
    home = folder / "wrong"
    with open(folder / "wrong.log", "w+") as log:
        process = subprocess.Popen([load, "tell", path, home, "1", "60"], stdout=subprocess.PIPE, stderr=log)
        heard = until(lambda: wanted in (folder / "wrong.log").read_text(), 10)
        running = process.poll() is None
        process.kill()
        process.wait()
    assert heard and running, f"`{wanted}` is not said: {(folder / 'wrong.log').read_text()}"
    print(f"told: {(folder / 'wrong.log').read_text().splitlines()[-1].split(' ', 1)[1]}")


def intruders(load, folder, board, them, shown):
    """Who must not get in does not, is told why, and changes nothing on the board."""
    honest, other = them[0], them[1]
    says(load, folder, {"id": honest["id"], "password": "guessed"}, "does not let this program in")
    seed, _ = nkey()
    (folder / "foreign").write_text(seed)
    says(load, folder, {"seed": str(folder / "foreign")}, "does not let this program in")
    # Right password, another daemon's log: the server holds it to its own subject.
    says(load, folder, {"id": honest["id"], "password": honest["password"]}, "Permissions Violation")

    raw = Raw(HOST, PORT, honest["id"], honest["password"])
    stance = {
        "form": 1, "daemon": honest["id"], "number": 1, "told_unix_ms": unix_ms(), "runner": {"id": "0", "name": "Runner 0"},
        "session": "load", "kind": "stance", "stance": 1, "side": "left", "ic_time_s": 1.0, "tc_time_s": 1.2, "valid": True,
        "peak_femur_adduction_deg": 45.0, "peak_femur_rotation_deg": None, "peak_hip_adduction_deg": None,
    }
    own = f"stancewatch.v1.{CLUB}.{honest['id']}.0.stance"

    def body(**changed):
        return json.dumps(stance | changed).encode()

    answer = raw.publish(f"stancewatch.v1.{CLUB}.{other['id']}.0.stance", body(daemon=other["id"], number=10**9))
    assert "Permissions Violation" in answer, answer
    raw.publish(own, body(daemon=other["id"], number=10**9))       # forged
    raw.publish(own, body(), f"{honest['id']}-1-replayed")         # replayed, past the server's own check
    raw.publish(own, b"{\"form\": 1")                              # malformed
    raw.publish(own, body(form=2))                                 # newer
    raw.publish(own, body(peak_femur_adduction_deg="much"))        # malformed
    wanted = {"forged": 1, "malformed": 2, "newer": 1}
    assert until(lambda: board.newest()["refused"] == wanted, 10), board.newest()
    now = board.newest()
    assert now["came_again"] == shown["came_again"] + 1, "the replayed stance was not known"
    assert (now["stances"], now["alerts"], now["twice"]) == (shown["stances"], shown["alerts"], 0), now
    print(f"contained: refused {now['refused']}, replayed {now['came_again'] - shown['came_again']}, the board as before")


def main():
    load = str(Path(sys.argv[1]).resolve())
    folder = Path(tempfile.mkdtemp(prefix="swteam"))
    passed = False
    try:
        them = daemons(load, folder)
        config = configuration(folder, HOST, PORT, CLUB, them, BOARD)
        # The one that people start from is a good one.
        secrets = {**os.environ, "BOARD_PASSWORD": "b", "LAPTOP1_PASSWORD": "l"}
        subprocess.run([NATS_SERVER, "-t", "-c", HERE.parent.parent / "docs" / "nats-server.conf"], check=True, env=secrets)
        with Network() as network, open(folder / "server.log", "w") as log:
            server, board = Server(NATS_SERVER, config, log), Board(load, folder)
            try:
                server.start()
                server.wait(HOST, PORT)
                board.start()
                shown = storm(load, folder, server, network, board, them)
                say("who must not get in")
                intruders(load, folder, board, them, shown)
                passed = True
            finally:
                board.kill()
                server.kill()
        say("nothing lost, nothing twice, nobody in who must not be")
    finally:
        if passed:
            shutil.rmtree(folder)
        else:
            print(f"what was said is in {folder}")


BEGUN = time.monotonic()
if __name__ == "__main__":
    main()
