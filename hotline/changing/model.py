"""What the parts of a change hand to each other."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from config.german import german


class Severity(StrEnum):
    ERROR = "error"
    """The draft cannot be activated."""
    WARNING = "warning"
    """It can, once the admin has seen it."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong, or perhaps not meant. `line` and `col` count from 1; 0 for the file as a whole."""

    severity: Severity
    line: int
    col: int
    path: str
    """Keys joined with dots, as in findings of `hotline check`."""
    message: str
    """As `hotline check` prints it."""

    @property
    def german(self) -> str:
        """The message as people read it on the pages."""
        return german(self.message)


@dataclass(frozen=True, slots=True)
class Draft:
    """The one change that is being prepared; all admins work on the same."""

    revision: int
    """Counts with every saving: who saves tells which revision was edited."""
    base_version: int
    """The version it was begun from."""
    text: str
    author: str
    """Who has saved it last."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """A configuration that is or was in use."""

    version: int
    author: str
    at: datetime
    reason: str | None
    active: bool


class Step(StrEnum):
    """How far an activation is."""

    CHECKING = "checking"
    PROMPTS = "prompts"
    STORING = "storing"
    ASTERISK = "asterisk"
    """Rendering, reloading and reading back."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that was made for an added agent."""

    name: str
    password: str = field(repr=False)
    """The first one, which must be changed at the first login."""


@dataclass(frozen=True, slots=True)
class Activated:
    """What an activation came to."""

    version: int
    reloaded: tuple[str, ...]
    """Which parts of Asterisk were rendered anew and reloaded, in German; empty when none had changed."""
    differs: tuple[str, ...] = ()
    """What Asterisk has otherwise than it should after the reload, German sentences; empty when all is as it should."""
    restart: tuple[str, ...] = ()
    """Keys of the configuration whose change takes effect only when the hotline is started again."""
    accounts: tuple[NewAccount, ...] = ()
    """Agents who could not log in before; to be shown once to whoever has activated."""
    outdated: tuple[str, ...] = ()
    """Names of prompts whose own recording reads another text aloud than the one that is in use now."""
    people: tuple[str, ...] = ()
    """What became of accounts that were there before, German sentences."""


Progress = Callable[[Step, int, int], None]
"""Told how far an activation is: the step, and so much done of so much (0 of 0 when there is nothing to count)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What callers hear of a prompt now."""

    seconds: float | None
    """None while it is not made."""
    recorded: bool
    """By an own recording, not by the voice."""
    text_digest: str | None
    """`digest` of the text that was read aloud; None when that is not known."""

    def outdated(self, text: str) -> bool:
        """Whether another text than this one was read aloud."""
        return self.text_digest is not None and self.text_digest != digest(text)


def digest(text: str) -> str:
    """Of a prompt's text, so that it is noticed when its words have changed."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
