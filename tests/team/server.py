"""A nats-server of the test: its configuration, its life, and a client that speaks its protocol without manners."""
import base64
import binascii
import json
import socket
import subprocess
import time


def configuration(folder, host, port, club, daemons, board, extra=""):
    """As docs/nats-server.conf; `daemons` and `board` are dictionaries with `id` and `password` or `nkey`."""
    js = "$JS.API"
    stream = f"stancewatch-{club}"
    may = [f"{js}.{what}.{stream}" for what in ("STREAM.INFO", "STREAM.CREATE", "STREAM.MSG.GET", "CONSUMER.CREATE")]
    may += [f"{js}.CONSUMER.{what}.{stream}.>" for what in ("CREATE", "DELETE", "MSG.NEXT")]
    may.append(f"stancewatch.v1.{club}.*.ask")
    users = [user(board, may, [f"stancewatch.v1.{club}.>", f"_INBOX.{board['id']}.>"])]
    users += [user(d, [f"stancewatch.v1.{club}.{d['id']}.>"], [f"_INBOX.{d['id']}.>", f"stancewatch.v1.{club}.{d['id']}.ask"]) for d in daemons]
    text = f"""
server_name: hall
listen: "{host}:{port}"
max_payload: 64KB
jetstream {{ store_dir: "{folder}/store", max_memory_store: 64MB, max_file_store: 16GB, sync_interval: "10s" }}
{extra}
authorization {{ users: [
{chr(10).join(users)}
] }}
"""
    path = folder / "nats-server.conf"
    path.write_text(text)
    return path


def user(who, publish, subscribe):
    key = f"nkey: {who['nkey']}" if "nkey" in who else f'user: "{who["id"]}", password: "{who["password"]}"'
    return f"{{ {key}, permissions: {{ publish: {json.dumps(publish)}, subscribe: {json.dumps(subscribe)}, allow_responses: true }} }}"


def nkey():
    """A key pair of a NATS user: the seed and the public key as NATS writes them."""
    der = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-outform", "DER"], check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"], input=der, check=True, capture_output=True).stdout

    def written(raw):
        return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")

    seed, user = 18 << 3, 20 << 3
    return written(bytes([seed | user >> 5, (user & 31) << 3]) + der[-32:]), written(bytes([user]) + public[-32:])


class Server:
    def __init__(self, program, config, log):
        self.program, self.config, self.log = program, config, log
        self.process = None

    def start(self):
        self.process = subprocess.Popen([self.program, "-c", self.config], stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait(self, host, port):
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection((host, port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "the server does not start"
                time.sleep(0.1)


class Raw:
    """A client that says what it likes."""

    def __init__(self, host, port, name, password):
        self.socket = socket.create_connection((host, port), 5)
        self.socket.settimeout(1)
        say = {"user": name, "pass": password, "verbose": True, "pedantic": False, "headers": True}
        self.heard = self.read()
        self.send(f"CONNECT {json.dumps(say)}\r\nPING\r\n".encode())
        self.heard += self.read()

    def read(self):
        heard = b""
        try:
            while more := self.socket.recv(65536):
                heard += more
        except TimeoutError:
            pass
        return heard.decode(errors="replace")

    def send(self, raw):
        self.socket.sendall(raw)

    def publish(self, subject, body, message_id=None):
        """What the server says to it."""
        if message_id is None:
            self.send(b"PUB %s %d\r\n%s\r\nPING\r\n" % (subject.encode(), len(body), body))
        else:
            head = b"NATS/1.0\r\nNats-Msg-Id: %s\r\n\r\n" % message_id.encode()
            self.send(b"HPUB %s %d %d\r\n%s%s\r\nPING\r\n" % (subject.encode(), len(head), len(head) + len(body), head, body))
        return self.read()
