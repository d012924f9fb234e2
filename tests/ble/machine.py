"""The virtual machine: started, asked, ended."""
import asyncio
import base64
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

# Everything in it is slow: emulated, on a machine that others use as well.
PATIENCE = 120


class Machine:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.share = folder / "share"
        # Of whose page is asked, where a program serves several runners.
        self.page = ""

    async def start(self, sockets):
        """Boots; `sockets` is a folder with hci.sock already listening."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.share.mkdir(parents=True)
        agent = asyncio.get_running_loop().create_future()
        server = await asyncio.start_unix_server(lambda r, w: agent.done() or agent.set_result((r, w)), f"{sockets}/agent.sock", limit=1 << 24)
        port = lambda name: ["-chardev", f"socket,id={name},path={sockets}/{name}.sock", "-device", f"virtserialport,chardev={name},name={name}"]
        self.log = open(self.folder / "qemu.log", "w")
        self.process = await asyncio.create_subprocess_exec(
            "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "qemu64", "-M", "q35", "-smp", "2", "-m", "768",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", f"{self.build}/vmlinux", "-initrd", f"{self.build}/initramfs",
            "-append", "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable random.trust_cpu=on audit=0 apparmor=0 selinux=0 rdinit=/init",
            "-serial", f"file:{self.folder}/console.log", "-device", "virtio-rng-pci", "-device", "virtio-serial-pci,max_ports=4",
            *port("hci"), *port("agent"), "-virtfs", f"local,path={self.share},mount_tag=share,security_model=none,id=share",
            stdout=self.log, stderr=self.log)
        self.reader, self.writer = await asyncio.wait_for(agent, PATIENCE)
        # Bytes from before the guest had its terminal in order.
        while (await self.line()).strip() != b"ready":
            pass
        self.server = server

    async def line(self):
        line = await asyncio.wait_for(self.reader.readline(), PATIENCE)
        assert line, f"the machine has ended; see {self.folder}/console.log and share/guest.log"
        return line

    async def ask(self, line, check=True):
        self.writer.write(line.encode() + b"\n")
        status = int(await self.line())
        answer = base64.b64decode(await self.line()).decode()
        assert not check or status == 0, f"{line}: {status}: {answer}"
        return answer

    async def get(self, path):
        return json.loads(await self.ask(f"wget -q -O - http://127.0.0.1:7878{self.page}/api/v1{path}"))

    async def text(self, path):
        return await self.ask(f"wget -q -O - http://127.0.0.1:7878{self.page}/api/v1{path}")

    async def post(self, path, body):
        await self.ask(f"wget -q -O - --header 'Content-Type: application/json' --post-data '{json.dumps(body)}' http://127.0.0.1:7878{self.page}/api/v1{path}")

    async def until(self, what, so, patience=PATIENCE):
        """Asks again until it is so; how long that took, s."""
        start = time.monotonic()
        while True:
            if seen := await so():
                return seen
            if time.monotonic() - start > patience:
                raise AssertionError(f"waited {patience} s in vain for {what}; the program says: {json.dumps(await self.get('/radio'))[:3000]}; {json.dumps((await self.get('/health'))['checks'])[-2000:]}")
            await asyncio.sleep(0.3)

    def stop(self):
        if getattr(self, "process", None) and self.process.returncode is None:
            self.process.kill()


def sockets():
    # The path of a socket holds 107 bytes: not below a deep checkout.
    return Path(tempfile.mkdtemp(prefix="ble."))
