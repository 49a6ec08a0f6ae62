"""In which order things reach the ledger, and what a failing write does."""

from collections.abc import Awaitable, Callable

import pytest

from hotline.journal import Journal


def _writer(into: list[str], what: str) -> Callable[[], Awaitable[str]]:
    async def write() -> str:
        into.append(what)
        return what

    return write


async def _fail() -> None:
    raise OSError("disk full")


async def test_writes_happen_in_the_order_they_were_asked_for() -> None:
    written: list[str] = []
    journal = Journal()
    journal.start()
    journal.later(_writer(written, "first"))
    journal.later(_writer(written, "second"))
    assert await journal.now(_writer(written, "third")) == "third"
    assert written == ["first", "second", "third"]
    await journal.close()


async def test_who_waits_for_a_write_learns_that_it_failed_and_the_next_is_written() -> None:
    written: list[str] = []
    journal = Journal()
    journal.start()
    with pytest.raises(OSError, match="disk full"):
        await journal.now(_fail)
    journal.later(_fail)
    await journal.now(_writer(written, "after"))
    assert written == ["after"]
    await journal.close()


async def test_closing_writes_what_is_queued() -> None:
    written: list[str] = []
    journal = Journal()
    journal.start()
    for number in range(20):
        journal.later(_writer(written, str(number)))
    await journal.close()
    assert len(written) == 20
