"""Nobody can ask for more in a short time than people need."""

import pytest

from hotline.web.limits import KEYS_KEPT, Buckets, Limits
from tests.unit.doubles_doors import FakeDoors
from tests.unit.doubles_promises import TOKEN
from tests.unit.site_web import Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, nothing comes back into a bucket meanwhile."""
    monkeypatch.setattr("hotline.web.limits._now", lambda: 1000.0)


def test_bucket_is_emptied_by_a_burst_and_fills_again() -> None:
    buckets = Buckets(burst=3, per_second=0.5)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert [buckets.take("a", 1.9), buckets.take("a", 2.0), buckets.take("a", 2.0)] == [False, True, False]
    assert buckets.take("b", 0.0)


def test_bucket_never_holds_more_than_a_burst() -> None:
    buckets = Buckets(burst=2, per_second=1)
    assert [buckets.take("a", 1000.0) for _ in range(3)] == [True, True, False]
    for _ in range(5):
        buckets.give_back("a", 1000.0)
    assert [buckets.take("a", 1000.0) for _ in range(3)] == [True, True, False]


def test_buckets_of_strangers_are_forgotten_in_the_end() -> None:
    buckets = Buckets(burst=1, per_second=0)
    for number in range(KEYS_KEPT + 1):
        buckets.take(str(number), 0.0)
    assert len(buckets._held) == KEYS_KEPT


@pytest.mark.usefixtures("at_once")
async def test_flood_of_requests_is_answered_by_a_sentence(anna: Visitor) -> None:
    statuses = [(await anna.post("/agent/hangup")).status for _ in range(130)]
    assert statuses[:100] == [200] * 100
    assert statuses[-1] == 429
    answer = await anna.post("/agent/hangup")
    assert "zu viele Anfragen" in (await answer.json())["message"]


@pytest.mark.usefixtures("at_once")
async def test_flood_of_looks_that_are_written_down_ends_and_stops_no_button(anna: Visitor) -> None:
    statuses = [(await anna.client.get("/agent/search/call/c1")).status for _ in range(130)]
    assert 429 not in statuses[:100]
    assert statuses[100:] == [429] * 30
    assert len([ask for ask in anna.services.callbacks.asked if ask[0] == "open_hit"]) == 100  # type: ignore[attr-defined]
    assert (await anna.post("/agent/calls/call-1/threat")).status == 200


@pytest.mark.usefixtures("at_once")
async def test_lead_who_opens_one_agents_day_without_end_is_stopped(visitor: Visitor) -> None:
    await visitor.log_in("leitung")
    statuses = [(await visitor.get("/lead/agents/anna")).status for _ in range(130)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert (await visitor.client.head("/lead/agents/anna")).status == 429


@pytest.mark.usefixtures("at_once")
async def test_flood_of_looks_in_one_session_leaves_the_others_alone(anna: Visitor) -> None:
    while (await anna.client.get("/agent/ping")).status == 200:
        pass
    anna.client.session.cookie_jar.clear()
    assert (await anna.log_in("ben")).status == 303
    assert (await anna.client.get("/agent/ping")).status == 200


async def test_wrong_passwords_for_one_name_lock_nobody_else_of_that_address_out(visitor: Visitor) -> None:
    for _ in range(400):
        last = await visitor.log_in("ben", "falsch")
    assert last.status == 429
    assert "zu viele falsche Anmeldungen" in await last.text()
    assert (await visitor.log_in("anna")).status == 303


async def test_one_address_cannot_try_names_without_end() -> None:
    limits = Limits()
    tries = [limits.login("10.0.0.1", f"name{number}") for number in range(400)]
    assert tries[:300] == [True] * 300
    assert not all(tries)
    assert limits.login("10.0.0.2", "anna")


async def test_right_logins_use_nothing_up(visitor: Visitor) -> None:
    for _ in range(40):
        visitor.client.session.cookie_jar.clear()
        assert (await visitor.log_in("anna")).status == 303


async def test_strangers_have_a_limit_of_their_own_that_shuts_no_page(visitor: Visitor) -> None:
    statuses = [(await visitor.client.post("/logout", data={}, allow_redirects=False)).status for _ in range(70)]
    assert statuses[:60] == [303] * 60
    assert statuses[-1] == 429
    assert (await visitor.client.post(f"/promise/{TOKEN}", data={})).status == 403
    assert (await visitor.log_in("anna")).status == 303


async def test_flood_at_one_link_or_at_the_login_leaves_the_other_links_open(visitor: Visitor) -> None:
    for _ in range(70):
        flooded = (await visitor.client.post("/promise/unbekannt", data={})).status
        assert (await visitor.client.post("/login", data={})).status == 403
    assert flooded == 429
    assert (await visitor.client.post(f"/promise/{TOKEN}", data={})).status == 403
    assert (await visitor.log_in("anna")).status == 303


async def test_failed_logins_are_counted_under_the_name_that_was_tried(visitor: Visitor) -> None:
    await visitor.log_in("niemand", "falsch")
    known = visitor.services.doors
    assert isinstance(known, FakeDoors)
    assert known.told == [("login_failed", "niemand")]
