"""One caller from end to end: carries out what the conversation wants on the caller's AGI session."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from config.schema import PhoneKind
from hotline.calls import Call, Offer, OfferEnd, Phase
from hotline.clock import Clock
from hotline.errors import AgiClosed, AgiRefused, CallerGone
from hotline.logs import log_failure
from hotline.switchboard import Switchboard
from hotline.telephony.agi_server import AgiSession
from ivr.conversation import Conversation
from ivr.effects import (
    Collect,
    Connect,
    Effect,
    HangUp,
    JoinLine,
    LeaveCallback,
    LeaveLine,
    NoteHouseholdNumber,
    Play,
    Wait,
)
from ivr.events import (
    AgentFound,
    AgentLost,
    AgentMissed,
    CallArrived,
    DigitsEntered,
    Event,
    SilenceElapsed,
    TalkEnded,
    WaitElapsed,
)
from routing.hours import Calendar
from routing.numbers import NumberPlan

log = structlog.get_logger()

KEYS = "0123456789*#"
INTERRUPT = "D"
"""A tone no caller has on the keypad: the service presses it to end WAIT FOR DIGIT at once."""
MUSIC = "hotline"
WAIT_SLICE = 5.0
"""Longest single WAIT FOR DIGIT, seconds: bounds the delay if the interrupting tone is lost with AMI."""
LEG_NEWS = 0.5
"""How long to wait for AMI's word why the agent's leg ended; AGI is often the faster of the two, seconds."""
CAUSE_MEDIA_LOST = 44
"""Q.850 cause that Asterisk sets when a leg's RTP stops (rtp_timeout)."""
DESK_PHONE_GRACE = 0.3
"""A desk phone's ringing waits so long for the page to show the pop, seconds (design, step 5)."""


class Interrupter(Protocol):
    """Ends a caller's prompt or waiting from outside the AGI session (AMI)."""

    async def stop_prompt(self, channel: str) -> None: ...

    async def press(self, channel: str, key: str) -> None: ...


class CallbackRequests(Protocol):
    """Where callback requests go; see hotline/callback_board.py."""

    async def request(
        self,
        call_id: str,
        number: str,
        request_type: str | None,
        at: datetime,
        due: datetime,
        household_number: str | None,
    ) -> None: ...


class Caller:
    """Drives one call: events go into the conversation, its effects come out and are carried out in order."""

    def __init__(
        self,
        session: AgiSession,
        call: Call,
        switchboard: Switchboard,
        interrupter: Interrupter,
        callbacks: CallbackRequests,
        clock: Clock,
        prompts: Callable[[str], str],
    ) -> None:
        self._session = session
        self._call = call
        self._switchboard = switchboard
        self._interrupter = interrupter
        self._callbacks = callbacks
        self._clock = clock
        self._prompt_path = prompts
        self._plan = NumberPlan(call.config.hotline.country_code, call.config.hotline.area_code)
        self._calendar = Calendar(call.config)
        self._conversation = Conversation(call.config, self._calendar)
        self._music = False

    async def run(self) -> None:
        """From the first word to the end of this AGI session. A failure of ours costs the caller no more than time."""
        call = self._call
        try:
            try:
                await self._session.answer()
                await self._converse([CallArrived(call.arrived_at, call.caller, self._may_call_back())])
            except (CallerGone, AgiClosed):
                raise
            except Exception as error:
                log_failure("conversation failed, the caller goes into the line", call.id, error)
                await self._rescue()
        except (CallerGone, AgiClosed) as gone:
            self._gone(gone)
        except Exception as error:
            log_failure("conversation failed twice", call.id, error)
            call.end_reason = "failed"

    async def _converse(self, events: list[Event]) -> None:
        while events:
            event = await self._carry_out(self._conversation.receive(events.pop()))
            if event is not None:
                events.append(event)

    async def _rescue(self) -> None:
        """Start again in the line with what is known of the request."""
        call = self._call
        if self._switchboard.is_talking(call):
            raise RuntimeError("the talk itself failed")
        request = call.request or call.config.unclear
        self._conversation = Conversation(call.config, self._calendar)
        effects = self._conversation.rejoin(call.caller, self._may_call_back(), request.key)
        event = await self._carry_out(effects)
        await self._converse([] if event is None else [event])

    def _gone(self, gone: CallerGone | AgiClosed) -> None:
        call = self._call
        if isinstance(gone, AgiClosed) and not self._session.hung_up:
            call.end_reason = call.end_reason or "cut_by_asterisk"
        log.info("caller's session over", call=call.id, where=self._conversation.state, why=type(gone).__name__)

    def _may_call_back(self) -> bool:
        return self._plan.may_call_back(self._call.caller)

    async def _carry_out(self, effects: list[Effect]) -> Event | None:
        event: Event | None = None
        for effect in effects:
            event = await self._do(effect)
        return event

    async def _do(self, effect: Effect) -> Event | None:
        match effect:
            case Play():
                await self._play_all(effect.prompts)
            case Collect():
                return await self._collect(effect)
            case JoinLine():
                self._switchboard.join(self._call, effect.request_type)
            case Wait():
                return await self._wait(effect)
            case Connect():
                return await self._connect(effect)
            case NoteHouseholdNumber():
                self._switchboard.household_number(self._call, effect.digits)
            case LeaveLine():
                self._switchboard.leave_line(self._call)
            case LeaveCallback():
                await self._leave_callback(effect.number)
            case HangUp():
                await self._hang_up(effect)
        return None

    # --- prompts and keys --------------------------------------------------------------------

    async def _play_all(self, prompts: tuple[str, ...], escape: str = "") -> str:
        """Play prompts one after the other; the key that stopped them, or ""."""
        for name in prompts:
            key = await self._play(name, escape)
            if key and key != INTERRUPT:
                return key
        return ""

    async def _play(self, name: str, escape: str) -> str:
        """One prompt. Without it the caller knows less, but must not be lost."""
        self._music = False  # the prompt ends it
        try:
            return await self._session.play(self._prompt_path(name), escape)
        except AgiRefused as error:
            log.error("prompt not played: run `hotline prompts --render`", prompt=name, why=str(error))
            return ""

    async def _collect(self, effect: Collect) -> Event:
        key = await self._play_all(effect.prompts, KEYS)
        await self._music_off()
        key = key or await self._next_key(effect.silence_seconds)
        digits = await self._entry(key, effect.max_digits, effect.finish, effect.between_seconds)
        return SilenceElapsed() if digits is None else self._entered(digits)

    async def _next_key(self, seconds: float) -> str:
        """The next key within that time; an interrupting tone that came late does not count."""
        key = await self._session.wait_for_digit(seconds)
        return await self._session.wait_for_digit(seconds) if key == INTERRUPT else key

    async def _entry(self, key: str, most: int, finish: str, between: float) -> str | None:
        """All keys of one entry, given its first; None when there was none."""
        if not key:
            return None
        digits = ""
        while key and key not in {finish, INTERRUPT}:
            digits += key
            if len(digits) >= most:
                break
            key = await self._session.wait_for_digit(between)
        return digits

    def _entered(self, digits: str) -> DigitsEntered:
        number = self._plan.entered(digits)
        return DigitsEntered(digits, number if self._plan.may_call_back(number) else None)

    async def _music_on(self) -> None:
        if not self._music:
            await self._session.music(True, MUSIC)
            self._music = True

    async def _music_off(self) -> None:
        if self._music:
            await self._session.music(False)
            self._music = False

    # --- waiting -----------------------------------------------------------------------------

    async def _wait(self, effect: Wait) -> Event:
        """Prompts, then music, until an agent is found, keys are pressed, or the time is over."""
        found, deadline = self._call.agent_found, asyncio.get_running_loop().time() + effect.seconds
        if found.is_set():
            return self._agent_found()
        watcher = asyncio.create_task(self._interrupt_when_found())
        try:
            key = await self._announce(effect.prompts, KEYS if effect.max_digits else "")
            if not found.is_set():
                await self._music_on()
                return await self._listen(key, effect, deadline)
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        return self._agent_found()

    async def _announce(self, prompts: tuple[str, ...], escape: str) -> str:
        for name in prompts:
            if self._call.agent_found.is_set():
                return ""
            key = await self._play_all((name,), escape)
            if key:
                return key
        return ""

    async def _listen(self, key: str, effect: Wait, deadline: float) -> Event:
        while not self._call.agent_found.is_set():
            if key and key != INTERRUPT and effect.max_digits:
                return await self._entry_while_waiting(key, effect)
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return self._wait_elapsed()
            key = await self._session.wait_for_digit(min(left, WAIT_SLICE))
        return self._agent_found()

    async def _entry_while_waiting(self, key: str, effect: Wait) -> Event:
        digits = await self._entry(key, effect.max_digits, effect.finish, effect.between_seconds)
        if self._call.agent_found.is_set():
            self._keep_household_number(digits or "")
            return self._agent_found()
        return self._entered(digits or "")

    def _keep_household_number(self, digits: str) -> None:
        """Typed to the end in the moment an agent was found: it must not be lost."""
        household = self._call.config.line.household_number
        if digits.isdecimal() and household.min_digits <= len(digits) <= household.max_digits:
            self._switchboard.household_number(self._call, digits)

    async def _interrupt_when_found(self) -> None:
        """Cut off prompt or music the moment an agent is found; again and again until it has taken effect."""
        await self._call.agent_found.wait()
        while True:
            if self._session.busy_with == "play":
                await self._interrupter.stop_prompt(self._call.channel)
            elif self._session.busy_with == "wait_for_digit":
                await self._interrupter.press(self._call.channel, INTERRUPT)
            await asyncio.sleep(0.1)

    def _agent_found(self) -> AgentFound:
        assert self._call.offer is not None  # noqa: S101 - agent_found is set only together with an offer
        return AgentFound(self._call.offer.agent)

    def _wait_elapsed(self) -> WaitElapsed:
        call, now = self._call, self._clock.now()
        assert call.joined_at is not None  # noqa: S101 - nobody waits without having joined
        return WaitElapsed(
            waited=(now - call.joined_at).total_seconds(),
            position=self._switchboard.position(call),
            nobody_ready_for=self._switchboard.nobody_ready_for(call),
            closed_for=self._calendar.closed_for(now),
        )

    # --- connecting --------------------------------------------------------------------------

    async def _connect(self, effect: Connect) -> Event:
        call, offer = self._call, self._call.offer
        if offer is not None and offer.open:
            await self._grace_for_desk_phone(offer)
            await self._dial(effect.agent)
        end = await self._why_not_taken() if call.phase is not Phase.TALKING else None
        if end is None:
            return await self._after_talk()
        self._switchboard.not_taken(call, end)
        return AgentMissed()

    async def _grace_for_desk_phone(self, offer: Offer) -> None:
        if self._call.config.agent(offer.agent).phone is not PhoneKind.DESK:
            return
        try:
            async with asyncio.timeout(DESK_PHONE_GRACE):
                await offer.news.wait()
        except TimeoutError:
            log.info("desk phone rings before the page has answered", call=self._call.id, agent=offer.agent)

    async def _dial(self, agent: str) -> None:
        ring = self._call.config.distribution.ring_seconds
        await self._session.set_variable("HL_NEXT", "dial")
        self._music = False  # Dial stops it, and plays its own until somebody answers
        await self._session.execute("Dial", f"PJSIP/agent-{agent}", str(ring), f"gm({MUSIC})")
        await self._session.set_variable("HL_NEXT", "queue")

    async def _why_not_taken(self) -> OfferEnd | None:
        """How Dial ended; None when it was answered after all and only AMI's word for it is late."""
        status = await self._session.get_variable("DIALSTATUS")
        if status == "ANSWER":
            self._switchboard.answered(self._call)
            if self._call.phase is Phase.TALKING:
                return None
        if status == "BUSY":
            return OfferEnd.REJECTED
        return OfferEnd.GONE if status in {"CHANUNAVAIL", "CONGESTION"} else OfferEnd.MISSED

    async def _after_talk(self) -> Event:
        call, leg = self._call, self._call.leg
        if leg is not None:
            try:
                async with asyncio.timeout(LEG_NEWS):
                    await leg.over.wait()
            except TimeoutError:
                log.warning("no word on how the agent's leg ended", call=call.id)
            if leg.cause == CAUSE_MEDIA_LOST:
                self._switchboard.agent_lost(call)
                return AgentLost()
        self._switchboard.talk_ended(call)
        return TalkEnded()

    # --- leaving -----------------------------------------------------------------------------

    async def _leave_callback(self, number: str | None) -> None:
        """Stored once for each call, at the latest when the database answers again."""
        call, now = self._call, self._clock.now()
        to = number or call.caller
        if to is None:
            raise ValueError("a callback without a number: the conversation must ask for one first")
        if call.callback_asked:
            return
        call.callback_asked = True
        request = call.request.key if call.request is not None else None
        await self._callbacks.request(call.id, to, request, now, self._calendar.due(now), call.household_number)
        log.info("callback requested", call=call.id)

    async def _hang_up(self, effect: HangUp) -> None:
        self._call.end_reason = effect.reason.value
        await self._session.set_variable("HL_NEXT", "hangup")
        await self._session.hang_up()
