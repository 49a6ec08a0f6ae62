"""The page's requests beside the call: threat, trial ring, signs of life; and a page that does not answer any more."""

import asyncio

import pytest

from hotline.web import events, streams
from tests.unit.doubles_beside import FakeBeside
from tests.unit.doubles_web import refusing
from tests.unit.site_web import Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures
from tests.unit.test_web_events import listening, until


def beside(anna: Visitor) -> FakeBeside:
    found = anna.services.alarms
    assert isinstance(found, FakeBeside)
    return found


async def test_threat_is_passed_on_with_call_and_agent(anna: Visitor) -> None:
    assert (await anna.post("/agent/calls/call-1/threat")).status == 200
    assert beside(anna).asked == [("threaten", "anna", "call-1")]


async def test_refusal_is_told_in_words(anna: Visitor) -> None:
    beside(anna).refusal = refusing("Dieser Anruf ist nicht mehr bei Ihnen.")
    answer = await anna.post("/agent/calls/call-1/threat")
    assert (answer.status, (await answer.json())["message"]) == (409, "Dieser Anruf ist nicht mehr bei Ihnen.")


async def test_trial_ring_is_for_the_agent_who_asks(anna: Visitor) -> None:
    assert (await anna.post("/agent/test-ring")).status == 200
    assert beside(anna).asked == [("test_ring", "anna")]


async def test_ping_answers_agents_only(visitor: Visitor) -> None:
    assert (await visitor.client.get("/agent/ping", headers={"Accept": "application/json"})).status == 401
    await visitor.log_in("anna")
    assert (await visitor.client.get("/agent/ping")).status == 200


@pytest.mark.parametrize("path", ["/agent/calls/call-1/threat", "/agent/test-ring", "/agent/screens/tab-1/heard"])
async def test_forms_of_other_pages_cannot_ask(anna: Visitor, path: str) -> None:
    assert (await anna.client.post(path)).status == 403
    assert beside(anna).asked == []


async def test_beat_carries_business_time(anna: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.02)
    async with listening(anna) as tab:
        told = (await tab.next("beat"))[1]
    assert told.startswith("2026-11-23T09:")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(streams, "SILENT_SECONDS", 0.2)


@pytest.mark.usefixtures("quick")
async def test_page_that_stops_answering_is_no_screen_until_it_answers_again(anna: Visitor) -> None:
    async with listening(anna):
        await until(lambda: anna.desk.screens == {"tab-1"})
        await anna.post("/agent/screens/tab-1/heard")
        await until(lambda: anna.desk.screens == set())
        await anna.post("/agent/screens/tab-1/heard")
        assert anna.desk.screens == {"tab-1"}
    await until(lambda: anna.desk.screens == set())


@pytest.mark.usefixtures("quick")
async def test_page_that_keeps_answering_stays_a_screen(anna: Visitor) -> None:
    async with listening(anna):
        for _ in range(20):
            await anna.post("/agent/screens/tab-1/heard")
            await asyncio.sleep(0.03)  # the rhythm of the answers is what is tested
            assert anna.desk.screens == {"tab-1"}


@pytest.mark.usefixtures("quick")
async def test_one_silent_tab_does_not_take_the_other_with_it(anna: Visitor) -> None:
    async with listening(anna, "one"), listening(anna, "two"):
        await until(lambda: anna.desk.screens == {"one", "two"})
        await anna.post("/agent/screens/one/heard")
        await until(lambda: anna.desk.screens == {"two"})


async def test_answer_for_a_tab_that_is_not_served_opens_nothing(anna: Visitor) -> None:
    assert (await anna.post("/agent/screens/unknown/heard")).status == 200
    assert anna.desk.screens == set()


@pytest.mark.usefixtures("quick")
async def test_silent_tab_that_leaves_is_not_told_twice(anna: Visitor) -> None:
    async with listening(anna):
        await anna.post("/agent/screens/tab-1/heard")
        await until(lambda: anna.desk.screens == set())
    async with listening(anna):
        await until(lambda: anna.desk.screens == {"tab-1"})
