"""Which rounds are played, how many at a time, and what was found: short form in `make test`, long in `make faults`.

A round is one fault that hits one house in one moment. The short form plays few with fixed moments, the long form
(HOTLINE_FAULTS=long) at least ROUNDS of each variant with random moments; rounds whose rows are there already are
not played again, so a long run that was interrupted goes on where it stopped.
"""

import asyncio
import os
import random
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import pytest

from tests.faults import logs, rows
from tests.faults.rows import HOUSE, Row

FORM = "HOTLINE_FAULTS"
ROUNDS = "HOTLINE_FAULTS_ROUNDS"
LANES = "HOTLINE_FAULTS_LANES"
LONG_ROUNDS = 20
AT_ONCE = (os.cpu_count() or 1) + 1
"""Houses at the same time: each mostly waits, but takes a whole core while it starts."""
STARTS_APART = 1.0
"""Seconds between two starts, which are what costs most."""
LONGEST_ROUND = 300.0


@dataclass(frozen=True)
class Round:
    """One repetition. `moment(low, high, usual)` is a random moment, or the usual one in the short form."""

    fault: str
    variant: str
    number: int
    form: str
    seed: int

    def moments(self) -> "Moments":
        return Moments(random.Random(self.seed) if self.form == "long" else None)

    def row(self, state: str, **values: object) -> Row:
        return Row(self.fault, self.variant, state, self.number, form=self.form, at=rows.now(), **values)  # type: ignore[arg-type]


class Moments:
    """Where random moments come from; without a generator always the usual one."""

    def __init__(self, generator: random.Random | None) -> None:
        self._generator = generator

    def between(self, low: float, high: float, usual: float) -> float:
        return usual if self._generator is None else self._generator.uniform(low, high)


Play = Callable[[Round], Awaitable[list[Row]]]


def _always(_variant: str) -> str:
    return ""


@dataclass(frozen=True)
class Script:
    """One fault with its variants, the longest first; `play` plays a round of it."""

    fault: str
    variants: Sequence[str]
    play: Play
    impossible: Callable[[str], str] = _always
    """Why this machine cannot play that variant; "" when it can."""


def form() -> str:
    return "long" if os.environ.get(FORM) == "long" else "short"


def count() -> int:
    return int(os.environ.get(ROUNDS) or (LONG_ROUNDS if form() == "long" else 1))


def played(scripts: Sequence[Script]) -> list[Row]:
    """Play what is still to be played, all scripts side by side; in the long form with the rows of earlier runs."""
    kept = [row for script in scripts for row in _kept(script)]
    done = {(row.fault, row.variant, row.number) for row in kept}
    wanted = [
        (script, _round(script.fault, variant, number))
        for number in range(count())
        for place in range(max((len(script.variants) for script in scripts), default=0))
        for script in scripts
        for variant in script.variants[place : place + 1]
        if not script.impossible(variant)
    ]
    planned = [(one, script.play) for script, one in wanted if (one.fault, one.variant, one.number) not in done]
    return kept + asyncio.run(_play_all(planned))


def _kept(script: Script) -> list[Row]:
    path = rows.results(form())
    if path is None or form() != "long":
        return []
    return [row for row in rows.read(path) if row.fault == script.fault and row.variant in script.variants]


def _round(fault: str, variant: str, number: int) -> Round:
    return Round(fault, variant, number, form(), crc32(f"{fault}/{variant}/{number}".encode()))


async def _play_all(planned: Sequence[tuple[Round, Play]]) -> list[Row]:
    waiting, found, began = list(planned), [], time.monotonic()
    path = rows.results(form())

    async def lane(number: int) -> None:
        await asyncio.sleep(number * STARTS_APART)
        while waiting:
            one, play = waiting.pop(0)
            for row in await _one(one, play):
                found.append(row)
                if path is not None:
                    rows.append(path, row)
            _tell(one, len(planned) - len(waiting), len(planned), time.monotonic() - began, found)

    await asyncio.gather(*(lane(number) for number in range(int(os.environ.get(LANES) or AT_ONCE))))
    return found


async def _one(one: Round, play: Play) -> list[Row]:
    """A round that breaks is a finding too: never left out."""
    logs.LINES.set(lines := [])
    try:
        async with asyncio.timeout(LONGEST_ROUND):
            found = await play(one)
    except Exception as error:
        where = " > ".join(f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-5:])
        said = f"{type(error).__name__}: {error}"[:3000]
        found = [one.row(HOUSE, failures=[f"the round broke off: {said} ({where})"])]
    if any(row.failures for row in found):
        logs.keep(rows.results(form()), f"{one.fault}-{one.variant}-{one.number}", lines, found)
    return found


def _tell(one: Round, done: int, of: int, seconds: float, found: Sequence[Row]) -> None:
    mine = [row for row in found if (row.fault, row.variant, row.number) == (one.fault, one.variant, one.number)]
    wrong = sum(len(row.failures) for row in mine)
    text = f"{one.fault}, {one.variant}, round {one.number} (seed {one.seed}): {wrong or 'no'} failures"
    print(f"  [{done}/{of}, {seconds:.0f} s] {text}", file=sys.__stderr__, flush=True)


def require_no_failures(found: Sequence[Row], script: Script, variant: str) -> None:
    """Fails with everything that was found in this variant; skips what this machine cannot play."""
    if why := script.impossible(variant):
        pytest.skip(why)
    mine = [row for row in found if (row.fault, row.variant) == (script.fault, variant)]
    wrong = [f"round {row.number}, {row.state}: {text}" for row in mine for text in row.failures]
    if not mine:
        pytest.fail(f"{variant}: no round was played")
    if wrong:
        pytest.fail("\n".join([f"{variant}: {len(wrong)} failures in {_rounds(mine)} rounds", *wrong]), pytrace=False)


def _rounds(mine: Sequence[Row]) -> int:
    return len({row.number for row in mine})


def stamped(found: Sequence[Row], asterisk: str) -> list[Row]:
    """The same rows with what the numbers depend on."""
    told = rows.machine(asterisk)
    return [replace(row, machine=told) for row in found]
