"""The radio between bumble's controllers, as far as it matters here: connection events, devices out of reach, and
what a real controller does that bumble's does not."""
import asyncio
import time
from collections import deque

from bumble import hci, ll
from bumble.controller import Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink

# Linux asks for events that bumble's controller does not send when these are claimed, and waits seconds for each.
FEATURES = Controller.le_features & ~(
    hci.LeFeatureMask.LE_EXTENDED_ADVERTISING | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING | hci.LeFeatureMask.LL_PRIVACY
)
# Packets that fit into one connection event; phones and dongles manage four to six.
PER_EVENT = 6
# An advertisement that says the same is reported again after this, s: what a filtering controller does.
SAME_AGAIN = 1.0


class Air(LocalLink):
    def __init__(self):
        super().__init__()
        self.away = set()
        self.intervals = {}
        self.waiting = {}

    def send_advertising_pdu(self, sender, packet):
        if sender in self.away:
            return
        connecting = isinstance(packet, ll.ConnectInd)
        if connecting and (dest := self.find_le_controller(packet.advertiser_address)):
            self.intervals[frozenset((id(sender), id(dest)))] = packet.interval * 0.00125
        for controller in self.controllers:
            # Sensors listen to nobody's advertisements but answer who connects.
            if controller is not sender and controller not in self.away and (connecting or controller.listens):
                asyncio.get_running_loop().call_soon(controller.on_ll_advertising_pdu, packet)

    def send_ll_control_pdu(self, sender_address, receiver_address, packet):
        ends = self.find_le_controller(sender_address), self.find_le_controller(receiver_address)
        if None in ends or self.away & set(ends):
            return
        if isinstance(packet, ll.ConnectionUpdateInd):
            self.intervals[frozenset(map(id, ends))] = packet.interval * 0.00125
        asyncio.get_running_loop().call_soon(ends[1].on_ll_control_pdu, sender_address, packet)

    def send_acl_data(self, sender, destination_address, transport, data):
        dest = self.find_le_controller(destination_address)
        link = sender.le_connections.get(destination_address)
        if link is None or dest is None or self.away & {sender, dest}:
            return
        queue = self.waiting.setdefault((sender, dest), deque())
        # The address that the other end knows this one by: a central has two.
        queue.append((link.self_address, data))
        if len(queue) == 1:
            self.next_event(sender, dest)

    def next_event(self, sender, dest):
        loop = asyncio.get_running_loop()
        interval = self.intervals.get(frozenset((id(sender), id(dest))), 0.03)
        loop.call_at((int(loop.time() / interval) + 1) * interval, self.event, sender, dest)

    def event(self, sender, dest):
        queue = self.waiting[sender, dest]
        for _ in range(min(PER_EVENT, len(queue))):
            source, data = queue.popleft()
            if dest not in self.away and source in dest.le_connections:
                dest.on_link_acl_data(source, PhysicalTransport.LE, data)
        if queue:
            self.next_event(sender, dest)

    def leave(self, controller):
        self.away.add(controller)
        for ends, queue in self.waiting.items():
            if controller in ends:
                queue.clear()


class SensorController(Controller):
    le_features = FEATURES
    listens = False


class AdapterController(Controller):
    """The one that the guest's kernel drives."""

    le_features = FEATURES
    listens = True
    total_num_le_acl_data_packets = 16

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.reported = {}

    def on_hci_reset_command(self, command):
        self.pending_le_connection = None
        self.le_scan_enable = False
        for link in list(self.le_connections.values()):
            link.send_ll_control_pdu(ll.TerminateInd(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR))
            self.le_connections.pop(link.peer_address, None)
        return super().on_hci_reset_command(command)

    def on_hci_le_set_scan_enable_command(self, command):
        self.reported.clear()
        return super().on_hci_le_set_scan_enable_command(command)

    def on_hci_le_create_connection_cancel_command(self, command):
        attempt, self.pending_le_connection = self.pending_le_connection, None
        if attempt is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        ended = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR, connection_handle=0, role=hci.Role.CENTRAL,
            peer_address_type=attempt.peer_address.address_type, peer_address=attempt.peer_address,
            connection_interval=0, peripheral_latency=0, supervision_timeout=0, central_clock_accuracy=0)
        asyncio.get_running_loop().call_soon(self.send_hci_packet, ended)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_advertising_pdu(self, pdu):
        address = pdu.advertiser_address
        if self.le_scan_enable:
            self.report(address, pdu)
        if self.pending_le_connection and self.pending_le_connection.peer_address == address:
            self.create_le_connection(address)

    def report(self, address, pdu):
        sender = self.link.find_le_controller(address)
        answer = bytes(sender.le_legacy_advertiser.scan_response_data) if sender else b""
        content, now = (bytes(pdu.data), answer), time.monotonic()
        before, at = self.reported.get(address, (None, 0.0))
        if self.filter_duplicates and before == content and now - at < SAME_AGAIN:
            return
        self.reported[address] = (content, now)
        kinds = hci.HCI_LE_Advertising_Report_Event.EventType
        parts = [(kinds.ADV_IND, content[0])]
        if self.le_scan_type == 1:
            parts.append((kinds.SCAN_RSP, answer))
        for kind, data in parts:
            one = hci.HCI_LE_Advertising_Report_Event.Report(
                event_type=kind, address_type=address.address_type, address=address, data=data, rssi=sender.rssi if sender else -80)
            self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([one]))

    def lose(self, sensor, sensor_address):
        """Both ends hear nothing any more, and give up on each other."""
        for controller, peer in ((self, sensor_address), (sensor, self.public_address)):
            for link in [link for link in controller.le_connections.values() if link.peer_address == peer]:
                controller.on_le_disconnected(link, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
