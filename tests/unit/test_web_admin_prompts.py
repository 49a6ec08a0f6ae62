"""Prompts on the texts page: listened to, replaced by a file, recorded by telephone, back to the voice; who may."""

import io
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from hotline.changing.recordings import MOST_BYTES, NO_WAV, NOT_RECORDED, TOO_LARGE, UNKNOWN
from hotline.web.admin_texts import prompt_names
from ivr.prompts import catalogue
from tests.unit.admin_visitor import ADMIN, an_admin, changing  # noqa: F401 - the fixture
from tests.unit.doubles_prompts import FakePrompts
from tests.unit.site_web import SCRIPT, Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


def prompts(visitor: Visitor) -> FakePrompts:
    return visitor.services.prompts  # type: ignore[return-value]


async def upload(visitor: Visitor, name: str, content: bytes, **headers: str) -> ClientResponse:
    sent = SCRIPT | {"Content-Type": "audio/wav"} | headers
    return await visitor.client.post(f"/admin/prompts/{name}", data=io.BytesIO(content), headers=sent)


@pytest.mark.parametrize("name", ["greeting", "en/greeting", "type_rent", "en/language_offer"])
async def test_prompt_is_heard_as_a_browser_plays_it(admin: Visitor, tmp_path: Path, name: str) -> None:
    prompts(admin).file = tmp_path / "sound.wav"
    (tmp_path / "sound.wav").write_bytes(WAV)
    answer = await admin.get(f"/admin/prompts/{name}.wav")
    assert (answer.status, answer.content_type, await answer.read()) == (200, "audio/wav", WAV)


@pytest.mark.parametrize("name", ["nothing", "xx/greeting", "en/nothing", "..%2fgreeting", "greeting%00", "a/b/c"])
async def test_what_is_no_prompt_is_not_found(admin: Visitor, tmp_path: Path, name: str) -> None:
    prompts(admin).file = tmp_path / "sound.wav"
    (tmp_path / "sound.wav").write_bytes(WAV)
    assert (await admin.get(f"/admin/prompts/{name}.wav")).status == 404


async def test_uploaded_file_is_kept_and_shown_and_thrown_away(admin: Visitor) -> None:
    assert (await upload(admin, "en/greeting", WAV)).status == 200
    assert prompts(admin).kept == {"en/greeting": WAV}
    assert (await admin.post("/admin/prompts/en/greeting/remove", {})).status == 200
    assert prompts(admin).asked == [("keep", ADMIN, "en/greeting"), ("remove", ADMIN, "en/greeting")]
    answer = await admin.post("/admin/prompts/en/greeting/remove", {})
    assert (answer.status, (await answer.json())["message"]) == (409, NOT_RECORDED)


async def test_files_that_cannot_be_taken_are_refused_in_german(admin: Visitor) -> None:
    for content, status, words in ((b"x", 409, NO_WAV), (WAV + bytes(MOST_BYTES), 413, TOO_LARGE)):
        answer = await upload(admin, "greeting", content)
        assert (answer.status, (await answer.json())["message"]) == (status, words)
    assert (await upload(admin, "greeting", b"")).status == 400
    assert (await (await upload(admin, "nothing", WAV)).json())["message"] == UNKNOWN
    assert prompts(admin).kept == {}


async def test_file_of_any_size_that_is_allowed_comes_through(admin: Visitor) -> None:
    assert (await upload(admin, "greeting", WAV + bytes(MOST_BYTES - 100))).status == 200


async def test_digits_for_the_telephone(admin: Visitor) -> None:
    answer = await admin.post("/admin/prompts/greeting/telephone", {})
    assert await answer.json() == {"dial": "*77", "pin": "012345", "minutes": 10}
    assert prompts(admin).asked == [("pin", ADMIN, "greeting")]


async def test_only_from_our_own_pages(admin: Visitor) -> None:
    foreign = {"Origin": "https://example.org"}
    assert (await upload(admin, "greeting", WAV, **foreign)).status == 403
    assert (await upload(admin, "greeting", WAV, **{"X-Requested-With": ""})).status == 403
    assert (await upload(admin, "greeting", WAV, **{"Content-Type": "text/plain"})).status == 400
    assert prompts(admin).kept == {}


async def test_only_for_admins(anna: Visitor) -> None:
    assert (await upload(anna, "greeting", WAV)).status == 403
    assert (await anna.get("/admin/prompts/greeting.wav")).status == 403
    assert (await anna.post("/admin/prompts/greeting/telephone", {})).status == 403
    assert prompts(anna).asked == []


async def test_page_shows_own_recordings_and_texts_that_are_newer(admin: Visitor) -> None:
    service = prompts(admin)
    service.kept["greeting"] = service.kept["goodbye"] = WAV
    service.read_aloud = {"greeting": "Ein älterer Text.", "goodbye": catalogue(service.config)["goodbye"]}
    page = await (await admin.get("/admin/texts")).text()
    assert "▶ Anhören (2,5 s)" in page
    places = {part.partition('"')[0]: part for part in page.split('data-heard="')[1:]}
    assert set(places) == set(prompt_names(service.config).values())
    assert set(places) <= catalogue(service.config).keys()
    shown = {name: ("data-recorded hidden" not in at, "data-outdated hidden" not in at) for name, at in places.items()}
    assert (shown["greeting"], shown["goodbye"], shown["type_rent"]) == ((True, True), (True, False), (False, False))


async def test_overview_warns_of_recordings_that_are_older_than_their_text(admin: Visitor) -> None:
    service = prompts(admin)
    assert "weiter die eigene Aufnahme des früheren Textes" not in await (await admin.get("/admin")).text()
    service.kept["greeting"] = WAV
    service.read_aloud = {"greeting": "Ein älterer Text.", "goodbye": catalogue(service.config)["goodbye"]}
    page = await (await admin.get("/admin")).text()
    assert page.count("weiter die eigene Aufnahme des früheren Textes") == 1
    assert "<code>texts.greeting</code>" in page
    changing(admin).as_somebody_else("Auf Wiederhören.", "Tschüss.")
    page = await (await admin.get("/admin")).text()
    assert page.count("weiter die eigene Aufnahme des früheren Textes") == 2, "with what the draft will change"
    assert 'name="seen"' in page
