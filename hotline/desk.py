"""What agents may do on their page, carried out in the running service; one object for all agents of the hotline."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from agents.presence import Intent, State, Work
from agents.transfer import Target, TargetError, resolve
from config.schema import HotlineConfig, PhoneKind
from hotline.callback_board import CallbackBoard
from hotline.case_work import CaseWork
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.calls import Call, Handed, Handover
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.transfers import Transfers
from hotline.storage.handovers import Handovers, SavedHandover
from hotline.storage.ledger import Ledger
from hotline.storage.presences import Presences
from hotline.views import call_view, history_view, hotline_view, seat_view, targets_view
from routing.hours import Calendar

log = structlog.get_logger()

HOME_CONFIRM = timedelta(seconds=20)
"""Within this time after the warning that callers wait, a second press on "home" counts."""
WRAP_UP_EXTENSION = timedelta(seconds=60)
Contribution = Callable[[Seat, datetime], Mapping[str, Any]]
"""Further parts of a page's snapshot: keys and JSON values for one seat at one moment."""
_HAS_TALKED = {Work.TALKING, Work.LOST, Work.WRAP_UP}


class Desk:
    """Implements hotline.web.desk.Desk."""

    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        switchboard: Switchboard,
        transfers: Transfers,
        journal: Journal,
        ledger: Ledger,
        handovers: Handovers,
        presences: Presences,
        callbacks: CallbackBoard,
        case_work: CaseWork,
        clock: Clock,
        phone_secrets: Mapping[str, str],
        draining: Callable[[], bool] = lambda: False,
        also: Sequence[Contribution] = (),
    ) -> None:
        self._configuration = configuration
        self._switchboard = switchboard
        self._transfers = transfers
        self._journal = journal
        self._ledger = ledger
        self._handovers = handovers
        self._presences = presences
        self._callbacks = callbacks
        self._case_work = case_work
        self._clock = clock
        self._phone_secrets = phone_secrets
        self._draining = draining
        self._also = also

    # --- what the page shows -----------------------------------------------------------------

    def snapshot(self, agent: str) -> Mapping[str, Any]:
        """The whole truth for one agent's page; an offer belongs to it as soon as it is stored."""
        seat, now, config = self._seat(agent), self._clock.now(), self._configuration()[1]
        board = self._switchboard
        opening = Calendar(config).opening(now)
        also = [told(seat, now) for told in self._also]
        return {
            **seat_view(seat, config, now),
            "hotline": hotline_view(
                config, opening, board.seats, board.waiting, board.duty.unserved(), draining=self._draining()
            ),
            "call": call_view(seat.call, seat, now) if seat.call is not None and seat.may_show_call else None,
            "transfer_targets": targets_view(config, board.seats, seat),
            "callbacks": self._callbacks.view(config),
            **{key: value for more in also for key, value in more.items()},
        }

    async def changed(self, agent: str, seen: int) -> None:
        """Return as soon as there is something newer than `seen` to show."""
        await self._seat(agent).changed(seen)

    def screen_opened(self, agent: str, screen: str) -> None:
        seat = self._seat(agent)
        self._switchboard.staff.screens(seat, seat.screens | {screen})

    def screen_closed(self, agent: str, screen: str) -> None:
        seat = self._seat(agent)
        self._switchboard.staff.screens(seat, seat.screens - {screen})

    def softphone(self, agent: str) -> Mapping[str, str] | None:
        """What the browser's phone registers with; None for a desk phone."""
        config = self._configuration()[1]
        if self._seat(agent).agent.phone is PhoneKind.DESK:
            return None
        place = config.network.websocket
        return {
            "uri": f"sip:agent-{agent}@{place.host}",
            "user": f"agent-{agent}",
            "password": self._phone_secrets[agent],
            "websocket": f"ws://{place.host}:{place.port}/ws",
        }

    # --- presence ----------------------------------------------------------------------------

    async def set_intent(self, agent: str, intent: str, reason: str | None) -> None:
        """Ready, pause or home: stored before it counts."""
        seat, now = self._seat(agent), self._clock.now()
        wanted = self._intent(intent)
        reason = self._pause_reason(reason) if wanted is Intent.PAUSE else None
        if wanted is Intent.HOME:
            self._warn_of_waiting_callers(seat)
        await self._journal.now(partial(self._presences.save, agent, wanted.value, reason, now))
        self._switchboard.staff.wanting(seat, wanted, reason)
        if wanted is Intent.HOME:
            await self._callbacks.give_back(agent)

    @staticmethod
    def _intent(text: str) -> Intent:
        try:
            return Intent(text)
        except ValueError:
            raise Refused("Diesen Zustand gibt es nicht; möglich sind Bereit, Pause und Feierabend.") from None

    def _pause_reason(self, reason: str | None) -> str:
        allowed = self._configuration()[1].distribution.pause_reasons
        if reason is None and allowed:
            return allowed[0]
        if reason not in allowed:
            raise Refused(f"Diesen Grund gibt es nicht; möglich sind: {', '.join(allowed)}.")
        return reason

    def _warn_of_waiting_callers(self, seat: Seat) -> None:
        """Nobody goes home unnoticed while callers wait for whom no other agent is there."""
        now, unserved = self._clock.now(), self._switchboard.duty.unserved(besides=seat)
        warned = seat.home_asked_at is not None and now - seat.home_asked_at < HOME_CONFIRM
        seat.home_asked_at = None if warned or not unserved else now
        if not unserved or warned:
            return
        log.warning("last agent wants to go while callers wait", agent=seat.agent.name, waiting=unserved)
        people = "wartet noch 1 Anruf" if unserved == 1 else f"warten noch {unserved} Anrufe"
        raise Refused(
            f"Es {people}, und sonst ist niemand da. "
            "Wenn Sie trotzdem gehen müssen, klicken Sie noch einmal auf Feierabend."
        )

    # --- the offered call --------------------------------------------------------------------

    async def offer_shown(self, agent: str, offer_id: str) -> None:
        self._switchboard.offers.shown(agent, offer_id)

    async def reject(self, agent: str, offer_id: str) -> None:
        await self._switchboard.reject(agent, offer_id)

    async def hang_up(self, agent: str) -> None:
        """End the agent's leg from here: the same for browser and desk phone."""
        seat = self._seat(agent)
        leg = None if seat.call is None else seat.call.leg_of(agent)
        if leg is None or seat.presence.work is not Work.TALKING:
            raise Refused("Es gibt gerade kein Gespräch, das beendet werden kann.")
        self._switchboard.hang_up(leg)

    # --- handing the caller on -----------------------------------------------------------------

    async def transfer(
        self, agent: str, call_id: str, how: str, kind: str, value: str, note: str, values: Mapping[str, str]
    ) -> None:
        """Connect the caller with somebody else, directly or after consulting; what was asked already goes along."""
        call, seat = self.own_call(agent, call_id), self._seat(agent)
        target, handover = self._target(call, kind, value), self._handover(how)
        self._transfers.require_possible(call, seat, target)
        handed = Handed(seat.agent.full_name, handover, note.strip(), dict(values))
        saved = SavedHandover(agent, how, handed.note, handed.values)
        await self._journal.now(partial(self._handovers.save, call.id, saved))
        call.handed = handed
        self._transfers.begin(call, seat, handover, target)

    @staticmethod
    def _target(call: Call, kind: str, value: str) -> Target:
        try:
            return resolve(call.config, kind, value)
        except TargetError as error:
            raise Refused(str(error)) from None

    @staticmethod
    def _handover(how: str) -> Handover:
        if how not in {Handover.BLIND.value, Handover.CONSULT.value}:
            raise Refused("So kann nicht verbunden werden; möglich sind Rückfrage und direktes Verbinden.")
        return Handover(how)

    async def complete_transfer(self, agent: str, call_id: str) -> None:
        """Connect the caller with whoever was consulted."""
        self._transfers.complete(self.own_call(agent, call_id), self._seat(agent))

    async def take_back(self, agent: str, call_id: str) -> None:
        """Back to the caller; whoever is consulted is hung up."""
        self._transfers.take_back(self.own_call(agent, call_id), self._seat(agent))

    # --- during and after the talk -----------------------------------------------------------

    async def correct_type(self, agent: str, call_id: str, request_type: str) -> None:
        """The request is about something else than was pressed. What the call came for is its first request."""
        call, now = self.own_call(agent, call_id), self._clock.now()
        try:
            request = call.config.request_type(request_type)
        except KeyError:
            raise Refused("Diese Art von Anliegen gibt es nicht.") from None
        if call.number == 1:
            await self._journal.now(partial(self._ledger.request_type_set, call.id, request.key, at=now))
        else:
            note = partial(self._ledger.note, call.id, now, "request_type", agent=agent)
            await self._journal.now(partial(note, key=request.key, number=call.number))
        call.request = request
        self.allow_time(call)
        self._seat(agent).touch()

    async def identity_checked(self, agent: str, call_id: str, how: str) -> None:
        """Who calls has been checked, in the way of that code: now the contents of earlier calls are shown."""
        call = self.own_call(agent, call_id)
        await self._journal.now(partial(self._note_identity, call, agent, how))
        history = history_view(await self._ledger.history(call.caller, call.id), call.config, self._clock.now())
        self.own_call(agent, call_id)  # meanwhile it may have become somebody else's
        call.identity, call.history = how, history
        call.history_for.add(agent)
        self._seat(agent).touch()

    async def _note_identity(self, call: Call, agent: str, how: str) -> None:
        await self._ledger.identity_checked(call.id, self._clock.now(), agent, how, real=self._clock.real_now())

    def allow_time(self, call: Call) -> None:
        """In wrap-up: at least the time that writing up a request of this type takes, from now on."""
        if call.wrap_up_until is not None:
            whole = timedelta(seconds=call.config.wrap_up_seconds(call.request))
            call.wrap_up_until = max(call.wrap_up_until, self._clock.now() + whole)

    async def extend_wrap_up(self, agent: str) -> None:
        """A minute more, from now on."""
        seat = self._seat(agent)
        if seat.call is None or seat.call.wrap_up_until is None or seat.presence.state is not State.WRAP_UP:
            raise Refused("Die Nacharbeit läuft gerade nicht.")
        seat.call.wrap_up_until = max(seat.call.wrap_up_until, self._clock.now()) + WRAP_UP_EXTENSION
        seat.touch()

    # --- callbacks and promises --------------------------------------------------------------

    async def take_callback(self, agent: str, callback_id: str) -> None:
        await self._callbacks.take(agent, callback_id)

    async def finish_callback(self, agent: str, callback_id: str, outcome: str, note: str) -> None:
        await self._callbacks.finish(agent, callback_id, outcome, note)

    # --- finding things ----------------------------------------------------------------------

    def _seat(self, agent: str) -> Seat:
        if agent not in self._switchboard.seats:
            raise Refused("Für dieses Konto gibt es keinen Arbeitsplatz in der Konfiguration.")
        return self._switchboard.seats[agent]

    def own_call(self, agent: str, call_id: str) -> Call:
        """The call on this agent's screen, taken by this agent; Refused when it is not, or is being handed on."""
        seat = self._seat(agent)
        call = seat.call
        if call is None or call.id != call_id or seat.presence.work not in _HAS_TALKED:
            raise Refused("Dieser Anruf ist nicht mehr bei Ihnen.")
        if call.giver == agent or (call.transfer is not None and call.transfer.by != agent):
            raise Refused("Dieser Anruf wird gerade verbunden.")
        return call
