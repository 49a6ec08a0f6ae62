"""How another command asks the running hotline to end by and by: a real socket in a state directory."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline.errors import SetupError
from hotline.parent.asterisk_side import Told
from hotline.parent.control import DONE, Control, drain, socket_of
from hotline.state import StateDirectory


async def asterisk(text: str) -> Told:
    return Told((text,))


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    one = Control(socket_of(StateDirectory(tmp_path)), lambda: "asked", asterisk)
    await one.open()
    yield one
    await one.close(done=False)


@pytest.fixture
def path(tmp_path: Path, control: Control) -> Path:
    return socket_of(StateDirectory(tmp_path))


async def test_only_the_owner_may_connect(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


async def test_everybody_who_asks_hears_each_change_and_the_end(control: Control, path: Path) -> None:
    first, second = drain(path), drain(path)
    assert [await anext(first), await anext(second)] == ["asked", "asked"]
    control.tell("2 calls")
    assert [await anext(first), await anext(second)] == ["2 calls", "2 calls"]
    await control.close(done=True)
    assert [line async for line in first] == [line async for line in second] == [DONE]
    assert not path.exists()


async def test_end_before_the_last_call_is_not_done(control: Control, path: Path) -> None:
    waiting = drain(path)
    await anext(waiting)
    await control.close(done=False)
    assert [line async for line in waiting] == []


async def test_listener_who_leaves_is_forgotten(control: Control, path: Path) -> None:
    waiting = drain(path)
    await anext(waiting)
    await waiting.aclose()
    async with asyncio.timeout(5):
        while control._listeners:  # noqa: ASYNC110 - the other side of a socket gives no event
            await asyncio.sleep(0.01)
    control.tell("2 calls")


@pytest.mark.parametrize(
    "word",
    [b"", b"stop\n", b"drain 7\n", b"asterisk\n", b"asterisk x\n", b"asterisk 9999999\n", b"x" * 100_000],
)
async def test_any_other_word_is_not_obeyed(control: Control, path: Path, word: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(word)
    writer.write_eof()
    try:
        assert await reader.read() == b""
    except ConnectionError:
        assert len(word) > 2**16, "closed before it was read to its end"
    writer.close()


async def test_socket_left_by_a_killed_run_is_replaced(tmp_path: Path) -> None:
    left = socket_of(StateDirectory(tmp_path))
    left.touch()
    control = Control(left, lambda: "asked", asterisk)
    await control.open()
    waiting = drain(left)
    assert await anext(waiting) == "asked"
    await waiting.aclose()
    await control.close(done=False)


async def test_path_that_is_too_long_is_told_in_one_sentence(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    with pytest.raises(SetupError, match=r"cannot be made .*: choose a shorter --state"):
        await Control(socket_of(StateDirectory(deep)), lambda: "asked", asterisk).open()


async def test_nobody_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await anext(drain(tmp_path / "run.socket"))
