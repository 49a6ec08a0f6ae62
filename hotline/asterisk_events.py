"""What Asterisk tells over AMI, in order, and what it means for calls, agents' legs and phones."""

from collections.abc import Mapping

import structlog

from hotline.calls import Call
from hotline.clock import Clock
from hotline.errors import AmiError
from hotline.seats import Seat
from hotline.switchboard import Switchboard
from hotline.telephony.ami import AmiClient

log = structlog.get_logger()

WANTED_EVENTS = ("DialBegin", "DialEnd", "Hangup", "DeviceStateChange")
"""The events that are read; manager.conf lets no others through."""
_UNREACHABLE = {"UNAVAILABLE", "INVALID", "UNKNOWN"}
_DEVICE = "PJSIP/agent-"


class AsteriskEvents:
    """The only consumer of the AMI event queue."""

    def __init__(self, ami: AmiClient, switchboard: Switchboard, clock: Clock) -> None:
        self._ami = ami
        self._switchboard = switchboard
        self._clock = clock
        self.connected = False

    async def run(self) -> None:
        """For ever: take an event, act on it. A bad event is logged and skipped."""
        while True:
            event = await self._ami.events.get()
            try:
                await self._on(event)
            except Exception as error:
                log.error("event not handled", event_name=event.get("Event"), error=type(error).__name__)

    async def _on(self, event: Mapping[str, str]) -> None:
        match event.get("Event"):
            case "Connected":
                await self._resynchronise()
                self.connected = True
            case "Disconnected":
                self.connected = False
                log.warning("connection to Asterisk lost")
            case "DialBegin":
                self._on_dial_begin(event)
            case "DialEnd":
                self._on_dial_end(event)
            case "Hangup":
                self._on_hangup(event)
            case "DeviceStateChange":
                self._on_device_state(event)

    def _call_of(self, channel: str | None) -> Call | None:
        """The call whose caller is on this channel."""
        return next((call for call in self._switchboard.calls.values() if call.channel == channel), None)

    def _on_dial_begin(self, event: Mapping[str, str]) -> None:
        call = self._call_of(event.get("Channel"))
        if call is not None and "DestChannel" in event:
            self._switchboard.dialling(call, event["DestChannel"])

    def _on_dial_end(self, event: Mapping[str, str]) -> None:
        call = self._call_of(event.get("Channel"))
        if call is not None and event.get("DialStatus") == "ANSWER":
            self._switchboard.answered(call)

    def _on_hangup(self, event: Mapping[str, str]) -> None:
        channel = event.get("Channel")
        call = self._call_of(channel)
        if call is not None:
            self._switchboard.over(call)
            return
        for other in self._switchboard.calls.values():
            if channel is not None and other.agent_channel == channel:
                self._switchboard.agent_leg_over(other, int(event.get("Cause") or 0))

    def _on_device_state(self, event: Mapping[str, str]) -> None:
        seat = self._seat_of(event.get("Device", ""))
        if seat is not None:
            self._switchboard.phone(seat, event.get("State", "") not in _UNREACHABLE)

    def _seat_of(self, device: str) -> Seat | None:
        name = device.removeprefix(_DEVICE)
        known = device.startswith(_DEVICE) and name in self._switchboard.seats
        return self._switchboard.seats[name] if known else None

    async def _resynchronise(self) -> None:
        """After each login the truth is Asterisk's: which phones are there, which callers are still there."""
        try:
            for device in await self._ami.action("DeviceStateList"):
                if device.get("Event") == "DeviceStateChange":
                    self._on_device_state(device)
            alive = {item.get("Channel") for item in await self._ami.action("CoreShowChannels")}
        except AmiError as error:
            log.warning("could not resynchronise with Asterisk", why=str(error))
            return
        for call in list(self._switchboard.calls.values()):
            if call.channel not in alive:
                log.warning("call ended while Asterisk could not be heard", call=call.id)
                self._switchboard.over(call)
