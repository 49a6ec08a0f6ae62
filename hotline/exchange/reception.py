"""Where callers come in: an AGI session becomes a call in the ledger, or goes on with one that is there already.

call     a new caller
return   a caller whom Asterisk kept in its queue while we were away, or to whom our session broke off
inside   an agent's telephone has dialled an extension, or has sent a caller there
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from config.schema import HotlineConfig
from dialplan import variables
from dialplan.extensions import AGI_CALL, AGI_RETURN
from dialplan.transfers import INSIDE_PATH
from hotline.clock import Clock
from hotline.errors import AgiError
from hotline.exchange.book import Book
from hotline.exchange.callers import FAILED, CallbackRequests, Caller
from hotline.exchange.calls import Call
from hotline.exchange.dialogue import Interrupter
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.transfers import Transfers
from hotline.recovery.call_ids import id_of_channel, new_call_id
from hotline.recovery.caller_numbers import caller_number
from hotline.telephony.agi_server import AgiSession

log = structlog.get_logger()

FORMER_SESSION_SECONDS = 2.0
"""How long a caller's next session waits for the one before to end."""
LONGEST_WAIT = timedelta(hours=24)
"""Nobody has waited longer; a time before is none."""


class Inside(Protocol):
    """See hotline/exchange/inside.py."""

    def refer(self, session: AgiSession, call: Call) -> None: ...

    async def dial(self, session: AgiSession, config: HotlineConfig) -> Call | None: ...


class Known(Protocol):
    """Who knows calls of an earlier run; see hotline/recovery/restoring.py."""

    def recall(self, call_id: str, channel: str, unique: str) -> Call | None: ...


class Order(Protocol):
    """Who keeps the order of those who come back; see hotline/recovery/returning.py."""

    async def pass_through(self, unique: str, joined_at: datetime) -> None: ...


class Reception:
    """Handler of the AGI server; one run per session. `left_alone` is told when a caller may be with the fallback.

    `configuration` and `sounds` are those that new calls begin with; see hotline/changing/live.py.
    """

    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        switchboard: Switchboard,
        transfers: Transfers,
        interrupter: Interrupter,
        callbacks: CallbackRequests,
        clock: Clock,
        prompt_path: Callable[[str], str],
        *,
        sounds: Callable[[], Mapping[str, str]],
        book: Book,
        known: Known,
        order: Order,
        inside: Inside,
        left_alone: Callable[[], None],
    ) -> None:
        self._configuration = configuration
        self._switchboard = switchboard
        self._transfers = transfers
        self._interrupter = interrupter
        self._callbacks = callbacks
        self._clock = clock
        self._prompt_path = prompt_path
        self._sounds = sounds
        self._book = book
        self._known = known
        self._order = order
        self._inside = inside
        self._left_alone = left_alone
        self._sessions: dict[str, asyncio.Event] = {}
        """By call: set when the session that runs is over."""

    async def __call__(self, session: AgiSession) -> None:
        path = session.environment.get("agi_network_script", AGI_CALL)
        try:
            if path == AGI_RETURN:
                await self._take_back(session)
            elif path == INSIDE_PATH:
                await self._come_from_inside(session)
            else:
                await self._welcome(session)
        except AgiError as error:
            log.info("session ended before the call began", path=path, why=str(error))

    # --- a new caller ------------------------------------------------------------------------

    async def _welcome(self, session: AgiSession) -> None:
        call_id, now = new_call_id(), self._clock.now()
        await session.set_variable(f"__{variables.CALL_ID}", call_id)
        call = await self._new_call(session, call_id, now)
        await self._switchboard.arrived(call)
        log.info("call arrived", call=call.id, gateway=call.gateway, withheld=call.caller is None)
        await self._converse(session, call, lambda caller: caller.run())

    async def _new_call(self, session: AgiSession, call_id: str, at: datetime) -> Call:
        gateway = await session.get_variable(variables.GATEWAY) or ""
        privacy = await session.get_variable(variables.PRIVACY) or ""
        header = await session.get_variable(variables.FROM) or ""
        version, config = self._configuration()  # last: who is not in the switchboard is not told of another one
        return Call(
            id=call_id,
            channel=session.environment.get("agi_channel", ""),
            unique=session.environment.get("agi_uniqueid", ""),
            config=config,
            version=version,
            arrived_at=at,
            caller=caller_number(config, gateway, header, privacy),
            gateway=gateway,
            sounds=self._sounds(),
        )

    # --- a caller who comes back -------------------------------------------------------------

    async def _take_back(self, session: AgiSession) -> None:
        unique = session.environment.get("agi_uniqueid", "")
        call_id = await session.get_variable(variables.CALL_ID) or id_of_channel(unique)
        call = self._known_call(session, call_id) or await self._unknown_call(session, call_id)
        await session.set_variable(f"__{variables.CALL_ID}", call.id)
        log.info("caller is back in the line", call=call.id, request=call.request.key if call.request else None)
        await self._order.pass_through(unique, call.joined_at or call.arrived_at)
        await self._converse(session, call, lambda caller: caller.run_again())

    def _known_call(self, session: AgiSession, call_id: str) -> Call | None:
        """The call as this run of the service has it, or as the ledger does."""
        call = self._switchboard.calls.get(call_id)
        if call is not None:
            call.end_reason = None  # what the former session thought
            return call
        environment = session.environment
        call = self._known.recall(call_id, environment.get("agi_channel", ""), environment.get("agi_uniqueid", ""))
        if call is not None:
            call.sounds = self._sounds()  # of the same moment as its configuration
            self._switchboard.calls.add(call)
        return call

    async def _unknown_call(self, session: AgiSession, call_id: str) -> Call:
        """A caller whom not even the ledger knows yet: waits since coming to the fallback, for whatever it may be."""
        since = self._since(await session.get_variable(variables.SINCE) or "")
        call = await self._new_call(session, call_id, since)
        call.joined_at = since
        self._switchboard.calls.add(call)
        await self._book.taken_back(call, since)
        return call

    def _since(self, seconds: str) -> datetime:
        """Business time of seconds since 1970; now when they make no sense."""
        now = self._clock.now()
        try:
            since = datetime.fromtimestamp(int(seconds), UTC) + self._clock.offset
        except (ValueError, OverflowError, OSError):
            return now
        return since if now - LONGEST_WAIT < since <= now else now

    # --- from inside -------------------------------------------------------------------------

    async def _come_from_inside(self, session: AgiSession) -> None:
        call = self._switchboard.calls.of_caller(session.environment.get("agi_uniqueid"))
        if call is None:
            joined = await self._inside.dial(session, self._configuration()[1])
            if joined is not None:
                await self._converse(session, joined, lambda caller: caller.run_referred())
            return
        await self._former_session_over(call)
        self._inside.refer(session, call)
        await self._converse(session, call, lambda caller: caller.run_referred())

    # --- one session after the other ---------------------------------------------------------

    async def _converse(self, session: AgiSession, call: Call, run: Callable[[Caller], Awaitable[None]]) -> None:
        await self._former_session_over(call)
        over = self._sessions[call.id] = asyncio.Event()
        if call.sounds is None:
            call.sounds = self._sounds()
        caller = Caller(
            session,
            call,
            self._switchboard,
            self._transfers,
            self._interrupter,
            self._callbacks,
            self._clock,
            self._prompt_path,
            self._configuration,
            self._sounds,
        )
        try:
            await run(caller)
        finally:
            over.set()
            if self._sessions.get(call.id) is over:
                del self._sessions[call.id]
                broken = call.session_cut or call.end_reason == FAILED
                self._switchboard.session_over(call, hung_up=not broken)
                if broken:
                    self._transfers.session_broken(call)
            if not session.hung_up and not call.over.is_set():
                self._left_alone()  # our session broke off: Asterisk's fallback has the caller now

    async def _former_session_over(self, call: Call) -> None:
        """What the session before still has to do must not be done to this one."""
        before = self._sessions.get(call.id)
        if before is None:
            return
        try:
            async with asyncio.timeout(FORMER_SESSION_SECONDS):
                await before.wait()
        except TimeoutError:
            log.warning("a caller's former session does not end", call=call.id)
