"""`hotline run` as a person uses it: one command starts everything, Ctrl-C ends it, and nothing stays behind."""

import asyncio
import contextlib
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from hotline.phone import Phone, PhoneError
from tests.system.runs import (
    OPEN_AT,
    PATIENCE,
    Run,
    channels,
    finished,
    network,
    number,
    on_ports_of_its_own,
    processes,
    running,
    state_made_once,
    until,
)

BACK_SECONDS = 5.0
"""After Asterisk was killed, the service has a new call within this time; an idle machine takes about 0.7."""
HUNG_SECONDS = 7.0
"""So long a service that hangs may hold its callers."""
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    with state_made_once() as path:
        yield path


@pytest.fixture
def state(made_once: Path) -> Path:
    """The state directory with free ports of this test's own."""
    return on_ports_of_its_own(made_once)


async def test_one_command_serves_pages_and_calls_and_ctrl_c_ends_it_all(state: Path) -> None:
    async with running(state, "--at", "2026-11-23T09:00") as run, aiohttp.ClientSession() as browser:
        assert any("For callers it is Monday 2026-11-23 09:0" in line for line in run.lines)
        assert "The hotline is open." in run.lines
        async with browser.get(f"http://127.0.0.1:{network(state)['web']['port']}/") as page:
            assert page.status == 200
        assert len(processes(state)) >= 4, "launcher, Asterisk, service, mailbox"
        os.kill(run.child.pid, signal.SIGINT)
        assert await run.child.wait() == 0
        assert processes(state) == {}
        assert [line for line in run.lines if re.search(r"\b(error|warning|Traceback)\b", line)] == []


async def test_closed_hotline_says_how_to_try_it(state: Path) -> None:
    async with running(state, "--at", "2026-11-21T23:00") as run:
        assert "Try it now: make run AT=2026-11-23T09:00" in run.lines


async def test_killed_parent_takes_everything_with_it(state: Path) -> None:
    async with running(state) as run:
        os.kill(run.child.pid, signal.SIGKILL)
        await until(lambda: processes(state) == {})


async def test_service_that_dies_is_started_again_at_once(state: Path) -> None:
    async with running(state) as run:
        first = run.process("hotline serve")
        os.kill(first, signal.SIGKILL)
        await run.says(r"^The service ended unexpectedly \(signal SIGKILL\)\. It starts again at once\.$")
        await until(lambda: sum("hotline ready" in line for line in run.lines) == 2)
        assert run.process("hotline serve") != first


# --- Asterisk ------------------------------------------------------------------------------------


async def call_gets_through(run: Run) -> float:
    """Call again and again until the service has a call; after how many seconds."""
    now = asyncio.get_running_loop().time
    began = now()
    async with asyncio.timeout(PATIENCE), Phone(user="+495721777001") as phone:
        while not any("call arrived" in line for line in run.lines):
            call = await phone.dial(number(run.state))
            with contextlib.suppress(PhoneError):
                await call.answered(0.5)
                await asyncio.sleep(0.1)
            with contextlib.suppress(PhoneError):
                await call.hang_up()
    return now() - began


async def test_asterisk_that_is_killed_is_back_within_seconds_and_the_service_goes_on(state: Path) -> None:
    async with running(state, "--at", OPEN_AT) as run:
        first, service = run.process("asterisk.conf"), run.process("hotline serve")
        os.kill(first, signal.SIGKILL)
        assert await call_gets_through(run) < BACK_SECONDS
        assert "Asterisk ended unexpectedly (signal SIGKILL). It starts again at once." in run.lines
        assert run.process("asterisk.conf") != first
        assert run.process("hotline serve") == service


async def test_restart_that_an_administrator_asks_for_is_asterisks_own(state: Path) -> None:
    async with running(state, "--at", OPEN_AT) as run:
        first = run.process("asterisk.conf")
        restarting = await asyncio.create_subprocess_exec(
            state / "asterisk" / "asterisk", "-rx", "core restart gracefully", stdout=asyncio.subprocess.DEVNULL
        )
        await restarting.wait()
        await run.says("Asterisk is now restarting")
        await call_gets_through(run)
        assert run.process("asterisk.conf") == first
        assert [line for line in run.lines if "unexpectedly" in line] == []


async def test_asterisk_that_does_not_start_at_first_ends_the_run_with_a_sentence(state: Path) -> None:
    """As when another Asterisk holds the control socket."""
    path = state / "asterisk" / "run" / "asterisk.ctl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        code, lines = await finished(state)
    assert code == 1
    assert lines[-1] == "Asterisk ended while it started (1): its last lines above say why."
    assert processes(state) == {}


async def test_opening_hours_in_asterisk_are_renewed_after_midnight(state: Path) -> None:
    async with running(state, "--at", "2026-11-23T23:59:35") as run:
        file = state / "asterisk" / "etc" / "extensions.conf"
        with file.open("a", encoding="utf-8") as out:
            out.write("; yesterday's\n")
        await run.says(r"^Asterisk has its opening hours from 2026-11-24 on\.$")
        assert "yesterday's" not in file.read_text("utf-8")


# --- systemd -------------------------------------------------------------------------------------


async def test_systemd_hears_ready_signs_of_life_and_the_end(state: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "900000"}
        heard = asyncio.create_task(hear(systemd))
        async with running(state, environment=told) as run:
            await asyncio.sleep(1)
            os.kill(run.child.pid, signal.SIGTERM)
            assert await run.child.wait() == 0
        words = await heard
    assert words[-1] == "STOPPING=1"
    assert words.count("WATCHDOG=1") >= 3
    assert words.count("READY=1") == 1


async def hear(systemd: socket.socket) -> list[str]:
    words = [""]
    while words[-1] != "STOPPING=1":
        words.append((await asyncio.get_running_loop().sock_recv(systemd, 1000)).decode())
    return words


# --- what is refused -----------------------------------------------------------------------------


async def test_second_run_on_the_same_state_is_refused(state: Path) -> None:
    async with running(state) as run:
        code, lines = await finished(state)
        assert code == 1
        assert lines == [
            f"A hotline already runs with the state in {state} (process {run.child.pid}): "
            "end it first, or give another directory with --state."
        ]


async def test_port_in_use_is_told_before_anything_starts(state: Path) -> None:
    with socket.create_server(("127.0.0.1", network(state)["ami"]["port"])):
        code, lines = await finished(state)
    assert code == 1
    assert len(lines) == 1
    assert lines[0].endswith("has it: free it, or change network.ami.port in the configuration.")


async def test_broken_configuration_never_starts(state: Path) -> None:
    file = state / "hotline.yaml"
    file.write_text(file.read_text("utf-8").replace("subdivision: NI", "subdivision: ni"), "utf-8")
    code, lines = await finished(state)
    assert code == 1
    assert len(lines) == 1
    assert re.match(rf"{file}:\d+:\d+: hours\.holidays\.subdivision: ", lines[0])


@pytest.mark.parametrize("moment", ["2026-03-29T02:30", "tomorrow", "2026-13-01T09:00"])
async def test_time_that_does_not_exist_is_wrong_use(state: Path, moment: str) -> None:
    code, lines = await finished(state, "--at", moment)
    assert code == 2
    assert any("--at" in line for line in lines)


async def test_serving_other_machines_is_refused_for_now(state: Path) -> None:
    code, lines = await finished(state, "--host", "hotline.example")
    assert code == 1
    assert len(lines) == 1


async def test_service_that_hangs_is_killed_and_its_callers_leave_the_music_that_nobody_ends(state: Path) -> None:
    async with running(state, "--at", OPEN_AT) as run, Phone(user="+495721777001") as phone:
        call = await phone.dial(number(state))
        await call.answered()
        assert [channel[5] for channel in await channels(state)] == ["AGI"]
        first, now = run.process("hotline serve"), asyncio.get_running_loop().time
        stopped = now()
        os.kill(first, signal.SIGSTOP)
        while (there := await channels(state)) and there[0][5] == "AGI":  # noqa: ASYNC110 - Asterisk is asked
            await asyncio.sleep(0.05)
        assert now() - stopped < HUNG_SECONDS
        await run.says(r"^The service has not moved for 5 s and is killed\.$")
        await until(lambda: sum("hotline ready" in line for line in run.lines) == 2)
        assert run.process("hotline serve") != first
