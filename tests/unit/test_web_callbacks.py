"""Callbacks, search and the own day over the web: who may, what is refused, what is passed on."""

import re
from typing import Any

import pytest

from hotline.errors import Refused
from tests.unit.doubles_callbacks import FakeCallbacks
from tests.unit.site_web import Visitor, a_visitor, an_agent

__all__ = ["a_visitor", "an_agent"]

JSON = {"Accept": "application/json"}


def _callbacks(visitor: Visitor) -> FakeCallbacks:
    found = visitor.services.callbacks
    assert isinstance(found, FakeCallbacks)
    return found


POSTS = [
    ("/agent/callbacks/7/ring", ("ring_callback", "anna", "7")),
    ("/agent/callbacks/7/hangup", ("hang_up_callback", "anna", "7")),
    ("/agent/callbacks/7/refuse", ("refuse_callback", "anna", "7")),
    ("/agent/day/c0ffee/callback", ("callback_for", "anna", "c0ffee")),
]


@pytest.mark.parametrize(("path", "asked"), POSTS)
async def test_buttons_reach_the_service(anna: Visitor, path: str, asked: tuple[str, ...]) -> None:
    assert (await anna.post(path)).status == 200
    assert _callbacks(anna).asked == [asked]


@pytest.mark.parametrize(("path", "_asked"), POSTS)
async def test_refusals_are_sentences(anna: Visitor, path: str, _asked: Any) -> None:
    _callbacks(anna).refusal = Refused("Ihr Telefon ist gerade besetzt.")
    answer = await anna.post(path)
    assert (answer.status, (await answer.json())["message"]) == (409, "Ihr Telefon ist gerade besetzt.")


@pytest.mark.parametrize("path", ["/agent/search/call/c1", "/agent/day"])
async def test_nothing_is_told_without_a_seat(visitor: Visitor, path: str) -> None:
    assert (await visitor.get(path, **JSON)).status == 401
    await visitor.log_in("prüferin")
    assert (await visitor.get(path, **JSON)).status == 403
    assert _callbacks(visitor).asked == []


async def test_nothing_is_searched_without_a_seat(visitor: Visitor) -> None:
    assert (await visitor.post("/agent/search", {"q": "4711"})).status == 401
    await visitor.log_in("prüferin")
    assert (await visitor.post("/agent/search", {"q": "4711"})).status == 403
    assert _callbacks(visitor).asked == []


@pytest.mark.parametrize("path", [path for path, _ in POSTS])
async def test_forms_of_other_pages_cannot_ring(anna: Visitor, path: str) -> None:
    answer = await anna.client.post(path, json={}, headers={}, allow_redirects=False)
    assert answer.status == 403
    assert _callbacks(anna).asked == []


async def test_search_passes_the_text_on_and_answers_hits(anna: Visitor) -> None:
    answer = await anna.post("/agent/search", {"q": "05721 4711"})
    assert (answer.status, len((await answer.json())["hits"])) == (200, 3)
    assert _callbacks(anna).asked == [("search", "anna", "05721 4711")]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"q": ""}, 422), ({"q": "Kruse"}, 422), ({"q": "1" * 300}, 400), ({"q": "\0\1"}, 400)],
)
async def test_nonsense_is_answered_beside_the_field(anna: Visitor, body: Any, status: int) -> None:
    answer = await anna.post("/agent/search", body)
    assert answer.status == status
    assert (await answer.json())["fields"]["q"]


async def test_what_is_searched_for_never_stands_in_an_address(anna: Visitor) -> None:
    assert (await anna.get("/agent/search?q=057214711", **JSON)).status == 405
    assert _callbacks(anna).asked == []
    page = await (await anna.get("/agent")).text()
    field = re.search(r'<input id="search-text"[^>]*>', page)
    assert field is not None
    assert "name=" not in field[0], "a form sent before its script is there would put it into the address"


@pytest.mark.parametrize(
    ("path", "status"),
    [("promise/abc", 200), ("callback/7", 200), ("promise/gone", 409), ("user/anna", 404), ("call/%3Cb%3E", 400)],
)
async def test_hits_are_opened_one_by_one(anna: Visitor, path: str, status: int) -> None:
    assert (await anna.get(f"/agent/search/{path}", **JSON)).status == status


async def test_day_is_told(anna: Visitor) -> None:
    answer = await anna.get("/agent/day", **JSON)
    assert set(await answer.json()) >= {"calls", "promises", "callbacks", "missed"}
