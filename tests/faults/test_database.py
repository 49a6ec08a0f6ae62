"""Fault 3: the database is locked by another program, its disk is full, its files are read-only, each for a while.

A full disk is a small file system in memory that holds the whole state directory; read-only are the database's files
by `chattr +i`, which binds even root. Both need rights that a container may not have: then the variant is skipped.
"""

import asyncio
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.house import configuration
from tests.faults.rounds import Round, played, require_no_failures, stamped
from tests.faults.rows import Row
from tests.faults.scene import Fault, Scene, scene
from tests.faults.small_disk import SMALL, can_mount

FAULT = "database"
FAULT_SECONDS = 10.0
LOG = r"The database \S+ cannot be used|the database does not answer"
METRIC = r"the database does not answer|outbox cannot be read"
pytestmark = pytest.mark.timeout(100_000)


async def _locked(here: Scene) -> float:
    with closing(sqlite3.connect(here.house.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await asyncio.sleep(FAULT_SECONDS)
        other.execute("ROLLBACK")
    return time.monotonic()


async def _full(here: Scene) -> float:
    filler = here.house.state.path / "filler"
    await asyncio.to_thread(_fill, filler)
    await asyncio.sleep(FAULT_SECONDS)
    filler.unlink()
    return time.monotonic()


def _fill(filler: Path) -> None:
    """To the last byte; what is freed meanwhile is taken too."""
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
        try:
            while True:
                file.write(bytes(1 << 9))
        except OSError:
            return


async def _read_only(here: Scene) -> float:
    """Its index in shared memory stays writable: SQLite maps it, and a write there would be no error but a death."""
    files = [here.house.database, here.house.database.with_name(here.house.database.name + "-wal")]
    _attribute("+i", files)
    try:
        await asyncio.sleep(FAULT_SECONDS)
    finally:
        _attribute("-i", files)
    return time.monotonic()


def _attribute(change: str, files: list[Path]) -> None:
    subprocess.run(["chattr", change, *files], check=True, capture_output=True)


VARIANTS: dict[str, Callable[[Scene], Awaitable[float]]] = {
    "locked": _locked,
    "disk full": _full,
    "read-only": _read_only,
}


def _impossible(variant: str, directory: Path) -> str:
    """Why this machine cannot play it; "" when it can."""
    if variant == "disk full" and not can_mount(directory):
        return "only root with the right to mount can make a disk full"
    if variant == "read-only":
        trial = directory / "trial"
        trial.touch()
        try:
            _attribute("+i", [trial])
            _attribute("-i", [trial])
        except (OSError, subprocess.CalledProcessError):
            return "only root on a file system with attributes can make files read-only"
    return ""


@pytest.fixture(scope="module")
def impossible(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    directory = tmp_path_factory.mktemp("trial")
    return {variant: why for variant in VARIANTS if (why := _impossible(variant, directory))}


@pytest.fixture(scope="module")
def found(impossible: dict[str, str]) -> list[Row]:
    return played(FAULT, [variant for variant in VARIANTS if variant not in impossible], _play)


@pytest.mark.parametrize("variant", VARIANTS)
def test_database_fails_for_a_while_and_nothing_is_lost(
    found: list[Row], impossible: dict[str, str], variant: str
) -> None:
    if variant in impossible:
        pytest.skip(impossible[variant])
    require_no_failures(found, variant)


async def _play(one: Round) -> list[Row]:
    fault = Fault(VARIANTS[one.variant], LOG, METRIC)
    async with scene(configuration(), disk=SMALL if one.variant == "disk full" else None) as here:
        found = await here.endure(one, fault, one.moments())
        return stamped(found, here.house.release)
