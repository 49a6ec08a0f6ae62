"""The whole hotline as the lead sees it, held in memory: steered by `change`, and remembers what was asked."""

import asyncio
import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hotline.errors import Refused

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_STARTED = datetime.now(UTC)


class FakeLead:
    """Implements hotline.web.services.Lead. `desk` is the fake desk whose page shows the messages."""

    def __init__(self, desk: Any = None) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.refusal: Exception | None = None
        self.desk = desk
        self.page: dict[str, Any] = quiet_page()
        self._changed = asyncio.Event()

    def change(self, **values: Any) -> None:
        self.page = {**self.page, **values, "seq": self.page["seq"] + 1}
        self._changed.set()
        self._changed = asyncio.Event()

    def change_agent(self, name: str, **values: Any) -> None:
        agents = [{**agent, **values} if agent["name"] == name else agent for agent in self.page["agents"]]
        self.change(agents=agents)

    def now(self) -> str:
        return lead_moment()

    async def snapshot(self) -> Mapping[str, Any]:
        return {**copy.deepcopy(self.page), "now": lead_moment()}

    async def changed(self, seen: int) -> None:
        while self.page["seq"] <= seen:
            await self._changed.wait()

    async def pause(self, agent: str, who: str) -> None:
        self._ask("pause", agent, who)
        cause = f"durch Leitung ({who})"
        self.change_agent(agent, state="pause", cause=cause, since=lead_moment(), intent="pause")

    async def log_out(self, agent: str, who: str, *, even_in_talk: bool) -> None:
        self._ask("log_out", agent, who, even_in_talk)
        self.change_agent(agent, state="home", cause=f"durch Leitung ({who})", since=lead_moment(), intent="home")

    async def agent_figures(self, agent: str, who: str) -> Mapping[str, Any]:
        self._ask("agent_figures", agent, who)
        if agent not in {one["name"] for one in self.page["agents"]}:
            raise Refused("Diese Person gibt es im Telefonservice nicht.")
        return example_agent_figures()

    async def alarm_seen(self, number: int, who: str) -> None:
        self._ask("alarm_seen", number, who)
        self.change(alarms=[alarm for alarm in self.page["alarms"] if alarm["id"] != number])

    async def retry_mail(self, number: int, who: str) -> None:
        self._ask("retry_mail", number, who)
        self._without_mail(number)

    async def redirect_mail(self, number: int, to: str, who: str) -> None:
        self._ask("redirect_mail", number, to, who)
        self._without_mail(number)

    def _without_mail(self, number: int) -> None:
        figures = self.page["figures"]
        left = [mail for mail in figures["mails"] if mail["id"] != number]
        self.change(figures={**figures, "mails": left, "mails_stuck": len(left)})

    async def message(self, text: str, until: str, who: str) -> None:
        self._ask("message", text, until, who)
        self.change(messages=[*self.page["messages"], example_message(text)])

    async def message_read(self, agent: str, number: int) -> None:
        self._ask("message_read", agent, number)
        if self.desk is not None:
            self.desk.change(messages=[one for one in self.desk.seat.get("messages", []) if one["id"] != number])

    async def announce(self, text: str, until: str, who: str) -> None:
        self._ask("announce", text, until, who)
        self.change(announcement={**example_message(text), "id": 9})

    async def end_notice(self, number: int, who: str) -> None:
        self._ask("end_notice", number, who)
        on = self.page["announcement"]
        messages = [one for one in self.page["messages"] if one["id"] != number]
        self.change(announcement=None if on is not None and on["id"] == number else on, messages=messages)

    async def note(self, request_type: str, text: str, who: str) -> None:
        self._ask("note", request_type, text, who)
        note = {"text": text.strip(), "author": who, "at": lead_moment()}
        self.change(knowledge={**self.page["knowledge"], request_type: note})

    def _ask(self, *what: Any) -> None:
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal


def lead_moment(seconds: float = 0) -> str:
    """Business time of the fake, that many seconds from now."""
    return (NOW + (datetime.now(UTC) - _STARTED) + timedelta(seconds=seconds)).isoformat()


def quiet_page() -> dict[str, Any]:
    hotline = {"name": "Jobcenter Schaumburg", "open": True, "opening_text": "geöffnet bis 18:00 Uhr"}
    return {
        "seq": 1,
        "hotline": {**hotline, "waiting": 0, "ready": 2, "alarm": None},
        "closes": "18:00",
        "waiting": [],
        "agents": example_agents(),
        "figures": example_figures(),
        "callbacks_given_up": [],
        "alarms": [],
        "knowledge": {"rent": {"text": "Neue Mietobergrenzen ab 1. Januar.", "author": "lena", "at": lead_moment()}},
        "messages": [],
        "announcement": None,
    }


def example_agents() -> list[dict[str, Any]]:
    rows = [
        ("anna", "Anna Ahrens", "talking", "im Gespräch", "ready", "Mietkosten", 125),
        ("ben", "Ben Brinkmann", "ready", "wartet auf Anruf", "ready", None, 40),
        ("carla", "Carla Cordes", "not_ready", "Anruf nicht angenommen, 09:58", "ready", None, 130),
        ("david", "David Demir", "wrap_up", "Nacharbeit", "ready", "Einkommen", 95),
        ("elif", "Elif Ebeling", "pause", "Besprechung", "pause", None, 1500),
    ]
    return [
        {
            "name": name,
            "full_name": full,
            "state": state,
            "cause": cause,
            "since": lead_moment(-seconds),
            "intent": intent,
            "type": request,
            "with_caller": request is not None,
            "wrap_up_until": lead_moment(-35) if state == "wrap_up" else None,
        }
        for name, full, state, cause, intent, request, seconds in rows
    ]


def example_waiting() -> list[dict[str, Any]]:
    rows = [
        ("c1", "Mietkosten", 71, None, "Ben Brinkmann"),
        ("c2", "Einkommen", 48, 1, None),
        ("c3", "Anliegen unklar", 12, 2, None),
    ]
    return [
        {
            "call_id": call,
            "type": request,
            "since": lead_moment(-seconds),
            "position": place,
            "rings_at": rings,
            "broke_off": False,
        }
        for call, request, seconds, place, rings in rows
    ]


def example_kept() -> list[dict[str, Any]]:
    """Callbacks that keep their place: offered, in the line, and for the afternoon."""
    window = {"from": lead_moment(3600), "until": lead_moment(7200)}
    rows = [
        ("callback:7", "Mietkosten", 520, None, "Ben Brinkmann", {"offered": True}),
        ("callback:8", "Einkommen", 30, 3, None, {}),
        ("callback:9", "Umzug", 600, None, None, window),
    ]
    none = {"offered": False, "from": None, "until": None, "next_try": None}
    return [
        {
            "call_id": call,
            "type": request,
            **{"language": None, "held_for": None, "broke_off": False},
            "since": lead_moment(-seconds),
            "position": place,
            "rings_at": rings,
            "callback": {**none, **callback},
        }
        for call, request, seconds, place, rings, callback in rows
    ]


def example_figures() -> dict[str, Any]:
    level = {"share": 0.7489, "reached": 32, "counted": 43, "aim": 0.75, "met": False}
    settled = {"share": 0.9, "reached": 27, "counted": 30, "aim": 0.85, "met": True}
    counts = {"calls": 47, "answered": 41, "gave_up": 4, "gave_up_soon": 2, "closed": 3, "mails_stuck": 0, "mails": []}
    still_open = {
        "promises_open": 6,
        "promises_overdue": 1,
        "callbacks_open": 2,
        "callbacks_overdue": 0,
        "callbacks_next": 1,
    }
    return {
        "fresh": True,
        "unwritten": [],
        "at": lead_moment(),
        "service_level": level,
        "first_contact": settled,
        **counts,
        **still_open,
    }


def example_mails() -> list[dict[str, Any]]:
    rows = [
        ("26-4821-7305", "Frau Falke", "falke@jobcenter.example", "Kam zurück: das Postfach ist voll (5.2.2)"),
        (None, "alt@jobcenter.example", "alt@jobcenter.example", "Abgelehnt: der Grund ist nicht bekannt"),
    ]
    told = {"since": lead_moment(-4000), "responsible": "Frau Falke", "to_holder": True}
    return [
        {"id": 7 + place, "receipt": receipt, "to": to, "address": address, "key": address, "why": why, **told}
        for place, (receipt, to, address, why) in enumerate(rows)
    ]


def example_given_up() -> list[dict[str, Any]]:
    task = {"number": "05751 40210", "type": "Mietkosten", "tries": 3, "since": lead_moment(-9000)}
    return [
        {"id": "7", "household_number": "31402987654", **task},
        {"id": "8", "household_number": None, **task, "number": None, "tries": 1},
    ]


def example_alarm(number: int = 5) -> dict[str, Any]:
    return {
        "id": number,
        "kind": "threat",
        "call_id": "c9",
        "agent": "anna",
        "agent_name": "Anna Ahrens",
        "at": lead_moment(),
        "caller": "05722 123456",
        "request_type": "Mietkosten",
    }


def example_message(text: str = "Bitte heute keine Auskunft zu Bescheiden.", number: int = 4) -> dict[str, Any]:
    ends = {"at": lead_moment(), "until": lead_moment(3600)}
    return {"id": number, "text": text, "author": "Lena Lorenz", "read_by": [], **ends}


def example_agent_figures() -> dict[str, Any]:
    return {
        "name": "anna",
        "full_name": "Anna Ahrens",
        "since": NOW.isoformat(),
        "at": NOW.isoformat(),
        "calls": 12,
        "talk_seconds": 2544.0,
        "mean_talk_seconds": 212.0,
        "seconds": {"ready": 5400.0, "talking": 2544.0, "wrap_up": 780.0, "pause": 900.0, "not_ready": 0.0},
        "not_taken": 2,
        "missed": 1,
        "rejected": 1,
        "unreachable": 0,
    }
