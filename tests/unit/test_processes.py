"""Programs we start: their lines come through, and none of them, nor what they start, outlives us."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hotline.parent.processes import LINE_LIMIT, Child

PATIENCE = 20.0
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = """
import asyncio, sys
from hotline.parent.processes import Child
async def main():
    child = Child("sleeper", ["/bin/sleep", "60"], print)
    await child.start()
    print(child.pid, flush=True)
    await child.wait()
asyncio.run(main())
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - other processes give no event to wait for
            await asyncio.sleep(0.01)


def is_gone(pid: int) -> bool:
    """A zombie that nobody has waited for counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


Start = Callable[..., Awaitable[tuple[Child, list[str]]]]


@pytest.fixture
async def start() -> Start:
    async def started(*command: str, **options: object) -> tuple[Child, list[str]]:
        lines: list[str] = []
        child = Child("test", command, lines.append, **options)
        await child.start()
        return child, lines

    return started


async def test_lines_of_both_streams_come_through(start: Start) -> None:
    child, lines = await start(*python("import sys; print('out'); print('err', file=sys.stderr)"))
    assert await child.wait() == 0
    assert sorted(lines) == ["err", "out"]


async def test_bytes_that_are_no_text_do_no_harm(start: Start) -> None:
    child, lines = await start(*python(r"import os; os.write(1, b'\xff\xfe ok\n')"))
    await child.wait()
    assert lines == ["\ufffd\ufffd ok"]


async def test_endless_line_does_not_stop_the_lines_after_it(start: Start) -> None:
    child, lines = await start(*python(f"print('x' * {3 * LINE_LIMIT}); print('after')"))
    await child.wait()
    assert lines[-1] == "after"


async def test_return_code_tells_the_signal(start: Start) -> None:
    child, _ = await start("/bin/sleep", "60")
    os.kill(child.pid, signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL


async def test_stop_ends_a_willing_program(start: Start) -> None:
    child, lines = await start("/bin/sleep", "60")
    await child.stop(PATIENCE)
    assert not child.running
    assert lines == []


async def test_stop_kills_a_stubborn_program_and_says_so(start: Start) -> None:
    child, lines = await start(*python(STUBBORN))
    await until(lambda: lines == ["up"])
    await child.stop(0.05)
    assert not child.running
    assert lines[-1] == "did not end within 0.05 seconds and is killed"


async def test_stop_leaves_nothing_that_the_program_started(start: Start) -> None:
    child, lines = await start("/bin/sh", "-c", "sleep 60 & echo $!; wait")
    await until(lambda: bool(lines))
    await child.stop(PATIENCE)
    await until(lambda: is_gone(int(lines[0])))


async def test_stop_before_start_and_twice_is_harmless(start: Start) -> None:
    await Child("never", ["/bin/true"], print).stop(1)
    child, _ = await start("/bin/true")
    await child.stop(PATIENCE)
    await child.stop(PATIENCE)


async def test_ctrl_c_in_the_terminal_does_not_reach_it(start: Start) -> None:
    """The terminal signals its foreground group; ours decides itself what ends when."""
    child, _ = await start("/bin/sleep", "60")
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    await child.stop(PATIENCE)


async def test_child_ends_with_a_parent_that_is_killed(start: Start) -> None:
    parent, lines = await start(*python(PARENT))
    await until(lambda: bool(lines))
    child = int(lines[0])
    assert not is_gone(child)
    os.kill(parent.pid, signal.SIGKILL)
    await until(lambda: is_gone(child))
    await parent.wait()


async def test_program_that_does_not_exist_is_an_oserror(start: Start) -> None:
    with pytest.raises(OSError, match="No such file"):
        await start("/does/not/exist")
