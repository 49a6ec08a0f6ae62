"""What stands beside the call, held in memory: remembers what was asked, and shows it on the fake desk's page."""

from typing import Any

AT = "2026-11-23T09:00:05+00:00"
MAILED_AT = "2026-11-23T09:01:05+00:00"


class FakeBeside:
    """Implements hotline.web.services.Alarms; a page sees what happens by way of its `desk`."""

    def __init__(self, desk: Any = None) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.refusal: Exception | None = None
        self.desk = desk
        self.alarms: list[dict[str, Any]] = []
        self.watchers: frozenset[str] = frozenset()

    async def threaten(self, agent: str, call_id: str) -> None:
        self._ask("threaten", agent, call_id)
        self._show(threat=example_threat())

    def alarms_for(self, user: str) -> list[dict[str, Any]]:
        return [alarm for alarm in self.alarms if alarm["agent"] != user]

    def watched_by(self, users: frozenset[str]) -> None:
        self.watchers = users

    async def test_ring(self, agent: str) -> None:
        self._ask("test_ring", agent)
        self._show(test_ring=True)

    def _show(self, **values: Any) -> None:
        if self.desk is not None:
            self.desk.change(**values)

    def _ask(self, *what: Any) -> None:
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal


def example_threat(seen_by: str | None = None, *, watched: bool = True, mailed: bool = False) -> dict[str, Any]:
    guidance = ["Bleiben Sie ruhig und sprechen Sie langsam.", "Wenn jemand in Gefahr ist, rufen Sie sofort die 110."]
    seen = {"seen_by": seen_by, "seen_at": AT if seen_by else None}
    return {"at": AT, **seen, "watched": watched, "mailed_at": MAILED_AT if mailed else None, "guidance": guidance}


def example_note() -> dict[str, str]:
    text = "Die Mietobergrenze gilt seit 1. November neu:\n1 Person 470 €, 2 Personen 560 €."
    return {"text": text, "author": "Lea Leitung", "at": "2026-11-20T08:10:00+00:00"}


def shared_history() -> dict[str, Any]:
    """Two people call from the same number; the last call of nobody known by name was a threat."""
    call = {"type": "Mietkosten", "outcome": "forwarded", "threat": False, "people": ["Sabine Kruse"]}
    calls = [
        {**call, "at": "2026-11-16T09:12:00+00:00", "note": "Nebenkostenabrechnung kommt per Post."},
        {**call, "at": "2026-11-12T10:30:00+00:00", "note": "Fragt nach dem Umzug.", "people": ["Jonas Kruse"]},
        {**call, "at": "2026-10-02T13:40:00+00:00", "outcome": "settled", "note": "", "threat": True, "people": []},
    ]
    due = "2026-11-24T17:00:00+00:00"
    promises = [
        {"receipt": "26-1177-3042", "due": due, "status": "open", "type": "Mietkosten", "person": "Sabine Kruse"},
        {"receipt": "26-2288-4153", "due": due, "status": "kept", "type": "Adressänderung", "person": "Jonas Kruse"},
    ]
    return {"calls": calls, "promises": promises}
