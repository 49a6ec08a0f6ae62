"""Callers rung back from an agent's page: who may be rung now, and how it goes on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from agents.callbacks import too_early, way
from config.schema import HotlineConfig
from hotline.callback_board import CallbackBoard, task_id_of
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.outgoing import Outgoing, Result, Ring
from hotline.exchange.seats import Seat, Seats
from hotline.storage.callbacks import Callbacks

_WORDS = {
    Result.TALKED: "Das Gespräch ist zu Ende.",
    Result.NO_ANSWER: "Es hat niemand abgenommen.",
    Result.BUSY: "Es war besetzt, oder der Anruf wurde abgelehnt.",
    Result.UNREACHABLE: "Die Nummer war nicht erreichbar.",
    Result.CANCELLED: "Sie haben aufgelegt, bevor sich jemand gemeldet hat.",
    Result.OWN_MISSED: "Ihr Telefon hat nicht abgenommen. Angerufen wurde niemand.",
    Result.OWN_GONE: "Ihr Telefon war nicht erreichbar. Angerufen wurde niemand.",
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
    ) -> None:
        self._configuration = configuration
        self._seats = seats
        self._board = board
        self._callbacks = callbacks
        self._outgoing = outgoing
        self._clock = clock

    async def ring(self, agent: str, callback_id: str) -> None:
        """Ring the agent's own telephone, then the caller. Refused, in German, when that cannot be now."""
        config, task = self._configuration()[1], self._board.task(task_id_of(callback_id))
        if task is None:
            raise Refused("Dieser Rückruf ist schon erledigt.")
        if task.taken_by != agent:
            raise Refused("Bitte übernehmen Sie den Rückruf erst.")
        found = way(config, task.number)
        if isinstance(found, str):
            raise Refused(found)
        if (why := too_early(config, task.next_try_at, self._clock.now())) is not None:
            raise Refused(why)
        if any((ring := self._outgoing.of_task(one.id)) and not ring.over for one in self._board.same_number(task)):
            raise Refused("Diese Nummer wird gerade schon angerufen.")
        store = partial(self._callbacks.ringing, task.id, agent)
        await self._outgoing.begin(self._seat(agent), task.id, task.call_id, found, store)

    def hang_up(self, agent: str, callback_id: str) -> None:
        """End the callback's call, also while it still rings."""
        self._outgoing.hang_up(self._seat(agent).agent.name, task_id_of(callback_id))

    def view(self, seat: Seat, _now: datetime) -> Mapping[str, Any]:
        """Parts of the agent's snapshot: `callback_call`, `callbacks_given_up`."""
        config, ring = self._configuration()[1], self._outgoing.of(seat.agent.name)
        return {
            "callback_call": None if ring is None else self._ring_view(ring, config),
            "callbacks_given_up": self._board.given_up_view(config),
        }

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
