#!/usr/bin/env python3
"""Live outputs into the programs that read them: python-osc, and LSL's own client by way of examples/lsl.py.

    target/team/venv/bin/python tests/team/out.py target/release/stancewatch

A synthetic runner in real time for 45 s; what it sends is held against itself: rates, numbers without gaps, and times on
LSL's clock that agree with when it was heard.
"""
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import pylsl
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import ThreadingOSCUDPServer

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 45
DEGREES = {f"/stancewatch/{side}/{joint}/{part}" for side in ("left", "right") for joint in ("femur", "knee", "hip") for part in ("flexion", "adduction", "rotation")}


def daemon(program, folder, port, rate):
    """A runner who stands, bends the knees, walks and runs."""
    command = [program, "--data-dir", folder, "run", "--synthetic", "--seed", "3", "--no-recording", "--no-open", "--port", "0"]
    return subprocess.Popen([*command, "--osc", f"127.0.0.1:{port}", "--osc-rate", str(rate)], stderr=subprocess.DEVNULL)


def osc(program, folder):
    heard = defaultdict(list)
    dispatcher = Dispatcher()
    dispatcher.set_default_handler(lambda address, *arguments: heard[address].append((time.monotonic(), arguments)))
    server = ThreadingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process = daemon(program, folder, server.server_address[1], 20)
    return process, server, heard


def check_osc(heard):
    times = [arguments[0] for _, arguments in heard["/stancewatch/time_s"]]
    steps = [b - a for a, b in zip(times, times[1:])]
    rate = len(steps) / (times[-1] - times[0])
    assert abs(rate - 20) < 0.5, f"{rate} angles per second instead of 20"
    ages = sorted(arguments[0] for _, arguments in heard["/stancewatch/age_s"])
    assert 0 <= ages[0] and ages[len(ages) // 2] < 0.5, f"ages {ages[0]} to {ages[-1]}"
    unknown = {a for a in heard if not a.startswith("/stancewatch/")}
    assert not unknown, unknown
    angles = DEGREES & set(heard)
    assert angles == DEGREES, f"never sent: {DEGREES - angles}"
    assert all(isinstance(a[0], float) and math.isfinite(a[0]) and abs(a[0]) < 180 for name in angles for _, a in heard[name])
    for side in ("left", "right"):
        stances = [arguments for _, arguments in heard[f"/stancewatch/{side}/stance"]]
        assert [s[0] for s in stances] == list(range(1, len(stances) + 1)) and len(stances) >= 5, f"{side}: {[s[0] for s in stances]}"
        assert all(0.1 < s[2] - s[1] < 1.2 for s in stances), stances
        assert {arguments[0] for _, arguments in heard[f"/stancewatch/{side}/valid"]} == {0, 1}
    print(f"OSC into python-osc: {rate:.1f} bundles per second, {len(heard)} addresses, {len(stances)} stances of the right leg, median age {1000 * ages[len(ages) // 2]:.0f} ms")


def inlet(name):
    found = pylsl.resolve_byprop("name", name, 1, 20)
    assert found, f"no stream `{name}`"
    return pylsl.StreamInlet(found[0])


def check_lsl(angles, markers):
    values, stamps, late = angles
    assert len(values[0]) == 21, len(values[0])
    span = stamps[-1] - stamps[0]
    rate = (len(stamps) - 1) / span
    assert abs(rate - 100) < 2, f"{rate} Hz instead of 100"
    assert all(b > a for a, b in zip(stamps, stamps[1:])), "time goes back"
    known = [row for row in values if not math.isnan(row[3])]
    assert known, "no valid femur angle"
    # From when it was to when it was heard: the sensors' packets, the filters, and how busy this computer is.
    late = sorted(late)
    middle = late[len(late) // 2]
    assert 0 < late[0] and middle < 0.5, f"heard {late[0]} to {late[-1]} s after its time, median {middle}"
    texts = [text for text, _ in markers]
    contacts = [t for text, t in markers if text == "initial_contact left"]
    assert len(contacts) >= 5 and "terminal_contact right" in texts, texts
    assert all(0.4 < b - a < 1.6 for a, b in zip(contacts[1:], contacts[2:])), contacts
    assert stamps[0] < contacts[-1] < stamps[-1] + 1, (stamps[0], contacts, stamps[-1])
    print(f"LSL into pylsl: {rate:.1f} Hz, {len(values)} samples, {len(markers)} markers, heard {1000 * middle:.0f} ms (median) after it happened")


def main():
    program = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        first, server, heard = osc(program, Path(folder) / "osc")
        port = 9100 + os.getpid() % 800
        bridge = subprocess.Popen([sys.executable, ROOT / "examples" / "lsl.py", "--osc-port", str(port), "--name", f"sw{port}"])
        second = daemon(program, Path(folder) / "lsl", port, 100)
        try:
            angles_in, markers_in = inlet(f"sw{port} angles"), inlet(f"sw{port} markers")
            markers_in.open_stream(5)
            values, stamps, late, markers = [], [], [], []
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                rows, their_stamps = angles_in.pull_chunk(0.05)
                values += rows
                stamps += their_stamps
                late += [pylsl.local_clock() - stamp for stamp in their_stamps]
                texts, their_stamps = markers_in.pull_chunk(0)
                markers += [(text, stamp) for (text,), stamp in zip(texts, their_stamps)]
        finally:
            for process in (first, second, bridge):
                process.kill()
                process.wait()
            server.shutdown()
        check_osc(heard)
        # The first pull hands over what had gathered while the stream was being found.
        check_lsl((values[300:], stamps[300:], late[300:]), markers)


if __name__ == "__main__":
    main()
