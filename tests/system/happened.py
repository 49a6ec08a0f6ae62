"""Reads what Asterisk has written down by itself, as the service will (dialplan/happenings.py)."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from dialplan import happenings

PATIENCE = 15.0


@dataclass(frozen=True)
class Happening:
    """One row; `extra` is the query string in it."""

    id: int
    event: str
    at: float
    channel: str
    uniqueid: str
    linkedid: str
    extra: dict[str, str]


def happened(asterisk_directory: Path) -> list[Happening]:
    """All rows of that Asterisk, in order."""
    columns = ", ".join((happenings.ID, *happenings.COLUMNS))
    with closing(sqlite3.connect(asterisk_directory / "log" / happenings.FILE)) as database:
        rows = database.execute(f"SELECT {columns} FROM {happenings.TABLE} ORDER BY {happenings.ID}").fetchall()  # noqa: S608
    return [Happening(number, event, float(at), *names, _read(extra)) for number, event, at, *names, extra in rows]


async def until_happened(
    asterisk_directory: Path, event: str, wanted: Callable[[Happening], bool] = lambda _: True
) -> list[Happening]:
    """All rows, once a wanted one of that event is among them."""
    rows: list[Happening] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while not any(row.event == event and wanted(row) for row in rows):
                rows = happened(asterisk_directory)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{event} was never written down, only {rows}") from None
    return rows


def _read(extra: str) -> dict[str, str]:
    text = json.loads(extra)["extra"]
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True, strict_parsing=True).items()}
