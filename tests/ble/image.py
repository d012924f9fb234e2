#!/usr/bin/env python3
"""Builds what the test over Bluetooth boots, into target/ble: kernel, initramfs, and a Python with bumble.

The guest is Debian's own kernel, bluetoothd and dbus-daemon, unpacked from packages: no image is mounted and no
root file system is installed. Needs Debian or Ubuntu with apt, as root or with sudo; installs QEMU itself.
"""
import hashlib
import lzma
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BLE_BUILD", HERE.parent.parent / "target" / "ble"))
PYTHON_NEEDS = ["bumble==0.0.236", "mcap==1.2.2", "zstandard", "lz4"]
HOST_NEEDS = ["qemu-system-x86", "seabios", "kmod", "cpio", "xz-utils", "python3-venv", "gcc", "libc6-dev"]
GUEST_NEEDS = ["bluez", "dbus", "libdbus-1-3", "busybox-static"]
# Come along as dependencies; neither daemon uses them.
GUEST_LEAVES_OUT = ("systemd_", "udev_", "libsystemd-shared", "perl", "debconf", "dpkg_", "tar_", "passwd_", "adduser_", "init-system-helpers_")
# In the guest kernel: the virtual machine's devices, Bluetooth, and the ciphers that Bluetooth asks for.
MODULES = """virtio_pci virtio_console virtio_rng 9pnet_virtio 9p bluetooth hci_vhci algif_hash algif_skcipher algif_aead
 cmac ecb ctr ccm aes_generic ecdh_generic hmac sha512_generic sha3_generic jitterentropy_rng drbg crc16""".split()
START = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - START:4.0f} s] {text}", flush=True)


def out(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def root(*command):
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def installed(package):
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True)
    return "ok installed" in found.stdout


def host_packages():
    missing = [package for package in HOST_NEEDS if not installed(package)]
    no_lists = subprocess.run(["apt-cache", "show", "linux-image-amd64"], capture_output=True).returncode != 0
    if missing or no_lists:
        say("apt-get update")
        root("apt-get", "update", "-qq")
    if missing:
        say("apt-get install " + " ".join(missing))
        root("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing)


def python_packages():
    stamp = BUILD / "venv" / "needs"
    if stamp.exists() and stamp.read_text() == repr(PYTHON_NEEDS):
        return
    say("a Python with bumble")
    shutil.rmtree(BUILD / "venv", ignore_errors=True)
    out(sys.executable, "-m", "venv", str(BUILD / "venv"))
    out(str(BUILD / "venv" / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", *PYTHON_NEEDS)
    stamp.write_text(repr(PYTHON_NEEDS))


def kernel_package():
    depends = out("apt-cache", "depends", "linux-image-amd64").splitlines()
    return next(line.split()[-1] for line in depends if "Depends:" in line)


def image_id(kernel):
    parts = [(HERE / name).read_bytes() for name in ("image.py", "init.sh", "relay.c")]
    versions = out("apt-cache", "policy", kernel, *GUEST_NEEDS)
    parts.append("".join(line for line in versions.splitlines() if "Candidate" in line).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest() + " " + kernel


def download(kernel):
    say("guest packages")
    store = BUILD / "packages"
    (store / "partial").mkdir(parents=True, exist_ok=True)
    nothing = BUILD / "no-packages"
    nothing.touch()
    common = ["-qq", "-o", "APT::Sandbox::User=root", "-o", f"Dir::Cache::archives={store}", "-o", "APT::Keep-Downloaded-Packages=true"]
    # Against an empty list of installed packages, so that nothing of the closure is missing.
    out("apt-get", *common, "-o", f"Dir::State::status={nothing}", "-y", "--no-install-recommends", "--download-only",
        "-o", "Debug::NoLocking=1", "-o", "Dpkg::Post-Invoke=", "-o", "APT::Update::Post-Invoke=", "install", *GUEST_NEEDS)
    subprocess.run(["apt-get", *common, "download", kernel], cwd=store, check=True, stdout=subprocess.DEVNULL)
    return sorted(store.glob("*.deb"))


def unpack(package, into):
    data = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", str(into)], stdin=data.stdout, check=True)
    assert data.wait() == 0, package


def guest_files(packages, kernel):
    guest, kernel_files = BUILD / "guest", BUILD / "kernel"
    for folder in (guest, kernel_files):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    for name in ("bin", "sbin", "lib", "lib64"):
        (guest / "usr" / name).mkdir(parents=True)
        (guest / name).symlink_to(f"usr/{name}")
    for package in packages:
        if package.name.startswith("linux-image-"):
            if package.name.startswith(kernel + "_"):
                unpack(package, kernel_files)
        elif not package.name.startswith(GUEST_LEAVES_OUT):
            unpack(package, guest)
    for useless in ("share/doc", "share/man", "share/locale", "share/info", "share/zoneinfo", "lib/systemd"):
        shutil.rmtree(guest / "usr" / useless, ignore_errors=True)
    for name in ("proc", "sys", "dev", "run/dbus", "tmp", "share", "var/lib/bluetooth", "root", "etc/dbus-1", "etc/bluetooth"):
        (guest / name).mkdir(parents=True, exist_ok=True)
    (guest / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nmessagebus:x:101:101::/:/bin/false\n")
    (guest / "etc/group").write_text("root:x:0:\nmessagebus:x:101:\nbluetooth:x:102:root\nnetdev:x:103:\n")
    (guest / "etc/machine-id").write_text("0" * 31 + "1\n")
    (guest / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    (guest / "etc/hosts").write_text("127.0.0.1 localhost\n")
    shutil.copy(HERE / "init.sh", guest / "init")
    (guest / "init").chmod(0o755)
    out("gcc", "-O2", "-Wall", "-Werror", "-static", "-o", str(guest / "usr/bin/relay"), str(HERE / "relay.c"))
    out("ldconfig", "-r", str(guest))
    modules(guest, kernel_files)
    return guest, kernel_files


def modules(guest, kernel_files):
    version = next((kernel_files / "lib/modules").iterdir()).name
    out("depmod", "-b", str(kernel_files), version)
    (guest / "modules").mkdir()
    order = []
    for module in MODULES:
        steps = subprocess.run(["modprobe", "-d", str(kernel_files), "-S", version, "--show-depends", module], capture_output=True, text=True)
        for line in steps.stdout.splitlines():
            # What is built in needs no loading.
            if line.startswith("insmod "):
                path = Path(line.split()[1])
                if path.name not in order:
                    order.append(path.name)
                    shutil.copy(path, guest / "modules" / path.name)
    (guest / "modules" / "order").write_text("\n".join(order) + "\n")
    say(f"kernel {version}, {len(order)} modules")


def kernel_image(kernel_files):
    """The kernel inside its self-unpacking file, which QEMU enters directly: unpacking under emulation takes long."""
    packed = next((kernel_files / "boot").glob("vmlinuz-*")).read_bytes()
    kernel = lzma.LZMADecompressor().decompress(packed[packed.index(b"\xfd7zXZ\x00"):])
    assert kernel.startswith(b"\x7fELF"), "the kernel is packed in another way now"
    (BUILD / "vmlinux").write_bytes(kernel)


def main():
    BUILD.mkdir(parents=True, exist_ok=True)
    host_packages()
    python_packages()
    kernel = kernel_package()
    stamp, wanted = BUILD / "image-id", image_id(kernel)
    if stamp.exists() and stamp.read_text() == wanted:
        say("the image is as it should be")
        return
    stamp.unlink(missing_ok=True)
    guest, kernel_files = guest_files(download(kernel), kernel)
    kernel_image(kernel_files)
    names = subprocess.run(["find", ".", "-print0"], cwd=guest, check=True, capture_output=True).stdout
    with open(BUILD / "initramfs", "wb") as initramfs:
        subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet", "--owner=0:0"], cwd=guest, input=names, stdout=initramfs, check=True)
    shutil.rmtree(kernel_files)
    stamp.write_text(wanted)
    say(f"done: {(BUILD / 'initramfs').stat().st_size >> 20} MB")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"image.py: {error}: {(error.stderr or '')[-2000:]}")
