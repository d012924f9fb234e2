#!/usr/bin/env python3
"""A coach at a board by way of a NATS server, over TLS: an alert acknowledged, a runner spoken to, and what is said when
that cannot be.

    target/team/venv/bin/python tests/team/asked.py target/release/stancewatch

The real programs and a real server with a certificate of its own authority.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from server import Server, configuration  # noqa: E402

HOST, PORT, CLUB = "127.0.0.1", 42231, "club"
NATS_SERVER = os.environ.get("NATS_SERVER", str(Path(sys.executable).parent / "nats-server"))
# Long enough for a machine with other things to do.
PATIENCE = 180
# As the page's tests have it: an alert stands soon, and for good.
PAGE = Path(__file__).resolve().parent.parent / "page"
SETTINGS = (PAGE / "learns_soon.toml").read_text()
RUNNER = PAGE / "falls_in.toml"


def certificates(folder):
    """An authority, and the server's certificate from it."""

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=folder)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=hall", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text(f"subjectAltName=IP:{HOST}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 2, "-extfile", "names", "-out", "server.pem")


class Program:
    """Of ours, with its own data and settings; `said` is what it has told."""

    def __init__(self, program, folder, name, who, *words, ca="ca.pem"):
        self.home = folder / name
        self.home.mkdir(exist_ok=True)
        nats = {"url": f"tls://{HOST}:{PORT}", "club": CLUB, "user": who["id"], "password": who["password"], "ca": str(folder / ca)}
        config = self.home / "settings.toml"
        config.write_text(SETTINGS + "[nats]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in nats.items()))
        self.log = self.home / "said"
        command = [program, "--config", config, "--data-dir", self.home / "data", words[0], "--no-open", "--port", "0", *words[1:]]
        self.process = subprocess.Popen(command, stderr=open(self.log, "w"))
        self.address = until(lambda: re.search(r"listening on (\S+)", self.said()), "an address")[1]

    def said(self):
        return self.log.read_text()

    def board(self):
        with urllib.request.urlopen(f"{self.address}/api/v1/board", timeout=10) as answer:
            return json.load(answer)

    def ask(self, what):
        """Status and sentence."""
        request = urllib.request.Request(f"{self.address}/api/v1/board/ask", json.dumps(what).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, ""
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def stop(self):
        self.process.kill()
        self.process.wait()


def until(what, name, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"waited {seconds} s in vain for {name}"
        time.sleep(0.2)
    return found


def story(program, folder, server, them):
    coach = Program(program, folder, "coach", {"id": "board", "password": "listens"}, "coach")
    them.append(coach)
    until(lambda: "listening to the daemons" in coach.said(), "the board to listen")
    daemon = Program(program, folder, "daemon", server.daemon, "run", "--runner-config", RUNNER, "--speed", "10", "--no-recording")
    them.append(daemon)

    def alerted(board):
        return [(tile, alert) for tile in board["tiles"] for alert in tile["alerts"]]

    tile, alert = until(lambda: alerted(coach.board()), "an alert on the board")[0]
    whose = {"daemon": tile["daemon"], "runner": tile["runner"], "session": tile["session"]}
    assert not alert["acknowledged"], alert
    assert coach.ask({**whose, "ask": "acknowledge", "alert": alert["alert"]}) == (204, "")
    for name, board in (("coach", coach), ("daemon", daemon)):
        until(lambda: any(a["alert"] == alert["alert"] and a["acknowledged"] for _, a in alerted(board.board())), f"the acknowledgement at the {name}", 20)
    assert coach.ask({**whose, "ask": "cue", "words": "knees_apart", "side": "right"}) == (204, "")
    print("acknowledged and said by way of the server, over TLS")

    for what, wanted in (
        ({**whose, "session": "another", "ask": "acknowledge", "alert": 1}, "session that is over"),
        ({**whose, "runner": "nobody", "ask": "cue", "words": "knees_apart", "side": None}, "no runner nobody here"),
        ({**whose, "daemon": "0000", "ask": "cue", "words": "knees_apart", "side": None}, "does not answer"),
    ):
        status, sentence = coach.ask(what)
        assert status == 502 and wanted in sentence, (status, sentence)
        print(f"told: {sentence}")
    daemon.stop()
    status, sentence = coach.ask({**whose, "ask": "cue", "words": "knees_apart", "side": None})
    assert status == 502 and "does not answer" in sentence, (status, sentence)
    server.kill()
    until(lambda: "is lost" in coach.said(), "the loss of the server to be said")
    status, sentence = coach.ask({**whose, "ask": "cue", "words": "knees_apart", "side": None})
    assert status == 502 and "the NATS server is away" in sentence, (status, sentence)
    print(f"told: {sentence}")
    server.start()
    server.wait(HOST, PORT)
    deceived = Program(program, folder, "deceived", server.daemon, "run", "--synthetic", "--no-recording", ca="other.pem")
    them.append(deceived)
    until(lambda: "no secure connection" in deceived.said(), "the wrong authority to be said", 30)
    print(f"told: {next(line for line in deceived.said().splitlines() if 'no secure' in line)}")


def main():
    program = str(Path(sys.argv[1]).resolve())
    folder = Path(tempfile.mkdtemp(prefix="swasked"))
    them, server, passed = [], None, False
    try:
        certificates(folder)
        # A daemon has its id from its first start on.
        own = Program(program, folder, "daemon", {"id": "x", "password": "x"}, "run", "--synthetic", "--no-recording")
        identity = until(lambda: re.search(r"to the NATS server this daemon is (\S+)", own.said()), "the daemon's id")[1]
        own.stop()
        daemon = {"id": identity, "password": "tells"}
        tls = f'tls {{ cert_file: "{folder}/server.pem", key_file: "{folder}/server.key" }}'
        config = configuration(folder, HOST, PORT, CLUB, [daemon], {"id": "board", "password": "listens"}, tls)
        with open(folder / "server.log", "w") as log:
            server = Server(NATS_SERVER, config, log)
            server.daemon = daemon
            server.start()
            server.wait(HOST, PORT)
            story(program, folder, server, them)
        passed = True
    finally:
        for one in them:
            one.stop()
        if server:
            server.kill()
        if passed:
            shutil.rmtree(folder)
        else:
            print(f"what was said is in {folder}")


if __name__ == "__main__":
    main()
