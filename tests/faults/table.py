"""Writes docs/reliability.md from the rows, every number counted: `python -m tests.faults.table [FILE]`."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.faults.rows import DEFAULT, HOUSE, Row, read

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
INTRODUCTION = """# What happens when something fails

Each fault hits a whole hotline as `make run` starts it: Asterisk, service and parent, five agents with page and desk
telephone (or a browser that is the telephone, where the fault is the browser's), callers with real sound in every
state a call can be in. This page is written by `python -m tests.faults.table` from what `make faults` has measured; do
not edit it.

- **Callers in** have reached us; **out** is how their calls ended, as the ledger says. An end counts as true only if
  the caller's own telephone heard the same: who talked has heard an agent.
- **Worst silence** is the longest stretch without any sound in a caller's ear, from the answer to the end of the call.
  Allowed are 2 s, 7 s while the service hangs, 5 s for a caller whose agent's browser is gone. Silence after the end
  of Asterisk itself is the end of the call.
- **True state** is the time from the end of the fault (the service serves again, the connection is back) until all
  five pages show what Asterisk and the database say of their agents, and go on doing so. Allowed are 5 s.
- **Failures** are all departures from what is expected (issue "Hold fast", section "Faults"): too long a silence, a
  conversation that our side dropped, a call that the ledger has not, has twice or with an untrue end, a promise or
  mail lost or sent twice with different Message-IDs, a missing log line or metric, an agent rung while on a break.
- The state *the house as a whole* stands for what concerns no single caller.
- Several houses run side by side on the machine named below. A round that failed is looked into by what its house has
  said (`var/faults-logs`); its rows are taken out, and it is played again, only when a cause was mended, or when the
  processors were busy with something else.
"""


HEADINGS = (
    *("Variant", "State", "Runs", "Callers in", "Callers out"),
    *("Worst silence", "True state: median, longest", "Failures"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a state under a variant of a fault."""

    variant: str
    state: str
    rounds: int
    callers_in: int
    callers_out: Counter[str]
    silence: float | None
    true_state: tuple[float, float] | None
    """Median and longest."""
    never_true: int
    failures: Counter[str]


def lines(rows: Sequence[Row]) -> Iterator[Line]:
    """Of one fault, in the order in which variants and states first appear; the house comes last."""
    for variant in dict.fromkeys(row.variant for row in rows):
        mine = [row for row in rows if row.variant == variant]
        states = dict.fromkeys(row.state for row in mine)
        for state in sorted(states, key=lambda state: state == HOUSE):
            yield _line(variant, state, [row for row in mine if row.state == state])


def _line(variant: str, state: str, rows: Sequence[Row]) -> Line:
    out: Counter[str] = Counter()
    for row in rows:
        out.update(row.callers_out)
    silences = [row.worst_silence for row in rows if row.worst_silence is not None]
    times = [row.true_state for row in rows if row.true_state is not None]
    return Line(
        variant,
        state,
        len({row.number for row in rows}),
        sum(row.callers_in for row in rows),
        out,
        max(silences, default=None),
        (median(times), max(times)) if times else None,
        len(rows) - len(times) if state == HOUSE else 0,
        Counter(text for row in rows for text in row.failures),
    )


def page(rows: Sequence[Row]) -> str:
    """The whole page."""
    parts = [INTRODUCTION, _origin(rows)]
    for fault in dict.fromkeys(row.fault for row in rows):
        parts.append(_section(fault, [row for row in rows if row.fault == fault]))
    return "\n".join(parts)


def _origin(rows: Sequence[Row]) -> str:
    """Where, when and by what the numbers came about."""
    if not rows:
        return "Nothing has been measured yet: run `make faults`.\n"
    days = sorted(row.at[:10] for row in rows)
    places = Counter(_place(row) for row in rows if row.machine)
    rounds = len({(row.fault, row.variant, row.number) for row in rows})
    wrong = sum(len(row.failures) for row in rows)
    forms = " and ".join(sorted({row.form for row in rows}))
    callers = sum(row.callers_in for row in rows)
    told = [f"{rounds} rounds ({forms} form), {callers} callers, {wrong} failures; {days[0]} to {days[-1]}."]
    told += [f"- {place}: {count} rows" for place, count in places.most_common()]
    return "\n".join(told) + "\n"


def _place(row: Row) -> str:
    of = row.machine
    return f"{of['cores']} cores, {of['asterisk']}, Python {of['python']}, Linux {of['kernel']}, code {of['code']}"


def _section(fault: str, rows: Sequence[Row]) -> str:
    command = f"`make faults ONLY={_module(fault)}`"
    head = [
        f"## {fault}",
        "",
        f"By {command}.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    found = list(lines(rows))
    details = [text for line in found for text in _details(line)]
    listed = ["", "What failed:", "", *details] if details else []
    return "\n".join([*head, *(_cells(line) for line in found), *listed]) + "\n"


def _module(fault: str) -> str:
    """The word that `make faults ONLY=` takes for it."""
    return {"service": "worker", "Asterisk": "asterisk"}.get(fault, fault)


def _cells(line: Line) -> str:
    out = ", ".join(f"{count} {kind}" for kind, count in line.callers_out.most_common()) or "–"
    silence = "–" if line.silence is None else f"{line.silence:.2f} s"
    times = "–" if line.true_state is None else f"{line.true_state[0]:.1f} s, {line.true_state[1]:.1f} s"
    never = f" ({line.never_true} never)" if line.never_true else ""
    cells = (line.variant, line.state, line.rounds, line.callers_in, out, silence, times + never, line.failures.total())
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _details(line: Line) -> Iterator[str]:
    for text, count in line.failures.most_common():
        short = " ".join(text.split())[:300]
        yield f"- {line.variant}, {line.state}: {short}" + (f" ({count} times)" if count > 1 else "")


def main() -> int:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    rows = list(read(source))
    PAGE.write_text(page(rows), "utf-8")
    print(f"{PAGE} is written from {len(rows)} rows of {source}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
