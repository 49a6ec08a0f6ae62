"""What Asterisk did without the service, as the ledger takes it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A happening as the ledger takes it: its place in the source, its call, business time, the caller's channel."""

    place: int
    call_id: str
    at: datetime
    channel: str
    config_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Entry):
    """The caller came to the fallback; `caller` is E.164 or None, `channel_id` the id by the channel alone."""

    gateway: str
    caller: str | None
    channel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed(Entry):
    """The caller was told that we are closed, or the service has taken the caller back: `kind` is the step."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(Entry):
    """The caller waits in Asterisk's queue; `from_start`: since coming to us, never having met the service."""

    from_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Entry):
    """An agent has answered in Asterisk's queue; told on the agent's channel, so `call_id` may be a `channel_id`."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(Entry):
    """The caller left a callback request; without `number` (E.164) the number shown is rung, if we may."""

    number: str | None
    note: str | None
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Entry):
    """The caller's channel is gone."""

    lane: str
    """Where in the fallback the caller stood; "" when with the service."""
    known: bool
    """The caller had come to the service or the fallback; otherwise the end alone makes no call of it."""
    how: str | None = None
    """What the service knows of the end."""
    talked_since: datetime | None = None
    """An agent had answered the service's last ringing, at that moment, whether or not the service heard of it."""
