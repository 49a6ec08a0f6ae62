"""Live updates: the whole truth at once and after each change, a beat between, and an end that holds up nobody."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse

from config.schema import Endpoint
from hotline.errors import SetupError
from hotline.web import events
from hotline.web.app import serve
from hotline.web.streams import TABS_PER_AGENT
from tests.unit.site_web import Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures

LIMIT = 5.0


class Listener:
    """One tab's stream, event by event."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer

    async def next(self, *kinds: str) -> tuple[str, Any]:
        async with asyncio.timeout(LIMIT):
            while True:
                kind, data = await self._event()
                if not kinds or kind in kinds:
                    return kind, data

    async def _event(self) -> tuple[str, Any]:
        lines: dict[str, str] = {}
        while line := (await self.answer.content.readline()).decode().rstrip("\n"):
            key, _, value = line.partition(": ")
            lines[key] = value
        assert lines, "the stream has ended"
        return lines["event"], json.loads(lines["data"]) if lines["event"] != "beat" else lines["data"]

    async def rest(self) -> bytes:
        async with asyncio.timeout(LIMIT):
            return await self.answer.content.read()


@asynccontextmanager
async def listening(visitor: Visitor, screen: str = "tab-1", path: str = "/agent/events") -> AsyncIterator[Listener]:
    answer = await visitor.client.get(f"{path}?screen={screen}")
    assert answer.status == 200
    try:
        yield Listener(answer)
    finally:
        answer.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110 - the desk under test has no event to wait for
            await asyncio.sleep(0.01)


async def test_truth_is_told_at_once_and_after_each_change(anna: Visitor) -> None:
    async with listening(anna) as tab:
        assert (await tab.next("state"))[1]["state"] == "ready"
        anna.desk.offer()
        told = (await tab.next("state"))[1]
        assert (told["call"]["offer_id"], told["call"]["caller"]) == ("offer-1", "05722 123456")


async def test_changes_faster_than_the_line_leave_only_the_newest_truth_to_matter(anna: Visitor) -> None:
    async with listening(anna) as tab:
        await tab.next("state")
        for number in range(50):
            anna.desk.change(cause=f"Nummer {number}")
        while (await tab.next("state"))[1]["cause"] != "Nummer 49":
            pass


async def test_second_tab_and_reload_see_the_running_call(anna: Visitor) -> None:
    anna.desk.offer()
    anna.desk.talk()
    async with listening(anna, "one") as one, listening(anna, "two") as two:
        assert (await one.next("state"))[1]["call"] == (await two.next("state"))[1]["call"]
        assert anna.desk.screens == {"one", "two"}


async def test_desk_hears_when_the_last_connection_of_a_tab_is_gone(anna: Visitor) -> None:
    async with listening(anna):
        await until(lambda: anna.desk.screens == {"tab-1"})
    await until(lambda: anna.desk.screens == set())


async def test_tab_that_reconnects_counts_once(anna: Visitor) -> None:
    async with listening(anna) as old:
        await old.next("state")
        async with listening(anna) as new:
            await new.next("state")
            await old.rest()
            assert anna.desk.screens == {"tab-1"}
            anna.desk.offer()
            assert (await new.next("state"))[1]["call"] is not None
    await until(lambda: anna.desk.screens == set())


async def test_oldest_tab_rests_when_there_are_too_many(anna: Visitor) -> None:
    async with listening(anna, "oldest") as oldest:
        await oldest.next("state")
        others = [listening(anna, f"tab-{number}") for number in range(TABS_PER_AGENT)]
        opened = [await other.__aenter__() for other in others]
        assert (await oldest.next("replaced"))[0] == "replaced"
        await until(lambda: "oldest" not in anna.desk.screens)
        assert len(opened) == TABS_PER_AGENT == len(anna.desk.screens)
        for other in others:
            await other.__aexit__(None, None, None)


async def test_beat_goes_on_while_nothing_changes(anna: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.02)
    async with listening(anna) as tab:
        for _ in range(3):
            assert (await tab.next("beat"))[0] == "beat"


async def test_logout_ends_the_live_pages_of_that_session(anna: Visitor) -> None:
    async with listening(anna) as tab:
        await tab.next("state")
        await anna.log_out()
        assert (await tab.next("logout"))[0] == "logout"


async def test_session_that_runs_out_ends_the_live_page(anna: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SESSION_SECONDS", 0.0)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.02)
    async with listening(anna) as tab:
        await tab.next("state")
        anna.accounts.sessions.clear()
        assert (await tab.next("logout"))[0] == "logout"


@pytest.fixture
def asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SESSION_SECONDS", 0.05)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.02)


def become(visitor: Visitor, name: str, **changes: Any) -> None:
    """The account is changed while its sessions go on."""
    held = visitor.accounts.sessions
    visitor.accounts.sessions = {
        token: (replace(user, **changes) if user.name == name else user, until) for token, (user, until) in held.items()
    }


@pytest.mark.usefixtures("asked_often")
async def test_lead_who_is_none_any_more_does_not_see_the_live_page_any_longer(visitor: Visitor) -> None:
    await visitor.log_in("leitung")
    async with listening(visitor, path="/lead/events") as tab:
        await tab.next("state")
        become(visitor, "leitung", role="agent")
        assert (await tab.next("logout"))[0] == "logout"
    assert (await visitor.client.get("/lead/events?screen=tab-1")).status == 403


@pytest.mark.usefixtures("asked_often")
@pytest.mark.parametrize(("name", "path"), [("leitung", "/lead/events"), ("anna", "/agent/events")])
async def test_password_that_must_be_changed_ends_the_live_page(visitor: Visitor, name: str, path: str) -> None:
    await visitor.log_in(name)
    async with listening(visitor, path=path) as tab:
        await tab.next("state")
        become(visitor, name, must_change=True)
        assert (await tab.next("logout"))[0] == "logout"


@pytest.mark.usefixtures("asked_often")
async def test_agent_whose_role_changes_is_asked_to_connect_again(anna: Visitor) -> None:
    """What the page shows depends on the role; the new connection has the new one."""
    async with listening(anna) as tab:
        await tab.next("state")
        become(anna, "anna", role="lead")
        assert b"logout" not in await tab.rest()
    async with listening(anna) as again:
        assert (await again.next("state"))[1]["alarms"] == []


@pytest.mark.usefixtures("asked_often")
async def test_live_page_goes_on_while_nothing_changes_about_its_user(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.1)
    await visitor.log_in("leitung")
    async with listening(visitor, path="/lead/events") as tab:
        for _ in range(5):
            await tab.next("beat")


async def test_open_streams_do_not_hold_up_the_end_of_the_service(anna: Visitor) -> None:
    async with listening(anna) as tab:
        await tab.next("state")
        async with asyncio.timeout(2):
            await anna.client.server.close()
        assert (await tab.next("stop"))[0] == "stop"
        assert anna.desk.screens == set()


async def test_defect_of_the_desk_ends_the_stream_and_the_screen_is_given_back(anna: Visitor) -> None:
    async with listening(anna) as tab:
        await tab.next("state")
        anna.desk.change(cause=object())
        await tab.rest()
        await until(lambda: anna.desk.screens == set())


@pytest.mark.parametrize("query", ["", "?screen=", "?screen=a%0ab", "?screen=" + "x" * 101])
async def test_stream_without_a_proper_tab_is_refused(anna: Visitor, query: str) -> None:
    answer = await anna.client.get(f"/agent/events{query}")
    assert answer.status == 400
    assert anna.desk.screens == set()


async def test_taken_port_is_said_in_one_sentence(visitor: Visitor) -> None:
    port = visitor.client.port
    with pytest.raises(SetupError, match=rf"127\.0\.0\.1:{port}.*network\.web"):
        await serve(visitor.client.app, Endpoint(host="127.0.0.1", port=port or 1))
