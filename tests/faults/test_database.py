"""Fault 3: the database is locked by another program, its disk is full, its files are read-only, each for a while.

A full disk is a small file system in memory that holds the whole state directory; read-only are the database's files
by `chattr +i`, which binds even root. Where that is not allowed, as in many containers, the kernel refuses the
service's writes because of a limit of the size of its files. Each row says which means was used.
"""

import asyncio
import contextlib
import re
import resource
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.agents import Agent
from tests.faults.house import House, configuration
from tests.faults.rounds import Round, Script, require_no_failures, stamped
from tests.faults.rows import Row
from tests.faults.scene import Fault, Scene, scene
from tests.faults.small_disk import SMALL, can_mount

FAULT_SECONDS = 10.0
LOG = METRIC = "the database does not answer, entries wait"
PAGE_PATIENCE = 15.0
"""So long an agent's page waits for the answer (hotline/web/static/api.js), seconds."""
CLEAR = r": 503 .*Bitte .*gleich noch einmal"
"""What agents are told when something they wrote cannot be stored."""
pytestmark = pytest.mark.timeout(100_000)


# --- how it is done ------------------------------------------------------------------------------


@contextmanager
def _locked(house: House) -> Iterator[None]:
    with closing(sqlite3.connect(house.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _full(house: House) -> Iterator[None]:
    filler = house.state.path / "filler"
    _fill(filler)
    yield
    filler.unlink()


def _fill(filler: Path) -> None:
    """To the last byte."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 9):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


@contextmanager
def _immutable(house: House) -> Iterator[None]:
    """Its index in shared memory stays writable: SQLite maps it, and a write there would be no error but a death."""
    files = [house.database, house.database.with_name(house.database.name + "-wal")]
    _attribute("+i", files)
    try:
        yield
    finally:
        _attribute("-i", files)


def _attribute(change: str, files: list[Path]) -> None:
    subprocess.run(["chattr", change, *files], check=True, capture_output=True)


@contextmanager
def _limited(house: House) -> Iterator[None]:
    worker = house.worker
    _, most = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    before = resource.prlimit(worker, resource.RLIMIT_FSIZE, (0, most))
    yield
    resource.prlimit(worker, resource.RLIMIT_FSIZE, before)


def _can_change_attributes(directory: Path) -> bool:
    trial = directory / "trial"
    trial.touch()
    try:
        _attribute("+i", [trial])
        _attribute("-i", [trial])
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@dataclass(frozen=True)
class Means:
    """One way to do it, for as long as the block of `during` lasts."""

    name: str
    during: Callable[[House], contextlib.AbstractContextManager[None]]
    possible: Callable[[Path], bool] = lambda _: True
    disk: int | None = None
    """MB of the house's own disk."""


LIMIT = Means("limit of the size of files", _limited)
VARIANTS = {
    "locked": (Means("BEGIN EXCLUSIVE", _locked),),
    "disk full": (Means("full tmpfs", _full, can_mount, SMALL), LIMIT),
    "read-only": (Means("chattr +i", _immutable, _can_change_attributes), LIMIT),
}


# --- what it does --------------------------------------------------------------------------------


def _hit(means: Means) -> Callable[[Scene], Awaitable[float]]:
    async def hit(here: Scene) -> float:
        for agent in here.people.values():
            _expect_clear_answers(here, agent)
        with means.during(here.house):
            await asyncio.sleep(FAULT_SECONDS)
        return time.monotonic()

    return hit


def _expect_clear_answers(here: Scene, agent: Agent) -> None:
    """Whatever the agent's page is told meanwhile must be clear, and come before the page gives up."""
    plain = agent.post

    async def post(path: str, status: int = 200, **body: Any) -> dict[str, Any]:
        began = time.monotonic()
        try:
            return await plain(path, status, **body)
        except AssertionError as error:
            if not _is_clear(str(error)):
                here.findings.append(f"{agent.name} was told: {error}")
            raise
        finally:
            if time.monotonic() - began > PAGE_PATIENCE:
                here.findings.append(f"{agent.name}'s page heard nothing for {PAGE_PATIENCE:g} s")

    agent.post = post  # type: ignore[method-assign]


def _is_clear(refusal: str) -> bool:
    """A refusal by the rules is always clear; a failure of ours must say what to do."""
    return re.search(r": 5\d\d ", refusal) is None or re.search(CLEAR, refusal) is not None


def _possible(means: Sequence[Means]) -> Means:
    with tempfile.TemporaryDirectory() as directory:
        return next(one for one in means if one.possible(Path(directory)))


async def _play(one: Round) -> list[Row]:
    means = _possible(VARIANTS[one.variant])
    async with scene(configuration(), disk=means.disk) as here:
        found = await here.endure(one, Fault(_hit(means), LOG, METRIC), one.moments())
        rows = stamped(found, here.house.release)
    return [replace(row, machine={**row.machine, "means": means.name}) for row in rows]


SCRIPT = Script("database", tuple(VARIANTS), _play)


@pytest.mark.parametrize("variant", VARIANTS)
def test_database_fails_for_a_while_and_nothing_is_lost(rows: list[Row], variant: str) -> None:
    require_no_failures(rows, SCRIPT, variant)
