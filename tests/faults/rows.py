"""The rows of which docs/reliability.md is made: one for each state callers were in, one JSON object a line."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = "HOTLINE_FAULTS_RESULTS"
"""Environment variable: the file of rows; var/faults.jsonl in the long form, none in the short one."""
DEFAULT = Path("var/faults.jsonl")
HOUSE = "the house as a whole"
"""The state of the row with what concerns no single caller: log line, metric, mails, pages."""


@dataclass(frozen=True)
class Row:
    fault: str
    variant: str
    state: str
    number: int
    """Of the repetition, from 0; with the fault and variant it is the seed of all random moments."""
    callers_in: int = 0
    callers_out: Mapping[str, int] = field(default_factory=dict)
    """By kind of end, as the ledger says (tests/faults/counting.py)."""
    worst_silence: float | None = None
    """Seconds; None when nobody was on the telephone."""
    true_state: float | None = None
    """Seconds from the end of the fault until all pages showed the truth (tests/faults/truth.py); None: never.

    Only the row of the house has it."""
    failures: Sequence[str] = field(default_factory=list)
    form: str = ""
    at: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)


def append(path: Path, row: Row) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def read(path: Path) -> Iterator[Row]:
    """A line that is no whole row (cut off by a power failure) is left out."""
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            yield Row(**json.loads(line))
        except (ValueError, TypeError):
            continue


def results(form: str) -> Path | None:
    """Where rows of this form are kept."""
    named = os.environ.get(RESULTS)
    return Path(named) if named else DEFAULT if form == "long" else None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def machine(asterisk: str) -> dict[str, Any]:
    """What the numbers depend on."""
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "asterisk": asterisk,
        "code": _code(),
    }


def _code() -> str:
    """Which state of the code ran: git's words for it, `-dirty` with changes of its own."""
    if shutil.which("git") is None:
        return "unknown"
    words = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return done.stdout.strip() or "unknown"
