"""One call from end to end on a real Asterisk: callers with real sound, agents with page and desk phone."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from hotline.phone.call import PhoneCall
from ivr.waiting import OFFER_SECONDS
from tests.system.chain import AgentAtWork, Chain, hear_each_other, hotline, prompt
from tests.system.conftest import MUSIC_TONE, StartAsterisk

CALLER = "+495721777001"
LOOKS = 6.0
"""After so many seconds the waiting caller was asked whatever there is to ask (ivr.waiting.LOOK_SECONDS)."""
BERLIN = ZoneInfo("Europe/Berlin")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    shipped["menu"]["silence_seconds"] = 2
    shipped["distribution"]["ring_seconds"] = 5
    shipped["line"]["nobody_ready_seconds"] = 3
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


async def _call(chain: Chain, keys: str = "", number: str = CALLER) -> PhoneCall:
    """A caller who was answered, and has pressed these keys."""
    phone = await chain.phone(number)
    call = await phone.dial(chain.address)
    await call.answered()
    if keys:
        await call.press(keys)
    return call


async def _take(agent: AgentAtWork) -> PhoneCall:
    """The agent picks up what rings."""
    ringing = await agent.phone.incoming()
    await ringing.answer()
    await agent.until_state("talking")
    return ringing


def _kinds(steps: list[Any]) -> list[str]:
    return [step.kind for step in steps]


def _how(steps: list[Any]) -> str:
    return str(steps[_kinds(steps).index("call_ended")].codes["how"])


# --- the straight way ------------------------------------------------------------------------


async def test_rent_call_is_on_the_screen_answered_heard_and_settled(chain: Chain) -> None:
    anna = await chain.agent("anna")
    call = await _call(chain, "4")
    shown = await anna.until_state("offered")
    assert shown["call"]["request_type"]["label"] == "Mietkosten"
    assert shown["call"]["caller"] == "05721 777001"
    talking = await _take(anna)
    await hear_each_other(call, talking)
    await talking.hang_up()
    await anna.until_state("wrap_up")
    await call.ended()
    await anna.dispose("settled", note="Frage beantwortet")
    await anna.until_state("ready")
    steps = await chain.steps(CALLER, "disposed")
    wanted = ["call_started", "request_type", "joined_line", "offer_made", "offer_shown", "answered", "talk_ended"]
    assert [kind for kind in _kinds(steps) if kind in wanted] == wanted
    assert _how(steps) == "talked"


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ("1", "Adressänderung"),
        ("2", "Bedarfsgemeinschaft"),
        ("3", "Geplanter Umzug"),
        ("4", "Mietkosten"),
        ("5", "Krankenversicherung"),
        ("6", "Einkommen"),
        ("7", "Fragen zur Leistung (Grundsicherungsgeld)"),
        ("0", "Anliegen unklar"),
        ("", "Anliegen unklar"),
        ("88", "Anliegen unklar"),
        ("94", "Mietkosten"),
        ("*6", "Einkommen"),
    ],
)
async def test_keys_silence_and_mistakes_all_lead_to_a_person(chain: Chain, keys: str, label: str) -> None:
    anna = await chain.agent("anna")
    call = await _call(chain)
    for key in keys:
        await call.press(key)
        await asyncio.sleep(0.3)  # a person needs a moment between two menus
    shown = await anna.until_state("offered")
    assert shown["call"]["request_type"]["label"] == label


async def test_forwarded_request_reaches_the_case_worker_who_confirms_it(chain: Chain) -> None:
    anna = await chain.agent("anna")
    await _call(chain, "4")
    await anna.until_state("offered")
    await _take(anna)
    person = {"family_name": "Müller", "given_name": "Erika", "phone": "05721 777001", "best_time": "vormittags"}
    form = {"household_number": "24412345", "office": "stadthagen", "new_rent": "512,50", "from_date": "2026-12-01"}
    missing = await anna.dispose("forwarded", 422, **person)
    assert {"new_rent", "from_date", "household_number"} <= set(missing["fields"])
    done = await anna.dispose("forwarded", **person, **form, note="Nebenkosten gestiegen")
    assert done["responsible"] == "Herr Günther"
    assert "Dienstag, 24. November 2026, 18 Uhr" in done["due"]
    (mail,) = await chain.mails(1)
    body = mail.get_content()
    assert mail["To"] == "guenther@jobcenter.example"
    assert done["receipt"] in body
    for private in ("Müller", "777001", "24412345", "512", "Nebenkosten"):
        assert private not in mail.as_string()
    await _confirm(str(re.search(r"http://\S+", body)[0]))  # type: ignore[index]
    steps = await chain.steps(CALLER, "promise_kept")
    assert "disposed" in _kinds(steps)


async def _confirm(link: str) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        page = await (await browser.get(link)).text()
        assert "Müller" in page
        assert "512,50" in page
        hidden = dict(re.findall(r'name="(form_token|once)" value="([^"]+)"', page))
        answer = await browser.post(link, data={**hidden, "report": "answered", "how": "phone", "note": "erledigt"})
        assert answer.status == 200
        assert "Telefonisch" in await answer.text()


async def test_second_call_shows_counts_first_and_contents_after_the_identity_tick(chain: Chain) -> None:
    anna = await chain.agent("anna")
    first = await _call(chain, "4")
    await anna.until_state("offered")
    await _take(anna)
    await anna.dispose("settled", note="Miete erklärt")
    await first.hang_up()
    await anna.until_state("ready")
    await _call(chain, "6")
    shown = await anna.until_state("offered")
    assert shown["call"]["earlier_calls"] == 1
    assert shown["call"]["history"] is None
    await _take(anna)
    await anna.post(f"/agent/calls/{shown['call']['call_id']}/identity", how="known_personally")
    shown = await anna.until(lambda snapshot: snapshot["call"]["history"])
    assert shown["call"]["history"]["calls"][0]["note"] == "Miete erklärt"


# --- callers who hang up ---------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["menu", "waiting", "offered", "talking", "wrap_up"])
async def test_caller_may_hang_up_at_every_stage(chain: Chain, stage: str) -> None:
    anna = await chain.agent("anna", ready=stage != "waiting")
    call = await _call(chain, "" if stage == "menu" else "4")
    if stage == "waiting":
        await chain.steps(CALLER, "joined_line")
    if stage in {"offered", "talking", "wrap_up"}:
        await anna.until_state("offered")
    if stage in {"talking", "wrap_up"}:
        talking = await _take(anna)
    if stage == "wrap_up":
        await talking.hang_up()
        await anna.until_state("wrap_up")
    await call.hang_up()
    steps = await chain.steps(CALLER, "call_ended")
    assert _how(steps) == ("talked" if stage in {"talking", "wrap_up"} else f"left_{stage}")
    if stage in {"talking", "wrap_up"}:
        await anna.until_state("wrap_up")
        await anna.dispose("no_request")
    if stage != "waiting":
        await anna.until_state("ready")


# --- agents who do not answer ----------------------------------------------------------------


async def test_missed_call_goes_on_to_the_next_agent_and_the_first_is_not_ready(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben")
    call = await _call(chain, "4")
    await anna.until_state("offered")
    await anna.until_state("not_ready")
    assert "Anruf nicht angenommen" in anna.snapshot["cause"]
    await hear_each_other(call, await _take(ben))
    await anna.ready()


async def test_rejected_call_goes_on_to_the_next_agent(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben")
    await _call(chain, "4")
    await (await anna.phone.incoming()).reject()
    await anna.until(lambda snapshot: "Anruf abgelehnt" in snapshot["cause"])
    await ben.until_state("offered")


async def test_offer_that_the_page_does_not_show_goes_on_to_the_next_agent(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben")
    anna.shows_offers = False
    await _call(chain, "4")
    await anna.until(lambda snapshot: "Bildschirm hat nicht reagiert" in snapshot["cause"])
    await ben.until_state("offered")


async def test_desk_phone_that_is_unplugged_while_ringing_gives_the_caller_back(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben")
    await _call(chain, "4")
    await anna.until_state("offered")
    await anna.phone.kill()
    await ben.until_state("offered")
    await anna.until_state("not_ready")


async def test_closed_page_means_no_offers(chain: Chain) -> None:
    anna, ben = await chain.agent("anna"), await chain.agent("ben")
    await anna.close_page()
    await _call(chain, "4")
    await ben.until_state("offered")


# --- waiting ---------------------------------------------------------------------------------


async def test_with_five_agents_busy_the_sixth_caller_waits_for_the_first_who_is_free(chain: Chain) -> None:
    agents = [await chain.agent(agent.name) for agent in chain.config.agents]
    talks = []
    for number in range(5):
        await _call(chain, "0", f"+49572177710{number}")
        offered = await _first(agents, "offered")
        talks.append((offered, await _take(offered)))
    sixth = await _call(chain, "0", "+495721777199")
    await chain.steps("+495721777199", "joined_line")
    assert all(agent.snapshot["state"] == "talking" for agent in agents)
    agent, talk = talks[2]
    await talk.hang_up()
    await agent.until_state("wrap_up")
    await agent.dispose("settled")
    await agent.until_state("offered")
    await hear_each_other(sixth, await _take(agent))


async def _first(agents: list[AgentAtWork], state: str) -> AgentAtWork:
    waiting = {asyncio.create_task(agent.until_state(state)): agent for agent in agents}
    done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return waiting[done.pop()]


async def test_two_callers_and_one_agent_are_served_in_the_order_they_came(chain: Chain) -> None:
    anna = await chain.agent("anna", ready=False)
    first = await _call(chain, "4", "+495721777011")
    await chain.steps("+495721777011", "joined_line")
    await _call(chain, "6", "+495721777012")
    await chain.steps("+495721777012", "joined_line")
    await anna.post("/agent/presence", intent="ready")
    shown = await anna.until_state("offered")
    assert shown["call"]["caller"] == "05721 777011"
    await _take(anna)
    await first.hang_up()
    await anna.until_state("wrap_up")
    await anna.dispose("settled")
    shown = await anna.until_state("offered")
    assert shown["call"]["caller"] == "05721 777012"


async def test_announcement_is_cut_off_when_an_agent_is_free(chain: Chain) -> None:
    prompt(chain.asterisk.state, "please_wait", seconds=60)
    anna = await chain.agent("anna", ready=False)
    call = await _call(chain, "4")
    await chain.steps(CALLER, "joined_line")
    await asyncio.sleep(0.5)  # let the announcement begin
    await anna.post("/agent/presence", intent="ready")
    await hear_each_other(call, await _take(anna))


async def test_household_number_entered_while_waiting_is_on_the_screen_and_in_no_log(
    chain: Chain, capfd: pytest.CaptureFixture[str]
) -> None:
    anna = await chain.agent("anna")
    other = await _call(chain, "4", "+495721777002")
    await _take(anna)
    call = await _call(chain, "4")
    await chain.steps(CALLER, "joined_line")
    await asyncio.sleep(2 * LOOKS + OFFER_SECONDS)  # position, offer to keep the place, then the number is asked for
    await call.press("24412345#")
    await chain.steps(CALLER, "household_number")
    await other.hang_up()
    await anna.until_state("wrap_up")
    await anna.dispose("settled")
    shown = await anna.until_state("offered")
    assert shown["call"]["household_number"] == "24412345"
    logged = "\n".join([*capfd.readouterr(), *chain.asterisk.lines])
    assert "call arrived" in logged
    assert chain.asterisk.lines, "Asterisk has logged something too"
    assert [line for line in logged.splitlines() if "24412345" in line or CALLER.lstrip("+") in line] == []


async def test_waiting_caller_hears_music_and_never_silence(chain: Chain) -> None:
    await chain.agent("anna", ready=False)
    call = await _call(chain, "4")
    await chain.steps(CALLER, "joined_line")
    await call.sound()
    for _ in range(5):
        assert (await call.hear(0.5)).has_tone(MUSIC_TONE)


async def test_caller_who_finds_nobody_ready_is_called_back(chain: Chain) -> None:
    call = await _call(chain, "4")
    await chain.steps(CALLER, "joined_line")
    await asyncio.sleep(LOOKS)  # until a callback was offered
    await call.press("1")
    await asyncio.sleep(0.5)
    await call.press("1")
    await asyncio.sleep(0.5)
    await call.press("1")  # as soon as it is their turn
    await call.ended()
    assert _how(await chain.steps(CALLER, "call_ended")) == "callback_requested"
    anna = await chain.agent("anna", ready=False)
    (task,) = anna.snapshot["callbacks"]
    assert task["number"] == "05721 777001"
    await anna.post(f"/agent/callbacks/{task['id']}/take")
    await anna.post(f"/agent/callbacks/{task['id']}/finish", outcome="reached", note="erledigt")
    await anna.until(lambda snapshot: not snapshot["callbacks"])


async def test_last_agent_does_not_go_home_unnoticed_while_somebody_waits(chain: Chain) -> None:
    carla = await chain.agent("carla")
    await _call(chain, "4")  # carla has no "wohnen"
    await chain.steps(CALLER, "joined_line")
    refused = await carla.post("/agent/presence", 409, intent="home")
    assert "Es wartet noch 1 Anruf" in refused["message"]
    await carla.post("/agent/presence", intent="home")
    shown = await carla.until_state("home")
    assert "niemand ist bereit" in shown["hotline"]["alarm"]


# --- closed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        (datetime(2026, 11, 23, 7, 59, 0, tzinfo=BERLIN), False),
        (datetime(2026, 11, 23, 8, 0, 0, tzinfo=BERLIN), True),
        (datetime(2026, 11, 23, 17, 59, 0, tzinfo=BERLIN), True),
        (datetime(2026, 11, 23, 18, 0, 0, tzinfo=BERLIN), False),
        (datetime(2026, 11, 21, 11, 0, 0, tzinfo=BERLIN), False),
        (datetime(2026, 12, 25, 11, 0, 0, tzinfo=BERLIN), False),
        (datetime(2026, 12, 24, 11, 0, 0, tzinfo=BERLIN), False),
    ],
)
async def test_hours_decide_whether_the_menu_or_the_closed_sentence_is_heard(
    start_asterisk: StartAsterisk, shipped: dict[str, Any], at: datetime, open_: bool
) -> None:
    async with hotline(start_asterisk, shipped, at) as chain:
        anna = await chain.agent("anna")
        call = await _call(chain)
        await call.press("4")
        if open_:
            await anna.until_state("offered")
        else:
            await call.ended()
            assert _how(await chain.steps(CALLER, "call_ended")) == "closed"


async def test_closed_hotline_takes_a_callback_request_for_another_number(
    start_asterisk: StartAsterisk, shipped: dict[str, Any]
) -> None:
    async with hotline(start_asterisk, shipped, datetime(2026, 11, 21, 11, tzinfo=BERLIN)) as chain:
        call = await _call(chain)
        for keys in ("1", "2", "05721777555#", "1"):
            await asyncio.sleep(0.7)
            await call.press(keys)
        await call.ended()
        anna = await chain.agent("anna", ready=False)
        (task,) = anna.snapshot["callbacks"]
        assert task["number"] == "05721 777555"
        assert task["due"].startswith("2026-11-24T")


async def test_who_was_waiting_at_closing_time_is_still_served(
    start_asterisk: StartAsterisk, shipped: dict[str, Any]
) -> None:
    six = datetime(2026, 11, 23, 18, 0, tzinfo=BERLIN)
    async with hotline(start_asterisk, shipped, six - timedelta(seconds=20)) as chain:
        anna = await chain.agent("anna", ready=False)
        call = await _call(chain, "4")
        joined = (await chain.steps(CALLER, "joined_line"))[-1].at
        assert joined < six
        await asyncio.sleep((six - joined).total_seconds() + 1)
        await anna.post("/agent/presence", intent="ready")
        await hear_each_other(call, await _take(anna))


# --- strangers at our ports ------------------------------------------------------------------


async def test_garbage_and_idle_connections_do_not_disturb_a_call(chain: Chain) -> None:
    network = chain.config.network
    async with AsyncExitStack() as stack:
        for port in (network.agi.port, network.ami.port, network.web.port, network.websocket.port):
            for garbage in (b"", b"\x00\xff\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"agi_network: yes\n"):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                stack.callback(writer.close)
                writer.write(garbage)
        anna = await chain.agent("anna")
        call = await _call(chain, "4")
        await hear_each_other(call, await _take(anna))
