"""What the pages beside the telephone itself ask of the running service: one narrow interface for each of them."""

from dataclasses import dataclass
from typing import Protocol


class Promises(Protocol):
    """The case worker's page, and what becomes of a promise."""


class Writing(Protocol):
    """What an agent writes about a call: drafts, several requests, corrections, the text to copy."""


class Callbacks(Protocol):
    """Callback tasks rung from the page, what can be searched, and an agent's own day."""


class Alarms(Protocol):
    """The threat button, and the notes of knowledge beside the guide."""


class Lead(Protocol):
    """The lead's page: everybody's state, today's figures, notices and announcements."""


class Doors(Protocol):
    """Accounts beyond logging in and out: changing a password, ending sessions elsewhere."""


@dataclass(frozen=True)
class Services:
    """One object for each interface; they may be the same."""

    promises: Promises
    writing: Writing
    callbacks: Callbacks
    alarms: Alarms
    lead: Lead
    doors: Doors
