"""Whoever called, what it was about and what we wrote is in no line of the log and in no number for a monitoring.

The real service runs here with a whole working day's requests; only Asterisk is silent.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, MutableMapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner
from ruamel.yaml import YAML

from config.schema import HotlineConfig
from hotline import service
from hotline.cli import cli
from hotline.clock import Clock
from hotline.exchange.calls import Call, Leg
from hotline.exchange.switchboard import Switchboard
from hotline.logs import passed_through
from hotline.mail.mailbox import serve as mail_server
from hotline.state import EXAMPLE, StateDirectory
from hotline.wiring import exchange, workplace
from hotline.workplace import announcements
from hotline.workplace.short_messages import ShortMessageSender
from hotline.workplace.twilio_gateway import TwilioGateway
from tests.system.conftest import on_free_ports
from tests.system.first_login import log_in
from tests.unit.doubles_switchboard import MONDAY_NINE
from tests.unit.test_bounce import postfix
from tests.unit.test_short_messages import SMS, FakeTwilio, Rerouted

pytestmark = pytest.mark.filterwarnings("ignore:(BasicAuth|The 'auth' parameter) is deprecated:DeprecationWarning")
"""By Twilio's client; see test_short_messages.py."""

CALLER, CALLER_SHOWN = "+495722998877", "05722 998877"
HOUSEHOLD = "31402998877"
FORM = {
    **{"family_name": "Zwetschgenbaum", "given_name": "Kunigunde", "household_number": HOUSEHOLD},
    **{"phone": "0151 12998877", "best_time": "nach dem Mittagsschlaf", "office": "rinteln"},
    **{"new_rent": "1234,56", "from_date": "2026-12-01", "note": "Quittengelee ist umgefallen"},
}
SECRETS = (
    *("998877", "Zwetschgenbaum", "Kunigunde", "Mittagsschlaf", "1234", "Quittengelee", "Apfelmus", "Birnenkompott"),
    *("Pflaumenmus", "geheimes-passwort", "boese@privat.example", "Nachricht an alle Beeren"),
)
PATIENCE = 15.0


class SilentAsterisk:
    """Takes every action and tells nothing, unless a test lets it."""

    connected = True
    latest: "SilentAsterisk"
    """The one that was made last."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.events: asyncio.Queue[Any] = asyncio.Queue()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        SilentAsterisk.latest = self

    async def start(self, patience: float = 0.0) -> None:
        """There at once."""

    async def close(self) -> None:
        """Gone at once."""

    async def action(self, name: str, **fields: Any) -> list[Any]:
        self.asked.append((name, fields))
        return [{"Response": "Success"}]

    def fields_of(self, name: str) -> dict[str, Any] | None:
        """What was asked with the latest action of that name."""
        return next((fields for asked, fields in reversed(self.asked) if asked == name), None)


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
        self.twilio = FakeTwilio()

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

    async def page(self, who: str, path: str) -> Any:
        """The first state that this stream tells."""
        async with self.http[who].get(self.base + path) as stream:
            async for line in stream.content:
                if line.startswith(b"data: {"):
                    return json.loads(line.removeprefix(b"data: "))
        raise AssertionError(f"{path} tells no state")

    async def get(self, who: str, path: str) -> str:
        async with self.http[who].get(self.base + path) as answer:
            return await answer.text()


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """On a Monday at nine by the machine's own clock: everything may be done then."""
    monkeypatch.setattr(exchange, "AmiClient", SilentAsterisk)
    monkeypatch.setattr(exchange, "Switchboard", Exchange)
    monkeypatch.setattr(announcements, "_make", lambda *_: None)
    monkeypatch.setattr(ShortMessageSender.run, "__defaults__", (0.05,))
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    state = StateDirectory(tmp_path / "var")
    state.prepare()
    (state.asterisk / "etc").mkdir(parents=True, exist_ok=True)
    raw = on_free_ports(YAML(typ="safe").load(EXAMPLE.read_text("utf-8")))
    raw["transfers"]["numbers"] = True
    raw["sms"] = SMS.model_dump()
    state.config_file.write_text(json.dumps(raw, default=str), "utf-8")
    (state.config_file.parent / SMS.secret_file).write_text("geheimes-passwort", "utf-8")
    house = House(state, HotlineConfig.model_validate(raw))
    ahead = MONDAY_NINE - datetime.now(UTC)
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(TestServer(_provider(house.twilio)))
        reroute = partial(Rerouted, str(provider.make_url("")).rstrip("/"))
        monkeypatch.setattr(workplace, "TwilioGateway", lambda sms, token: TwilioGateway(sms, token, reroute()))
        stack.enter_context(passed_through(house.keep))
        mailbox = await mail_server("127.0.0.1", house.config.mail.port, state.mailbox)
        stack.push_async_callback(mailbox.wait_closed)
        stack.callback(mailbox.close)
        await stack.enter_async_context(service.running(state, Clock(system=lambda: datetime.now(UTC) + ahead)))
        for name in ("anna", "ben", "leitung", "stranger"):
            jar = aiohttp.CookieJar(unsafe=True)
            house.http[name] = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        yield house


def _provider(twilio: FakeTwilio) -> web.Application:
    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", twilio.create)
    return app


async def at_work(house: House, name: str) -> None:
    """Logged in, with a page and a telephone, ready."""
    await log_in(house.http[name], house.base, name, house.state.secrets().initial_passwords[name])
    await ready(house, name)


async def ready(house: House, name: str) -> None:
    seat = Exchange.latest.seats[name]
    Exchange.latest.staff.phone(seat, registered=True, engaged=False)
    Exchange.latest.staff.screens(seat, {"tab"})
    await house.done(name, "/agent/presence", intent="ready")


async def talking(house: House, name: str, call_id: str) -> Call:
    """A caller has entered the number of the Bedarfsgemeinschaft, and talks with the agent."""
    board = Exchange.latest
    call = Call(call_id, f"PJSIP/{call_id}", call_id, house.config, 1, MONDAY_NINE, CALLER, "haus")
    await board.arrived(call)
    board.household_number(call, HOUSEHOLD)
    board.join(call, "rent")
    await until(call.agent_found.is_set)
    assert call.offer is not None
    await house.done(name, f"/agent/offers/{call.offer.id}/shown")
    board.dialling(call, Leg(f"PJSIP/agent-{name}-1", f"leg-of-{call_id}"))
    board.answered(call)
    call.in_session = True
    return call


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the condition spans parts of the service
            await asyncio.sleep(0.01)


async def refused(house: House, who: str, path: str, **body: Any) -> None:
    """Something in it is wrong, as far as the page can see already (400) or by the rules."""
    status, told = await house.post(who, path, **body)
    assert status in {400, 422}, (path, status, told)


async def write_up(house: House, call: Call) -> None:
    """All that an agent writes about a call, and what is found wrong with it."""
    own = f"/agent/calls/{call.id}"
    await house.done("anna", f"{own}/identity", how="called_back")
    await house.done("anna", f"{own}/draft", number=1, values=FORM)
    await house.done("anna", f"{own}/threat")
    await house.done("anna", f"{own}/responsible", office="rinteln", family_name=FORM["family_name"])
    Exchange.latest.talk_ended(call)
    await refused(house, "anna", f"{own}/disposition", outcome="forwarded", values={**FORM, "family_name": ""})
    await refused(house, "anna", f"{own}/disposition", outcome="Quittengelee", values=FORM)
    await house.done("anna", f"{own}/disposition", outcome="forwarded", values={**FORM, "sms": "yes"})
    Exchange.latest.over(call)
    [entry] = json.loads(await house.get("anna", "/agent/dispositions"))["entries"]
    corrected = {**FORM, "note": "Quittengelee steht wieder"}
    await house.done("anna", f"/agent/dispositions/{entry['id']}", outcome="forwarded", values=corrected)
    assert "Quittengelee" in await house.get("anna", f"{own}/text")
    await until(lambda: house.twilio.got)
    assert "998877" in house.twilio.got[0]["To"]


async def called_back(house: House) -> None:
    """The caller wants to be rung, and is: the agent's telephone, then the caller's; both hang up again."""
    call = await talking(house, "anna", "call-2")
    assert "Zwetschgenbaum" not in await house.get("anna", "/agent/day")
    await house.done("anna", "/agent/calls/call-2/identity", how="called_back")
    Exchange.latest.talk_ended(call)
    values = {"phone": CALLER_SHOWN, "note": "Pflaumenmus", "household_number": HOUSEHOLD}
    await house.done("anna", "/agent/calls/call-2/disposition", outcome="callback", values=values)
    Exchange.latest.over(call)
    for query in (CALLER_SHOWN, HOUSEHOLD):
        assert (await house.done("anna", "/agent/search", q=query))["hits"]
    for query in ("Zwetschgenbaum", "\0"):
        await refused(house, "anna", "/agent/search", q=query)
    assert "998877" in await house.get("anna", "/agent/search/callback/1")
    await house.done("anna", "/agent/callbacks/1/take")
    await house.done("anna", "/agent/callbacks/1/ring")
    asterisk = SilentAsterisk.latest
    rung = asterisk.fields_of("Originate")
    assert rung is not None
    assert any("998877" in value for value in rung["Variable"])
    ring = rung["ChannelId"]
    for event in (
        {"Event": "DialEnd", "DestUniqueid": ring, "DialStatus": "ANSWER"},
        {"Event": "DialBegin", "Uniqueid": ring, "DestChannel": f"PJSIP/{CALLER}-1", "DestUniqueid": "theirs"},
        {"Event": "DialEnd", "Uniqueid": ring, "DialStatus": "ANSWER"},
        {"Event": "Hangup", "Uniqueid": ring},
    ):
        asterisk.events.put_nowait(event)
    await until(lambda: [line for line in house.lines if "callback ended" in line])
    await house.done("anna", "/agent/callbacks/1/finish", outcome="reached", note="Pflaumenmus gekocht")


async def handed_on(house: House) -> None:
    """To a case worker, to any number, and to a colleague who is consulted."""
    ways = {
        "call-3": {"how": "consult", "kind": "case_worker", "value": "falke@jobcenter.example"},
        "call-4": {"how": "blind", "kind": "number", "value": CALLER_SHOWN},
        "call-5": {"how": "consult", "kind": "agent", "value": "ben"},
    }
    for call_id, way in ways.items():
        await ready(house, "anna")
        call = await talking(house, "anna", call_id)
        await house.done("anna", f"/agent/calls/{call_id}/identity", how="called_back")
        if way["value"] == "ben":
            await ready(house, "ben")
        await house.done("anna", f"/agent/calls/{call_id}/transfer", **way, note="Apfelmus", values=FORM)
        if way["value"] == "ben":
            seat = Exchange.latest.seats["ben"]
            await until(lambda seat=seat: seat.offer is not None)
            assert seat.offer is not None
            await house.done("ben", f"/agent/offers/{seat.offer.id}/shown")
        Exchange.latest.talk_ended(call)
        Exchange.latest.over(call)
        values = {"note": "Apfelmus gegessen"}
        await house.done("anna", f"/agent/calls/{call_id}/disposition", outcome="no_request", values=values)


async def as_lead(house: House) -> None:
    """What the lead says to agents and callers; and a mail that came back is sent once more."""
    await house.done("leitung", "/lead/messages", text="Nachricht an alle Beeren", until="17:00")
    await house.done(
        "leitung", "/lead/announcement", text="Nachricht an alle Beeren, auch Birnenkompott", until="17:00"
    )
    await house.done("leitung", "/lead/knowledge/rent", text="Birnenkompott wird nicht erstattet")
    await house.done("anna", "/agent/messages/1/read")
    [alarm] = (await house.page("leitung", "/lead/events?screen=0123456789abcdef"))["alarms"]
    assert alarm["caller"] == CALLER_SHOWN
    await house.done("leitung", f"/lead/alarms/{alarm['id']}/seen")
    mail = await mail_of(house)
    whole = (
        f"Content-Type: message/rfc822\n\nMessage-ID: {mail['Message-ID']}\nSubject: Zwetschgenbaum\n\nQuittengelee\n"
    )
    assert "Marked as undelivered" in await command(house, "bounce", sent=postfix(whole))
    await house.done("leitung", "/lead/mails/1/retry")


async def command(house: House, *words: str, sent: bytes | None = None) -> str:
    """`hotline …` beside the running service; what it tells."""
    run = partial(CliRunner().invoke, cli, [words[0], "--state", str(house.state.path), *words[1:]], input=sent)
    result = await asyncio.to_thread(run)
    assert result.exit_code == 0, result.output
    return result.output


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
    """The first one: to the case worker. A threat that nobody sees is told by mail too."""
    await until(lambda: list(house.state.mailbox.glob("*.eml")))
    return message_from_bytes(min(house.state.mailbox.glob("*.eml")).read_bytes(), policy=policy.default)


@pytest.mark.timeout(180)  # a whole day of work
async def test_a_day_leaves_nothing_about_anybody_in_logs_and_metrics(
    house: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Each step succeeds, or is refused for the reason it should be; a step that does not, tests nothing."""
    await at_work(house, "anna")
    await log_in(house.http["ben"], house.base, "ben", house.state.secrets().initial_passwords["ben"])
    initial = house.state.secrets().initial_passwords["leitung"]
    await log_in(house.http["leitung"], house.base, "leitung", initial, page="/lead")
    await write_up(house, await talking(house, "anna", "call-1"))
    mail = await mail_of(house)
    assert not [word for word in SECRETS if word in str(mail["Subject"])]
    link = re.search(r"(/promise/\S+)", mail.get_content())
    assert link is not None
    await as_case_worker(house, link[1])
    await ready(house, "anna")
    await called_back(house)
    await handed_on(house)
    await as_lead(house)
    await as_stranger(house)
    metrics = await house.get("stranger", "/metrics")
    assert "Zwetschgenbaum" in await command(house, "export", "--number", CALLER)
    erased = await command(house, "erase", "--yes", "--force", "--number", CALLER)
    told = capfd.readouterr()
    written = "\n".join([*house.lines, metrics, erased, told.out, told.err, caplog.text])
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
