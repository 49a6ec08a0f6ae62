"""The page's requests beside the call: threat, trial ring, signs of life; and a page that does not answer any more."""

from types import SimpleNamespace

import pytest

from hotline.web import events, streams
from tests.unit.doubles_beside import FakeBeside
from tests.unit.doubles_lead import example_alarm
from tests.unit.doubles_web import FakeUser, refusing
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


class Silence:
    """The time by which a page's silence is measured: passes only when a test says so, and is looked at often."""

    def __init__(self) -> None:
        self.now, self.looks = 0.0, 0

    def time(self) -> float:
        return self.now

    def passes(self, share: float) -> None:
        """So much of the time after which a page counts as silent."""
        self.now += share * streams.SILENT_SECONDS

    async def looked_at(self) -> None:
        """The one page that is served was looked at, from beginning to end."""
        seen = self.looks
        await until(lambda: self.looks > seen + 1)


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Silence:
    silence, look = Silence(), streams.Streams.look

    def counted(self: streams.Streams, stream: streams.Stream) -> None:
        look(self, stream)
        silence.looks += 1

    monkeypatch.setattr(events, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(streams.Streams, "look", counted)
    monkeypatch.setattr(streams, "asyncio", SimpleNamespace(get_running_loop=lambda: silence))
    return silence


# --- who could see a silent alarm


async def test_who_has_a_page_for_alarms_open_is_told_as_pages_come_and_go(visitor: Visitor) -> None:
    await visitor.log_in("leitung")
    async with listening(visitor, "one", "/lead/events"), listening(visitor, "two", "/lead/events"):
        await until(lambda: beside(visitor).watchers == {"leitung"})
    await until(lambda: beside(visitor).watchers == frozenset())
    visitor.client.session.cookie_jar.clear()
    await visitor.log_in("anna")
    async with listening(visitor):
        await until(lambda: visitor.desk.screens == {"tab-1"})
        assert beside(visitor).watchers == frozenset(), "an agent's page shows none"


async def test_page_of_the_lead_that_does_not_answer_any_more_shows_nobody_an_alarm(
    visitor: Visitor, silence: Silence
) -> None:
    await visitor.log_in("leitung")
    async with listening(visitor, path="/lead/events"):
        await until(lambda: beside(visitor).watchers == {"leitung"})
        assert (await visitor.post("/lead/screens/tab-1/heard")).status == 200
        silence.passes(1.1)
        await until(lambda: beside(visitor).watchers == frozenset())
        assert (await visitor.post("/lead/screens/tab-1/heard")).status == 200
        assert beside(visitor).watchers == {"leitung"}


async def test_lead_with_a_seat_is_told_of_alarms_of_others_on_the_own_page(visitor: Visitor) -> None:
    visitor.accounts.users["ben"] = FakeUser("ben", "lead")
    beside(visitor).alarms = [example_alarm(5), {**example_alarm(6), "agent": "ben"}]
    await visitor.log_in("ben")
    async with listening(visitor) as tab:
        assert [alarm["id"] for alarm in (await tab.next("state"))[1]["alarms"]] == [5]
        await until(lambda: beside(visitor).watchers == {"ben"})
    assert (await visitor.post("/lead/alarms/5/seen")).status == 200
    visitor.client.session.cookie_jar.clear()
    await visitor.log_in("anna")
    async with listening(visitor) as tab:
        assert "alarms" not in (await tab.next("state"))[1]


async def test_page_that_stops_answering_is_no_screen_until_it_answers_again(anna: Visitor, silence: Silence) -> None:
    async with listening(anna):
        await until(lambda: anna.desk.screens == {"tab-1"})
        await anna.post("/agent/screens/tab-1/heard")
        silence.passes(1.1)
        await until(lambda: anna.desk.screens == set())
        await anna.post("/agent/screens/tab-1/heard")
        assert anna.desk.screens == {"tab-1"}
    await until(lambda: anna.desk.screens == set())


async def test_page_that_keeps_answering_stays_a_screen(anna: Visitor, silence: Silence) -> None:
    async with listening(anna):
        for _ in range(5):
            await anna.post("/agent/screens/tab-1/heard")
            silence.passes(0.9)
            await silence.looked_at()
            assert anna.desk.screens == {"tab-1"}
        silence.passes(0.2)
        await until(lambda: anna.desk.screens == set())


async def test_one_silent_tab_does_not_take_the_other_with_it(anna: Visitor, silence: Silence) -> None:
    async with listening(anna, "one"), listening(anna, "two"):
        await until(lambda: anna.desk.screens == {"one", "two"})
        await anna.post("/agent/screens/one/heard")
        silence.passes(1.1)
        await until(lambda: anna.desk.screens == {"two"})


async def test_answer_for_a_tab_that_is_not_served_opens_nothing(anna: Visitor) -> None:
    assert (await anna.post("/agent/screens/unknown/heard")).status == 200
    assert anna.desk.screens == set()


async def test_silent_tab_that_leaves_is_not_told_twice(anna: Visitor, silence: Silence) -> None:
    async with listening(anna):
        await until(lambda: anna.desk.screens == {"tab-1"})
        await anna.post("/agent/screens/tab-1/heard")
        silence.passes(1.1)
        await until(lambda: anna.desk.screens == set())
    async with listening(anna):
        await until(lambda: anna.desk.screens == {"tab-1"})
