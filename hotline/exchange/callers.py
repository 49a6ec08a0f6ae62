"""One caller from end to end: carries out what the conversation wants on the caller's AGI session."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Protocol

import structlog

from config.schema import HotlineConfig
from dialplan import variables
from hotline.clock import Clock
from hotline.errors import AgiClosed, CallerGone
from hotline.exchange.calls import Call, Phase
from hotline.exchange.dialogue import Dialogue, Entry, Interrupter
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.talk import Talk
from hotline.exchange.transfers import Transfers
from hotline.logs import log_failure
from hotline.telephony.agi_server import AgiSession
from ivr.conversation import Conversation
from ivr.effects import (
    ChooseLanguage,
    Collect,
    Connect,
    Effect,
    EndReason,
    HangUp,
    InTurn,
    JoinLine,
    LeaveCallback,
    LeaveLine,
    NoteHouseholdNumber,
    Play,
    Wait,
    Window,
)
from ivr.events import (
    AgentFound,
    CallArrived,
    DigitsEntered,
    Event,
    SilenceElapsed,
    WaitElapsed,
)
from routing.announcing import emergency_at, emergency_prompts, is_emergency
from routing.hours import Calendar
from routing.numbers import NumberPlan

log = structlog.get_logger()

CUT_BY_ASTERISK, FAILED = "cut_by_asterisk", "failed"


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
        *,
        when: InTurn | Window | None,
        place_at: datetime | None,
        language: str | None,
    ) -> None: ...


class Caller:
    """Drives one call: events go into the conversation, its effects come out and are carried out in order."""

    def __init__(
        self,
        session: AgiSession,
        call: Call,
        switchboard: Switchboard,
        transfers: Transfers,
        interrupter: Interrupter,
        callbacks: CallbackRequests,
        clock: Clock,
        prompt_path: Callable[[str], str],
        configuration: Callable[[], tuple[int, HotlineConfig]],
        sounds: Callable[[], Mapping[str, str]],
    ) -> None:
        """`configuration` and `sounds` are in force at any moment; the call itself keeps those of its beginning.

        `prompt_path` gives the file of a sound; of a prompt, the one in force.
        """
        self._session = session
        self._call = call
        self._switchboard = switchboard
        self._callbacks = callbacks
        self._clock = clock
        self._configuration = configuration
        self._sounds = sounds
        self._prompt_path = prompt_path
        self._dialogue = Dialogue(session, call.channel, interrupter, call.agent_found, self._paths)
        self._talk = Talk(session, call, switchboard, transfers, self._dialogue)
        self._plan = NumberPlan(call.config.hotline.country_code, call.config.hotline.area_code)
        self._calendar = Calendar(call.config)
        self._conversation = Conversation(call.config, self._calendar)

    def _paths(self, prompt: str) -> tuple[str, ...]:
        """The file that this call hears, as of its beginning, and the one in force, in case the former is lost.

        An emergency is heard as it is in force now, also by who called before.
        """
        own = self._call.sounds or {}
        heard = {**own, **self._sounds()} if is_emergency(prompt) else own
        return tuple(self._prompt_path(name) for name in dict.fromkeys((heard.get(prompt, prompt), prompt)))

    async def run(self) -> None:
        """A new caller, from the first word to the end of this AGI session."""
        await self._guarded(self._begin())

    async def run_again(self) -> None:
        """A caller whom we had before, or whom the fallback kept for us: goes on in the line."""
        await self._guarded(self._rejoin())

    async def run_referred(self) -> None:
        """A caller whom an agent's telephone has sent on: `call.transfer` says to whom."""
        await self._guarded(self._refer())

    async def _guarded(self, conversing: Coroutine[Any, Any, None]) -> None:
        """A failure of ours costs the caller no more than time."""
        self._call.in_session, self._call.session_cut = True, False
        try:
            try:
                await conversing
            except (CallerGone, AgiClosed):
                raise
            except Exception as error:
                log_failure("conversation failed, the caller goes into the line", self._call.id, error)
                await self._rescue()
        except (CallerGone, AgiClosed) as gone:
            await self._gone(gone)
        except Exception as error:
            log_failure("conversation failed twice", self._call.id, error)
            self._call.end_reason = FAILED
        finally:
            self._call.in_session = False

    async def _begin(self) -> None:
        await self._session.answer()
        await self._converse(self._arrival())

    async def _refer(self) -> None:
        call = self._call
        request = call.request or call.config.unclear
        self._conversation = Conversation(call.config, self._calendar)
        possible = self._plan.may_call_back(call.caller)
        self._conversation.resume_talk(call.caller, possible, request.key, language=call.language)
        await self._converse(await self._talk.go_on())

    async def _converse(self, event: Event | None) -> None:
        while event is not None:
            event = await self._carry_out(self._conversation.receive(event))

    async def _rescue(self) -> None:
        """Start again in the line with what is known of the request."""
        if self._call.phase is Phase.TALKING:
            raise RuntimeError("the talk itself failed")
        await self._rejoin()

    async def _rejoin(self) -> None:
        call = self._call
        request = call.request or call.config.unclear
        self._conversation = Conversation(call.config, self._calendar)
        possible = self._plan.may_call_back(call.caller)
        rejoining = self._conversation.rejoin(call.caller, possible, request.key, language=call.language)
        await self._converse(await self._carry_out(rejoining))

    def _arrival(self) -> CallArrived:
        call = self._call
        possible = self._plan.may_call_back(call.caller)
        return CallArrived(call.arrived_at, call.caller, possible, self._switchboard.announcement)

    async def _gone(self, gone: CallerGone | AgiClosed) -> None:
        call = self._call
        log.info("caller's session over", call=call.id, where=self._conversation.state, why=type(gone).__name__)
        if isinstance(gone, AgiClosed) and not self._session.hung_up:
            call.session_cut = True
            return
        confirmed = self._conversation.confirmed
        if confirmed is None:
            return
        try:
            await self._leave_callback(confirmed)
        except Exception as error:
            log_failure("confirmed callback not kept", call.id, error)
        else:
            call.end_reason = EndReason.CALLBACK.value

    async def _carry_out(self, effects: list[Effect]) -> Event | None:
        event: Event | None = None
        for effect in effects:
            event = await self._do(effect)
        return event

    async def _do(self, effect: Effect) -> Event | None:
        match effect:
            case Play():
                await self._dialogue.play(effect.prompts)
            case Collect():
                return self._entered(await self._dialogue.collect(effect))
            case ChooseLanguage():
                self._switchboard.language(self._call, effect.key)
            case JoinLine():
                self._switchboard.join(self._call, effect.request_type)
            case Wait():
                return await self._wait(effect)
            case Connect():
                return await self._talk.connect(effect.agent)
            case NoteHouseholdNumber():
                self._switchboard.household_number(self._call, effect.digits)
            case LeaveLine():
                self._switchboard.leave_line(self._call)
            case LeaveCallback():
                await self._leave_callback(effect)
            case HangUp():
                await self._hang_up(effect)
        return None

    def _entered(self, entry: Entry | None) -> Event:
        if entry is None:
            return SilenceElapsed()
        return DigitsEntered(entry.digits, self._plan.entered(entry.digits), entry.ended)

    # --- waiting -----------------------------------------------------------------------------

    async def _wait(self, effect: Wait) -> Event:
        call = self._call
        entry = None if call.agent_found.is_set() else await self._dialogue.wait(effect)
        if call.agent_found.is_set() and call.offer is not None:
            self._keep_household_number("" if entry is None else entry.digits)
            return AgentFound(call.offer.agent)
        return self._wait_elapsed() if entry is None else self._entered(entry)

    def _keep_household_number(self, digits: str) -> None:
        """Typed to the end in the moment an agent was found: it must not be lost."""
        household = self._call.config.line.household_number
        if digits.isdecimal() and household.min_digits <= len(digits) <= household.max_digits:
            self._switchboard.household_number(self._call, digits)

    def _wait_elapsed(self) -> WaitElapsed:
        call, now = self._call, self._clock.now()
        return WaitElapsed(
            waited=(now - (call.joined_at or now)).total_seconds(),
            position=self._switchboard.progress.position(call),
            nobody_ready_for=self._switchboard.duty.nobody_for(call),
            closed_for=self._calendar.closed_for(now),
            announcement=self._switchboard.announcement,
            expected=self._switchboard.progress.expected(call, now),
            line_full=self._switchboard.progress.full(call),
            at=now,
            emergency=self._emergency_at(now),
        )

    def _emergency_at(self, now: datetime) -> tuple[str, ...]:
        """Of what is in force now: it is for all, also for who called before."""
        config = self._configuration()[1]
        return emergency_prompts(config) if emergency_at(config, now) else ()

    # --- leaving -----------------------------------------------------------------------------

    async def _leave_callback(self, effect: LeaveCallback) -> None:
        """Stored once for each call, at the latest when the database answers again."""
        call, now = self._call, self._clock.now()
        to = effect.number or call.caller
        if to is None:
            raise ValueError("a callback without a number: the conversation must ask for one first")
        if call.callback_asked:
            return
        call.callback_asked = True
        request = call.request.key if call.request is not None else None
        await self._callbacks.request(
            call.id,
            to,
            request,
            now,
            self._calendar.due(now),
            call.household_number,
            when=effect.when,
            place_at=call.joined_at,
            language=call.language,
        )
        log.info("callback requested", call=call.id)

    async def _hang_up(self, effect: HangUp) -> None:
        self._call.end_reason = effect.reason.value
        await self._session.set_variable(variables.NEXT, variables.NEXT_HANGUP)
        await self._session.hang_up()
