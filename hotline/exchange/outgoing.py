"""Calls that we make: an agent's own telephone is rung first, and dials the caller from there. At most one per agent.

A ring lives from the agent's press until the agent has said what came of it. Meanwhile the agent is busy for the
matcher. What is going on, Asterisk alone knows: after a restart of ours rings are found again among its channels,
by the unique id that we gave the agent's leg. Nothing here ever rings by itself.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Protocol

import structlog

from agents.callbacks import Way
from agents.presence import Intent, Work
from dialplan.outgoing import CALLER_DIALLED, OUTGOING_CONTEXT
from hotline.clock import Clock
from hotline.errors import AmiRefused, AmiUnavailable, Refused
from hotline.exchange.calls import Leg
from hotline.exchange.journal import Journal, Write
from hotline.exchange.ring import Result, Ring, Stage, new_id, task_and_call
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.recovery.channels import Channels
from hotline.storage.ledger import Ledger

log = structlog.get_logger()

NO_NEWS_SECONDS = 30.0
"""An own telephone of which nothing was heard for so long does not ring any more: longer than it may ring."""
REASON_SECONDS = 1.0
"""Asterisk may say that an own telephone was not reached before it says why."""
_DEVICE = "PJSIP/agent-"
_UP = "6"
"""The state of a channel that was answered."""
_NO_CHANNEL = {"", "<null>", "<unknown>"}

Event = Mapping[str, str]


_CALLERS_END = {"BUSY": Result.BUSY, "NOANSWER": Result.NO_ANSWER, "CANCEL": Result.CANCELLED}
_OWN_END = {"BUSY": Result.OWN_MISSED, "NOANSWER": Result.OWN_MISSED, "CANCEL": Result.OWN_MISSED}


class Originator(Protocol):
    """See hotline/telephony/originate.py."""

    @property
    def connected(self) -> bool: ...

    async def ring(self, ring_id: str, agent: str, dial: str, seconds: int) -> None: ...


class HangsUp(Protocol):
    async def hang_up(self, channel: str) -> None: ...


class Outgoing:
    """Every method but `begin` changes the state without awaiting in between."""

    def __init__(
        self,
        switchboard: Switchboard,
        originator: Originator,
        controls: HangsUp,
        journal: Journal,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._switchboard = switchboard
        self._originator = originator
        self._controls = controls
        self._journal = journal
        self._ledger = ledger
        self._clock = clock
        self._rings: dict[str, Ring] = {}
        """By agent."""
        self.own_missed: Callable[[Ring], bool] = lambda _: False
        """Told that nobody was rung because the agent's own telephone was not picked up; True when that has been
        dealt with, see hotline/exchange/unrung.py."""
        self.compared = False
        """Whether Asterisk has told since our start which calls go on."""
        self._beside: dict[str, int] = {}
        """Callbacks of before that go on, and of which nobody at a seat here can say anything: their tasks, by the
        unique id of the channel."""

    def __iter__(self) -> Iterator[Ring]:
        return iter(list(self._rings.values()))

    def of(self, agent: str) -> Ring | None:
        """What this agent rings, or rang last and has not said yet what came of it."""
        return self._rings.get(agent)

    def of_task(self, task_id: int) -> Ring | None:
        """The ring of this task that goes on, or of which it is not said yet what came of it."""
        return next((ring for ring in self if ring.task_id == task_id and (not ring.over or ring.asks)), None)

    def in_hand(self) -> set[int]:
        """Tasks that somebody rings or talks for, or of which it is not said yet what came of it."""
        return {ring.task_id for ring in self if not ring.over or ring.asks} | set(self._beside.values())

    # --- what agents ask for -----------------------------------------------------------------

    async def begin(self, seat: Seat, task_id: int, call_id: str, way: Way, store: Write, *, due: bool = False) -> Ring:
        """Ring the agent's telephone, then the caller. `store` is written before anything rings.

        `due`: the agent was offered this very callback. Refused, in German, when the agent is not free for it; what
        `store` raises passes through, and the agent is as before.
        """
        self._require_free(seat, task_id, Work.DUE if due else Work.FREE)
        name, now = seat.agent.name, self._clock.now()
        ring = Ring(new_id(task_id, call_id), task_id, call_id, name, now)
        self._rings[name] = ring
        self._occupy(seat)
        try:
            await self._journal.now(store)
        except BaseException:
            if due:
                del self._rings[name]
                seat.presence = seat.presence.busy(Work.DUE, self._clock.now())
                seat.touch()
            else:
                self._forget(ring)
            raise
        if ring.stopped or seat.presence.intent is Intent.HOME:
            ring.stopped = True
            self._end(ring, Result.OWN_GONE)
            return ring
        self._note(ring, "callback_ringing")
        self._switchboard.spawn(self._give_up_silent(ring))
        await self._originate(ring, way)
        return ring

    def _require_free(self, seat: Seat, task_id: int, work: Work) -> None:
        mine, presence = self.of(seat.agent.name), seat.presence
        if self.of_task(task_id) is not None:
            raise Refused("Dieser Rückruf läuft schon, oder sein Ergebnis fehlt noch.")
        if (mine is not None and (not mine.over or mine.asks)) or seat.call is not None or seat.unwritten:
            raise Refused("Bitte schließen Sie erst ab, woran Sie gerade sind.")
        if presence.intent is Intent.HOME:
            raise Refused("Bitte melden Sie sich erst mit „Bereit“ oder einer Pause zum Dienst.")
        if not presence.registered:
            raise Refused("Ihr Telefon ist nicht angemeldet.")
        if presence.work is Work.DUE and work is not Work.DUE:
            raise Refused(
                "Ihnen ist gerade ein anderer Rückruf angeboten. Bitte beginnen Sie diesen oder lehnen Sie ihn ab."
            )
        if presence.engaged or presence.work is not work:
            raise Refused("Ihr Telefon ist gerade besetzt.")
        if not self._originator.connected:
            raise Refused("Die Telefonanlage ist gerade nicht erreichbar. Bitte gleich noch einmal versuchen.")

    async def _originate(self, ring: Ring, way: Way) -> None:
        ring.asked = True
        try:
            await self._originator.ring(ring.id, ring.agent, way.dial, way.ring_seconds)
        except AmiRefused:
            log.warning("asterisk refused to ring an agent for a callback", call=ring.call_id, agent=ring.agent)
            self._end(ring, Result.OWN_GONE)
        except AmiUnavailable:  # it may ring all the same: never a second time by us
            log.warning("no answer whether a callback rings", call=ring.call_id, agent=ring.agent)

    async def _give_up_silent(self, ring: Ring) -> None:
        """Nothing was heard of the agent's telephone: whatever became of it, it must not ring later."""
        await asyncio.sleep(NO_NEWS_SECONDS)
        if ring.stage is Stage.OWN:
            log.warning("no news of a callback, it is given up", call=ring.call_id, agent=ring.agent)
            await self._controls.hang_up(ring.id)
            if ring.stage is Stage.OWN:
                self._end(ring, Result.UNKNOWN)

    def hang_up(self, agent: str, task_id: int) -> None:
        """End the agent's leg, and with it the caller's. Refused when there is none."""
        ring = self.of(agent)
        if ring is None or ring.task_id != task_id or ring.over:
            raise Refused("Dieser Rückruf läuft gerade nicht.")
        if ring.stage is Stage.CALLER:
            ring.result = Result.CANCELLED
        ring.stopped = True
        if ring.asked:
            self._switchboard.spawn(self._controls.hang_up(ring.id))

    def require_over(self, task_id: int) -> None:
        """Refused while somebody still rings or talks for this task."""
        ring = self.of_task(task_id)
        if ring is not None and not ring.over:
            raise Refused("Bitte beenden Sie erst das Gespräch.")

    def settled(self, task_id: int, agent: str) -> None:
        """Nothing is to be said any more of this agent's ring: they are free for the next call."""
        ring = self.of(agent)
        if ring is not None and ring.task_id == task_id and ring.over:
            self._forget(ring)

    # --- what Asterisk tells -----------------------------------------------------------------

    def hears(self, event: Event) -> bool:
        """Act on an event of a ring; False when it belongs to none."""
        if event.get("Event") in {"Hold", "Unhold"}:
            return self._holds(event)
        ring, of_agents_leg = self._concerned(event)
        if ring is None:
            ended = event.get("Uniqueid", "") if event.get("Event") == "Hangup" else ""
            return self._beside.pop(ended, None) is not None
        match event.get("Event"):
            case "DialBegin" if of_agents_leg:
                ring.leg = Leg(event.get("DestChannel", ""), event.get("DestUniqueid", ""))
                self._reach(ring, Stage.CALLER)
            case "DialBegin" if ring.stopped:  # hung up while Asterisk had no channel yet that could be ended
                self._switchboard.spawn(self._controls.hang_up(ring.id))
            case "DialEnd" if of_agents_leg:
                self._callers_end(ring, event.get("DialStatus", ""))
            case "DialEnd":
                self._own_end(ring, event.get("DialStatus", ""))
            case "UserEvent" if event.get("UserEvent") == CALLER_DIALLED:
                self._callers_end(ring, event.get("DialStatus", ""))
            case "OriginateResponse" if event.get("Response") == "Failure" and event.get("Reason") in {"3", "5"}:
                self._end(ring, Result.OWN_MISSED)
            case "OriginateResponse" if event.get("Response") == "Failure":
                self._switchboard.spawn(self._end_without_reason(ring))
            case "Hangup" if of_agents_leg and ring.stage is Stage.OWN and event.get("ChannelState") == _UP:
                self._end(ring, Result.UNKNOWN)  # it was picked up, and we did not hear that
            case "Hangup" if of_agents_leg:
                self._end(ring)
        return True

    def _holds(self, event: Event) -> bool:
        """A caller who holds us says nothing; False when it is somebody else who does."""
        unique = event.get("Uniqueid", "")
        leg = next((ring.leg for ring in self if ring.leg is not None and ring.leg.unique == unique), None)
        if leg is not None:
            leg.on_hold = event["Event"] == "Hold"
        return leg is not None

    def _concerned(self, event: Event) -> tuple[Ring | None, bool]:
        """The ring, and whether the event is one of the agent's own leg or of what that leg dials."""
        unique, other = event.get("Uniqueid", ""), event.get("DestUniqueid", "")
        for ring in self:
            if not ring.over and ring.id in {unique, other}:
                return ring, unique == ring.id
        ours = event.get("Event") == "OriginateResponse" and event.get("Context") == OUTGOING_CONTEXT
        if ours and unique in _NO_CHANNEL:
            return self._without_channel(event.get("Channel", "")), False
        return None, False

    def _without_channel(self, channel: str) -> Ring | None:
        """Of a telephone that could not be rung there is no channel, and so no unique id."""
        ring = self._rings.get(channel.removeprefix(_DEVICE))
        return ring if ring is not None and ring.stage is Stage.OWN else None

    def _reach(self, ring: Ring, stage: Stage) -> None:
        order = list(Stage)
        if order.index(stage) > order.index(ring.stage):
            ring.stage = stage
            self._touch(ring)

    def _own_end(self, ring: Ring, status: str) -> None:
        if status == "ANSWER":
            self._note(ring, "callback_agent_answered")
            self._reach(ring, Stage.CALLER)
        else:
            self._end(ring, _OWN_END.get(status, Result.OWN_GONE))

    async def _end_without_reason(self, ring: Ring) -> None:
        """The reason is the end of dialling; of a telephone that is not there nothing else is told."""
        await asyncio.sleep(REASON_SECONDS)
        self._end(ring, Result.OWN_GONE)

    def _callers_end(self, ring: Ring, status: str) -> None:
        """How dialling the caller came out, in the words of Dial; told again when the talk is over."""
        if status == "ANSWER":
            self._talks(ring)
        elif ring.talked_since is None and ring.result is None:
            ring.result = _CALLERS_END.get(status, Result.UNREACHABLE)
            self._touch(ring)

    def _talks(self, ring: Ring) -> None:
        if ring.talked_since is None:
            ring.talked_since = self._clock.now()
            self._note(ring, "callback_answered")
            self._reach(ring, Stage.TALKING)

    def _end(self, ring: Ring, result: Result | None = None) -> None:
        """The agent's leg is gone, or never came about."""
        if ring.over:
            return
        now = self._clock.now()
        if ring.talked_since is not None:
            ring.result, ring.talked_until = Result.TALKED, now
        elif ring.stage is Stage.OWN:
            ring.result = result or Result.OWN_MISSED
        else:
            ring.result = result or ring.result or Result.CANCELLED
        ring.stage = Stage.OVER
        talked = 0.0 if ring.talked_since is None else (now - ring.talked_since).total_seconds()
        self._note(ring, "callback_ended", result=ring.result.value, seconds=round(talked, 1))
        log.info("callback ended", call=ring.call_id, agent=ring.agent, result=ring.result.value)
        seat = self._switchboard.seats[ring.agent]
        if ring.asks:
            seat.presence = seat.presence.busy(Work.WRAP_UP, now)
            self._touch(ring)
        elif self.own_missed(ring):
            self._touch(ring)
        else:
            self._release(seat)

    # --- after a login -----------------------------------------------------------------------

    def going_on(self) -> list[Ring]:
        """Those that must be among Asterisk's channels from now on until they end."""
        return [ring for ring in self if ring.asked and not ring.over]

    def compare(self, known: list[Ring], channels: Channels) -> None:
        """The truth is Asterisk's: which of our rings are still there, how far they are, and which we do not know.

        `known`: those that went on when Asterisk was asked for its channels.
        """
        for ring in known:
            if ring.id not in channels:
                log.warning("a callback ended while Asterisk could not be heard", call=ring.call_id)
                self._end(ring, ring.result or Result.UNKNOWN)
        for unique, channel in channels.items():
            found = self._known_or_found(unique, channel)
            if found is not None and found.over and found.result is Result.UNKNOWN:
                self._go_on(found)
            if found is not None and not found.over:
                self._catch_up(found, channel, channels)
        told = {unique: task_and_call(unique) for unique in channels.keys() - {ring.id for ring in self}}
        self._beside = {unique: its[0] for unique, its in told.items() if its is not None}
        self.compared = True

    def _known_or_found(self, unique: str, channel: Event) -> Ring | None:
        known = next((ring for ring in self if ring.id == unique), None)
        told, name = task_and_call(unique), channel.get("Channel", "").removeprefix(_DEVICE).rpartition("-")[0]
        if known is not None or told is None or name not in self._switchboard.seats:
            return known
        (task_id, call_id), seat = told, self._switchboard.seats[name]
        mine = self._rings.get(name)
        if seat.call is not None or (mine is not None and not mine.over):
            log.warning("a callback of before goes on beside another call", call=call_id, agent=name)
            return None
        log.info("callback taken up again", call=call_id, agent=name)
        ring = Ring(unique, task_id, call_id, name, self._clock.now())
        self._rings[name] = ring
        self._occupy(seat)
        return ring

    def _go_on(self, ring: Ring) -> None:
        """It was given up, but is there."""
        log.info("callback taken up again", call=ring.call_id, agent=ring.agent)
        ring.stage, ring.result = Stage.OWN, None
        self._occupy(self._switchboard.seats[ring.agent])
        self._switchboard.spawn(self._give_up_silent(ring))

    def _catch_up(self, ring: Ring, own: Event, channels: Channels) -> None:
        others = [one for unique, one in channels.items() if one.get("Linkedid") == ring.id and unique != ring.id]
        if ring.leg is None and others:
            ring.leg = Leg(others[0]["Channel"], others[0]["Uniqueid"])
        bridge = own.get("BridgeId")
        if bridge and any(one.get("BridgeId") == bridge for one in others):
            self._talks(ring)
        elif others:
            self._reach(ring, Stage.CALLER)

    # --- helpers -----------------------------------------------------------------------------

    def _occupy(self, seat: Seat) -> None:
        """Nobody is offered a call who is about to call somebody."""
        seat.presence = seat.presence.busy(Work.TALKING, self._clock.now())
        seat.touch()

    def _forget(self, ring: Ring) -> None:
        if self._rings.get(ring.agent) is ring:
            del self._rings[ring.agent]
        if ring.asks or not ring.over:
            self._release(self._switchboard.seats[ring.agent])

    def _release(self, seat: Seat) -> None:
        """Free, unless a call of the line has come to this agent meanwhile."""
        if seat.call is None:
            self._switchboard.release(seat)
        seat.touch()

    def _note(self, ring: Ring, kind: str, **codes: str | float) -> None:
        note = partial(self._ledger.note, ring.call_id, self._clock.now(), kind, agent=ring.agent, ring=ring.id)
        self._journal.later(partial(note, **codes))

    def _touch(self, ring: Ring) -> None:
        self._switchboard.seats[ring.agent].touch()
