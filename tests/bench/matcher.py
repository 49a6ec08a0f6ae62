"""Measures the line and the matcher, and writes docs/benchmarks/matcher.md: `python -m tests.bench.matcher [--quick]`.

One event is one change and all that follows from it: a caller joins or gives up, or an agent becomes free; then
`match`, and whoever is matched is taken out of the line and of the free agents.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from random import Random

from routing.line import Line, Preferred
from routing.matcher import FreeAgent, Idle, match

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks" / "matcher.md"
NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
COMMON = ("address", "household", "move", "rent", "insurance", "income")
SCARCE = "benefits"
AGENTS = (5, 50, 500, 5_000)
WAITING = (10, 100, 1_000, 10_000)
SECONDS, QUICK_SECONDS = 1.6, 0.1
"""Of processor time, so long each combination of agents and callers is measured."""
STEP = timedelta(milliseconds=20)
"""Between two events: holds end and second choice begins all the time."""

Event = Callable[[], None]


class Scene:
    """A line and agents; the methods are the events that are measured."""

    def __init__(self, agents: Iterable[FreeAgent], chance: Random) -> None:
        self.agents = {agent.name: agent for agent in agents}
        self.line, self.idle, self.now = Line(), Idle(), NINE
        self.chance = chance
        self.names = list(self.agents)
        self.busy = list(self.agents)
        self.calls = 0

    def join(self, skill: str, preferred: str | None) -> None:
        self.calls += 1
        held = None if preferred is None else Preferred(preferred, self.now + timedelta(seconds=20))
        second_at = self.now + timedelta(seconds=30)
        self.line.join(f"call{self.calls}", skill, self.now, preferred=held, second_at=second_at)
        self._rematch()

    def give_up(self, call_id: str) -> None:
        self.line.leave(call_id)
        self._rematch()

    def free(self, name: str) -> None:
        agent = self.agents[name]
        self.idle.add(FreeAgent(name, agent.skills, self.now, agent.second))
        self._rematch()

    def _rematch(self) -> None:
        for found in match(self.line, self.idle, self.now):
            self.line.leave(found.call_id)
            self.idle.remove(found.agent)
            self.busy.append(found.agent)

    # --- the choice of what happens next is not measured ----------------------------------------

    def a_caller(self, skill: str) -> Event:
        """Three of ten prefer some agent."""
        preferred = self.chance.choice(self.names) if self.chance.random() < 0.3 else None
        return lambda: self.join(skill, preferred)

    def somebody_gives_up(self) -> Event:
        call_id = f"call{self.chance.randint(max(0, self.calls - len(self.line)), self.calls)}"
        return lambda: self.give_up(call_id)

    def an_agent(self, index: int) -> Event:
        name = self.busy.pop(index)
        return lambda: self.free(name)


def all_busy(agents: int, waiting: int, chance: Random) -> tuple[Scene, Iterator[Event]]:
    """Everybody waits for whoever becomes free next; three skills are first choice, two are second."""

    def events() -> Iterator[Event]:
        for turn in cycle(range(20)):
            if turn == 0:
                yield scene.somebody_gives_up()
            elif len(scene.line) < waiting or not scene.busy:
                yield scene.a_caller(chance.choice([*COMMON, SCARCE]))
            else:
                yield scene.an_agent(chance.randrange(len(scene.busy)))

    drawn = [chance.sample([*COMMON, SCARCE], 5) for _ in range(agents)]
    scene = Scene(
        (FreeAgent(f"agent{n}", frozenset(five[:3]), NINE, frozenset(five[3:])) for n, five in enumerate(drawn)), chance
    )
    return scene, events()


def half_idle(agents: int, waiting: int, chance: Random) -> tuple[Scene, Iterator[Event]]:
    """Those who wait need a skill that every tenth agent has, and none of these is free; half of the others are idle,
    and who comes with another request is served at once."""

    def events() -> Iterator[Event]:
        for turn in cycle(range(20)):
            if len(scene.line) < waiting:
                yield scene.a_caller(SCARCE)
            elif turn == 0 and not rare_ones.isdisjoint(scene.busy):
                yield scene.an_agent(next(indexes(rare=True)))
            elif len(scene.idle) < common // 2:
                yield scene.an_agent(next(indexes(rare=False)))
            else:
                yield scene.a_caller(chance.choice(COMMON))

    def indexes(*, rare: bool) -> Iterator[int]:
        return (index for index, name in enumerate(scene.busy) if (name in rare_ones) is rare)

    rare_ones = {f"agent{n}" for n in range(0, agents, 10)}
    common = agents - len(rare_ones)
    skills = [frozenset({SCARCE} if n % 10 == 0 else chance.sample(COMMON, 4)) for n in range(agents)]
    scene = Scene((FreeAgent(f"agent{n}", mine, NINE) for n, mine in enumerate(skills)), chance)
    return scene, events()


Start = Callable[[int, int, Random], tuple[Scene, Iterator[Event]]]
SCENES: tuple[tuple[str, Start], ...] = (
    (
        "All agents are busy. Whoever becomes free takes the longest waiting caller of three skills, or of two more as "
        "second choice; three of ten callers prefer an agent.",
        all_busy,
    ),
    (
        "Half of the agents are idle. Those who wait need what only every tenth agent has, and these are busy; all "
        "others who come are served at once.",
        half_idle,
    ),
)


@dataclass(frozen=True)
class Measured:
    agents: int
    waiting: int
    events: int
    seconds: float
    slowest_of_100: float
    """Seconds that one event of a hundred exceeds."""


def measure(start: Start, agents: int, waiting: int, seconds: float) -> Measured:
    scene, events = start(agents, waiting, Random(agents * 100_003 + waiting))
    for _ in range(waiting + agents):
        scene.now += STEP
        next(events)()
    times: list[float] = []
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        for _ in range(100):
            event = next(events)
            scene.now += STEP
            begun = time.thread_time()
            event()
            times.append(time.thread_time() - begun)
    times.sort()
    return Measured(agents, waiting, len(times), sum(times), times[len(times) * 99 // 100])


def table(rows: Iterable[Measured]) -> str:
    head = "| Agents | Waiting | Events/s | Mean | 99 of 100 within |\n| ---: | ---: | ---: | ---: | ---: |\n"
    return head + "".join(
        f"| {row.agents:,} | {row.waiting:,} | {row.events / row.seconds:,.0f} | "
        f"{row.seconds / row.events * 1e6:.1f} µs | {row.slowest_of_100 * 1e6:.1f} µs |\n"
        for row in rows
    )


def machine() -> str:
    """Processor, number of cores, Python, system."""
    try:
        info = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.partition(":")[2].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    system = f"{platform.system()} {platform.release()}"
    return f"{processor}, {os.cpu_count()} cores (one used), Python {platform.python_version()}, {system}"


def page(command: str, seconds: float) -> str:
    parts = [
        "# What one event costs in the line and the matcher\n",
        "One event is one change and all that follows from it: a caller joins or gives up, or an agent becomes free; "
        "then who gets whom is decided, and whoever is matched is taken out of the line and of the free agents. Seven "
        "skills. The rules are in `routing/matcher.py`; `tests/unit/test_matcher_cost.py` counts comparisons, so that "
        "the cost cannot grow with the callers unseen.\n",
        f"By `{command}`, {seconds:g} s of processor time for each row, on: {machine()}. This page is "
        "written by that command.\n",
    ]
    for title, start in SCENES:
        rows = []
        for agents in AGENTS:
            for waiting in WAITING:
                rows.append(measure(start, agents, waiting, seconds))
                print(".", end="", file=sys.stderr, flush=True)
        parts.append(f"## {title.partition('.')[0]}\n\n{title.partition('. ')[2]}\n\n{table(rows)}")
    print(file=sys.stderr)
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    if not {*arguments} <= {"--quick"}:
        print("Usage: python -m tests.bench.matcher [--quick]", file=sys.stderr)
        return 2
    quick = "--quick" in arguments
    text = page(" ".join(["python -m tests.bench.matcher", *arguments]), QUICK_SECONDS if quick else SECONDS)
    print(text)
    if not quick:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
