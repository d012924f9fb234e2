"""Sensors that replay a run and speak the real protocol of their family, and misbehave as told."""
import asyncio
import struct

from bumble import hci
from bumble.core import UUID, AdvertisingData
from bumble.device import Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink

from air import SensorController

G = 9.80665
READ, WRITE, NOTIFY = Characteristic.Properties.READ, Characteristic.Properties.WRITE, Characteristic.Properties.NOTIFY
# A link that hears nothing is given up after this, s: what Linux asks for.
SUPERVISION = 0.42


class Replay:
    """A run that all sensors feel together. Until it begins, its first second (standing still) over and over."""

    zero = None

    def __init__(self, rate):
        self.rate = rate

    def begin(self, number):
        self.zero = number

    def place(self, number, length):
        if self.zero is None or number < self.zero:
            return number % int(self.rate)
        return (number - self.zero) % length

    def time(self, number):
        """Seconds into the run; negative before it."""
        return -1.0 if self.zero is None else (number - self.zero) / self.rate


class Sensor:
    """What all families have in common. Sent samples are counted with their time on the sensor's own clock."""

    per_message = 1
    data = None

    def __init__(self, air, adapter, placement, serial, address, replay, samples, offset, drift_ppm, rssi, phase):
        self.air, self.adapter, self.serial, self.replay = air, adapter, serial, replay
        self.placement, self.samples = placement, samples
        self.offset, self.drift = offset, drift_ppm * 1e-6
        # Of its messages: sensors that send at the same moments would wait for each other, always in the same order.
        self.phase = phase % self.per_message
        self.address = hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS)
        self.controller = SensorController(self.name, link=air)
        self.controller.rssi = rssi
        self.device = Device(config=DeviceConfiguration(name=self.name, address=self.address, advertising_interval_min=100, advertising_interval_max=100),
                             host=Host(self.controller, AsyncPipeSink(self.controller)))
        for service in self.services():
            self.device.add_service(service)
        self.device.gatt_server.max_mtu = 247
        self.device.on("connection", self.connected)
        self.link, self.links = None, 0
        self.running = self.silent = self.garbage = False
        self.booted = 0.0
        self.counter = 0
        self.sent = []

    async def start(self, epoch):
        self.epoch = epoch
        await self.device.power_on()
        self.device.advertising_data = bytes(AdvertisingData([(AdvertisingData.FLAGS, b"\x06"), *self.advertised()]))
        self.device.scan_response_data = bytes(AdvertisingData([(AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode())]))
        await self.advertise()
        self.task = asyncio.create_task(self.measure())

    async def advertise(self):
        if self.link is None and self.controller not in self.air.away:
            await self.device.start_advertising(auto_restart=False)

    def connected(self, link):
        self.link, self.links = link, self.links + 1
        link.on("disconnection", self.disconnected)

    def disconnected(self, _reason):
        self.link = None
        asyncio.create_task(self.advertise())

    def number(self):
        """Of the sample that is due now."""
        return int((asyncio.get_running_loop().time() - self.epoch) * self.replay.rate)

    def is_subscribed(self):
        states = self.device.gatt_server.subscribers.get(self.link, {}) if self.link else {}
        state = states.get(self.data.handle)
        return bool(state and state[0] & 1)

    def stamps(self, times):
        """Times as the other end can know them."""
        return times

    def micros(self, t):
        """The sensor's own clock at a moment of the test, µs."""
        return int(((t - self.booted) * (1 + self.drift) + self.offset) * 1e6)

    async def measure(self):
        loop = asyncio.get_running_loop()
        number = self.phase
        while True:
            number += self.per_message
            due = self.epoch + number / self.replay.rate
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not (self.running and self.link and self.is_subscribed()) or self.silent:
                continue
            if self.garbage:
                await self.notify(b"\x01\x02\x03")
                continue
            numbers = range(number - self.per_message, number)
            times = [self.micros(k / self.replay.rate) for k in numbers]
            samples = [self.samples[self.replay.place(k, len(self.samples))] for k in numbers]
            if await self.notify(self.message(times, samples)):
                now = loop.time()
                self.sent.extend((t, self.replay.time(k), now) for t, k in zip(self.stamps(times), numbers))

    async def notify(self, message):
        try:
            await self.device.gatt_server.notify_subscriber(self.link, self.data, message)
            return True
        except Exception:  # the link may go at any moment
            return False

    async def drop(self):
        if self.link:
            await self.link.disconnect()

    async def vanish(self):
        self.air.leave(self.controller)
        await self.device.stop_advertising()
        await asyncio.sleep(SUPERVISION)
        self.adapter.lose(self.controller, self.address)

    async def come_back(self):
        self.air.away.discard(self.controller)
        await self.advertise()

    async def reboot(self):
        self.booted = asyncio.get_running_loop().time() - self.epoch
        self.offset, self.counter, self.running = 1.0, 0, False
        await self.drop()


def characteristic(uuid, properties, value, permissions=Characteristic.READABLE):
    return Characteristic(uuid, properties, permissions, value)


class OpenSensor(Sensor):
    """Our own profile: six samples a message, as counts."""

    per_message = 6
    ACC, GYR = 16 * G / 32767, 34.9066 / 32767

    @property
    def name(self):
        return f"Open {self.serial}"

    @staticmethod
    def uuid(number):
        return UUID(f"2e02{number:04x}-72db-46d4-b7ca-0b36ff29a792")

    def services(self):
        self.data = characteristic(self.uuid(4), NOTIFY, b"")
        control = characteristic(self.uuid(3), WRITE, CharacteristicValue(write=self.control), Characteristic.WRITEABLE)
        description = characteristic(self.uuid(2), READ, CharacteristicValue(read=lambda _: self.description()))
        battery = characteristic(UUID.from_16_bits(0x2A19), READ | NOTIFY, CharacteristicValue(read=lambda _: b"\x57"))
        return [Service(self.uuid(1), [description, control, self.data]), Service(UUID.from_16_bits(0x180F), [battery])]

    def advertised(self):
        return [(AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, self.uuid(1).to_bytes())]

    def description(self):
        floats = struct.pack("<5f", self.replay.rate, self.ACC, 16 * G, self.GYR, 34.9066)
        return bytes([1, 0, 0, 0]) + floats + self.serial.encode().ljust(12, b"\0") + b"1.0".ljust(12, b"\0")

    def control(self, _link, value):
        if value[:1] in (b"\x00", b"\x01"):
            self.running = value[0] == 1

    def stamps(self, times):
        # A message has the time of its first sample, and the interval in whole microseconds.
        return [times[0] + i * round(1e6 / self.replay.rate) for i in range(len(times))]

    def message(self, times, samples):
        head = struct.pack("<HIH", self.counter & 0xFFFF, times[0] & 0xFFFFFFFF, round(1e6 / self.replay.rate))
        self.counter += len(samples)
        counts = [round(v / (self.ACC if i < 3 else self.GYR)) for sample in samples for i, v in enumerate(sample)]
        return head + struct.pack(f"<{len(counts)}h", *(max(-32768, min(32767, c)) for c in counts))


class DotSensor(Sensor):
    """Movella DOT: one sample a message, as floats."""

    @property
    def name(self):
        return "Movella DOT"

    @staticmethod
    def uuid(number):
        return UUID(f"1517{number:04x}-4947-11e9-8646-d663bd873d93")

    def services(self):
        u = self.uuid
        write = lambda number, on_write: characteristic(u(number), READ | WRITE, CharacteristicValue(read=lambda _: self.measurement(), write=on_write), Characteristic.READABLE | Characteristic.WRITEABLE)
        info = characteristic(u(0x1001), READ, CharacteristicValue(read=lambda _: self.info()))
        control = write(0x1002, lambda *_: None)
        self.data = characteristic(u(0x2003), NOTIFY, b"")
        battery = characteristic(u(0x3001), READ | NOTIFY, CharacteristicValue(read=lambda _: b"\x4b\x00"))
        answer = characteristic(u(0x7003), READ | NOTIFY, b"")
        return [Service(u(0x1000), [info, control]), Service(u(0x2000), [write(0x2001, self.control), self.data]),
                Service(u(0x3000), [battery]), Service(u(0x7000), [write(0x7001, lambda *_: None), answer])]

    def advertised(self):
        return [(AdvertisingData.MANUFACTURER_SPECIFIC_DATA, struct.pack("<H", 0x0886) + b"\x01")]

    def info(self):
        return bytes(6) + bytes([2, 4, 0]) + bytes(11) + struct.pack("<Q", int(self.serial, 16)) + b"DOT-1\0"

    def measurement(self):
        return bytes([1, int(self.running), 0x15])

    def control(self, _link, value):
        if len(value) >= 3 and value[0] == 1:
            self.running = value[1] == 1

    def message(self, times, samples):
        acc, gyr = samples[0][:3], [v * 57.29577951308232 for v in samples[0][3:]]
        return struct.pack("<I6f", times[0] & 0xFFFFFFFF, *acc, *gyr)
