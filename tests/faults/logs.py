"""What a house has said in a round with failures is kept beside the rows, for whoever looks for the cause."""

import re
import time
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path

from tests.faults.rows import Row

LINES: ContextVar[list[str]] = ContextVar("lines")
"""Of the round that is played here; outside of rounds there is none."""
DIRECTORY = "faults-logs"


def note(text: str) -> None:
    """A line, with the moment on the clock that `Scene` uses, seconds."""
    LINES.get([]).append(f"{time.monotonic():.3f} {text}")


def keep(results: Path | None, name: str, lines: Sequence[str], rows: Sequence[Row]) -> None:
    """Beside the file of results; nowhere when there is none."""
    if results is None:
        return
    directory = results.parent / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    failures = [f"{row.state}: {failure}" for row in rows for failure in row.failures]
    text = "\n".join([*failures, *lines]) + "\n"
    (directory / f"{re.sub(r'[^a-zA-Z0-9]+', '-', name)}.log").write_text(text, "utf-8")
