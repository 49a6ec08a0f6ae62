"""Promises held in memory: they behave as the pages expect, remember what was asked, and can be steered."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.answers import read_note, read_reason, read_way
from agents.forms import FormError

TOKEN = "gueltig.token"
NOON = "2026-11-23T11:00:00+00:00"
OLD_TOKEN = "weitergegebener.token"
"""Opens a promise that was handed on."""


class FakePromises:
    """One open promise behind `TOKEN`; every request is written to `asked`."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.refusal: Exception | None = None
        self.promises: dict[str, dict[str, Any]] = {
            TOKEN: example_promise(),
            OLD_TOKEN: {"receipt": "26-1177-3042", "status": "handed_on", "holder": "Frau Heine"},
        }

    def who(
        self, agent: str, call_id: str, office: str, family_name: str, request_type: str | None
    ) -> Mapping[str, Any]:
        self._ask("who", agent, call_id, office, family_name, request_type)
        rule = "Stadthagen, Buchstaben A bis K, alle Anliegen"
        return {
            **{"key": "falke@jobcenter.example", "name": "Frau Falke", "rule": rule, "team": False},
            **{"due": "Dienstag, 24. November 2026, 18 Uhr", "sms": False, "choices": parts()["people"]},
        }

    async def page(self, token: str) -> Mapping[str, Any] | None:
        return self.promises.get(token)

    async def answered(self, token: str, once: str, how: str, note: str) -> None:
        self._ask("answered", token, read_way(how), read_note(note))
        self._step("Beantwortet", note, status="kept", kept_at=NOON, kept_how=how)

    async def not_reached(self, token: str, once: str, note: str) -> None:
        self._ask("not_reached", token, read_note(note))
        self._step("Nicht erreicht", note, tries=self.promises[TOKEN]["tries"] + 1)

    async def takes_longer(self, token: str, once: str, day: str, reason: str) -> None:
        if day not in self.promises[TOKEN]["days"]:
            raise FormError({"day": "Bitte wählen Sie den Tag, bis zu dem es dauert."})
        self._ask("takes_longer", token, day, read_reason(reason))
        self._step("Dauert länger", reason, due=f"{day}T17:00:00+00:00")

    async def hand_on(self, token: str, once: str, to: str, reason: str) -> None:
        names = {other["key"]: other["name"] for other in self.promises[TOKEN]["people"]}
        if to not in names:
            raise FormError({"to": "Bitte wählen Sie, an wen es geht."})
        self._ask("hand_on", token, to, read_reason(reason))
        self.promises[TOKEN] = {"receipt": "26-4821-7305", "status": "handed_on", "holder": names[to]}

    def _step(self, words: str, text: str, **values: Any) -> None:
        promise = self.promises[TOKEN]
        steps = [*promise["steps"], {"at": NOON, "words": words, "text": text}]
        self.promises[TOKEN] = {**promise, "steps": steps, **values}

    def _ask(self, *what: Any) -> None:
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal


def parts() -> dict[str, Any]:
    """What a promise has beside the request itself."""
    days = [datetime(2026, 11, 25, tzinfo=UTC) + timedelta(days=count) for count in range(12)]
    people = [
        {"key": "guenther@jobcenter.example", "name": "Herr Günther", "absent": False},
        {"key": "heine@jobcenter.example", "name": "Frau Heine", "absent": True},
        {"key": "team", "name": "Team-Postfach", "absent": False},
    ]
    return {
        **{"overdue": False, "holder": "Frau Falke", "tries": 0, "steps": [], "once": "0123456789abcdef"},
        **{"days": [f"{day:%Y-%m-%d}" for day in days if day.weekday() < 5]},
        **{"people": people},
    }


def example_promise() -> dict[str, Any]:
    lines = [
        {"label": "Nummer der Bedarfsgemeinschaft", "value": "31402123456"},
        {"label": "Telefon", "value": "05722 123456", "tel": "+495722123456"},
        {"label": "Am besten erreichbar", "value": "vormittags"},
        {"label": "Neue Warmmiete in Euro", "value": "612,50 €"},
        {"label": "Gültig ab", "value": "01.12.2026"},
    ]
    return {
        **{
            "receipt": "26-4821-7305",
            "type": "Mietkosten",
            "due": "2026-11-24T17:00:00+00:00",
            "person": "Sabine Kruse",
        },
        **{"lines": lines, "note": "Mieterhöhung zum Dezember.\nSchreiben des Vermieters kommt per Post."},
        **{"status": "open", "kept_at": None, "kept_how": None},
        **parts(),
    }
