"""The numbers for a monitoring: true, bounded, nothing about persons, and only for this machine."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.logs import passed_through
from hotline.metrics import LONGEST_EVENT, MOST_EVENTS, OTHER, Metrics
from hotline.storage.outbox import StuckMail
from hotline.web import metrics as page
from hotline.web.app import create_app
from hotline.web.problems import Problem
from tests.unit.doubles_switchboard import Office
from tests.unit.doubles_web import FakeAccounts, FakeDesk, fake_services

log = structlog.get_logger()
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)


class Parts:
    """What can be connected or not, and answers or not: stands for AMI and outbox."""

    connected = True

    def __init__(self) -> None:
        self.mails: list[StuckMail] = []
        self.broken = False

    async def stuck(self, attempts: int = 3) -> list[StuckMail]:
        assert attempts == 0, "also those not tried yet"
        if self.broken:
            raise StorageError("the disk is full")
        return self.mails


class Watched:
    """Metrics of a switchboard; `read` gives every value by name and labels."""

    def __init__(self, config: HotlineConfig) -> None:
        self.office, self.parts = Office(config), Parts()
        self.uptime, self.system = 50.0, NINE
        self.clock = Clock(system=lambda: self.system, monotonic=lambda: self.uptime)
        self.metrics = Metrics(self.clock, self.office.switchboard, self.office.journal, self.parts, self.parts)

    async def read(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for family in text_string_to_metric_families((await self.metrics.text()).decode("utf-8")):
            for sample in family.samples:
                key = (sample.name, *sample.labels.values())
                assert key not in found, f"{key} is told twice"
                found[key] = sample.value
        return found


@pytest.fixture
async def watched(config: HotlineConfig) -> AsyncIterator[Watched]:
    watched = Watched(config)
    with passed_through(watched.metrics.count):
        yield watched
    await watched.metrics.close()
    await watched.office.close()


# --- events ----------------------------------------------------------------------------------


async def test_every_line_of_the_log_counts_under_its_text_and_level(watched: Watched) -> None:
    log.info("call arrived", call="aa")
    log.info("call arrived", call="bb")
    log.warning("the system clock was stepped", seconds=3600)
    told = await watched.read()
    assert told["hotline_events_total", "call arrived", "info"] == 2
    assert told["hotline_events_total", "the system clock was stepped", "warning"] == 1


async def test_logger_used_before_counts_too_and_afterwards_no_more(watched: Watched) -> None:
    bound = log.bind(call="aa")
    bound.info("used before")
    other = Watched(watched.office.config)
    with passed_through(other.metrics.count):
        bound.info("used again")
    bound.info("used afterwards")
    told = await other.read()
    assert [key[1] for key in told if key[0] == "hotline_events_total"] == ["used again"]
    await other.office.close()


@pytest.mark.parametrize(
    "text", ["x" * (LONGEST_EVENT + 1), "call from +495721777001", "call 4711", "mail to anna@example.org", 17, None]
)
async def test_text_that_is_no_constant_counts_as_other(watched: Watched, text: Any) -> None:
    watched.metrics.count(None, "exception", {"event": text})
    assert (await watched.read())["hotline_events_total", OTHER, "error"] == 1


async def test_more_texts_than_there_can_be_count_as_other(watched: Watched) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for first in letters:
        for second in letters:
            watched.metrics.count(None, "info", {"event": first + second})
    told = await watched.read()
    assert sum(key[0] == "hotline_events_total" for key in told) == MOST_EVENTS + 1
    assert told["hotline_events_total", OTHER, "info"] == len(letters) ** 2 - MOST_EVENTS


@given(texts=st.lists(st.text(max_size=2 * LONGEST_EVENT)))
def test_any_text_is_counted_and_leaves_the_format_readable(config: HotlineConfig, texts: list[str]) -> None:
    async def counted() -> float:
        watched = Watched(config)
        for text in texts:
            watched.metrics.count(None, "info", {"event": text})
        told = await watched.read()
        await watched.office.close()
        return sum(value for key, value in told.items() if key[0] == "hotline_events_total")

    assert asyncio.run(counted()) == len(texts)


# --- gauges ----------------------------------------------------------------------------------


async def test_callers_calls_and_agents_are_told_as_they_stand(watched: Watched) -> None:
    office = watched.office
    office.ready("anna", "ben")
    first = await office.call("first")
    await office.settle()
    office.rings(first)
    office.switchboard.answered(first)
    await office.call("second")
    await office.call("third")
    await office.settle()
    told = await watched.read()
    assert told["hotline_line_callers",] == 1
    assert told["hotline_calls", "talking"] == told["hotline_calls", "offered"] == told["hotline_calls", "waiting"] == 1
    assert told["hotline_calls", "wrap_up"] == 0
    assert told["hotline_agents", "talking"] == told["hotline_agents", "offered"] == 1
    assert told["hotline_agents", "home"] == 3
    office.switchboard.over(first)
    assert (await watched.read())["hotline_calls", "wrap_up"] == 1


async def test_machines_are_told_as_they_stand(watched: Watched) -> None:
    told = await watched.read()
    assert told["hotline_journal_behind",] == told["hotline_journal_entries",] == 0
    assert told["hotline_ami_connected",] == 1
    assert told["hotline_start_time_seconds",] == NINE.timestamp()
    watched.parts.connected, watched.office.journal.behind = False, True
    told = await watched.read()
    assert (told["hotline_ami_connected",], told["hotline_journal_behind",]) == (0, 1)


async def test_time_from_decision_to_acknowledgement_is_told_as_a_histogram(watched: Watched) -> None:
    office, loop = watched.office, asyncio.get_running_loop()
    assert (await watched.read())["hotline_offer_shown_seconds_count",] == 0
    office.ready("anna", "ben")
    for name, seconds in (("quick", 0.04), ("slow", 0.7)):
        before = loop.time()
        offer = (await office.call(name)).offer
        assert offer is not None
        offer.decided_at = before - seconds
        await office.settle()
        office.pass_time(3600)  # business time says nothing of it
        office.switchboard.offers.shown(offer.agent, offer.id)
        office.switchboard.offers.shown(offer.agent, offer.id)
    told = await watched.read()
    counts = [told["hotline_offer_shown_seconds_bucket", bound] for bound in ("0.025", "0.5", "0.75", "+Inf")]
    assert counts[0] == 0
    assert counts[1] >= 1, "the quick one"
    assert counts[3] == told["hotline_offer_shown_seconds_count",] == 2
    assert 0.74 <= told["hotline_offer_shown_seconds_sum",] < 60
    labels = {key[1:] for key in told if key[0].startswith("hotline_offer_shown_seconds")}
    assert all(len(of_one) <= 1 for of_one in labels), "none but the bounds"


async def test_offer_that_is_never_acknowledged_has_no_time(watched: Watched) -> None:
    office = watched.office
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    assert call.offer is not None
    offer = call.offer
    await office.switchboard.reject("anna", offer.id)
    office.switchboard.offers.shown("anna", offer.id)
    assert (await watched.read())["hotline_offer_shown_seconds_count",] == 0


async def test_step_of_the_clock_is_told_once_there_was_one(watched: Watched) -> None:
    assert ("hotline_clock_step_age_seconds",) not in await watched.read()
    watched.clock._stepped = watched.uptime
    watched.uptime += 12
    assert (await watched.read())["hotline_clock_step_age_seconds",] == 12


async def test_mails_are_told_as_last_known_when_the_database_does_not_answer(watched: Watched) -> None:
    def mail(number: int, state: str) -> StuckMail:
        return StuckMail(number, None, state, 0, None, NINE, NINE + timedelta(minutes=1))

    watched.parts.broken = True
    assert ("hotline_mails", "waiting") not in await watched.read()
    states = ["waiting", "waiting", "refused", "bounced"]
    watched.parts.broken, watched.parts.mails = False, [mail(number, state) for number, state in enumerate(states)]
    told = await watched.read()
    assert [told["hotline_mails", state] for state in ("waiting", "refused", "bounced")] == [2, 1, 1]
    watched.parts.broken, watched.parts.mails = True, []
    assert (await watched.read())["hotline_mails", "waiting"] == 2


async def test_nothing_tells_who_called_or_who_answered(watched: Watched) -> None:
    office = watched.office
    office.ready("anna")
    call = await office.call("c0ffee")
    await office.settle()
    office.rings(call)
    office.switchboard.answered(call)
    office.switchboard.household_number(call, "24412345")
    office.switchboard.over(call)
    log.error("something failed", call=call.id, agent="anna", number="+495721777001")
    text = (await watched.metrics.text()).decode("utf-8")
    names = [word for agent in office.config.agents for word in (agent.name, *agent.full_name.split())]
    for private in ("777", "24412345", "c0ffee", *names):
        assert private not in text


# --- the page --------------------------------------------------------------------------------


@pytest.fixture
async def browser(watched: Watched) -> AsyncIterator[TestClient[Any, Any]]:
    config = watched.office.config
    app = create_app(FakeDesk(config), FakeAccounts(config), watched.clock, lambda: config, fake_services(), trial=None)
    app[page.METRICS] = watched.metrics
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_page_answers_here_without_a_login(browser: TestClient[Any, Any]) -> None:
    answer = await browser.get("/metrics")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "hotline_line_callers 0.0" in await answer.text()


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_page_does_not_exist_for_who_comes_through_a_proxy(browser: TestClient[Any, Any], header: str) -> None:
    assert (await browser.get("/metrics", headers={header: "127.0.0.1"})).status == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
async def test_page_exists_for_this_machine(watched: Watched, address: str) -> None:
    assert (await page.show(_asked_from(address, watched))).status == 200


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "fe80::1%eth0", "2001:db8::1", "", "nowhere"])
async def test_page_does_not_exist_for_other_machines(watched: Watched, address: str) -> None:
    with pytest.raises(Problem) as refusal:
        await page.show(_asked_from(address, watched))
    assert refusal.value.status == 404


async def test_page_does_not_exist_without_numbers(config: HotlineConfig) -> None:
    app = create_app(FakeDesk(config), FakeAccounts(config), Clock(), lambda: config, fake_services(), trial=None)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/metrics")).status == 404


class _Transport:
    def __init__(self, address: str) -> None:
        self._address = address

    def get_extra_info(self, what: str, default: Any = None) -> Any:
        return (self._address, 40000) if what == "peername" else default


def _asked_from(address: str, watched: Watched) -> web.Request:
    app = web.Application()
    app[page.METRICS] = watched.metrics
    return make_mocked_request("GET", "/metrics", app=app, transport=_Transport(address))
