"""What the page may send and ask of what is written about calls, and what is refused at its field."""

from typing import Any

import pytest

from agents.forms import FormError
from tests.unit.doubles_web import refusing
from tests.unit.doubles_writing import TEXT
from tests.unit.site_web import Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures

CALL = "/agent/calls/call-of-offer-1"


async def talking(anna: Visitor) -> None:
    anna.desk.offer()
    anna.desk.talk()


async def test_draft_is_kept_and_read_again(anna: Visitor) -> None:
    await talking(anna)
    assert await (await anna.get(f"{CALL}/draft")).json() is None
    answer = await anna.post(f"{CALL}/draft", {"number": 1, "values": {"note": "Mie", "outcome": "settled"}})
    assert (answer.status, await answer.json()) == (200, {"stored": True})
    found = await (await anna.get(f"{CALL}/draft")).json()
    assert (found["number"], found["values"]) == (1, {"note": "Mie", "outcome": "settled"})


async def test_several_requests_of_one_call(anna: Visitor) -> None:
    await talking(anna)
    first = await anna.post(
        f"{CALL}/disposition", {"outcome": "settled", "values": {"note": ""}, "number": 1, "more": True}
    )
    assert (await first.json())["number"] == 1
    assert anna.desk.seat["call"]["number"] == 2
    assert (await anna.post(f"{CALL}/finish")).status == 200
    assert (await anna.post(f"{CALL}/another")).status == 200
    assert [ask[0] for ask in anna.desk.asked] == ["dispose", "finish", "another"]
    assert anna.desk.asked[0][-2:] == (1, True)


async def test_what_was_written_today_is_listed_and_corrected(anna: Visitor) -> None:
    await talking(anna)
    await anna.post(f"{CALL}/disposition", {"outcome": "settled", "values": {"note": "alt"}})
    listed = await (await anna.get("/agent/dispositions")).json()
    assert [entry["note"] for entry in listed["entries"]] == ["alt"]
    answer = await anna.post("/agent/dispositions/1", {"outcome": "no_request", "values": {"note": "neu"}})
    assert (await answer.json())["note"] == "neu"
    assert anna.desk.asked[-1] == ("correct", "anna", 1, "no_request", {"note": "neu"})


async def test_call_as_text(anna: Visitor) -> None:
    assert await (await anna.get(f"{CALL}/text")).json() == {"text": TEXT}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{CALL}/draft", {"number": 0, "values": {}}, 400),
        (f"{CALL}/draft", {"number": True, "values": {}}, 400),
        (f"{CALL}/draft", {"number": 21, "values": {}}, 400),
        (f"{CALL}/draft", {"number": 1, "values": {"note": "x" * 4001}}, 400),
        (f"{CALL}/disposition", {"outcome": "settled", "values": {}, "more": "yes"}, 400),
        (f"{CALL}/disposition", {"outcome": "settled", "values": {}, "number": "1"}, 400),
        ("/agent/dispositions/1", {"outcome": "perhaps", "values": {}}, 422),
        ("/agent/dispositions/1", {"outcome": "settled", "values": {"note": "x" * 2001}}, 422),
        ("/agent/dispositions/one", {"outcome": "settled", "values": {}}, 404),
        ("/agent/dispositions/9999999999999999", {"outcome": "settled", "values": {}}, 404),
    ],
)
async def test_garbage_is_refused_and_reaches_nobody(anna: Visitor, path: str, body: Any, status: int) -> None:
    await talking(anna)
    answer = await anna.post(path, body)
    assert answer.status == status, await answer.text()
    assert anna.desk.asked == []


async def test_refusals_and_findings_reach_the_page_in_words(anna: Visitor) -> None:
    await talking(anna)
    anna.desk.refusal = refusing("Dieser Anruf ist schon abgeschlossen.")
    answer = await anna.post(f"{CALL}/draft", {"number": 1, "values": {}})
    assert (answer.status, (await answer.json())["message"]) == (409, "Dieser Anruf ist schon abgeschlossen.")
    anna.desk.refusal = FormError({"outcome": "Was zugesagt ist, bleibt zugesagt."})
    answer = await anna.post("/agent/dispositions/1", {"outcome": "settled", "values": {}})
    assert (answer.status, (await answer.json())["fields"]) == (422, {"outcome": "Was zugesagt ist, bleibt zugesagt."})


@pytest.mark.parametrize("path", ["/agent/dispositions", f"{CALL}/draft", f"{CALL}/text"])
async def test_only_whoever_is_logged_in_reads_it(visitor: Visitor, path: str) -> None:
    assert (await visitor.get(path)).status in {303, 401}
