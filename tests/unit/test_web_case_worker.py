"""The case worker's page: a link shows, buttons report."""

import re
from typing import Any

import pytest

from hotline.errors import Refused
from tests.unit.doubles_promises import OLD_TOKEN, TOKEN, FakePromises
from tests.unit.site_web import HTML, Visitor, a_visitor, an_agent, token_in  # noqa: F401 - the fixtures

PATH = f"/promise/{TOKEN}"


@pytest.fixture
def promises(visitor: Visitor) -> FakePromises:
    found = visitor.services.promises
    assert isinstance(found, FakePromises)
    return found


async def test_link_shows_the_request_without_a_login(visitor: Visitor) -> None:
    answer = await visitor.get(PATH)
    text = await answer.text()
    assert answer.status == 200
    for part in ("26-4821-7305", "Mietkosten", "Sabine Kruse", "612,50 €", "Dienstag, 24. November 2026, 18:00 Uhr"):
        assert part in text
    assert 'href="tel:+495722123456"' in text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_following_the_link_changes_nothing(visitor: Visitor, promises: FakePromises, method: str) -> None:
    await visitor.client.request(method, PATH, headers=HTML)
    assert promises.asked == []


@pytest.mark.parametrize("how", ["phone", "letter", "email"])
async def test_button_confirms_and_the_page_says_so(visitor: Visitor, promises: FakePromises, how: str) -> None:
    answer = await send(visitor, report="answered", how=how, note="  angerufen  ")
    assert (answer[0], answer[1]) == (303, PATH)
    assert promises.asked == [("answered", TOKEN, how, "angerufen")]
    text = await (await visitor.get(PATH)).text()
    assert "Erledigt." in text
    assert "<form" not in text


async def test_try_in_vain_is_reported_and_shown_with_its_time(visitor: Visitor, promises: FakePromises) -> None:
    assert (await send(visitor, report="not_reached", note="niemand da"))[0] == 303
    assert promises.asked == [("not_reached", TOKEN, "niemand da")]
    text = await (await visitor.get(PATH)).text()
    for part in ("Nicht erreicht", "Montag, 23. November 2026, 12:00 Uhr", "niemand da", "bisher 1 Versuch"):
        assert part in text
    assert "<form" in text


async def test_new_day_is_chosen_from_working_days_in_words(visitor: Visitor, promises: FakePromises) -> None:
    text = await (await visitor.get(PATH)).text()
    assert '<option value="2026-11-27">Freitag, 27. November 2026</option>' in text
    assert "2026-11-28" not in text
    assert (await send(visitor, report="longer", day="2026-11-27", reason="Akte fehlt"))[0] == 303
    assert promises.asked == [("takes_longer", TOKEN, "2026-11-27", "Akte fehlt")]


async def test_handing_on_ends_at_a_page_that_says_who_has_it_now(visitor: Visitor, promises: FakePromises) -> None:
    assert (await send(visitor, report="not_mine", to="heine@jobcenter.example", reason="Umzug"))[0] == 303
    assert promises.asked == [("hand_on", TOKEN, "heine@jobcenter.example", "Umzug")]
    text = await (await visitor.get(PATH)).text()
    assert "Frau Heine" in text
    assert "Kruse" not in text


async def test_link_that_was_handed_on_shows_nothing_personal_and_no_form(visitor: Visitor) -> None:
    text = await (await visitor.get(f"/promise/{OLD_TOKEN}")).text()
    assert "Frau Heine" in text
    for part in ("<form", "Kruse", "612,50", "Miete"):
        assert part not in text


@pytest.mark.parametrize("status", [{"status": "kept"}, {"status": "handed_on", "holder": "Frau Heine"}])
async def test_report_that_comes_too_late_shows_how_things_stand(
    visitor: Visitor, promises: FakePromises, status: dict[str, Any]
) -> None:
    page = await (await visitor.get(PATH)).text()
    promises.promises[TOKEN] |= status
    assert (await send(visitor, page, report="answered", how=""))[0] == 303
    assert promises.asked == []


UNFIT = [
    ({"report": "answered", "how": ""}, "Bitte wählen Sie, wie"),
    ({"report": "answered", "how": "fax"}, "Bitte wählen Sie, wie"),
    ({"report": "answered", "how": "phone", "note": "x" * 1001}, "zu lang"),
    ({"report": "answered", "how": "phone", "note": "\x00"}, "nicht erlaubte Zeichen"),
    ({"report": "longer", "day": "2026-11-28", "reason": "x"}, "Bitte wählen Sie den Tag"),
    ({"report": "longer", "day": "2026-11-27", "reason": " "}, "Bitte nennen Sie einen Grund."),
    ({"report": "longer", "day": "2026-11-27", "reason": "x" * 501}, "zu lang"),
    ({"report": "not_mine", "to": "heine@jobcenter.example", "reason": ""}, "Bitte nennen Sie einen Grund."),
]


@pytest.mark.parametrize(("form", "finding"), UNFIT)
async def test_what_is_missing_is_said_and_what_was_typed_stays(
    visitor: Visitor, promises: FakePromises, form: dict[str, str], finding: str
) -> None:
    status, _, text = await send(visitor, **form)
    assert status == 422
    assert 'role="alert"' in text
    assert finding in text
    assert [what for what in promises.asked if what[0] in ("answered", "not_reached")] == []


async def test_text_of_a_form_with_findings_is_not_lost(visitor: Visitor) -> None:
    _, _, text = await send(visitor, report="not_mine", to="", reason="Grund bleibt")
    assert "Grund bleibt" in text
    assert re.search(r"<details open>\s*<summary>Nicht meine Sache", text)


@pytest.mark.parametrize("report", ["", "kept", "delete"])
async def test_unknown_report_changes_nothing(visitor: Visitor, promises: FakePromises, report: str) -> None:
    assert (await send(visitor, report=report, how="phone"))[0] == 400
    assert promises.asked == []


async def test_post_without_the_forms_token_changes_nothing(visitor: Visitor, promises: FakePromises) -> None:
    answer = await visitor.client.post(PATH, data={"how": "phone"}, headers=HTML, allow_redirects=False)
    assert answer.status == 403
    assert promises.asked == []


@pytest.mark.parametrize("token", ["abgelaufen", "x" * 501, "%00", "a b", "%F0%9F%98%80"])
async def test_invalid_or_expired_link_says_so(visitor: Visitor, token: str) -> None:
    for answer in (
        await visitor.get(f"/promise/{token}"),
        await visitor.client.post(f"/promise/{token}", data={}, headers=HTML),
    ):
        assert answer.status == 404
        assert "ungültig oder abgelaufen" in await answer.text()


async def test_refusal_is_shown_as_a_page(visitor: Visitor, promises: FakePromises) -> None:
    promises.refusal = Refused("Diese Zusage wurde zurückgezogen.")
    status, _, text = await send(visitor, report="answered", how="phone")
    assert status == 409
    assert "Diese Zusage wurde zurückgezogen." in text


async def test_what_was_typed_is_text_and_never_markup(visitor: Visitor, promises: FakePromises) -> None:
    promises.promises[TOKEN]["note"] = "<script>alert(1)</script>"
    promises.promises[TOKEN]["steps"] = [{"at": "2026-11-23T11:00:00+00:00", "words": "x", "text": "<b>fett</b>"}]
    text = await (await visitor.get(PATH)).text()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "&lt;b&gt;fett" in text


async def test_promise_without_further_days_says_that_it_cannot_be_put_off(
    visitor: Visitor, promises: FakePromises
) -> None:
    promises.promises[TOKEN]["days"] = []
    assert "nicht hinausschieben" in await (await visitor.get(PATH)).text()


async def test_agent_sees_who_would_be_responsible(anna: Visitor) -> None:
    promises = anna.services.promises
    assert isinstance(promises, FakePromises)
    answer = await anna.post("/agent/calls/c1/responsible", {"office": "stadthagen", "family_name": "Ahrens"})
    told = await answer.json()
    assert promises.asked == [("who", "anna", "c1", "stadthagen", "Ahrens", None)]
    assert (told["name"], told["rule"]) == ("Frau Falke", "Stadthagen, Buchstaben A bis K, alle Anliegen")
    assert told["choices"][-1] == {"key": "team", "name": "Team-Postfach", "absent": False}


async def test_unknown_request_type_has_nobody_responsible(anna: Visitor) -> None:
    answer = await anna.post("/agent/calls/c1/responsible", {"office": "x", "family_name": "", "request_type": "mord"})
    assert answer.status == 422
    assert "request_type" in (await answer.json())["fields"]


async def send(visitor: Visitor, page: str = "", **form: str) -> tuple[int, str, str]:
    page = page or await (await visitor.get(PATH)).text()
    found = re.search(r'name="once" value="([0-9a-f]{16})"', page)
    assert found
    data = {"form_token": token_in(page), "once": found[1], **form}
    answer = await visitor.client.post(PATH, data=data, headers=HTML, allow_redirects=False)
    return answer.status, answer.headers.get("Location", ""), await answer.text()
