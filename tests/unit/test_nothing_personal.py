"""Whoever called, what it was about and what we wrote is in no line of the log and in no number for a monitoring.

The real service runs here with a whole working day's requests; only Asterisk is silent.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, MutableMapping
from contextlib import AsyncExitStack
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ruamel.yaml import YAML

from config.schema import HotlineConfig
from hotline import service
from hotline.clock import Clock
from hotline.exchange.calls import Call, Leg
from hotline.exchange.switchboard import Switchboard
from hotline.logs import passed_through
from hotline.mail.mailbox import serve as mail_server
from hotline.state import EXAMPLE, StateDirectory
from hotline.wiring import exchange
from tests.system.conftest import on_free_ports
from tests.system.first_login import log_in

CALLER, CALLER_SHOWN = "+495722998877", "05722 998877"
HOUSEHOLD = "31402998877"
FORM = {
    **{"family_name": "Zwetschgenbaum", "given_name": "Kunigunde", "household_number": HOUSEHOLD},
    **{"phone": CALLER_SHOWN, "best_time": "nach dem Mittagsschlaf", "office": "rinteln"},
    **{"new_rent": "1234,56", "from_date": "2026-12-01", "note": "Quittengelee ist umgefallen"},
}
SECRETS = (
    *("998877", "Zwetschgenbaum", "Kunigunde", "Mittagsschlaf", "1234", "Quittengelee", "Apfelmus", "Birnenkompott"),
    *("Pflaumenmus", "geheimes-passwort", "boese@privat.example", "Nachricht an alle Beeren"),
)
PATIENCE = 15.0


class SilentAsterisk:
    """Takes every action and tells nothing."""

    connected = True

    def __init__(self, *_: Any, **__: Any) -> None:
        self.events: asyncio.Queue[Any] = asyncio.Queue()

    async def start(self, patience: float = 0.0) -> None:
        """There at once."""

    async def close(self) -> None:
        """Gone at once."""

    async def action(self, name: str, **_: Any) -> list[Any]:
        return []


class Exchange(Switchboard):
    """The one that was made last."""

    latest: "Exchange"

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        Exchange.latest = self


class House:
    """The running service; everything it logs is in `lines`."""

    def __init__(self, state: StateDirectory, config: HotlineConfig) -> None:
        self.state, self.config, self.lines = state, config, list[str]()
        self.http: dict[str, aiohttp.ClientSession] = {}

    def keep(self, _logger: Any, _level: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        self.lines.append(json.dumps(dict(line), default=repr, ensure_ascii=False))
        return line

    @property
    def base(self) -> str:
        return self.config.hotline.public_url

    async def post(self, who: str, path: str, **body: Any) -> tuple[int, Any]:
        headers = {"X-Requested-With": "hotline", "Origin": self.base}
        async with self.http[who].post(self.base + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def done(self, who: str, path: str, **body: Any) -> Any:
        status, told = await self.post(who, path, **body)
        assert status == 200, (path, told)
        return told

    async def get(self, who: str, path: str) -> str:
        async with self.http[who].get(self.base + path) as answer:
            return await answer.text()


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(exchange, "AmiClient", SilentAsterisk)
    monkeypatch.setattr(exchange, "Switchboard", Exchange)
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    state = StateDirectory(tmp_path / "var")
    state.prepare()
    raw = on_free_ports(YAML(typ="safe").load(EXAMPLE.read_text("utf-8")))
    state.config_file.write_text(json.dumps(raw, default=str), "utf-8")
    house = House(state, HotlineConfig.model_validate(raw))
    async with AsyncExitStack() as stack:
        stack.enter_context(passed_through(house.keep))
        mailbox = await mail_server("127.0.0.1", house.config.mail.port, state.mailbox)
        stack.push_async_callback(mailbox.wait_closed)
        stack.callback(mailbox.close)
        await stack.enter_async_context(service.running(state, Clock()))
        for name in ("anna", "ben", "leitung", "stranger"):
            jar = aiohttp.CookieJar(unsafe=True)
            house.http[name] = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        yield house


async def at_work(house: House, name: str) -> None:
    """Logged in, with a page and a telephone, ready."""
    await log_in(house.http[name], house.base, name, house.state.secrets().initial_passwords[name])
    await ready(house, name)


async def ready(house: House, name: str) -> None:
    seat = Exchange.latest.seats[name]
    Exchange.latest.phone(seat, registered=True, engaged=False)
    Exchange.latest.screens(seat, {"tab"})
    await house.done(name, "/agent/presence", intent="ready")


async def talking(house: House, name: str, call_id: str) -> Call:
    """A caller has entered the number of the Bedarfsgemeinschaft, and talks with the agent."""
    board = Exchange.latest
    call = Call(call_id, f"PJSIP/{call_id}", call_id, house.config, 1, Clock().now(), CALLER, "haus")
    await board.arrived(call)
    board.household_number(call, HOUSEHOLD)
    board.join(call, "rent")
    await until(call.agent_found.is_set)
    assert call.offer is not None
    await house.done(name, f"/agent/offers/{call.offer.id}/shown")
    board.dialling(call, Leg(f"PJSIP/agent-{name}-1", f"leg-of-{call_id}"))
    board.answered(call)
    return call


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the condition spans parts of the service
            await asyncio.sleep(0.01)


async def write_up(house: House, call: Call) -> None:
    """All that an agent can do with a call, and much that is refused."""
    own = f"/agent/calls/{call.id}"
    await house.done("anna", f"{own}/identity", how="called_back")
    await house.done("anna", f"{own}/draft", number=1, values=FORM)
    await house.post(
        "anna", f"{own}/transfer", how="blind", kind="number", value=CALLER_SHOWN, note="Apfelmus", values=FORM
    )
    await house.post("anna", f"{own}/threat")
    await house.post("anna", f"{own}/responsible", office="rinteln", family_name=FORM["family_name"])
    await house.post("anna", f"{own}/disposition", outcome="forwarded", values={**FORM, "family_name": ""})
    await house.post("anna", f"{own}/disposition", outcome="forwarded", values={**FORM, "Zwetschgenbaum": "x"})
    await house.post("anna", f"{own}/disposition", outcome="Quittengelee", values=FORM)
    Exchange.latest.talk_ended(call)
    await house.done("anna", f"{own}/disposition", outcome="forwarded", values=FORM)
    Exchange.latest.over(call)


async def as_case_worker(house: House, link: str) -> None:
    """Opens the link of the mail, hands in nonsense, and answers."""
    page = await house.get("stranger", link)
    assert "Zwetschgenbaum" in page
    hidden = dict(re.findall(r'name="(form_token|once)" value="([^"]+)"', page))
    for answer in ({"report": "longer", "day": "Birnenkompott", "reason": "Birnenkompott"}, {"report": "answered"}):
        form = {**hidden, "how": "phone", "note": "Birnenkompott gegessen", **answer}
        async with house.http["stranger"].post(house.base + link, data=form) as told:
            assert told.status < 500


async def as_stranger(house: House) -> None:
    """Wrong passwords, names that are passwords, broken links, broken bodies."""
    stranger = house.http["stranger"]
    page = await house.get("stranger", "/login")
    token = dict(re.findall(r'name="(form_token)" value="([^"]+)"', page))
    for name, password in (("anna", "geheimes-passwort"), ("geheimes-passwort", "x"), ("boese@privat.example", "x")):
        async with stranger.post(f"{house.base}/login", data={**token, "name": name, "password": password}) as told:
            assert told.status == 401
    await house.get("stranger", "/promise/Zwetschgenbaum.Quittengelee")
    await house.get("stranger", "/Zwetschgenbaum?q=998877")
    async with stranger.post(
        f"{house.base}/login", data=b"Quittengelee", headers={"Content-Type": "multipart/form-data"}
    ):
        pass


async def mail_of(house: House) -> Any:
    await until(lambda: list(house.state.mailbox.glob("*.eml")))
    return message_from_bytes(next(house.state.mailbox.glob("*.eml")).read_bytes(), policy=policy.default)


async def test_a_day_leaves_nothing_about_anybody_in_logs_and_metrics(
    house: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await at_work(house, "anna")
    await write_up(house, await talking(house, "anna", "call-1"))
    mail = await mail_of(house)
    assert not [word for word in SECRETS if word in str(mail["Subject"])]
    link = re.search(r"(/promise/\S+)", mail.get_content())
    assert link is not None
    await as_case_worker(house, link[1])
    await ready(house, "anna")
    again = await talking(house, "anna", "call-2")
    assert "Zwetschgenbaum" not in await house.get("anna", "/agent/day")
    await house.done("anna", "/agent/calls/call-2/identity", how="called_back")
    Exchange.latest.talk_ended(again)
    values = {"phone": CALLER_SHOWN, "note": "Pflaumenmus", "household_number": HOUSEHOLD}
    await house.post("anna", "/agent/calls/call-2/disposition", outcome="callback", values=values)
    Exchange.latest.over(again)
    for query in (CALLER_SHOWN, HOUSEHOLD, "Zwetschgenbaum", "\0"):
        await house.post("anna", "/agent/search", q=query)
    await house.post("anna", "/agent/callbacks/1/take")
    await house.post("anna", "/agent/callbacks/1/ring")
    await house.post("anna", "/agent/callbacks/1/finish", outcome="reached", note="Pflaumenmus gekocht")
    await house.post("leitung", "/lead/messages", text="Nachricht an alle Beeren", until=None)
    await ready(house, "anna")
    handed = await talking(house, "anna", "call-3")
    wish = {"how": "consult", "kind": "case_worker", "value": "falke@jobcenter.example"}
    await house.post("anna", "/agent/calls/call-3/transfer", **wish, note="Apfelmus", values=FORM)
    Exchange.latest.over(handed)
    await as_stranger(house)
    metrics = await house.get("stranger", "/metrics")
    told = capfd.readouterr()
    written = "\n".join([*house.lines, metrics, told.out, told.err, caplog.text])
    assert len(house.lines) > 10, "the service has logged what happened"
    assert "hotline_calls" in metrics
    assert [word for word in SECRETS if word in written] == []
    assert "Fehler aufgetreten" not in written


async def test_failure_with_personal_text_is_logged_without_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await at_work(house, "anna")
    call = await talking(house, "anna", "call-3")

    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"cannot store Quittengelee of {CALLER}")

    monkeypatch.setattr("hotline.storage.ledger.Ledger.identity_checked", fail)
    status, told = await house.post("anna", f"/agent/calls/{call.id}/identity", how="called_back")
    assert status == 500
    assert "Quittengelee" not in str(told)
    assert [line for line in house.lines if "RuntimeError" in line]
    assert not [line for line in house.lines if "Quittengelee" in line or "998877" in line]
