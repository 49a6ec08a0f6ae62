"""How SQLite finds what the pages ask for: by an index, however many calls and promises of years there are."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from config.schema import HotlineConfig
from hotline.storage.agent_states import AgentStates
from hotline.storage.arrivals import ArrivalRows
from hotline.storage.callbacks import Callbacks
from hotline.storage.day import Days
from hotline.storage.figures import FigureRows
from hotline.storage.ledger import Ledger
from hotline.storage.past_calls import PastCalls
from hotline.storage.redirects import Redirects
from hotline.storage.search import Finder
from tests.unit.promise_office import CALLER, MONDAY, Office, opened

GROWING = {
    *("calls", "call_events", "call_persons", "dispositions", "disposition_details", "offers"),
    *("promises", "promise_details", "promise_events", "promise_texts", "outbox", "outbox_mails"),
    *("callbacks", "callback_persons", "agent_states"),
}
"""Tables that get rows with each call."""
OPEN_ONLY = {"promises_open", "callbacks_open", "calls_unended", "outbox_due"}
"""Indexes that hold only what is still to be done: to read one of them whole is fine."""
STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:AUTOMATIC )?(?:COVERING )?(?:INDEX (\w+)|.*KEY))?(?: \((.*)\))?")
Question = Callable[[Office, str], Awaitable[Any]]
Statements = list[tuple[str, Any]]
SINCE = MONDAY.replace(hour=0)

QUESTIONS: dict[str, Question] = {
    "search by receipt": lambda house, _: Finder(house.db, house.hotline).find("26-4821-7300", None, None),
    "search by number": lambda house, _: Finder(house.db, house.hotline).find(None, CALLER, None),
    "search by household": lambda house, _: Finder(house.db, house.hotline).find(None, None, "7654321"),
    "a promise that was found": lambda house, promise: Finder(house.db, house.hotline).open(
        "promise", promise, "anna", MONDAY
    ),
    "a call that was found": lambda house, _: Finder(house.db, house.hotline).open(
        "call", "call-of-26-4821-7300", "anna", MONDAY
    ),
    "a callback that was found": lambda house, _: Finder(house.db, house.hotline).open("callback", "1", "anna", MONDAY),
    "my day": lambda house, _: Days(house.db, house.hotline).day("anna", SINCE),
    "a call that did not reach us": lambda house, _: Days(house.db, house.hotline).missed_number("c1", SINCE),
    "the lead's figures": lambda house, _: FigureRows(house.db, house.hotline).day(
        SINCE, MONDAY, [(SINCE, MONDAY)], 30.0
    ),
    "an agent's figures": lambda house, _: FigureRows(house.db, house.hotline).agent("anna", SINCE),
    "an agent's states": lambda house, _: FigureRows(house.db, house.hotline).states("anna", SINCE),
    "today's states": lambda house, _: AgentStates(house.db, house.hotline).since(SINCE),
    "mails that did not arrive": lambda house, _: house.outbox.stuck_mails(),
    "mails for the metrics": lambda house, _: house.outbox.stuck(0),
    "mails that are due": lambda house, _: house.outbox.due(MONDAY),
    "the next mail": lambda house, _: house.outbox.next_try(),
    "a mail that came back": lambda house, _: house.outbox.bounced(["<26-4821-7300@jobcenter.example>"], MONDAY, "5.1"),
    "a mail to be sent elsewhere": lambda house, _: Redirects(house.db, house.hotline).find(1),
    "callbacks to be made": lambda house, _: Callbacks(house.db, house.hotline).open_tasks(),
    "callbacks given up": lambda house, _: Callbacks(house.db, house.hotline).given_up(SINCE),
    "how often a number has called": lambda house, _: Ledger(house.db, house.hotline).earlier(CALLER, "other"),
    "calls to simulate by": lambda house, _: ArrivalRows(house.db, house.hotline).past(SINCE, MONDAY),
    "calls to replay": lambda house, _: PastCalls(house.db, house.hotline).since(SINCE),
    "who left the line lately": lambda house, _: Ledger(house.db, house.hotline).left_line(MONDAY),
    "who knows a number": lambda house, _: Ledger(house.db, house.hotline).familiar(
        CALLER, "other", promise=True, since=MONDAY
    ),
    "what a number has called for": lambda house, _: Ledger(house.db, house.hotline).history(CALLER, "other"),
    "open promises of a number": lambda house, _: house.promises.open_for(CALLER),
    "a case worker's promise": lambda house, promise: house.promises.by_id(promise),
    "promises to be reminded of": lambda house, _: house.steps.due_until(MONDAY + timedelta(days=60)),
}


@pytest.fixture
async def house(tmp_path: Path, config: HotlineConfig) -> AsyncIterator[Office]:
    async with opened(tmp_path, config) as house:
        yield house


@contextmanager
def listening() -> Iterator[Statements]:
    """Everything the databases are asked meanwhile."""
    heard: Statements = []

    def hear(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


async def plans(house: Office, statements: Statements) -> list[str]:
    """Each step that SQLite takes for them."""
    steps: list[str] = []
    async with house.db.read() as connection:
        for statement, parameters in statements:
            if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
                explained = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps += [str(row.detail) for row in explained]
    return steps


def reads_all(step: str) -> bool:
    """It reads a whole growing table; "hotline_id=?" alone is the whole table of an office."""
    found = STEP.match(step)
    if found is None or found[2] not in GROWING:
        return False
    return "AUTOMATIC" in step or (found[3] not in OPEN_ONLY and found[4] in (None, "hotline_id=?"))


async def steps_for(house: Office, promise: str, what: str) -> list[str]:
    with listening() as heard:
        await QUESTIONS[what](house, promise)
    steps = await plans(house, heard)
    assert [step for step in steps if STEP.match(step)], f"{what}: nothing was asked"
    return steps


async def test_no_page_reads_whole_tables(house: Office) -> None:
    promise = await house.promise()
    await Callbacks(house.db, house.hotline).request("c9", CALLER, "rent", MONDAY, MONDAY)
    whole = {what: list(filter(reads_all, await steps_for(house, promise, what))) for what in QUESTIONS}
    assert {what: steps for what, steps in whole.items() if steps} == {}


async def test_each_searched_column_has_its_index(house: Office) -> None:
    promise = await house.promise()
    used: dict[str, set[str | None]] = {}
    for by in ("receipt", "number", "household"):
        found = [match for match in map(STEP.match, await steps_for(house, promise, f"search by {by}")) if match]
        used[by] = {match[3] for match in found} | {f"{match[2]} ({match[4]})" for match in found}
    assert "promises (hotline_id=? AND receipt=?)" in used["receipt"]
    assert {"promise_details_by_phone", "callback_persons_by_number", "call_persons_by_caller"} <= used["number"]
    tables = ("promise_details", "callback_persons", "call_persons")
    assert {f"{table}_by_household" for table in tables} <= used["household"]


@pytest.mark.parametrize(
    ("step", "whole"),
    [
        ("SCAN promises", True),
        ("SCAN promises USING INDEX promises_by_call", True),
        ("SEARCH promises USING INDEX promises_by_call (hotline_id=?)", True),
        ("SEARCH promise_events USING AUTOMATIC COVERING INDEX (promise_id=?) LEFT-JOIN", True),
        ("SEARCH promises USING INDEX promises_open (hotline_id=?)", False),
        ("SEARCH promises USING INDEX promises_by_call (hotline_id=? AND call_id=?)", False),
        ("SEARCH callbacks USING INTEGER PRIMARY KEY (rowid=?)", False),
        ("SEARCH calls USING INDEX sqlite_autoindex_calls_1 (id=?)", False),
        ("SCAN alarms", False),
        ("SCAN (subquery-1)", False),
        ("USE TEMP B-TREE FOR ORDER BY", False),
    ],
)
def test_a_plan_that_reads_a_whole_table_is_recognised(step: str, whole: bool) -> None:
    assert reads_all(step) is whole
