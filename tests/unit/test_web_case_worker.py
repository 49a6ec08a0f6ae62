"""The case worker's page: a link shows, a button confirms."""

import pytest

from hotline.errors import Refused
from tests.unit.doubles_web import TOKEN
from tests.unit.site_web import HTML, Visitor, a_visitor, token_in  # noqa: F401 - the fixtures

PATH = f"/promise/{TOKEN}"


async def test_link_shows_the_request_without_a_login(visitor: Visitor) -> None:
    answer = await visitor.get(PATH)
    text = await answer.text()
    assert answer.status == 200
    for part in ("26-4821-7305", "Mietkosten", "Sabine Kruse", "612,50 €", "Dienstag, 24. November 2026, 18:00 Uhr"):
        assert part in text
    assert 'href="tel:+495722123456"' in text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_following_the_link_confirms_nothing(visitor: Visitor, method: str) -> None:
    await visitor.client.request(method, PATH, headers=HTML)
    assert visitor.desk.asked == []


@pytest.mark.parametrize("how", ["phone", "letter", "email"])
async def test_button_confirms_and_the_page_says_so(visitor: Visitor, how: str) -> None:
    answer = await confirm(visitor, how=how, note="  angerufen  ")
    assert (answer[0], answer[1]) == (303, PATH)
    assert visitor.desk.asked == [("confirm_promise", TOKEN, how, "angerufen")]
    text = await (await visitor.get(PATH)).text()
    assert "Erledigt." in text
    assert "<form" not in text


async def test_choice_must_be_made_and_the_note_is_not_lost(visitor: Visitor) -> None:
    status, _, text = await confirm(visitor, how="", note="Notiz bleibt")
    assert status == 422
    assert "Bitte wählen Sie" in text
    assert "Notiz bleibt" in text
    assert visitor.desk.asked == []


@pytest.mark.parametrize("note", ["x" * 1001, "\x00"])
async def test_unfit_note_is_refused_in_words(visitor: Visitor, note: str) -> None:
    status, _, text = await confirm(visitor, how="phone", note=note)
    assert status == 422
    assert 'role="alert"' in text
    assert visitor.desk.asked == []


async def test_post_without_the_forms_token_confirms_nothing(visitor: Visitor) -> None:
    answer = await visitor.client.post(PATH, data={"how": "phone"}, headers=HTML, allow_redirects=False)
    assert answer.status == 403
    assert visitor.desk.asked == []


@pytest.mark.parametrize("token", ["abgelaufen", "x" * 501, "%00", "a b", "%F0%9F%98%80"])
async def test_invalid_or_expired_link_says_so(visitor: Visitor, token: str) -> None:
    for answer in (
        await visitor.get(f"/promise/{token}"),
        await visitor.client.post(f"/promise/{token}", data={}, headers=HTML),
    ):
        assert answer.status == 404
        assert "ungültig oder abgelaufen" in await answer.text()


async def test_refusal_while_confirming_is_shown_as_a_page(visitor: Visitor) -> None:
    visitor.desk.refusal = Refused("Diese Zusage wurde zurückgezogen.")
    status, _, text = await confirm(visitor, how="phone")
    assert status == 409
    assert "Diese Zusage wurde zurückgezogen." in text


async def test_what_was_typed_is_text_and_never_markup(visitor: Visitor) -> None:
    visitor.desk.promises[TOKEN]["note"] = "<script>alert(1)</script>"
    text = await (await visitor.get(PATH)).text()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


async def confirm(visitor: Visitor, **form: str) -> tuple[int, str, str]:
    token = token_in(await (await visitor.get(PATH)).text())
    data = {"form_token": token, **form}
    answer = await visitor.client.post(PATH, data=data, headers=HTML, allow_redirects=False)
    return answer.status, answer.headers.get("Location", ""), await answer.text()
