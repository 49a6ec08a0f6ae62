"""Callers rung back from an agent's page: who may be rung now, and how it goes on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from agents.callbacks import Way, too_early, way
from config.schema import HotlineConfig
from hotline.callback_board import CallbackBoard, task_id_of
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.due_offers import DueOffer, DueOffers
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.ring import Result, Ring
from hotline.exchange.seats import Seat, Seats
from hotline.storage.callbacks import Callbacks, CallbackTask

_WORDS = {
    Result.TALKED: "Das Gespräch ist zu Ende.",
    Result.NO_ANSWER: "Es hat niemand abgenommen.",
    Result.BUSY: "Es war besetzt, oder der Anruf wurde abgelehnt.",
    Result.UNREACHABLE: "Die Nummer war nicht erreichbar.",
    Result.CANCELLED: "Sie haben aufgelegt, bevor sich jemand gemeldet hat.",
    Result.OWN_MISSED: "Ihr Telefon hat nicht abgenommen. Angerufen wurde niemand.",
    Result.OWN_GONE: "Ihr Telefon war nicht erreichbar. Angerufen wurde niemand.",
    Result.UNKNOWN: "Die Telefonanlage war nicht zu hören. Was aus dem Anruf wurde, wissen nur Sie.",
}


class CallbackCalls:
    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        seats: Seats,
        board: CallbackBoard,
        callbacks: Callbacks,
        outgoing: Outgoing,
        clock: Clock,
        due_offers: DueOffers,
    ) -> None:
        self._configuration = configuration
        self._seats = seats
        self._board = board
        self._callbacks = callbacks
        self._outgoing = outgoing
        self._clock = clock
        self._due_offers = due_offers

    async def ring(self, agent: str, callback_id: str) -> None:
        """Ring the agent's own telephone, then the caller: of what is offered to the agent, or is theirs already.

        Refused, in German, when that cannot be now.
        """
        config, task = self._configuration()[1], self._board.task(task_id_of(callback_id))
        if task is None:
            raise Refused("Dieser Rückruf ist schon erledigt.")
        offer = self._due_offers.shown_to(agent)
        due = offer if offer is not None and offer.task.id == task.id else None
        if due is None and task.taken_by != agent:
            raise Refused("Bitte übernehmen Sie den Rückruf erst.")
        found = way(config, task.number)
        if isinstance(found, str):
            raise Refused(found)
        if (why := too_early(config, task.next_try_at, self._clock.now())) is not None:
            raise Refused(why)
        if any((ring := self._outgoing.of_task(one.id)) and not ring.over for one in self._board.same_number(task)):
            raise Refused("Diese Nummer wird gerade schon angerufen.")
        if due is not None:
            await self._start(due, self._seat(agent), task, found)
        else:
            store = partial(self._callbacks.ringing, task.id, agent)
            await self._outgoing.begin(self._seat(agent), task.id, task.call_id, found, store)

    async def _start(self, due: DueOffer, seat: Seat, task: CallbackTask, found: Way) -> None:
        """Stored as this agent's, and the offer as over, before anything rings."""
        store = partial(self._callbacks.start, task.id, seat.agent.name, due.id, self._clock.now())
        try:
            with self._due_offers.starting(due):
                await self._outgoing.begin(seat, task.id, task.call_id, found, store, due=True)
        finally:
            await self._board.refresh()

    def refuse(self, agent: str, callback_id: str) -> None:
        """The agent does not start what is offered to them."""
        self._due_offers.refuse(self._seat(agent).agent.name, task_id_of(callback_id))

    def hang_up(self, agent: str, callback_id: str) -> None:
        """End the callback's call, also while it still rings."""
        self._outgoing.hang_up(self._seat(agent).agent.name, task_id_of(callback_id))

    def view(self, seat: Seat, _now: datetime) -> Mapping[str, Any]:
        """Parts of the agent's snapshot: `callback_call`, `callback_offer`, `callbacks_of_caller`,
        `callbacks_given_up`."""
        config, ring = self._configuration()[1], self._outgoing.of(seat.agent.name)
        offer = self._due_offers.shown_to(seat.agent.name)
        return {
            "callback_offer": None if offer is None or offer.starting else self._offer_view(offer, config),
            "callbacks_of_caller": self._of_caller(seat, config),
            "callback_call": None if ring is None else self._ring_view(ring, config),
            "callbacks_given_up": self._board.given_up_view(config),
        }

    def _offer_view(self, offer: DueOffer, config: HotlineConfig) -> dict[str, Any]:
        """What the agent is to start; `until` is when it goes to the next one."""
        earlier = offer.earlier
        return {
            "id": str(offer.task.id),
            "offer_id": offer.id,
            "offered_at": offer.at.isoformat(),
            "until": _iso(offer.until),
            "earlier_calls": None if earlier is None else earlier.calls,
            "open_promises": None if earlier is None else earlier.open_promises,
            "task": self._board.task_view(offer.task, config),
        }

    def _of_caller(self, seat: Seat, config: HotlineConfig) -> list[dict[str, Any]]:
        """Callbacks that the caller on this agent's screen waits for, by the caller's number."""
        call = seat.call
        if call is None or call.caller is None or not seat.may_show_call:
            return []
        return [self._board.task_view(task, config) for task in self._board.tasks if task.number == call.caller]

    def _ring_view(self, ring: Ring, config: HotlineConfig) -> dict[str, Any]:
        """`stage` is own, caller, talking or over; `asks`: the agent is to say what came of it."""
        task = self._board.task(ring.task_id)
        return {
            "id": str(ring.task_id),
            "call_id": ring.call_id,
            "stage": ring.stage.value,
            "asks": ring.asks,
            "began_at": ring.at.isoformat(),
            "talked_since": _iso(ring.talked_since),
            "talked_until": _iso(ring.talked_until),
            "result": ring.result.value if ring.over and ring.result is not None else None,
            "words": _WORDS[ring.result] if ring.over and ring.result is not None else None,
            "task": None if task is None else self._board.task_view(task, config),
        }

    def _seat(self, agent: str) -> Seat:
        if agent not in self._seats:
            raise Refused("Für dieses Konto gibt es keinen Arbeitsplatz in der Konfiguration.")
        return self._seats[agent]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
