"""The life of a promise from the agent's form to the case worker's page and back to the agent, over a real database."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agents.forms import FormError
from config.schema import Absence, HotlineConfig
from hotline.errors import Refused
from hotline.storage.ledger import Ledger
from hotline.views import history_view
from tests.unit.promise_office import CALLER, FALKE, GUENTHER, HEINE, MONDAY, TUESDAY_EVENING, Office, opened

FORM = {
    **{"family_name": "Ahrens", "given_name": "Ayşe", "household_number": "7654321", "phone": "05721 12345"},
    **{"best_time": "vormittags", "office": "stadthagen", "new_rent": "512,50", "from_date": "1.12.2026"},
}


@pytest.fixture
async def office(tmp_path: Path, config: HotlineConfig) -> AsyncIterator[Office]:
    async with opened(tmp_path, config) as office:
        yield office


async def open_page(office: Office, token: str) -> dict[str, object]:
    page = await office.work.page(token)
    assert page is not None
    return dict(page)


def link_in(body: str) -> str:
    return body.split("/promise/")[1].split()[0]


# --- who is to answer ---------------------------------------------------------------------------


def let_falke_be_away(office: Office) -> None:
    first, *others = office.config.case_workers
    away = first.model_copy(update={"absences": [Absence(start=date(2026, 11, 24))]})
    office.config = office.config.model_copy(update={"case_workers": [away, *others]})
    office.call.config = office.config


def test_agent_sees_rule_due_time_and_who_else_could_answer(office: Office) -> None:
    told = office.work.who("anna", "c1", "stadthagen", "Ahrens", None)
    assert (told["key"], told["name"], told["team"]) == (FALKE, "Frau Falke", False)
    assert told["rule"] == "Stadthagen, Buchstaben A bis K, alle Anliegen"
    assert (told["due"], told["sms"]) == ("Dienstag, 24. November 2026, 18 Uhr", False)
    assert [choice["key"] for choice in told["choices"]] == [
        *(FALKE, GUENTHER, HEINE, "immig@jobcenter.example"),
        "team",
    ]


def test_preview_names_the_deputy_of_whoever_is_away_on_the_due_day(office: Office) -> None:
    let_falke_be_away(office)
    told = office.work.who("anna", "c1", "stadthagen", "Ahrens", "income")
    assert told["name"] == "Herr Günther"
    assert "Frau Falke ist am 24.11. nicht da" in told["rule"]
    assert [choice["absent"] for choice in told["choices"]][:2] == [True, False]


def test_preview_is_for_whoever_has_the_call(office: Office) -> None:
    with pytest.raises(Refused):
        office.work.who("ben", "c1", "stadthagen", "Ahrens", None)


async def test_forwarded_request_goes_to_the_deputy_of_whoever_is_away(office: Office) -> None:
    let_falke_be_away(office)
    done = await office.case_work.dispose(office.call, "anna", "forwarded", FORM)
    assert done["responsible"] == "Herr Günther"
    assert [one.recipient for one in await office.mails()] == [GUENTHER]


async def test_agent_chooses_somebody_else_with_a_reason(office: Office) -> None:
    chosen = {"responsible": HEINE, "responsible_reason": "kennt die Familie"}
    done = await office.case_work.dispose(office.call, "anna", "forwarded", FORM | chosen)
    assert (done["responsible"], done["team"]) == ("Frau Heine", False)
    assert done["rule"].startswith("Von Anna Ahrens ausgewählt; nach der Regel: Frau Falke")
    [mail] = await office.mails()
    assert mail.recipient == HEINE
    assert "kennt die Familie" not in mail.body
    page = await open_page(office, link_in(mail.body))
    assert page["steps"] == [
        {"at": MONDAY.isoformat(), "words": "Vom Telefonservice an Sie gerichtet", "text": "kennt die Familie"}
    ]


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"responsible": "team"}, "responsible_reason"),
        ({"responsible": "team", "responsible_reason": "x" * 501}, "responsible_reason"),
        ({"responsible": "nobody@jobcenter.example", "responsible_reason": "x"}, "responsible"),
    ],
)
async def test_choice_that_does_not_do_is_refused_and_nothing_is_stored(
    office: Office, chosen: dict[str, str], field: str
) -> None:
    with pytest.raises(FormError) as caught:
        await office.case_work.dispose(office.call, "anna", "forwarded", FORM | chosen)
    assert set(caught.value.findings) == {field}
    assert await office.mails() == []


# --- the case worker's page ---------------------------------------------------------------------


async def test_page_shows_the_request_and_what_can_be_done(office: Office) -> None:
    token = office.links.token(await office.promise())
    page = await open_page(office, token)
    assert (page["receipt"], page["type"], page["person"]) == ("26-4821-7300", "Mietkosten", "Ayşe Grünwald")
    assert {"label": "Neue Warmmiete in Euro", "value": "512,50 €"} in list(page["lines"])  # type: ignore[call-overload]
    assert (page["status"], page["overdue"], page["tries"], page["steps"]) == ("open", False, 0, [])
    assert page["days"][0] == "2026-11-25"  # type: ignore[index]
    assert FALKE not in str(page["people"])


async def test_answered_request_shows_the_result_and_cannot_be_changed(office: Office) -> None:
    token = office.links.token(await office.promise())
    await office.work.answered(token, "a", "phone", "angerufen")
    office.time += timedelta(hours=1)
    await office.work.answered(token, "b", "letter", "später")
    await office.work.not_reached(token, "c", "")
    await office.work.takes_longer(token, "d", "2026-11-27", "x")
    await office.work.hand_on(token, "e", HEINE, "x")
    page = await open_page(office, token)
    assert (page["status"], page["kept_how"], page["kept_at"], page["tries"]) == (
        "kept",
        "phone",
        MONDAY.isoformat(),
        0,
    )
    assert [step["words"] for step in page["steps"]] == ["Beantwortet: Telefonisch"]  # type: ignore[attr-defined]
    assert await office.mails() == []


async def test_tries_are_shown_with_their_times(office: Office) -> None:
    token = office.links.token(await office.promise())
    await office.work.not_reached(token, "a", "niemand da")
    office.time += timedelta(hours=2)
    for once in ("b", "b"):
        await office.work.not_reached(token, once, "")
    page = await open_page(office, token)
    assert page["tries"] == 2
    assert page["steps"] == [
        {"at": MONDAY.isoformat(), "words": "Nicht erreicht", "text": "niemand da"},
        {"at": office.time.isoformat(), "words": "Nicht erreicht", "text": ""},
    ]


async def test_request_that_takes_longer_is_due_at_the_end_of_the_new_day(office: Office) -> None:
    token = office.links.token(await office.promise())
    await office.work.takes_longer(token, "a", "2026-11-27", "Akte fehlt")
    page = await open_page(office, token)
    assert page["due"] == "2026-11-27T17:00:00+00:00"
    [step] = page["steps"]  # type: ignore[misc]
    assert step["words"] == "Dauert länger, bis Freitag, 27. November 2026, 18 Uhr"  # type: ignore[has-type]
    assert page["days"][0] == "2026-11-30"  # type: ignore[index]


async def test_all_findings_of_a_form_are_told_at_once(office: Office) -> None:
    token = office.links.token(await office.promise())
    with pytest.raises(FormError) as longer:
        await office.work.takes_longer(token, "a", "2026-11-28", " ")
    assert set(longer.value.findings) == {"day", "reason"}
    with pytest.raises(FormError) as other:
        await office.work.hand_on(token, "a", FALKE, "")
    assert set(other.value.findings) == {"to", "reason"}
    assert (await open_page(office, token))["steps"] == []


async def test_request_handed_on_goes_with_a_new_link_and_the_old_one_tells_who_has_it(office: Office) -> None:
    token = office.links.token(await office.promise())
    for once in ("a", "a"):
        await office.work.hand_on(token, once, HEINE, "zieht nach Rinteln")
    [mail] = await office.mails()
    assert (mail.recipient, mail.subject) == (HEINE, "Rückfrage aus dem Telefonservice 26-4821-7300")
    assert "zieht nach Rinteln" not in mail.body
    assert await office.work.page(token) == {
        "receipt": "26-4821-7300",
        "status": "handed_on",
        "holder": "Frau Heine",
    }
    await office.work.answered(token, "b", "phone", "")
    page = await open_page(office, link_in(mail.body))
    assert page["status"] == "open"
    assert [step["text"] for step in page["steps"]] == ["zieht nach Rinteln"]  # type: ignore[attr-defined]
    assert FALKE in str(page["people"])
    await office.work.answered(link_in(mail.body), "c", "email", "")
    assert (await open_page(office, link_in(mail.body)))["status"] == "kept"


async def test_request_comes_back_from_the_team_under_a_third_link(office: Office) -> None:
    token = office.links.token(await office.promise())
    await office.work.hand_on(token, "a", "team", "unklar")
    [to_team] = await office.mails()
    assert to_team.recipient == office.config.mail.team_mailbox
    await office.work.hand_on(link_in(to_team.body), "b", FALKE, "doch Ihres")
    [back] = await office.mails()
    assert await office.work.page(token) == {"receipt": "26-4821-7300", "status": "handed_on", "holder": "Frau Falke"}
    assert (await open_page(office, link_in(back.body)))["status"] == "open"


@pytest.mark.parametrize("token", ["x", "a.b.c", ""])
async def test_broken_link_opens_nothing_and_changes_nothing(office: Office, token: str) -> None:
    assert await office.work.page(token) is None
    with pytest.raises(Refused, match="ungültig"):
        await office.work.answered(token, "a", "phone", "")


async def test_expired_link_opens_nothing(office: Office) -> None:
    token = office.links.token(await office.promise())
    office.time += timedelta(days=31)
    assert await office.work.page(token) is None


async def test_link_made_for_one_holder_cannot_be_turned_into_that_of_the_next(office: Office) -> None:
    promise_id = await office.promise()
    parts = office.links.token(promise_id).split(".")
    assert await office.work.page(".".join([parts[0], "1", *parts[1:]])) is None


async def test_page_of_a_type_that_is_gone_from_the_configuration_still_opens(office: Office) -> None:
    token = office.links.token(await office.promise())
    types = [kind for kind in office.config.request_types if kind.key != "rent"]
    office.config = office.config.model_copy(update={"request_types": types})
    assert (await open_page(office, token))["type"] == "rent"


async def test_overdue_request_says_so_and_can_still_be_answered(office: Office) -> None:
    token = office.links.token(await office.promise())
    office.time = TUESDAY_EVENING
    assert (await open_page(office, token))["overdue"] is True
    await office.work.answered(token, "a", "phone", "")
    assert (await open_page(office, token))["overdue"] is False


# --- when the client calls again ------------------------------------------------------------------


async def test_agent_sees_where_the_promise_stands_when_the_client_calls_again(office: Office) -> None:
    token = office.links.token(await office.promise())
    zone = ZoneInfo("Europe/Berlin")
    assert await standing(office) == "offen"
    await office.work.not_reached(token, "a", "")
    await office.work.not_reached(token, "b", "")
    assert await standing(office) == "offen, nicht erreicht (2 Versuche)"
    await office.work.takes_longer(token, "c", "2026-11-27", "Akte fehlt")
    await office.work.hand_on(token, "d", HEINE, "Rinteln")
    words = "nicht erreicht (2 Versuche), dauert bis 27.11.2026, weitergegeben an Frau Heine"
    assert await standing(office) == f"offen, {words}"
    office.time = datetime(2026, 11, 27, 18, 0, tzinfo=zone).astimezone(UTC)
    assert await standing(office) == f"überfällig, {words}"
    [mail] = await office.mails()
    await office.work.answered(link_in(mail.body), "e", "phone", "")
    assert await standing(office) == "erreicht per Telefon am 27.11.2026"


async def standing(office: Office) -> str:
    history = await Ledger(office.db, office.hotline).history(CALLER, "another call")
    [promise] = history_view(history, office.config, office.time)["promises"]
    return str(promise["standing"])
