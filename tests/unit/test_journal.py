"""In which order things reach the ledger, and what a database that does not answer does to callers: nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hotline.errors import Refused, StorageError
from hotline.exchange import journal as module
from hotline.exchange.journal import Journal, Write


class Book:
    """A database that can be locked."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.locked = False

    def entry(self, what: str) -> Write:
        async def write() -> str:
            if self.locked:
                raise StorageError("locked")
            self.written.append(what)
            return what

        return write


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
async def journal(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Journal]:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "SOON_SECONDS", 0.05)
    monkeypatch.setattr(module, "NOW_SECONDS", 0.05)
    monkeypatch.setattr(module, "BEGUN_SECONDS", 0.05)
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.1)
    journal = Journal()
    journal.start()
    yield journal
    await journal.close()


async def _hang() -> None:
    await asyncio.Event().wait()


async def test_writes_happen_in_the_order_they_were_asked_for(journal: Journal, book: Book) -> None:
    journal.later(book.entry("first"))
    begun = journal.begin(book.entry("second"))
    assert await journal.now(book.entry("third")) == "third"
    assert await journal.begun(begun)
    assert book.written == ["first", "second", "third"]


async def test_who_must_know_is_told_that_it_failed(journal: Journal, book: Book) -> None:
    book.locked = True
    with pytest.raises(StorageError, match="locked"):
        await journal.now(book.entry("a form"))
    book.locked = False
    await journal.now(book.entry("again"))
    assert book.written == ["again"]


async def test_refusal_by_the_rules_is_passed_on_and_holds_up_nothing(journal: Journal, book: Book) -> None:
    async def refuse() -> None:
        raise Refused("schon abgeschlossen")

    with pytest.raises(Refused):
        await journal.now(refuse)
    assert await journal.soon(book.entry("next"))


async def test_call_goes_on_while_the_database_is_locked_and_its_entries_are_stored_afterwards(
    journal: Journal, book: Book
) -> None:
    book.locked = True
    assert not await journal.soon(book.entry("first"))
    assert journal.behind
    async with asyncio.timeout(0.03):  # nobody waits a second time
        assert not await journal.soon(book.entry("second"))
    book.locked = False
    await journal.now(book.entry("third"))
    assert book.written == ["first", "second", "third"]
    assert not journal.behind


async def test_hanging_database_is_an_error_in_plain_words(journal: Journal) -> None:
    with pytest.raises(StorageError, match="does not answer"):
        await journal.now(_hang)


async def test_database_that_lets_us_wait_is_noticed_although_it_raises_no_error(journal: Journal, book: Book) -> None:
    goes_on = asyncio.Event()

    async def slow() -> None:
        await goes_on.wait()

    assert not await journal.soon(slow)
    assert journal.behind
    goes_on.set()
    await journal.now(book.entry("next"))
    assert not journal.behind


async def test_what_a_person_was_told_is_not_stored_is_not_stored_later(journal: Journal, book: Book) -> None:
    book.locked = True
    journal.later(book.entry("progress"))
    with pytest.raises(StorageError, match="does not answer"):
        await journal.now(book.entry("a form"))
    book.locked = False
    await journal.now(book.entry("the form again"))
    assert book.written == ["progress", "the form again"]


async def test_what_is_being_written_when_patience_ends_is_still_waited_for(journal: Journal) -> None:
    async def slow() -> str:
        await asyncio.sleep(module.NOW_SECONDS + module.BEGUN_SECONDS / 2)
        return "stored"

    assert await journal.now(slow) == "stored"


async def test_entry_that_can_never_be_written_does_not_stop_the_others(journal: Journal, book: Book) -> None:
    async def wrong() -> None:
        raise KeyError("a column")

    journal.later(wrong)
    assert await journal.soon(book.entry("next"))


async def test_closing_writes_what_is_queued(book: Book) -> None:
    journal = Journal()
    journal.start()
    for number in range(20):
        journal.later(book.entry(str(number)))
    await journal.close()
    assert len(book.written) == 20


async def test_closing_does_not_wait_for_ever(journal: Journal) -> None:
    journal.later(_hang)
    async with asyncio.timeout(2):
        await journal.close()
