"""How the running service can be watched: numbers for Prometheus, counted and read where they arise.

Every line of the log counts as one event under its constant text, so that a fault that is logged is measured too.
No label holds anything of a caller or an agent: texts that are no constants are counted as "other".
"""

import asyncio
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from structlog.typing import EventDict, WrappedLogger

from agents.presence import State
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.exchange.calls import Call, Phase
from hotline.exchange.durations import Durations
from hotline.exchange.journal import Journal
from hotline.exchange.switchboard import Switchboard
from hotline.storage.outbox import BOUNCED, REFUSED, WAITING, StuckMail

OTHER = "other"
LONGEST_EVENT = 100
MOST_EVENTS = 500
"""So many different texts are told apart: many more than the service has."""
OUTBOX_SECONDS = 1.0
"""So long the database may take; then the mails are told as last known."""
_MAILS = (WAITING, REFUSED, BOUNCED)
_LEVELS = {"exception": "error", "warn": "warning", "fatal": "critical"}
_A_VALUE = re.compile(r"\d{3}|@")
"""In no constant text, but in telephone numbers, ids and addresses."""


class Manager(Protocol):
    """The AMI client."""

    @property
    def connected(self) -> bool: ...


class Mails(Protocol):
    """The outbox."""

    async def stuck(self, attempts: int = ...) -> list[StuckMail]: ...


class Configuration(Protocol):
    """The configuration in use."""

    @property
    def version(self) -> int: ...


class Metrics(Collector):
    """Counts as a structlog processor (`count`), reads the running parts when asked (`text`)."""

    def __init__(
        self,
        clock: Clock,
        switchboard: Switchboard,
        journal: Journal,
        ami: Manager,
        outbox: Mails,
        configuration: Configuration | None = None,
    ) -> None:
        self._configuration = configuration
        self._clock, self._switchboard = clock, switchboard
        self._journal, self._ami, self._outbox = journal, ami, outbox
        self._started = clock.real_now()
        self._events: Counter[tuple[str, str]] = Counter()
        self._texts: set[str] = set()
        self._mails: Counter[str] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def count(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """A structlog processor: passes every event on unchanged."""
        self._events[self._known(event.get("event")), _LEVELS.get(method, method)] += 1
        return event

    async def text(self) -> bytes:
        """Everything in Prometheus' text format 0.0.4, UTF-8."""
        await self._ask_outbox()
        return generate_latest(self._registry)

    async def close(self) -> None:
        """Ask nothing any more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    # --- events ------------------------------------------------------------------------------

    def _known(self, text: object) -> str:
        """The text as a label; "other" for what is no constant, and for the newest when there are too many."""
        if not isinstance(text, str) or len(text) > LONGEST_EVENT or _A_VALUE.search(text):
            return OTHER
        if text not in self._texts:
            if len(self._texts) >= MOST_EVENTS:
                return OTHER
            self._texts.add(text)
        return text

    # --- what is read when asked -------------------------------------------------------------

    def collect(self) -> Iterable[Metric]:
        events = CounterMetricFamily(
            "hotline_events", "Events that the service has logged, by their text.", labels=["event", "level"]
        )
        for (event, level), times in sorted(self._events.items()):
            events.add_metric([event, level], times)
        yield events
        yield from self._people()
        yield from self._machines()

    def _people(self) -> Iterator[Metric]:
        board = self._switchboard
        yield _gauge("hotline_line_callers", "Callers who wait in the line.", board.waiting)
        phases = Counter(call.phase.value for call in self._calls())
        yield _by("hotline_calls", "Calls, by where they stand.", "phase", _words(Phase, without=Phase.OVER), phases)
        shown = "From deciding on an agent until the agent's page said that it shows the call."
        yield _spread("hotline_offer_shown_seconds", shown, board.offers.shown_after)
        states = Counter(seat.presence.state.value for seat in board.seats)
        yield _by("hotline_agents", "Agents, by their state.", "state", _words(State), states)

    def _calls(self) -> set[Call]:
        """Those going on, and those that an agent still writes up."""
        board = self._switchboard
        return {*board.calls, *(seat.call for seat in board.seats if seat.call is not None)}

    def _machines(self) -> Iterator[Metric]:
        journal, ago = self._journal, self._clock.seconds_since_step
        yield _gauge("hotline_journal_behind", "1 while the database does not answer.", journal.behind)
        yield _gauge("hotline_journal_entries", "Entries that wait to be stored.", journal._queue.qsize())
        yield _gauge("hotline_ami_connected", "1 while logged in to Asterisk's manager interface.", self._ami.connected)
        if self._configuration is not None:
            version = self._configuration.version
            yield _gauge("hotline_config_version", "Version of the configuration that new calls begin with.", version)
        if self._mails is not None:
            yield _by("hotline_mails", "Mails not delivered, by state.", "state", _MAILS, self._mails)
        yield _gauge("hotline_start_time_seconds", "When the service started, Unix time.", self._started.timestamp())
        if ago is not None:
            yield _gauge("hotline_clock_step_age_seconds", "Since the system clock was last stepped.", ago)

    async def _ask_outbox(self) -> None:
        """One question at a time, never broken off: a database that is slow is not asked twice."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._count_mails(), name="metrics of the outbox")
        done, _ = await asyncio.wait({self._asking}, timeout=OUTBOX_SECONDS)
        for asked in done:
            asked.result()

    async def _count_mails(self) -> None:
        try:
            self._mails = Counter(mail.state for mail in await self._outbox.stuck(attempts=0))
        except StorageError:
            return  # as last known: that the database is in trouble, the journal tells


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _by(name: str, meaning: str, label: str, words: Iterable[str], found: Counter[str]) -> Metric:
    """One value for each of the words, those that were not found too."""
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for word in words:
        family.add_metric([word], found[word])
    return family


def _spread(name: str, meaning: str, took: Durations) -> Metric:
    """A histogram without labels."""
    buckets = [("+Inf" if math.isinf(bound) else str(bound), count) for bound, count in took.up_to()]
    return HistogramMetricFamily(name, meaning, buckets=buckets, sum_value=took.total)


def _words(kind: type[Phase] | type[State], without: Phase | None = None) -> list[str]:
    return [word.value for word in kind if word is not without]
