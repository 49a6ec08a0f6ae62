"""Looking something up: by receipt, number or Bedarfsgemeinschaft. Contents only of what is opened; both is audited."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from agents.finding import read_query
from agents.standing import standing
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.exchange.journal import Journal
from hotline.storage.promise_events import OPEN
from hotline.storage.search import CALL, CALLBACK, MOST_HITS, PROMISE, Finder, Hit, Opened
from hotline.workplace.promise_page import reported
from routing.numbers import NumberPlan

OVERDUE = "overdue"
_KINDS = {PROMISE: "Zusage", CALLBACK: "Rückruf", CALL: "Anruf"}
_PROMISES = {OPEN: "offen", "kept": "beantwortet", OVERDUE: "überfällig"}
_CALLBACKS = {
    None: "offen",
    "reached": "erreicht",
    "not_reached": "nicht erreicht",
    "not_needed": "nicht mehr nötig",
}
_OUTCOMES = {
    "settled": "erledigt",
    "forwarded": "weitergegeben",
    "callback": "Rückruf vereinbart",
    "no_request": "kein Anliegen",
}
_FACTS = {
    "standing": "Stand",
    "name": "Name",
    "phone": "Rufnummer",
    "household_number": "Bedarfsgemeinschaft",
    "best_time": "Beste Zeit",
    "responsible_name": "Zuständig",
    "tries": "Versuche ohne Erfolg",
    "outcomes": "Ergebnis",
    "agent": "Aufgenommen von",
}


class Search:
    def __init__(
        self, finder: Finder, configuration: Callable[[], tuple[int, HotlineConfig]], journal: Journal, clock: Clock
    ) -> None:
        self._finder = finder
        self._configuration = configuration
        self._journal = journal
        self._clock = clock

    async def search(self, agent: str, text: str) -> Mapping[str, Any]:
        """`hits`, the newest first, and `most`, how many are shown at most. FormError for `q` when it is nothing."""
        wanted = read_query(text, self._configuration()[1])
        await self._journal.now(partial(self._finder.note_search, agent, self._clock.real_now()))
        hits = await self._finder.find(wanted.receipt, wanted.number, wanted.household_number)
        return {"hits": [self._hit_view(hit) for hit in hits], "most": MOST_HITS}

    async def open(self, agent: str, kind: str, hit_id: str) -> Mapping[str, Any]:
        """A hit with its `lines` ({"label", "value"}) and `notes`. Refused when it is not there any more."""
        asked = (kind, hit_id, agent, self._clock.real_now())
        opened: Opened = await self._journal.now(partial(self._finder.open, *asked))
        notes = [*opened.notes, *reported(opened.steps, self._configuration()[1])]
        return {**self._hit_view(opened.hit), "lines": self._lines(opened), "notes": notes}

    def _hit_view(self, hit: Hit) -> dict[str, Any]:
        config = self._configuration()[1]
        labels = {known.key: known.label for known in (*config.request_types, config.unclear)}
        return {
            "kind": hit.kind,
            "id": hit.id,
            "title": _KINDS[hit.kind],
            "receipt": hit.receipt,
            "type": labels.get(hit.request_type or "", config.unclear.label),
            "status": self._status(hit),
            "at": hit.at.isoformat(),
            "due": hit.due_at.isoformat() if hit.due_at is not None else None,
        }

    def _status(self, hit: Hit) -> str:
        if hit.kind == PROMISE:
            late = hit.status == OPEN and hit.due_at is not None and hit.due_at <= self._clock.now()
            status = OVERDUE if late else hit.status
            return _PROMISES.get(status or "", status or "")
        if hit.kind == CALLBACK:
            return _CALLBACKS.get(hit.status, hit.status or "")
        return "mit Gespräch" if hit.status in {"talked", "fallback_talked"} else "ohne Gespräch"

    def _lines(self, opened: Opened) -> list[dict[str, str]]:
        config, facts = self._configuration()[1], dict(opened.facts)
        plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
        name = " ".join(part for part in (facts.pop("given_name", None), facts.pop("family_name", None)) if part)
        if facts.get("phone"):
            facts["phone"] = plan.display(facts["phone"])
        facts["outcomes"] = ", ".join(_OUTCOMES.get(code, code) for code in facts.get("outcomes", []))
        if opened.promise is not None:
            facts["standing"] = standing(opened.promise, self._clock.now(), ZoneInfo(config.hotline.timezone))
        known = {agent.name: agent.full_name for agent in config.agents}
        facts |= {"name": name, "agent": known.get(opened.agent or "", opened.agent)}
        return [{"label": label, "value": str(facts[key])} for key, label in _FACTS.items() if facts.get(key)]


def outcome_label(code: str) -> str:
    """What an outcome is called on the page."""
    return _OUTCOMES.get(code, code)


def promise_label(status: str, due: datetime, now: datetime) -> str:
    """How a promise stands."""
    code = OVERDUE if status == OPEN and due <= now else status
    return _PROMISES.get(code, code)


def callback_label(outcome: str | None) -> str:
    """How a callback stands."""
    return _CALLBACKS.get(outcome, outcome or "")
