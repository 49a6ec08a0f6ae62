"""Nobody can ask for more in a short time than people need."""

from hotline.web.limits import KEYS_KEPT, Buckets
from tests.unit.doubles_doors import FakeDoors
from tests.unit.site_web import Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures


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


async def test_flood_of_requests_is_answered_by_a_sentence(anna: Visitor) -> None:
    statuses = [(await anna.post("/agent/hangup")).status for _ in range(130)]
    assert statuses[:100] == [200] * 100
    assert statuses[-1] == 429
    answer = await anna.post("/agent/hangup")
    assert "zu viele Anfragen" in (await answer.json())["message"]


async def test_one_address_cannot_try_many_names(visitor: Visitor) -> None:
    statuses = [(await visitor.log_in(f"name{number}", "falsch")).status for number in range(35)]
    assert statuses[:30] == [401] * 30
    assert 429 in statuses[30:]
    assert "zu viele falsche Anmeldungen" in await (await visitor.log_in("anna", "falsch")).text()


async def test_right_logins_use_nothing_up(visitor: Visitor) -> None:
    for _ in range(40):
        visitor.client.session.cookie_jar.clear()
        assert (await visitor.log_in("anna")).status == 303


async def test_strangers_have_a_limit_of_their_own(visitor: Visitor) -> None:
    statuses = [(await visitor.client.post("/login", data={})).status for _ in range(70)]
    assert statuses[:60] == [403] * 60
    assert statuses[-1] == 429


async def test_failed_logins_are_counted_under_the_name_that_was_tried(visitor: Visitor) -> None:
    await visitor.log_in("niemand", "falsch")
    known = visitor.services.doors
    assert isinstance(known, FakeDoors)
    assert known.told == [("login_failed", "niemand")]
