#!/usr/bin/env python3
"""From stancewatch's OSC to the Lab Streaming Layer: angles at 100 Hz, and markers, with the time when it happened.

    pip install pylsl==1.18.6
    stancewatch run --osc 127.0.0.1:9100 --osc-rate 100
    python examples/lsl.py --osc-port 9100

What the streams hold: docs/live-out.md.
"""
import argparse
import math
import socket
import struct

import pylsl

SIDES, JOINTS, PARTS = ("left", "right"), ("hip", "femur", "knee"), ("flexion", "adduction", "rotation")
CHANNELS = [f"{side}/{joint}/{part}" for side in SIDES for joint in JOINTS for part in PARTS]
CHANNELS += [f"pelvis/{part}" for part in ("obliquity", "tilt", "rotation")]


def text(raw, at):
    """A string of OSC and where the next thing begins: zero-terminated, padded to four bytes."""
    end = raw.index(b"\0", at)
    return raw[at:end].decode(), end + 4 - end % 4


def messages(raw):
    """Address and arguments of each message in a packet."""
    if raw.startswith(b"#bundle\0"):
        at = 16
        while at < len(raw):
            (size,) = struct.unpack_from(">i", raw, at)
            yield from messages(raw[at + 4 : at + 4 + size])
            at += 4 + size
        return
    address, at = text(raw, 0)
    tags, at = text(raw, at)
    arguments = []
    for tag in tags[1:]:
        if tag == "s":
            argument, at = text(raw, at)
        elif tag == "N":
            argument = None
        else:
            kind = {"i": ">i", "f": ">f", "d": ">d"}[tag]
            (argument,) = struct.unpack_from(kind, raw, at)
            at += struct.calcsize(kind)
        arguments.append(argument)
    yield address, arguments


class Streams:
    def __init__(self, name, computer):
        info = pylsl.StreamInfo(f"{name} angles", "MoCap", len(CHANNELS), 100.0, "float32", f"{name}-angles@{computer}")
        channels = info.desc().append_child("channels")
        for label in CHANNELS:
            channel = channels.append_child("channel")
            channel.append_child_value("label", label.replace("/", "_") + "_deg")
            channel.append_child_value("unit", "degrees")
        self.angles = pylsl.StreamOutlet(info)
        info = pylsl.StreamInfo(f"{name} markers", "Markers", 1, 0.0, "string", f"{name}-markers@{computer}")
        self.markers = pylsl.StreamOutlet(info)
        # LSL's clock less session time: the smallest that was seen, as packets can only be late.
        self.ahead = None
        self.newest = 0.0

    def take(self, packet, now):
        said = dict(messages(packet))
        here = {address.removeprefix("/stancewatch/"): arguments for address, arguments in said.items()}
        if "time_s" in here and "age_s" in here:
            at, ahead = here["time_s"][0], now - here["age_s"][0] - here["time_s"][0]
            # Session time that goes back is a new session.
            anew = self.ahead is None or at < self.newest - 1
            self.newest, self.ahead = at, ahead if anew else min(ahead, self.ahead)
            values = [here.get(channel, [math.nan])[0] for channel in CHANNELS]
            self.angles.push_sample(values, self.ahead + at)
        if self.ahead is None:
            return
        for side in SIDES:
            if stance := here.get(f"{side}/stance"):
                self.markers.push_sample([f"initial_contact {side}"], self.ahead + stance[1])
                self.markers.push_sample([f"terminal_contact {side}"], self.ahead + stance[2])
            if alert := here.get(f"{side}/alert"):
                self.markers.push_sample([f"alert {side} {alert[1]} {alert[2]}"], self.ahead + alert[3])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--osc-port", type=int, default=9100)
    parser.add_argument("--name", default="stancewatch", help="what the streams are called")
    given = parser.parse_args()
    incoming = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    incoming.bind(("127.0.0.1", given.osc_port))
    streams = Streams(given.name, socket.gethostname())
    while True:
        packet = incoming.recv(65536)
        streams.take(packet, pylsl.local_clock())


if __name__ == "__main__":
    main()
