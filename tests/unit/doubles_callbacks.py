"""Callbacks, search and the own day as the pages see them, held in memory: remembers what was asked, can be steered."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.finding import read_query
from config.schema import HotlineConfig
from hotline.errors import Refused

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class FakeCallbacks:
    """Every request is written to `asked`; with `refusal` set each one fails with it."""

    def __init__(self, config: HotlineConfig) -> None:
        self.config = config
        self.asked: list[tuple[str, ...]] = []
        self.refusal: Exception | None = None
        self.hits: list[dict[str, Any]] = example_hits()
        self.told: dict[str, Any] = example_day()

    async def ring_callback(self, agent: str, callback_id: str) -> None:
        self._ask("ring_callback", agent, callback_id)

    async def hang_up_callback(self, agent: str, callback_id: str) -> None:
        self._ask("hang_up_callback", agent, callback_id)

    async def refuse_callback(self, agent: str, callback_id: str) -> None:
        self._ask("refuse_callback", agent, callback_id)

    async def search(self, agent: str, text: str) -> Mapping[str, Any]:
        self._ask("search", agent, text)
        read_query(text, self.config)
        return {"hits": self.hits, "most": 30}

    async def open_hit(self, agent: str, kind: str, hit_id: str) -> Mapping[str, Any]:
        self._ask("open_hit", agent, kind, hit_id)
        hit = next((one for one in self.hits if (one["kind"], one["id"]) == (kind, hit_id)), None)
        if hit is None:
            raise Refused("Diesen Eintrag gibt es nicht mehr.")
        lines = [{"label": "Name", "value": "Sabine Kruse"}, {"label": "Rufnummer", "value": "05722 123456"}]
        return {**hit, "lines": lines, "notes": ["Miete steigt.\n<b>Schreiben</b> kommt per Post."]}

    async def day(self, agent: str) -> Mapping[str, Any]:
        self._ask("day", agent)
        return self.told

    async def callback_for(self, agent: str, call_id: str) -> None:
        self._ask("callback_for", agent, call_id)
        for one in self.told["missed"]:
            if one["id"] == call_id:
                one |= {"can_call_back": False, "since": "Rückruf steht auf der Liste"}

    def _ask(self, *what: str) -> None:
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal


def _at(minutes: float) -> str:
    return (NINE + timedelta(minutes=minutes)).isoformat()


def example_task(number: str = "05751 40210", **values: Any) -> dict[str, Any]:
    return {
        **{"id": "7", "number": number, "household_number": "31402987654", "type": "Mietkosten"},
        "same_number": 0,
        **{"since": _at(-25), "due": "2026-11-24T17:00:00+00:00", "taken_by": "anna"},
        **{"tries": 0, "tries_most": 3, "next_try": None, "can_ring": True, "why_not": None},
        **{"place": None, "language": None},
        **values,
    }


def example_offer(until: str, **values: Any) -> dict[str, Any]:
    """A callback that has kept its place and is offered to the agent until then."""
    place = {"since": _at(-25), "from": None, "until": None}
    return {
        **{"id": "7", "offer_id": "due-1", "offered_at": _at(0), "until": until, "earlier_calls": 2},
        **{"open_promises": 1, "task": example_task(taken_by=None, place=place)},
        **values,
    }


def example_ring(stage: str = "own", **values: Any) -> dict[str, Any]:
    """What the snapshot says of a callback that goes on; over with a result and words."""
    return {
        **{"id": "7", "call_id": "call-7", "stage": stage, "asks": stage == "over", "began_at": _at(0)},
        **{
            "talked_since": _at(0.2) if stage in {"talking", "over"} else None,
            "talked_until": None,
            "result": None,
            "words": None,
            "task": example_task(),
        },
        **values,
    }


def example_hits() -> list[dict[str, Any]]:
    promise = {"kind": "promise", "id": "abc", "title": "Zusage", "receipt": "26-4821-7305", "status": "offen"}
    callback = {"kind": "callback", "id": "7", "title": "Rückruf", "receipt": None, "status": "nicht erreicht"}
    call = {"kind": "call", "id": "c0ffee", "title": "Anruf", "receipt": None, "status": "mit Gespräch"}
    return [
        {**promise, "type": "Mietkosten", "at": _at(-90), "due": "2026-11-24T17:00:00+00:00"},
        {**callback, "type": "Mietkosten", "at": _at(-2000), "due": "2026-11-23T17:00:00+00:00"},
        {**call, "type": "Anliegen unklar", "at": _at(-9000), "due": None},
    ]


def example_day() -> dict[str, Any]:
    kind = {"type": "Mietkosten"}
    missed = {**kind, "at": _at(-50), "number": "05722 123456", "why": "hat aufgelegt", "since": None}
    return {
        "now": _at(0),
        "calls": [
            {**kind, "at": _at(-40), "number": "05722 4711", "seconds": 195.0, "outcome": "erledigt"},
            {**kind, "at": _at(-20), "number": None, "seconds": None, "outcome": "noch offen"},
        ],
        "promises": [
            {**kind, "receipt": "26-4821-7305", "due": "2026-11-24T17:00:00+00:00", "status": "offen"},
        ],
        "callbacks": [
            {**kind, "number": "05751 40210", "due": _at(300), "finished": _at(-10), "status": "erreicht"},
        ],
        "missed": [
            {**missed, "id": "gone1", "can_call_back": True},
            {**missed, "id": "gone2", "number": None, "why": "geschlossen", "can_call_back": False},
        ],
    }
