"""What Asterisk tells over AMI, in order, and what it means for calls, agents' legs and phones."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from dialplan.transfers import CONSULT_FAILED
from hotline.errors import AmiError
from hotline.exchange.callers import CUT_BY_ASTERISK
from hotline.exchange.calls import Call, Leg, Phase
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.transfers import Transfers
from hotline.logs import log_failure
from hotline.recovery.channels import ANSWER_SECONDS, Channels, read_channels
from hotline.telephony.ami import AmiClient

log = structlog.get_logger()

WANTED_EVENTS = (
    "DialBegin",
    "DialEnd",
    "Hangup",
    "DeviceStateChange",
    "ContactStatus",
    "BlindTransfer",
    "AttendedTransfer",
    "Hold",
    "Unhold",
    "UserEvent",
    "QueueCallerJoin",
    "OriginateResponse",
)
"""The events that are read; manager.conf lets no others through."""
RETRY_SECONDS = 0.2
_UNREACHABLE = {"UNAVAILABLE", "INVALID", "UNKNOWN"}
_IDLE = {"NOT_INUSE", *_UNREACHABLE}
_DEVICE = "PJSIP/agent-"

Event = Mapping[str, str]


class AsteriskEvents:
    """The only consumer of the AMI event queue.

    `connected` is told after every login which channels there are, before calls are compared with them;
    `caller_in_queue` that a caller waits in the fallback although we are there.
    """

    def __init__(
        self,
        ami: AmiClient,
        switchboard: Switchboard,
        transfers: Transfers,
        connected: Callable[[Channels], Awaitable[None]],
        caller_in_queue: Callable[[], None],
        outgoing: Outgoing,
    ) -> None:
        self._ami = ami
        self._switchboard = switchboard
        self._transfers = transfers
        self._connected = connected
        self._caller_in_queue = caller_in_queue
        self._outgoing = outgoing

    async def run(self) -> None:
        """For ever: take an event, act on it. A bad event is logged and skipped."""
        while True:
            event = await self._ami.events.get()
            try:
                await self._on(event)
            except Exception as error:
                log_failure("an event of Asterisk was not handled", "", error)

    async def _on(self, event: Event) -> None:
        if self._outgoing.hears(event):
            return
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
            case "ContactStatus":
                self._on_contact(event)
            case "BlindTransfer":
                self._on_blind_transfer(event)
            case "AttendedTransfer":
                self._on_attended_transfer(event)
            case "Hold" | "Unhold":
                self._on_hold(event)
            case "UserEvent":
                self._on_user_event(event)
            case "QueueCallerJoin":
                self._caller_in_queue()

    # --- dialling and its end ----------------------------------------------------------------

    def _on_dial_begin(self, event: Event) -> None:
        """Dialled for the caller from the caller's session, or by an agent's leg that consults somebody."""
        if "DestChannel" not in event:
            return
        unique, leg = event.get("Uniqueid"), Leg(event["DestChannel"], event["DestUniqueid"])
        if (call := self._switchboard.calls.of_caller(unique)) is not None:
            self._switchboard.dialling(call, leg)
        elif (call := self._switchboard.calls.of_leg(unique)) is not None:
            self._transfers.rings(call, leg)

    def _on_dial_end(self, event: Event) -> None:
        unique, status = event.get("Uniqueid"), event.get("DialStatus", "")
        call = self._switchboard.calls.of_caller(unique)
        if call is None:
            if (consulting := self._switchboard.calls.of_leg(unique)) is not None:
                self._transfers.dialled(consulting, status)
        elif call.transfer is not None and call.transfer.joined:
            self._transfers.dialled(call, status)
        elif status == "ANSWER":
            if call.phase is Phase.OUTSIDE:
                self._transfers.answered_outside(call)
            else:
                self._switchboard.answered(call, event.get("DestUniqueid"))

    def _on_hangup(self, event: Event) -> None:
        unique = event.get("Uniqueid", "")
        call = self._switchboard.calls.of_caller(unique)
        if call is not None:
            self._transfers.caller_left(call)
            self._switchboard.over(call)
        elif (call := self._switchboard.calls.of_leg(unique)) is not None:
            self._switchboard.leg_over(call, unique, int(event.get("Cause") or 0))
            self._transfers.leg_over(call, unique)

    # --- transfers ---------------------------------------------------------------------------

    def _on_blind_transfer(self, event: Event) -> None:
        """An agent's telephone has sent the caller on; the new session may begin before this is heard."""
        call = self._switchboard.calls.of_caller(event.get("TransfereeUniqueid"))
        leg = call.leg if call is not None else None
        if leg is not None and leg.unique == event.get("TransfererUniqueid") and event.get("Result") == "Success":
            leg.referred = True

    def _on_attended_transfer(self, event: Event) -> None:
        call = self._switchboard.calls.of_caller(event.get("TransfereeUniqueid"))
        if call is not None and event.get("Result") == "Success":
            self._transfers.joined(call, session_moves=event.get("DestType") == "App")

    def _on_hold(self, event: Event) -> None:
        unique, holds = event.get("Uniqueid", ""), event["Event"] == "Hold"
        if (caller := self._switchboard.calls.of_caller(unique)) is not None:
            caller.on_hold = holds
        call = self._switchboard.calls.of_leg(unique)
        legs = [] if call is None else [call.leg, call.transfer.leg if call.transfer is not None else None]
        for leg in legs:
            if leg is not None and leg.unique == unique:
                leg.on_hold = holds

    def _on_user_event(self, event: Event) -> None:
        """Dial tells nothing at all of a telephone that is not registered: the dialplan does."""
        call = self._switchboard.calls.of_leg(event.get("Uniqueid"))
        if call is not None and event.get("UserEvent") == CONSULT_FAILED:
            self._transfers.dialled(call, event.get("DialStatus", ""))

    # --- telephones --------------------------------------------------------------------------

    def _on_device_state(self, event: Event) -> None:
        seat, state = self._seat_of(event.get("Device", "")), event.get("State", "")
        if seat is not None:
            take_device_state(self._switchboard, seat, state)

    def _on_contact(self, event: Event) -> None:
        """A telephone that rings while its registration goes tells its state only when it has stopped ringing."""
        seat = self._seat_of(f"PJSIP/{event.get('EndpointName', '')}")
        if seat is not None and event.get("ContactStatus") in {"Removed", "Unreachable"}:
            self._switchboard.staff.phone_gone(seat)

    def _seat_of(self, device: str) -> Seat | None:
        name = device.removeprefix(_DEVICE)
        known = device.startswith(_DEVICE) and name in self._switchboard.seats
        return self._switchboard.seats[name] if known else None

    # --- after a login -----------------------------------------------------------------------

    async def _resynchronise(self) -> None:
        """The truth is Asterisk's: which phones are there, which callers are still there, who talks to whom."""
        while self._ami.connected:
            known = list(self._switchboard.calls)  # a call that arrives meanwhile is not in the answer
            rings = self._outgoing.going_on()
            try:
                devices = await self._ami.action("DeviceStateList", timeout=ANSWER_SECONDS)
                there = await self._channels(known)
            except AmiError as error:
                log.warning("could not resynchronise with Asterisk, next try follows", why=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for device in devices:
                self._on_device_state(device)
            await self._connected(there)
            self._compare(known, there)
            self._outgoing.compare(rings, there)
            log.info("in step with Asterisk", calls=len(known), channels=len(there))
            return

    async def _channels(self, known: list[Call]) -> Channels:
        """All there are. A caller who is missing is asked for once more: nobody is given up by one damaged answer."""
        there = await read_channels(self._ami)
        if any(call.unique not in there for call in known):
            there = {**there, **await read_channels(self._ami)}
        return there

    def _compare(self, known: list[Call], channels: Channels) -> None:
        for call in known:
            mine = channels.get(call.unique)
            if mine is None:
                log.warning("call ended while Asterisk could not be heard", call=call.id)
                self._transfers.caller_left(call)
                self._switchboard.over(call, CUT_BY_ASTERISK if call.session_cut else None)
            elif call.phase is Phase.OFFERED:
                self._catch_up(call, mine, channels)
        for call in known:
            self._forget_legs(call, channels)

    def _catch_up(self, call: Call, mine: Event, channels: Channels) -> None:
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

    def _forget_legs(self, call: Call, channels: Channels) -> None:
        """Legs that ended while Asterisk could not be heard: a consultation must not wait for them for ever."""
        transfer = call.transfer
        legs = [call.leg] if transfer is None else [call.leg, transfer.leg, transfer.own_leg]
        for leg in legs:
            if leg is not None and leg.unique not in channels and not leg.over.is_set():
                log.warning("a leg ended while Asterisk could not be heard", call=call.id)
                self._switchboard.leg_over(call, leg.unique, 0)
                self._transfers.leg_over(call, leg.unique)


def take_device_state(switchboard: Switchboard, seat: Seat, state: str) -> None:
    """Asterisk's word for what this agent's telephone does."""
    switchboard.staff.phone(seat, registered=state not in _UNREACHABLE, engaged=state not in _IDLE)
