"""How every call ended, by the ledger and by ear; whether each promise was mailed once. Reads the database as it is."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

TALKED, CALLBACK, LEFT, CUT, CLOSED, NOT_SERVED = (
    "talked",
    "asked for a callback",
    "left",
    "cut by Asterisk",
    "told that we are closed",
    "not served",
)
REFUSED = "refused with 503"
"""Before the dialplan: another place may take the call; the ledger knows nothing of it."""
NO_END, MISSING, TWICE = "without an end", "not in the ledger", "twice in the ledger"
_KINDS = {
    "talked": TALKED,
    "callback_requested": CALLBACK,
    "closed": CLOSED,
    "not_served": NOT_SERVED,
    "cut_by_asterisk": CUT,
}


WITHOUT_SERVICE = "fallback_"
"""How the ledger's word begins when Asterisk handled the call alone."""


def kind_of_end(how: str | None) -> str:
    """What the ledger's word for an end means; an unknown word stands for itself."""
    if how is None:
        return NO_END
    how = how.removeprefix(WITHOUT_SERVICE)
    return LEFT if how.startswith("left_") else _KINDS.get(how, how)


@dataclass(frozen=True, slots=True)
class Entry:
    """One call of the ledger."""

    id: str
    caller: str | None
    how: str | None
    fallback: bool
    """It was handled without the service."""
    answered: bool
    ended: bool
    disposed: bool
    """An agent has written what became of it."""

    @property
    def kind(self) -> str:
        return kind_of_end(self.how) if self.ended else NO_END

    @property
    def alone(self) -> bool:
        """Asterisk handled it to its end without the service."""
        return (self.how or "").startswith(WITHOUT_SERVICE)


@dataclass(frozen=True, slots=True)
class Books:
    """What the database says."""

    entries: Sequence[Entry]
    promised: Counter[str]
    """Message-IDs of the outbox, by how many promises have them: once each."""
    promises: int
    mailless: int
    """Promises without a mail in the outbox."""
    unsent: int

    def of(self, number: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.caller == number]

    def kind(self, number: str) -> str:
        """How this caller's call ended; also when it is not there, or twice."""
        found = self.of(number)
        if len(found) != 1:
            return TWICE if found else MISSING
        return found[0].kind

    def label(self, number: str) -> str:
        """The same for the table, which tells what happened without the service."""
        found = self.of(number)
        alone = len(found) == 1 and found[0].alone
        return f"{self.kind(number)} without the service" if alone else self.kind(number)

    def unwritten(self) -> list[Entry]:
        """Talks that no agent has written up. What Asterisk handled to its end alone need not be: no page showed it."""
        return [
            entry for entry in self.entries if entry.answered and entry.ended and not (entry.disposed or entry.alone)
        ]


def read(database: Path) -> Books:
    """sqlite3.Error when it cannot be read now."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=2)) as connection:
        rows = connection.execute(
            "SELECT calls.id, caller, how, fallback, answered_at IS NOT NULL, ended_at IS NOT NULL, "
            "EXISTS (SELECT 1 FROM dispositions WHERE call_id = calls.id) FROM calls "
            "LEFT JOIN call_persons ON call_persons.call_id = calls.id ORDER BY started_at"
        ).fetchall()
        entries = [Entry(one[0], one[1], one[2], *map(bool, one[3:])) for one in rows]
        mails = connection.execute("SELECT message_id, promise_id, state FROM outbox").fetchall()
        promises = [one for (one,) in connection.execute("SELECT id FROM promises")]
    by_promise: defaultdict[str, list[str]] = defaultdict(list)
    for message_id, promise_id, _ in mails:
        by_promise[promise_id].append(message_id)
    mailless = sum(not by_promise[promise] for promise in promises)
    unsent = sum(state != "sent" for _, _, state in mails)
    return Books(entries, Counter(one[0] for one in mails), len(promises), mailless, unsent)


def mail_findings(books: Books, taken: Counter[str]) -> list[str]:
    """What is wrong between promises and the mails a mail server has taken."""
    found = []
    if books.mailless:
        found.append(f"{books.mailless} promises without a mail")
    if len(books.promised) != books.promises:
        found.append(f"{books.promises} promises, but {len(books.promised)} different Message-IDs")
    if lost := [one for one in books.promised if one not in taken]:
        found.append(f"{len(lost)} mails never reached the mail server")
    if strange := [one for one in taken if one not in books.promised]:
        found.append(f"{len(strange)} mails with a Message-ID that was never promised")
    return found
