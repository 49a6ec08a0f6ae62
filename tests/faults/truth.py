"""What Asterisk and the database say of each agent, and how long the agents' pages take to show the same.

Definition of the time to the true state: from a given moment (the service serves again, or the fault is over) to the
first moment from which on, for STEADY seconds, every agent's page is connected and shows a state that is true.
True is what `expected` says; a page may lag behind a change by LAG seconds.
"""

import asyncio
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.faults.agents import Agent
from tests.faults.house import House

STEADY = 1.5
LAG = 0.5
LOOKS_EVERY = 0.1
FREE = frozenset({"ready", "not_ready"})
"""Both are true of a ready agent with a phone: that a call was missed is known to the service alone."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One line of `core show channels concise`."""

    name: str
    state: str
    bridge: str

    @property
    def agent(self) -> str | None:
        """Whose phone it is; None for a caller."""
        endpoint = self.name.removeprefix("PJSIP/").rpartition("-")[0]
        return endpoint.removeprefix("agent-") if endpoint.startswith("agent-") else None


def channels(concise: str) -> list[Channel]:
    """From what Asterisk's command line prints: fields divided by `!`, the bridge last but one."""
    rows = [line.split("!") for line in concise.splitlines() if line.count("!") >= 12]
    return [Channel(row[0], row[4], row[-2]) for row in rows]


def registered(contacts: str) -> frozenset[str]:
    """Agents whose phone is there and answers, from `pjsip show contacts`."""
    return frozenset(re.findall(r"^ *Contact: +agent-(\w+)/\S+ +\S+ +Avail", contacts, re.MULTILINE))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of all agents at one moment."""

    channels: Sequence[Channel]
    registered: frozenset[str]
    intents: Mapping[str, str]
    to_write_up: frozenset[str]
    """Agents with a call that was answered, has ended and was not disposed of."""
    had_a_caller: frozenset[str] = frozenset()
    """Agents who have answered a call that has no end in the ledger yet: it is about to be written, or the agent's
    leg was lost and the caller is back in the line, where the call is nobody's."""


def expected(known: Known, agent: str) -> frozenset[str]:
    """The states of the page that are true of this agent."""
    mine = [channel for channel in known.channels if channel.agent == agent]
    if any(channel.state == "Up" and _with_somebody(channel, known) for channel in mine):
        return frozenset({"talking"})
    if any(channel.state in {"Ring", "Ringing", "Down"} for channel in mine):
        return frozenset({"offered"})
    if agent in known.to_write_up:
        return frozenset({"wrap_up"})
    maybe = frozenset({"wrap_up"}) if agent in known.had_a_caller else frozenset[str]()
    intent = known.intents.get(agent, "home")
    if intent != "ready":
        return maybe | {intent}
    return maybe | (FREE if agent in known.registered else {"not_ready"})


def _with_somebody(channel: Channel, known: Known) -> bool:
    return bool(channel.bridge) and any(
        other.bridge == channel.bridge and other.name != channel.name for other in known.channels
    )


async def look(house: House) -> Known | None:
    """Now; None while Asterisk or the database cannot be asked."""
    concise, contacts = await house.ask("core show channels concise"), await house.ask("pjsip show contacts")
    if "Contact:" not in contacts:
        return None
    try:
        intents, to_write_up, had_a_caller = await asyncio.to_thread(_from_database, house.database)
    except sqlite3.Error:
        return None
    return Known(channels(concise), registered(contacts), intents, to_write_up, had_a_caller)


def _from_database(path: Path) -> tuple[dict[str, str], frozenset[str], frozenset[str]]:
    """Intents by agent, who has to write up a call that has ended, and who has answered one that has not."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)) as connection:
        intents = dict(connection.execute("SELECT agent, intent FROM presences ORDER BY id").fetchall())
        unwritten = connection.execute(
            "SELECT agent, ended_at IS NOT NULL FROM calls WHERE answered_at IS NOT NULL AND agent IS NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM dispositions WHERE call_id = calls.id) "
            "AND coalesce(how, '') NOT LIKE 'fallback_%'"  # handled to its end without a page
        ).fetchall()
    ended = frozenset(name for name, over in unwritten if over)
    return intents, ended, frozenset(name for name, over in unwritten if not over)


def untrue(people: Mapping[str, Agent], known: Known | None) -> Iterator[str]:
    """Who shows what, and what is true instead."""
    for name, agent in people.items():
        if known is None:
            yield f"{name}: Asterisk or the database do not answer"
        elif agent.shows not in (true := expected(known, name)):
            yield f"{name} shows {agent.shows or 'no connection'} instead of {' or '.join(sorted(true))}"


def longest(looks: Sequence[tuple[float, Sequence[str]]]) -> tuple[float, str]:
    """The longest stretch in which the same page was untrue; of texts as `untrue` makes them, by their moments."""
    worst, begun = (0.0, ""), dict[str, float]()
    for at, wrong in looks:
        texts = {text.split()[0].rstrip(":"): text for text in wrong}
        begun = {name: begun.get(name, at) for name in texts}
        worst = max([worst, *((at - begun[name], text) for name, text in texts.items())])
    return worst


class Watch:
    """Looks all the time; `since(moment)` tells the time to the true state."""

    def __init__(self, house: House, people: Mapping[str, Agent]) -> None:
        self._house, self._people = house, people
        self._looks: list[tuple[float, list[str]]] = []
        self._wrong: dict[str, float] = {}

    async def run(self) -> None:
        """A task for as long as it is to be known."""
        while True:
            known = await look(self._house)
            now, found = time.monotonic(), list(untrue(self._people, known))
            self._wrong = {one: self._wrong.get(one, now) for one in found}
            self._looks.append((now, [one for one in found if now - self._wrong[one] >= LAG or known is None]))
            await asyncio.sleep(LOOKS_EVERY)

    def since(self, moment: float) -> float | None:
        """Seconds to the first moment from which on all was true for STEADY; None when it never was."""
        begun: float | None = None
        for at, wrong in self._looks:
            if at < moment:
                continue
            if wrong:
                begun = None
            else:
                begun = at if begun is None else begun
                if at - begun >= STEADY:
                    return begun - moment
        return None

    def longest_untruth(self, since: float, until: float) -> tuple[float, str]:
        """How long at most one page was untrue at a stretch between two moments, seconds, and what was wrong last."""
        return longest([(at, wrong) for at, wrong in self._looks if since <= at <= until])

    def last_untruth(self, moment: float) -> str:
        """What was wrong last, for the report."""
        return next(("; ".join(wrong) for at, wrong in reversed(self._looks) if wrong and at >= moment), "")
