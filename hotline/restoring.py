"""What a restarted service takes up again: agents' intents, talks that went on without it, wrap-ups not written yet.

The database says what was promised and written, Asterisk says who still talks to whom; where they differ,
Asterisk is right about channels and the database about everything else.
"""

from collections.abc import Mapping
from datetime import timedelta

import structlog

from agents.presence import Intent, Work
from config.schema import HotlineConfig, RequestType
from hotline.calls import Call, Leg, Phase
from hotline.clock import Clock
from hotline.seats import Seat
from hotline.storage.ledger import Ledger
from hotline.storage.open_work import OpenCall, OpenWork
from hotline.storage.presences import Presences
from hotline.switchboard import Switchboard

log = structlog.get_logger()

WRITE_UP = timedelta(hours=12)
"""A talk that was not written up within a working day is not put on a screen again."""
RESTARTED = "service_restarted"

Channel = Mapping[str, str]


class Restorer:
    """Used once, in this order: `intents`, `load`, and `adopt` when Asterisk has told its channels."""

    def __init__(
        self,
        version: int,
        config: HotlineConfig,
        switchboard: Switchboard,
        ledger: Ledger,
        open_work: OpenWork,
        clock: Clock,
    ) -> None:
        self._version, self._config = version, config
        self._switchboard = switchboard
        self._ledger = ledger
        self._open_work = open_work
        self._clock = clock
        self._open: list[OpenCall] = []

    async def intents(self, presences: Presences) -> None:
        """Agents' own intent survives a restart."""
        for name, saved in (await presences.load()).items():
            if name in self._switchboard.seats:
                self._switchboard.wanting(self._switchboard.seats[name], Intent(saved.intent), saved.reason)

    async def load(self) -> None:
        """Read what is open; wrap-ups of calls that have ended are on the screens from now on."""
        self._open = await self._open_work.calls(self._clock.now() - WRITE_UP)
        for found in self._open:
            if found.row.ended_at is not None:
                self._write_up(found)

    async def adopt(self, channels: Mapping[str, Channel]) -> None:
        """Take up the talks that went on without us; calls whose caller is gone get their end in the ledger."""
        callers = {_call_id(channel): channel for channel in channels.values() if _call_id(channel)}
        for found in self._open:
            if found.row.ended_at is None:
                await self._take_up(found, callers.get(found.row.id), channels)
        self._open = []

    async def _take_up(self, found: OpenCall, mine: Channel | None, channels: Mapping[str, Channel]) -> None:
        leg = _bridged_with(mine, channels) if mine is not None else None
        if mine is not None and leg is not None and self._seat(found) is not None:
            self._talk_goes_on(found, mine, leg)
            return
        log.warning("call was cut off by a restart", call=found.row.id)
        await self._ledger.call_ended(found.row.id, self._clock.now(), RESTARTED)
        if found.row.answered_at is not None and not found.disposed:
            self._write_up(found)

    def _talk_goes_on(self, found: OpenCall, mine: Channel, leg: Leg) -> None:
        log.info("talk taken up again", call=found.row.id, agent=found.row.agent)
        call, seat = self._call(found, mine["Uniqueid"]), self._seat(found)
        if seat is None or seat.call is not None:
            return
        call.phase = Phase.TALKING
        self._switchboard.calls.add(call)
        self._switchboard.calls.add_leg(call, leg)
        seat.call = call
        seat.presence = seat.presence.busy(Work.TALKING, self._clock.now())
        seat.touch()

    def _write_up(self, found: OpenCall) -> None:
        """Back onto the agent's screen, with the full time for wrapping up."""
        seat = self._seat(found)
        if seat is None or seat.call is not None:
            return
        call, now = self._call(found, unique=""), self._clock.now()
        call.phase = Phase.WRAP_UP
        call.wrap_up_until = now + timedelta(seconds=call.config.distribution.wrap_up_seconds)
        call.over.set()
        seat.call = call
        seat.presence = seat.presence.busy(Work.WRAP_UP, now)
        seat.touch()

    def _seat(self, found: OpenCall) -> Seat | None:
        name = found.row.agent
        return self._switchboard.seats[name] if name is not None and name in self._switchboard.seats else None

    def _call(self, found: OpenCall, unique: str) -> Call:
        row = found.row
        call = Call(row.id, row.channel, unique, self._config, self._version, row.started_at, found.caller, row.gateway)
        call.request = self._request(row.request_type)
        call.household_number = found.household_number
        call.joined_at, call.answered_at, call.agent = row.joined_at, row.answered_at, row.agent
        call.disposed = {"outcome": "settled"} if found.disposed else None
        return call

    def _request(self, key: str | None) -> RequestType:
        try:
            return self._config.request_type(key or "")
        except KeyError:
            return self._config.unclear


def _call_id(channel: Channel) -> str:
    """The service's id of the call, from `channelvars` of manager.conf; only callers' channels count."""
    variable = channel.get("ChanVariable", "")
    is_caller = not channel.get("Channel", "").startswith("PJSIP/agent-")
    return variable.partition("=")[2].strip() if is_caller and variable.startswith("CALLID=") else ""


def _bridged_with(mine: Channel, channels: Mapping[str, Channel]) -> Leg | None:
    """The agent's channel in the same bridge."""
    for unique, other in channels.items():
        together = mine.get("BridgeId") and other.get("BridgeId") == mine["BridgeId"]
        if together and other.get("Channel", "").startswith("PJSIP/agent-"):
            return Leg(other["Channel"], unique)
    return None
