"""A desk and accounts held in memory: they behave as the pages expect, remember what was asked, and can be steered."""

import asyncio
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from config.schema import HotlineConfig
from hotline.errors import Refused
from hotline.web.services import Services
from tests.unit.doubles_admin import FakeChanging
from tests.unit.doubles_beside import FakeBeside
from tests.unit.doubles_callbacks import FakeCallbacks
from tests.unit.doubles_doors import FakeDoors
from tests.unit.doubles_lead import FakeLead
from tests.unit.doubles_promises import FakePromises
from tests.unit.doubles_prompts import FakePrompts
from tests.unit.doubles_writing import FakeWriting

EXAMPLE = Path(__file__).parents[2] / "config" / "hotline.yaml"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PASSWORD = "richtig-und-lang"


def example_config() -> HotlineConfig:
    return HotlineConfig.model_validate(YAML(typ="safe").load(EXAMPLE.read_text("utf-8")))


@dataclass(frozen=True)
class FakeUser:
    name: str
    role: str
    must_change: bool = False


class FakeAccounts:
    """Every agent of the example, and one user without a seat; all with the same password."""

    def __init__(self, config: HotlineConfig) -> None:
        self.users = {agent.name: FakeUser(agent.name, "agent") for agent in config.agents}
        self.users["prüferin"] = FakeUser("prüferin", "auditor")
        self.users["leitung"] = FakeUser("leitung", "lead")
        self.sessions: dict[str, tuple[FakeUser, datetime]] = {}
        self.verified: list[str] = []

    async def verify(self, name: str, password: str) -> FakeUser | None:
        self.verified.append(name)
        return self.users.get(name) if password == PASSWORD else None

    async def open_session(self, user: FakeUser, now: datetime, lifetime: timedelta) -> str:
        token = f"session-{len(self.sessions)}-{user.name.encode().hex()}"
        self.sessions[token] = (user, now + lifetime)
        return token

    async def user_of(self, token: str, now: datetime) -> FakeUser | None:
        user, until = self.sessions.get(token, (None, now))
        return user if now < until else None

    async def close_session(self, token: str) -> None:
        self.sessions.pop(token, None)

    async def close_sessions(self, name: str) -> None:
        self.sessions = {token: held for token, held in self.sessions.items() if held[0].name != name}


class FakeDesk:
    """One seat that is steered by `change`; every request is written to `asked`."""

    def __init__(self, config: HotlineConfig) -> None:
        self.config = config
        self.asked: list[tuple[Any, ...]] = []
        self.screens: set[str] = set()
        self.refusal: Exception | None = None
        self.desk_phone = False
        self.phone_password = "geheim"
        self.seat = free_seat(config)
        self._changed = asyncio.Event()

    def change(self, **values: Any) -> None:
        self.seat = {**self.seat, **values, "seq": self.seat["seq"] + 1}
        self._changed.set()
        self._changed = asyncio.Event()

    def change_call(self, **values: Any) -> None:
        self.change(call={**self.seat["call"], **values})

    def offer(self, offer_id: str = "offer-1", request_type: str = "rent", **values: Any) -> None:
        self.change(
            state="offered", cause="Anruf klingelt", call=example_call(self.config, offer_id, request_type, values)
        )

    def talk(self) -> None:
        self.change(state="talking", cause="im Gespräch", since=moment())
        self.change_call(phase="talking", answered_at=moment(), ring_until=None)

    def lose(self, seconds: float = 10) -> None:
        """The agent's leg has broken off; the caller hears music."""
        self.change(state="lost", cause="Gespräch unterbrochen", since=moment())
        self.change_call(phase="lost", lost_until=moment(seconds), offer_id=None)

    def consulted(self, **values: Any) -> None:
        """The agent has answered the question of a colleague; the caller waits."""
        self.change(state="talking", cause="im Gespräch", since=moment())
        self.change_call(phase="consulting", answered_at=moment(), ring_until=None, **values)

    def wrap_up(self, seconds: float = 60) -> None:
        self.change(state="wrap_up", cause="Nacharbeit", since=moment())
        self.change_call(phase="wrap_up", wrap_up_until=moment(seconds))

    def release(self) -> None:
        self.change(state="ready", cause="wartet auf Anruf", since=moment(), call=None)

    def snapshot(self, agent: str) -> Mapping[str, Any]:
        own = self.config.agent(agent)
        kind = "desk" if self.desk_phone else "browser"
        phone = {"kind": kind, "registered": self.seat["registered"]}
        told = {**copy.deepcopy(self.seat), "now": moment(), "phone": phone, "screens": len(self.screens)}
        return {**told, "agent": {"name": own.name, "full_name": own.full_name}}

    async def changed(self, agent: str, seen: int) -> None:
        while self.seat["seq"] <= seen:
            await self._changed.wait()

    def screen_opened(self, agent: str, screen: str) -> None:
        assert screen not in self.screens
        self.screens.add(screen)

    def screen_closed(self, agent: str, screen: str) -> None:
        self.screens.remove(screen)

    def softphone(self, agent: str) -> Mapping[str, str] | None:
        if self.desk_phone:
            return None
        place = "ws://127.0.0.1:9/ws"
        return {
            "uri": f"sip:agent-{agent}@127.0.0.1",
            "user": f"agent-{agent}",
            "password": self.phone_password,
            "websocket": place,
        }

    async def set_intent(self, agent: str, intent: str, reason: str | None) -> None:
        self._ask("set_intent", agent, intent, reason)
        self.change(intent=intent, reason=reason, state=intent, cause=reason or "", since=moment())

    async def offer_shown(self, agent: str, offer_id: str) -> None:
        self._ask("offer_shown", agent, offer_id)

    async def reject(self, agent: str, offer_id: str) -> None:
        self._ask("reject", agent, offer_id)
        self.change(state="not_ready", cause="Anruf abgelehnt, 10:02", since=moment(), call=None)

    async def hang_up(self, agent: str) -> None:
        self._ask("hang_up", agent)

    async def correct_type(self, agent: str, call_id: str, request_type: str) -> None:
        self._ask("correct_type", agent, call_id, request_type)
        self.change_call(request_type=type_view(self.config, request_type))

    async def identity_checked(self, agent: str, call_id: str, how: str) -> None:
        self._ask("identity_checked", agent, call_id, how)
        self.change_call(identity=how, history=example_history())

    async def transfer(
        self, agent: str, call_id: str, how: str, kind: str, value: str, note: str, values: Mapping[str, str]
    ) -> None:
        self._ask("transfer", agent, call_id, how, kind, value, note, dict(values))
        label = self.config.agent(value).full_name if kind == "agent" else value
        self.change_call(transfer={"how": how, "kind": kind, "target": label, "state": "ringing", "why": None})

    async def complete_transfer(self, agent: str, call_id: str) -> None:
        self._ask("complete_transfer", agent, call_id)
        self.change_call(transfer=None)
        self.wrap_up()

    async def take_back(self, agent: str, call_id: str) -> None:
        self._ask("take_back", agent, call_id)
        self.change_call(transfer=None)

    async def extend_wrap_up(self, agent: str) -> None:
        self._ask("extend_wrap_up", agent)
        self.change_call(wrap_up_until=moment(120))

    async def take_callback(self, agent: str, callback_id: str) -> None:
        self._ask("take_callback", agent, callback_id)
        self._change_callback(callback_id, taken_by=agent)

    async def finish_callback(self, agent: str, callback_id: str, outcome: str, note: str) -> None:
        self._ask("finish_callback", agent, callback_id, outcome, note)
        self.change(callbacks=[task for task in self.seat["callbacks"] if task["id"] != callback_id])

    def _change_callback(self, callback_id: str, **values: Any) -> None:
        tasks = self.seat["callbacks"]
        self.change(callbacks=[{**task, **values} if task["id"] == callback_id else task for task in tasks])

    def _ask(self, *what: Any) -> None:
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal


def refusing(sentence: str) -> Refused:
    return Refused(sentence)


def moment(seconds: float = 0) -> str:
    """Business time of the fake, that many seconds from now: it runs with the real one."""
    return (NOW + (datetime.now(UTC) - _STARTED) + timedelta(seconds=seconds)).isoformat()


_STARTED = datetime.now(UTC)


def type_view(config: HotlineConfig, key: str) -> dict[str, Any]:
    shown = {"key", "label", "guide", "papers", "links", "fields"}
    return config.request_type(key).model_dump(mode="json", include=shown)


def free_seat(config: HotlineConfig) -> dict[str, Any]:
    types = [{"key": known.key, "label": known.label} for known in (*config.request_types, config.unclear)]
    hotline = {"name": config.hotline.name, "open": True, "opening_text": "geöffnet bis 18:00 Uhr"}
    return {
        **{
            "seq": 1,
            "state": "ready",
            "cause": "wartet auf Anruf",
            "since": moment(-75),
            "intent": "ready",
            "reason": None,
        },
        **{
            "pause_reasons": config.distribution.pause_reasons,
            "registered": True,
            "request_types": types,
            "call": None,
            **{"threat": None, "knowledge": None, "test_ring": False},
            "transfer_targets": example_targets(),
        },
        "hotline": {**hotline, "waiting": 0, "ready": 3, "alarm": None},
        "callbacks": [],
        **{"callback_call": None, "callback_offer": None, "callbacks_of_caller": []},
        "callbacks_given_up": [],
    }


def example_call(config: HotlineConfig, offer_id: str, request_type: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{"call_id": f"call-of-{offer_id}", "offer_id": offer_id, "phase": "offered", "caller": "05722 123456"},
        **{"request_type": type_view(config, request_type), "household_number": "31402123456", "waited_seconds": 42.4},
        **{"offered_at": moment(), "answered_at": None, "ring_until": moment(12), "wrap_up_until": None},
        **{"earlier_calls": 2, "open_promises": 1, "identity": None, "history": None, "disposed": None},
        **{"number": 1, "written": []},
        **{"lost_until": None, "transfer": None, "handed": None, "caller_gone": False, "people": 0},
        **values,
    }


def example_targets() -> dict[str, Any]:
    states = [
        ("ben", "Ben Brinkmann", "ready", "wartet auf Anruf"),
        ("carla", "Carla Cordes", "talking", "im Gespräch"),
        ("david", "David Demir", "pause", "Besprechung"),
        ("elif", "Elif Ebeling", "home", "Feierabend"),
    ]
    agents = [
        {"name": name, "full_name": full, "state": state, "cause": cause, "available": state == "ready"}
        for name, full, state, cause in states
    ]
    workers = [
        {"key": "falke@jobcenter.example", "name": "Frau Falke", "phone": "05721 9831"},
        {"key": "immig@jobcenter.example", "name": "Herr Immig", "phone": "05751 4027"},
    ]
    return {"agents": agents, "case_workers": workers, "numbers": True}


def example_handed() -> dict[str, Any]:
    """What Ben has asked already."""
    values = {"family_name": "Kruse", "office": "rinteln", "new_rent": "612,50", "from_date": "2026-12-01"}
    values |= {"household_number": "31402123456", "note": "Miete steigt zum Dezember."}
    return {"by": "Ben Brinkmann", "how": "consult", "note": "Geht es auch ohne Nebenkosten?", "values": values}


def example_callbacks() -> list[dict[str, Any]]:
    common = {"type": "Mietkosten", "since": moment(-1500), "due": "2026-11-24T17:00:00+00:00"}
    return [
        {"id": "7", "number": "05751 40210", "household_number": "31402987654", "taken_by": None, **common},
        {"id": "8", "number": "0171 2345678", "household_number": None, "taken_by": "ben", **common},
    ]


def example_history() -> dict[str, Any]:
    call = {"at": "2026-11-16T09:12:00+00:00", "type": "Mietkosten", "outcome": "forwarded"}
    note = "Nebenkostenabrechnung kommt per Post."
    other = {"at": "2026-10-02T13:40:00+00:00", "type": "Adressänderung", "outcome": "settled", "note": ""}
    promise = {"receipt": "26-1177-3042", "due": "2026-11-24T17:00:00+00:00", "status": "open", "type": "Mietkosten"}
    return {"calls": [{**call, "note": note}, other], "promises": [promise]}


def fake_services(desk: FakeDesk | None = None) -> Services:
    """Each service behind the pages as a double; what belongs to the agent's seat is told to its `desk`."""
    callbacks = FakeCallbacks(example_config())
    beside, lead, doors = FakeBeside(desk), FakeLead(desk), FakeDoors(PASSWORD)
    changing, prompts = FakeChanging(), FakePrompts(example_config())
    return Services(FakePromises(), FakeWriting(desk), callbacks, beside, lead, doors, changing, prompts)
