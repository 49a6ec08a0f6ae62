"""The lead's page: who may see it, what each button asks, and that a look at one agent's figures has a name."""

import json
import re
from typing import Any

import pytest

from agents.forms import FormError
from tests.unit.doubles_lead import FakeLead, example_alarm
from tests.unit.doubles_web import refusing
from tests.unit.site_web import SCRIPT, Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures

REQUESTS: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("/lead/agents/anna/pause", {}, ("pause", "anna", "leitung")),
    ("/lead/agents/anna/logout", {}, ("log_out", "anna", "leitung", False)),
    ("/lead/agents/anna/logout", {"even_in_talk": True}, ("log_out", "anna", "leitung", True)),
    ("/lead/agents/anna/logout", {"even_in_talk": "yes"}, ("log_out", "anna", "leitung", False)),
    ("/lead/alarms/5/seen", {}, ("alarm_seen", 5, "leitung")),
    ("/lead/mails/7/retry", {}, ("retry_mail", 7, "leitung")),
    ("/lead/mails/7/redirect", {"to": "team"}, ("redirect_mail", 7, "team", "leitung")),
    ("/lead/messages", {"text": "Kaffee ist da.", "until": "17:30"}, ("message", "Kaffee ist da.", "17:30", "leitung")),
    ("/lead/announcement", {"text": "Störung.", "until": "12:00"}, ("announce", "Störung.", "12:00", "leitung")),
    ("/lead/notices/4/end", {}, ("end_notice", 4, "leitung")),
    ("/lead/knowledge/rent", {"text": "Neue Grenzen."}, ("note", "rent", "Neue Grenzen.", "leitung")),
]
PAGES = ["/lead", "/lead/events?screen=1", "/lead/agents/anna"]


@pytest.fixture
async def lead(visitor: Visitor) -> Visitor:
    assert (await visitor.log_in("leitung")).status == 303
    return visitor


def the_lead(visitor: Visitor) -> FakeLead:
    return visitor.services.lead  # type: ignore[return-value]


@pytest.mark.parametrize(("path", "body", "asked"), REQUESTS)
async def test_each_button_asks_the_service_in_the_leads_name(
    lead: Visitor, path: str, body: Any, asked: tuple[Any, ...]
) -> None:
    answer = await lead.post(path, body)
    assert answer.status == 200, await answer.text()
    assert the_lead(lead).asked == [asked]


@pytest.mark.parametrize(("path", "body", "asked"), REQUESTS)
async def test_agents_have_no_hand_on_others(anna: Visitor, path: str, body: Any, asked: tuple[Any, ...]) -> None:
    assert (await anna.post(path, body)).status == 403
    assert the_lead(anna).asked == []


@pytest.mark.parametrize("path", PAGES)
async def test_the_leads_pages_are_for_the_lead_only(visitor: Visitor, path: str) -> None:
    assert (await visitor.get(path)).status in {302, 401}
    for name in ("anna", "prüferin"):
        await visitor.log_in(name)
        assert (await visitor.get(path)).status == 403
        visitor.client.session.cookie_jar.clear()


@pytest.mark.parametrize(("path", "body", "asked"), REQUESTS)
async def test_a_foreign_form_can_do_nothing(lead: Visitor, path: str, body: Any, asked: tuple[Any, ...]) -> None:
    answer = await lead.client.post(path, data=body, allow_redirects=False)
    assert answer.status == 403
    assert the_lead(lead).asked == []


async def test_the_lead_without_a_seat_comes_to_the_leads_page(visitor: Visitor) -> None:
    answer = await visitor.log_in("leitung")
    assert answer.headers["Location"] == "/lead"
    page = await (await visitor.get("/lead")).text()
    assert "Leitung des Telefonservice" in page
    assert "Zum Arbeitsplatz" not in page


async def test_the_definition_of_the_service_level_stands_on_the_page_in_words(lead: Visitor) -> None:
    page = await (await lead.get("/lead")).text()
    assert "angenommen wurden oder länger als 30 Sekunden gewartet haben" in page
    assert "Behördenrufnummer 115: 75 %" in page
    assert "Ziel: 85 %" in page


async def test_addresses_to_choose_from_are_those_of_the_configuration(lead: Visitor) -> None:
    page = await (await lead.get("/lead")).text()
    addresses = re.findall(r'<option value="([^"]+)">', page)
    assert addresses == [*dict.fromkeys(worker.email for worker in lead.config.case_workers), "team"]
    assert (await lead.post("/lead/mails/7/redirect", {"to": "x" * 255})).status == 400
    assert the_lead(lead).asked == []


async def test_refusals_and_findings_reach_the_page_in_their_own_words(lead: Visitor) -> None:
    the_lead(lead).refusal = refusing("Anna Ahrens ist im Gespräch.")
    answer = await lead.post("/lead/agents/anna/logout", {})
    assert (answer.status, (await answer.json())["message"]) == (409, "Anna Ahrens ist im Gespräch.")
    the_lead(lead).refusal = FormError({"until": "Bitte eine Uhrzeit angeben."})
    answer = await lead.post("/lead/messages", {"text": "x", "until": "25:00"})
    assert (answer.status, (await answer.json())["fields"]) == (422, {"until": "Bitte eine Uhrzeit angeben."})


@pytest.mark.parametrize(
    "path",
    [
        "/lead/alarms/x/seen",
        "/lead/mails/x/retry",
        "/lead/mails/x/redirect",
        "/lead/notices/-1/end",
        "/lead/alarms/1234567890123456/seen",
    ],
)
async def test_numbers_that_are_none_are_not_found(lead: Visitor, path: str) -> None:
    assert (await lead.post(path, {})).status == 404
    assert the_lead(lead).asked == []


async def test_agent_logged_out_by_the_lead_is_logged_out_everywhere(visitor: Visitor) -> None:
    await visitor.log_in("anna")
    annas = visitor.client.session.cookie_jar.filter_cookies(visitor.client.make_url("/"))["hotline"].value
    assert annas in visitor.accounts.sessions
    visitor.client.session.cookie_jar.clear()
    await visitor.log_in("leitung")
    assert (await visitor.post("/lead/agents/anna/logout", {})).status == 200
    assert annas not in visitor.accounts.sessions


async def test_nobody_is_logged_out_when_the_service_refuses(visitor: Visitor) -> None:
    await visitor.log_in("anna")
    visitor.client.session.cookie_jar.clear()
    await visitor.log_in("leitung")
    the_lead(visitor).refusal = refusing("Anna Ahrens ist im Gespräch.")
    assert (await visitor.post("/lead/agents/anna/logout", {})).status == 409
    assert {user.name for user, _ in visitor.accounts.sessions.values()} == {"anna", "leitung"}


async def test_one_agents_day_is_shown_and_was_asked_for_by_name(lead: Visitor) -> None:
    page = await (await lead.get("/lead/agents/anna")).text()
    assert the_lead(lead).asked == [("agent_figures", "anna", "leitung")]
    assert "Anna Ahrens heute" in page
    assert "42 min 24 s" in page
    assert "1 h 30 min" in page


async def test_a_name_that_is_no_agents_is_a_page_that_says_so(lead: Visitor) -> None:
    answer = await lead.get("/lead/agents/nobody")
    assert answer.status == 404
    assert "Diese Person gibt es im Telefonservice nicht." in await answer.text()


async def test_the_stream_tells_the_whole_page_at_once_and_after_each_change(lead: Visitor) -> None:
    async with lead.client.get("/lead/events?screen=tab1") as stream:
        assert (await told(stream))["alarms"] == []
        the_lead(lead).change(alarms=[example_alarm()])
        assert (await told(stream))["alarms"][0]["caller"] == "05722 123456"
    assert lead.desk.screens == set()


async def test_the_leads_own_seat_is_no_screen_by_the_leads_page(visitor: Visitor) -> None:
    visitor.accounts.users["anna"] = type(visitor.accounts.users["leitung"])("anna", "lead")
    await visitor.log_in("anna")
    async with visitor.client.get("/lead/events?screen=tab1") as stream:
        await told(stream)
        assert visitor.desk.screens == set()


async def test_agent_has_read_a_message(anna: Visitor) -> None:
    anna.desk.change(messages=[])
    assert (await anna.post("/agent/messages/4/read", {})).status == 200
    assert the_lead(anna).asked == [("message_read", "anna", 4)]


async def test_too_long_a_text_is_refused_before_the_service_is_asked(lead: Visitor) -> None:
    assert (await lead.post("/lead/messages", {"text": "x" * 5000, "until": "17:00"})).status == 400
    assert (await lead.post("/lead/messages", {"text": "x", "until": "17:00:00 Uhr"})).status == 400
    assert the_lead(lead).asked == []
    assert SCRIPT


async def told(stream: Any) -> Any:
    """The next snapshot."""
    while True:
        line = (await stream.content.readline()).decode()
        assert line, "the stream has ended"
        if line.startswith("data: {"):
            return json.loads(line[6:])
