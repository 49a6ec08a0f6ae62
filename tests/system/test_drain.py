"""`hotline drain`: the hotline ends by and by; whoever is there is served to the end, nobody new comes in."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from hotline.phone import Phone, PhoneError
from hotline.phone.call import PhoneCall
from tests.system.chain import AgentAtWork, hear_each_other
from tests.system.runs import (
    OPEN_AT,
    Run,
    finished,
    network,
    number,
    on_ports_of_its_own,
    processes,
    running,
    secrets,
    started,
    state_made_once,
    until,
)

AT_ONCE = 8.0
"""Seconds in which a hotline without calls has ended; most of it is the end of its parts."""
ASKED = "No new calls are accepted; the hotline ends when the last call is over."
ONE = "1 call is still going on."
LAST = "The last call is over."
GONE = "The hotline has ended."
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    with state_made_once() as path:
        yield path


@pytest.fixture
def state(made_once: Path) -> Path:
    return on_ports_of_its_own(made_once)


Drain = Callable[[Path], Awaitable[Run]]


@pytest.fixture
async def drain() -> AsyncIterator[Drain]:
    """Start `hotline drain`, which waits for the end."""
    begun: list[Run] = []

    async def drain(state: Path) -> Run:
        begun.append(await started(state, command="drain"))
        return begun[-1]

    yield drain
    for run in begun:
        await run.child.stop(1)


@asynccontextmanager
async def caller_in_the_menu(state: Path) -> AsyncIterator[PhoneCall]:
    async with Phone(user="+495721777001") as phone:
        call = await phone.dial(number(state))
        await call.answered()
        yield call


@asynccontextmanager
async def agent(state: Path, name: str) -> AsyncIterator[AgentAtWork]:
    """Ready at page and desk phone."""
    base = f"http://127.0.0.1:{network(state)['web']['port']}"
    known = secrets(state)
    http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(None))
    async with http, Phone() as phone:
        one = AgentAtWork(name, base, http, phone)
        await one.log_in(known["initial_passwords"][name])
        await one.open_page()
        sip = network(state)["sip"]["port"]
        await phone.register(f"agent-{name}", known["phone_secrets"][name], f"127.0.0.1:{sip}")
        await one.until(lambda snapshot: snapshot["phone"]["registered"])
        await one.ready()
        try:
            yield one
        finally:
            await one.close_page()


async def refused(state: Path) -> int:
    """The status with which a new call is refused."""
    async with Phone(user="+495721777002") as phone:
        call = await phone.dial(number(state))
        with pytest.raises(PhoneError):
            await call.answered()
        assert call.end is not None, "it was answered with nothing at all"
        return call.end.status


async def ends_well(run: Run, *drains: Run) -> None:
    for command in (run, *drains):
        code, lines = await command.ended()
        assert code == 0, "\n".join(lines)
    assert processes(run.state) == {}


async def test_talk_goes_on_nobody_new_comes_in_and_its_end_is_the_end_of_all(state: Path, drain: Drain) -> None:
    async with (
        running(state, "--at", OPEN_AT) as run,
        agent(state, "anna") as anna,
        caller_in_the_menu(state) as caller,
    ):
        await caller.press("4")
        ringing = await anna.phone.incoming()
        await ringing.answer()
        await anna.until_state("talking")
        draining = await drain(state)
        await draining.says(ONE)
        assert await refused(state) == 503
        await hear_each_other(caller, ringing)
        assert draining.child.running
        assert run.child.running
        await ringing.hang_up()
        await caller.ended()
        await ends_well(run, draining)
        assert draining.lines == [ASKED, ONE, LAST, GONE]


async def test_waiting_caller_is_still_served_while_the_hotline_drains(state: Path, drain: Drain) -> None:
    async with running(state, "--at", OPEN_AT) as run, caller_in_the_menu(state) as caller:
        draining = await drain(state)
        await draining.says(ONE)
        async with agent(state, "anna") as anna:
            await caller.press("4")
            ringing = await anna.phone.incoming()
            await ringing.answer()
            await anna.until_state("talking")
            await caller.hang_up()
            await ends_well(run, draining)


async def test_hotline_without_calls_ends_at_once(state: Path) -> None:
    async with running(state) as run:
        async with asyncio.timeout(AT_ONCE):
            assert await finished(state, command="drain") == (0, [ASKED, LAST, GONE])
        await ends_well(run)


async def test_state_can_be_used_again_when_drain_has_ended(state: Path) -> None:
    async with running(state):
        await finished(state, command="drain")
        async with running(state):
            pass


async def test_second_drain_hears_the_same_and_changes_nothing(state: Path, drain: Drain) -> None:
    async with running(state, "--at", OPEN_AT) as run, caller_in_the_menu(state) as caller:
        first = await drain(state)
        await first.says(ONE)
        second = await drain(state)
        await second.says(ONE)
        assert await finished(state, "--no-wait", command="drain") == (0, [ONE])
        await caller.hang_up()
        await ends_well(run, first, second)
        assert second.lines == [ONE, LAST, GONE]


async def test_without_waiting_the_command_returns_and_the_hotline_ends_later(state: Path) -> None:
    async with running(state, "--at", OPEN_AT) as run, caller_in_the_menu(state) as caller:
        assert await finished(state, "--no-wait", command="drain") == (0, [ASKED])
        await run.says(ONE)
        await caller.hang_up()
        await ends_well(run)


# --- what happens meanwhile ----------------------------------------------------------------------


async def test_ctrl_c_ends_a_draining_hotline_at_once(state: Path, drain: Drain) -> None:
    async with running(state, "--at", OPEN_AT) as run, caller_in_the_menu(state):
        draining = await drain(state)
        await draining.says(ONE)
        os.kill(run.child.pid, signal.SIGINT)
        assert await draining.ended() == (1, [ASKED, ONE, "The hotline was stopped before its last call was over."])
        await ends_well(run)


async def test_ctrl_c_at_the_command_ends_only_the_waiting(state: Path, drain: Drain) -> None:
    async with running(state, "--at", OPEN_AT) as run, caller_in_the_menu(state) as caller:
        draining = await drain(state)
        await draining.says(ONE)
        os.kill(draining.child.pid, signal.SIGINT)
        code, lines = await draining.ended()
        assert code == 1
        assert lines[-1] == "Not waited for: the hotline still ends when its last call is over."
        assert run.child.running
        await caller.hang_up()
        await ends_well(run)


async def test_service_that_dies_meanwhile_drains_on_when_it_is_back(state: Path, drain: Drain) -> None:
    async with (
        running(state, "--at", OPEN_AT) as run,
        agent(state, "anna") as anna,
        caller_in_the_menu(state) as caller,
    ):
        await caller.press("4")
        ringing = await anna.phone.incoming()
        await ringing.answer()
        await anna.until_state("talking")
        draining = await drain(state)
        await draining.says(ONE)
        os.kill(run.process("hotline serve"), signal.SIGKILL)
        assert await refused(state) == 503
        await until(lambda: sum("hotline ready" in line for line in run.lines) == 2)
        assert await refused(state) == 503
        await hear_each_other(caller, ringing)
        await caller.hang_up()
        await ends_well(run, draining)
        assert draining.lines == [ASKED, ONE, LAST, GONE]


async def test_caller_whom_asterisk_holds_alone_meanwhile_is_counted_and_taken_back(state: Path, drain: Drain) -> None:
    async with running(state, "--at", OPEN_AT) as run, caller_in_the_menu(state) as caller:
        await caller.press("4")
        draining = await drain(state)
        await draining.says(ONE)
        os.kill(run.process("hotline serve"), signal.SIGKILL)
        await run.says("caller taken back from the fallback")
        async with agent(state, "anna") as anna:
            ringing = await anna.phone.incoming()
            await ringing.answer()
            await anna.until_state("talking")
            await caller.hang_up()
            await ends_well(run, draining)
        assert draining.lines == [ASKED, ONE, LAST, GONE]


async def test_asterisk_that_dies_meanwhile_ends_all(state: Path, drain: Drain) -> None:
    async with running(state, "--at", OPEN_AT) as run, caller_in_the_menu(state):
        draining = await drain(state)
        await draining.says(ONE)
        os.kill(run.process("asterisk.conf"), signal.SIGKILL)
        await ends_well(run, draining)
        assert "Asterisk has ended, and all calls with it." in run.lines


# --- nothing to drain ----------------------------------------------------------------------------


async def test_drain_where_nothing_runs_is_told_in_one_sentence(state: Path) -> None:
    sentence = f"No hotline runs with the state in {state}: nothing needs to end."
    assert await finished(state, command="drain") == (1, [sentence])


async def test_socket_left_by_a_killed_run_is_no_running_hotline(state: Path) -> None:
    async with running(state) as run:
        os.kill(run.child.pid, signal.SIGKILL)
        await until(lambda: processes(state) == {})
    code, lines = await finished(state, command="drain")
    assert code == 1
    assert lines == [f"No hotline runs with the state in {state}: nothing needs to end."]


async def test_directory_without_a_hotline_is_told_in_one_sentence(tmp_path: Path) -> None:
    sentence = f"There is no hotline in {tmp_path}: name another directory with --state."
    assert await finished(tmp_path, command="drain") == (1, [sentence])


async def test_unknown_option_is_wrong_use(tmp_path: Path) -> None:
    code, _ = await finished(tmp_path, "--now", command="drain")
    assert code == 2
