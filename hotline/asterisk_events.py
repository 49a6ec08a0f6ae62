"""What Asterisk tells over AMI, in order, and what it means for calls, agents' legs and phones."""

import asyncio
from collections.abc import Mapping

import structlog

from hotline.calls import Call, Leg, Phase
from hotline.errors import AmiError
from hotline.logs import log_failure
from hotline.restoring import Restorer
from hotline.seats import Seat
from hotline.switchboard import Switchboard
from hotline.telephony.ami import AmiClient

log = structlog.get_logger()

WANTED_EVENTS = ("DialBegin", "DialEnd", "Hangup", "DeviceStateChange")
"""The events that are read; manager.conf lets no others through."""
RETRY_SECONDS = 1.0
_UNREACHABLE = {"UNAVAILABLE", "INVALID", "UNKNOWN"}
_IDLE = {"NOT_INUSE", *_UNREACHABLE}
_DEVICE = "PJSIP/agent-"

Event = Mapping[str, str]


class AsteriskEvents:
    """The only consumer of the AMI event queue."""

    def __init__(self, ami: AmiClient, switchboard: Switchboard, restorer: Restorer) -> None:
        self._ami = ami
        self._switchboard = switchboard
        self._restorer: Restorer | None = restorer

    async def run(self) -> None:
        """For ever: take an event, act on it. A bad event is logged and skipped."""
        while True:
            event = await self._ami.events.get()
            try:
                await self._on(event)
            except Exception as error:
                log_failure(f"event {event.get('Event')} not handled", "", error)

    async def _on(self, event: Event) -> None:
        match event.get("Event"):
            case "Connected":
                await self._resynchronise()
            case "Disconnected":
                log.warning("connection to Asterisk lost")
            case "DialBegin":
                self._on_dial_begin(event)
            case "DialEnd":
                self._on_dial_end(event)
            case "Hangup":
                self._on_hangup(event)
            case "DeviceStateChange":
                self._on_device_state(event)

    def _on_dial_begin(self, event: Event) -> None:
        call = self._switchboard.calls.of_caller(event.get("Uniqueid"))
        if call is not None and "DestChannel" in event:
            self._switchboard.dialling(call, Leg(event["DestChannel"], event["DestUniqueid"]))

    def _on_dial_end(self, event: Event) -> None:
        call = self._switchboard.calls.of_caller(event.get("Uniqueid"))
        if call is not None and event.get("DialStatus") == "ANSWER":
            self._switchboard.answered(call, event.get("DestUniqueid"))

    def _on_hangup(self, event: Event) -> None:
        unique = event.get("Uniqueid", "")
        call = self._switchboard.calls.of_caller(unique)
        if call is not None:
            self._switchboard.over(call)
        elif (call := self._switchboard.calls.of_leg(unique)) is not None:
            self._switchboard.leg_over(call, unique, int(event.get("Cause") or 0))

    def _on_device_state(self, event: Event) -> None:
        seat, state = self._seat_of(event.get("Device", "")), event.get("State", "")
        if seat is not None:
            self._switchboard.phone(seat, registered=state not in _UNREACHABLE, engaged=state not in _IDLE)

    def _seat_of(self, device: str) -> Seat | None:
        name = device.removeprefix(_DEVICE)
        known = device.startswith(_DEVICE) and name in self._switchboard.seats
        return self._switchboard.seats[name] if known else None

    # --- after a login -----------------------------------------------------------------------

    async def _resynchronise(self) -> None:
        """The truth is Asterisk's: which phones are there, which callers are still there, who talks to whom."""
        while self._ami.connected:
            known = list(self._switchboard.calls)  # a call that arrives meanwhile is not in the answer
            try:
                devices = await self._ami.action("DeviceStateList")
                channels = await self._ami.action("CoreShowChannels")
            except AmiError as error:
                log.warning("could not resynchronise with Asterisk, next try follows", why=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for device in devices:
                self._on_device_state(device)
            await self._compare(known, {item["Uniqueid"]: item for item in channels if "Uniqueid" in item})
            return

    async def _compare(self, known: list[Call], channels: Mapping[str, Event]) -> None:
        if self._restorer is not None:
            restorer, self._restorer = self._restorer, None
            await restorer.adopt(channels)
        for call in known:
            mine = channels.get(call.unique)
            if mine is None:
                log.warning("call ended while Asterisk could not be heard", call=call.id)
                self._switchboard.over(call)
            elif call.phase is Phase.OFFERED:
                self._catch_up(call, mine, channels)

    def _catch_up(self, call: Call, mine: Event, channels: Mapping[str, Event]) -> None:
        """An agent's leg that began to ring, or was answered, while Asterisk could not be heard."""
        for unique, item in channels.items():
            if item.get("Linkedid") != mine.get("Linkedid") or not item["Channel"].startswith(
                f"{_DEVICE}{call.agent}-"
            ):
                continue
            self._switchboard.dialling(call, Leg(item["Channel"], unique))
            if mine.get("BridgeId") and mine["BridgeId"] == item.get("BridgeId"):
                log.warning("call was answered while Asterisk could not be heard", call=call.id)
                self._switchboard.answered(call, unique)
