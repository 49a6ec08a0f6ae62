"""Whether an agent can be offered a call: one state out of intent, phone, screen and work.

The agent's own intent always wins over what machines infer (design: what must always hold, 5).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum


class Intent(StrEnum):
    """What the agent wants; stored, survives restarts."""

    READY = "ready"
    PAUSE = "pause"
    HOME = "home"


class Work(StrEnum):
    """What the agent is doing for a caller."""

    FREE = "free"
    OFFERED = "offered"
    DUE = "due"
    """A callback that has kept its place is offered: the agent is to start it."""
    TALKING = "talking"
    LOST = "lost"
    """The talk broke off; the agent is rung again as soon as the telephone is back."""
    WRAP_UP = "wrap_up"


class Bar(StrEnum):
    """Why a ready agent is taken out of distribution until they press "ready" again."""

    MISSED = "missed"
    REJECTED = "rejected"
    STALE_SCREEN = "stale_screen"
    PHONE_GONE = "phone_gone"
    NOT_STARTED = "not_started"
    """A callback that was due was not started in time."""
    NOT_WANTED = "not_wanted"
    """A callback that was due was refused."""


class State(StrEnum):
    """What the agent and the others see."""

    HOME = "home"
    PAUSE = "pause"
    NOT_READY = "not_ready"
    READY = "ready"
    OFFERED = "offered"
    DUE = "due"
    TALKING = "talking"
    LOST = "lost"
    WRAP_UP = "wrap_up"


class Cause(StrEnum):
    """Why the state is what it is; stands in the ledger beside each change of state."""

    HOME = "home"
    PAUSE = "pause"
    LEAD = "lead"
    """Sent on pause or home by the lead; `Presence.by` says who that was."""
    IDLE = "idle"
    MISSED = "missed"
    REJECTED = "rejected"
    STALE_SCREEN = "stale_screen"
    PHONE_GONE = "phone_gone"
    NOT_STARTED = "not_started"
    NOT_WANTED = "not_wanted"
    NOT_REGISTERED = "not_registered"
    ENGAGED = "engaged"
    NO_SCREEN = "no_screen"
    RINGING = "ringing"
    DUE = "due"
    TALKING = "talking"
    BROKEN_OFF = "broken_off"
    WRITING_UP = "writing_up"


_TEXTS = {
    Cause.HOME: "Feierabend",
    Cause.PAUSE: "Pause",
    Cause.LEAD: "durch Leitung",
    Cause.IDLE: "wartet auf Anruf",
    Cause.MISSED: "Anruf nicht angenommen",
    Cause.REJECTED: "Anruf abgelehnt",
    Cause.STALE_SCREEN: "Bildschirm hat nicht reagiert",
    Cause.PHONE_GONE: "Telefon war nicht erreichbar",
    Cause.NOT_STARTED: "Rückruf nicht begonnen",
    Cause.NOT_WANTED: "Rückruf abgelehnt",
    Cause.NOT_REGISTERED: "Telefon ist nicht angemeldet",
    Cause.ENGAGED: "Telefon ist besetzt",
    Cause.NO_SCREEN: "keine Seite offen",
    Cause.RINGING: "Anruf klingelt",
    Cause.DUE: "Rückruf an der Reihe",
    Cause.TALKING: "im Gespräch",
    Cause.BROKEN_OFF: "Gespräch unterbrochen",
    Cause.WRITING_UP: "Nacharbeit",
}
_WORKING = {
    Work.OFFERED: (State.OFFERED, Cause.RINGING),
    Work.DUE: (State.DUE, Cause.DUE),
    Work.TALKING: (State.TALKING, Cause.TALKING),
    Work.LOST: (State.LOST, Cause.BROKEN_OFF),
    Work.WRAP_UP: (State.WRAP_UP, Cause.WRITING_UP),
}
_INTENT_STATES = {Intent.HOME: State.HOME, Intent.PAUSE: State.PAUSE}
_OWN_CAUSES = {Intent.HOME: Cause.HOME, Intent.PAUSE: Cause.PAUSE}


@dataclass(frozen=True, slots=True)
class Presence:
    """One agent at one moment. Times are aware."""

    intent: Intent
    since: datetime
    """When the state last changed."""
    reason: str | None = None
    """The reason of a pause, as the agent chose it."""
    by: str | None = None
    """The user who set the intent, when it was not the agent."""
    needs_screen: bool = True
    """No call is offered without an open page; False for desk phones that are configured so."""
    registered: bool = False
    """Asterisk can ring the agent's phone."""
    engaged: bool = False
    """The agent's phone rings or talks, be it with a call of ours or not."""
    screens: int = 0
    """Open pages of the agent that we hear."""
    work: Work = Work.FREE
    bar: Bar | None = None
    barred_at: datetime | None = None
    idle_since: datetime | None = None
    """When the agent last became free; orders agents among each other."""

    @property
    def state(self) -> State:
        if self.work is not Work.FREE:
            return _WORKING[self.work][0]
        if self.intent is not Intent.READY:
            return _INTENT_STATES[self.intent]
        return State.READY if self.available else State.NOT_READY

    @property
    def why(self) -> Cause:
        """The cause of the state, as a code."""
        if self.work is not Work.FREE:
            return _WORKING[self.work][1]
        if self.intent is not Intent.READY:
            return _OWN_CAUSES[self.intent] if self.by is None else Cause.LEAD
        return Cause.IDLE if self.available else self._hindrance()

    @property
    def decided(self) -> bool:
        """Whether somebody's will is what the state rests on, not a call and no machine."""
        return self.state in {State.HOME, State.PAUSE, State.READY}

    @property
    def available(self) -> bool:
        """Whether a call may be offered now."""
        return self.reachable and self.work is Work.FREE and self.bar is None

    @property
    def reachable(self) -> bool:
        """Whether a call that is meant for this very agent could ring now."""
        return self.intent is Intent.READY and self.registered and not self.engaged and self.seen

    @property
    def on_duty(self) -> bool:
        """Whether callers may count on this agent: ready, or busy and ready afterwards."""
        return self.intent is Intent.READY and self.bar is None and self.registered and self.seen

    @property
    def seen(self) -> bool:
        """Whether a call would be seen on a page, as far as this agent needs that."""
        return self.screens > 0 or not self.needs_screen

    def cause(self, zone: tzinfo) -> str:
        """Why the state is what it is: one German phrase for the page."""
        cause = self.why
        if cause is Cause.LEAD:
            return f"{_TEXTS[cause]} ({self.by})"
        if cause is Cause.PAUSE:
            return self.reason or _TEXTS[cause]
        if self.bar is not None and self.barred_at is not None and cause.value == self.bar.value:
            return f"{_TEXTS[cause]}, {self.barred_at.astimezone(zone):%H:%M}"
        return _TEXTS[cause]

    def _hindrance(self) -> Cause:
        if self.bar is not None:
            return Cause(self.bar.value)
        if not self.registered:
            return Cause.NOT_REGISTERED
        return Cause.ENGAGED if self.engaged else Cause.NO_SCREEN

    def wanting(self, intent: Intent, reason: str | None, at: datetime, by: str | None = None) -> "Presence":
        """The agent pressed ready, pause or home, or the lead (`by`) did; pressing anything lifts a bar."""
        idle = self.idle_since if self.available and intent is Intent.READY else at
        wanted = replace(self, intent=intent, reason=reason, by=by, bar=None, barred_at=None, idle_since=idle)
        return replace(wanted, since=self.since if self.work is not Work.FREE else at)

    def busy(self, work: Work, at: datetime) -> "Presence":
        """A call is offered, talked with, or wrapped up."""
        return replace(self, work=work, since=at)

    def free(self, at: datetime, *, keep_idle: bool = False) -> "Presence":
        """Nothing to do any more; `keep_idle` when the call went away through no doing of the agent."""
        idle = self.idle_since if keep_idle else at
        return replace(self, work=Work.FREE, idle_since=idle, since=at)

    def shifted(self, delta: timedelta) -> "Presence":
        """Business time has jumped by that: the state is as old as before."""
        idle = None if self.idle_since is None else self.idle_since + delta
        barred = None if self.barred_at is None else self.barred_at + delta
        return replace(self, since=self.since + delta, idle_since=idle, barred_at=barred)

    def barred(self, bar: Bar, at: datetime) -> "Presence":
        """An offer was not taken: out of distribution until the agent presses "ready"."""
        return replace(self, work=Work.FREE, bar=bar, barred_at=at, since=at)

    def sensed(
        self,
        at: datetime,
        *,
        registered: bool | None = None,
        engaged: bool | None = None,
        screens: int | None = None,
    ) -> "Presence":
        """What machines tell about phone and pages."""
        changed = replace(
            self,
            registered=self.registered if registered is None else registered,
            engaged=self.engaged if engaged is None else engaged,
            screens=self.screens if screens is None else screens,
        )
        return changed if changed.state is self.state else replace(changed, since=at)
