"""What the pages beside the telephone itself ask of the running service: one narrow interface for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from config.differences import Change
from config.editing import Edit
from hotline.changing.model import Activated, Draft, Heard, Progress, Remark, Version
from hotline.web.desk import User
from routing.replay import Replay


class Promises(Protocol):
    """The case worker's page, and what becomes of a promise.

    `once` names one showing of the form: sent again, nothing changes. Nor does anything change by a link that was
    handed on, or after the promise was kept: then the page tells. FormError with German findings by field; Refused
    when the link is invalid or nothing more can be entered.
    """

    def who(
        self, agent: str, call_id: str, office: str, family_name: str, request_type: str | None
    ) -> Mapping[str, Any]:
        """Who would get the request of this call, see `hotline.web.responsible`."""

    async def page(self, token: str) -> Mapping[str, Any] | None:
        """What the link opens, or None when it is invalid or expired. Times are ISO 8601, days "2026-11-27".

        `status` is `open`, `kept` or `handed_on`. Handed on: only `receipt` and `holder` (the name of who has it now).
        Otherwise also `type`, `due`, `overdue`, `person`, `lines` (`{"label", "value"}` and optionally `"tel"` in
        E.164), `note`, `tries`, `steps` (`{"at", "words", "text"}`, oldest first), `kept_at`, `kept_how`, and for the
        forms `days` (possible new due days), `people` (`{"key", "name", "absent"}`) and `once`.
        """

    async def answered(self, token: str, once: str, how: str, note: str) -> None:
        """The caller was answered by `phone`, `letter` or `email`. Findings for `how`, `note`."""

    async def not_reached(self, token: str, once: str, note: str) -> None:
        """The caller did not answer. Findings for `note`."""

    async def takes_longer(self, token: str, once: str, day: str, reason: str) -> None:
        """It is answered by the end of that day. Findings for `day`, `reason`."""

    async def hand_on(self, token: str, once: str, to: str, reason: str) -> None:
        """Somebody else is to answer: a `key` of `people`. Findings for `to`, `reason`."""


class Writing(Protocol):
    """What an agent writes about a call: drafts, several requests, corrections, the text to copy.

    Everything raises `Refused` when it cannot be done now, `agents.forms.FormError` for what stands in fields.
    """

    async def save_draft(self, agent: str, call_id: str, number: int, values: Mapping[str, str]) -> bool:
        """Keep what stands in the form for that request of the call; whether it is stored already."""

    async def draft(self, agent: str, call_id: str) -> Mapping[str, Any] | None:
        """What was kept: `{"number", "values", "saved_at"}`; None when there is nothing."""

    async def dispose(
        self,
        agent: str,
        call_id: str,
        outcome: str,
        values: Mapping[str, str],
        number: int | None = None,
        more: bool = False,
    ) -> Mapping[str, Any]:
        """Close a request: `{"number", "type", "outcome", "receipt", "due", "responsible", "rule", "team"}`.

        `more`: a further one of the same call follows, the agent is not free yet.
        """

    async def another(self, agent: str, call_id: str) -> None:
        """One request more, although the call was finished."""

    async def finish(self, agent: str, call_id: str) -> None:
        """No further request after all."""

    async def today(self, agent: str) -> list[Mapping[str, Any]]:
        """What the agent has written today, the newest first; keys in hotline/workplace/written.py."""

    async def correct(
        self, agent: str, disposition_id: int, outcome: str, values: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """Write an entry of today anew; the entry as it reads now."""

    async def text(self, agent: str, call_id: str) -> str:
        """The whole call as plain text."""


class Callbacks(Protocol):
    """Callback tasks rung from the page, what can be searched, and an agent's own day. Refused when it cannot be."""

    async def ring_callback(self, agent: str, callback_id: str) -> None:
        """Ring the agent's own telephone, then the caller; how it goes on, the snapshot tells (`callback_call`)."""

    async def hang_up_callback(self, agent: str, callback_id: str) -> None:
        """End the callback's call, also while it rings."""

    async def refuse_callback(self, agent: str, callback_id: str) -> None:
        """Not to be started by this agent, to whom it is offered (`callback_offer` of the snapshot)."""

    async def search(self, agent: str, text: str) -> Mapping[str, Any]:
        """`hits` (`kind`, `id`, `title`, `receipt`, `type`, `status`, `at`, `due`), and `most`. FormError: `q`."""

    async def open_hit(self, agent: str, kind: str, hit_id: str) -> Mapping[str, Any]:
        """A hit with its contents: `lines` of `label` and `value`, and `notes`; audited."""

    async def day(self, agent: str) -> Mapping[str, Any]:
        """`calls`, `promises`, `callbacks` of this agent today, and `missed`: who did not reach us."""

    async def callback_for(self, agent: str, call_id: str) -> None:
        """Make a callback task of a call that did not reach us today."""


class Alarms(Protocol):
    """The threat button and the trial ring; what the lead does with alarms is in `Lead`."""

    async def threaten(self, agent: str, call_id: str) -> None:
        """The caller threatens somebody: alarm the lead in silence; a second time changes nothing."""

    def alarms_for(self, user: str) -> list[Mapping[str, Any]]:
        """The open alarms that others have raised, as on the lead's page, for the page of a lead with a seat."""

    def watched_by(self, users: frozenset[str]) -> None:
        """Who has a page open on which alarms can be seen."""

    async def test_ring(self, agent: str) -> None:
        """Ring the agent's own telephone, to try it out."""


class Lead(Protocol):
    """The lead's page: everybody's state, today's figures, notices and announcements.

    `who` is the user who asks. Everything raises `Refused` when it cannot be done now, and `agents.forms.FormError`
    for a text or a time that cannot be taken; a time is one of today, as "17:30".
    """

    def now(self) -> str:
        """Business time, ISO 8601."""

    async def snapshot(self) -> Mapping[str, Any]:
        """All that the page shows, JSON-able; `seq` grows with each change. See hotline/workplace/lead.py."""

    async def changed(self, seen: int) -> None:
        """Return soon after there is something newer than `seen`, and now and then all the same."""

    async def pause(self, agent: str, who: str) -> None:
        """No calls until the agent presses "ready"."""

    async def log_out(self, agent: str, who: str, *, even_in_talk: bool) -> None:
        """The agent's day is over; sessions are ended by whoever asks."""

    async def agent_figures(self, agent: str, who: str) -> Mapping[str, Any]:
        """One agent's day; the look itself is audited."""

    async def alarm_seen(self, number: int, who: str) -> None:
        """The lead knows of the alarm."""

    async def retry_mail(self, number: int, who: str) -> None:
        """Send a mail once more that did not go out or came back."""

    async def redirect_mail(self, number: int, to: str, who: str) -> None:
        """A mail to another address instead of one that did not arrive; `to` is a key of `routing.case_workers`."""

    async def message(self, text: str, until: str, who: str) -> None:
        """To all agents' pages."""

    async def message_read(self, agent: str, number: int) -> None:
        """An agent has read that message."""

    async def announce(self, text: str, until: str, who: str) -> None:
        """To all callers, in place of an earlier announcement."""

    async def end_notice(self, number: int, who: str) -> None:
        """End a message or the announcement now."""

    async def note(self, request_type: str, text: str, who: str) -> None:
        """The knowledge note of that request type."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing somebody did; `action` is a code, `subject` an id, a user's name or a count."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A part of the audit log, the newest first; `more`: there are older ones. `people` are all who occur."""

    entries: list[AuditEntry]
    more: bool
    people: list[str]


class Doors(Protocol):
    """Accounts beyond logging in and out: changing a password; and what is written down about who did what."""

    async def change_password(self, name: str, old: str, new: str, again: str) -> User:
        """A password of the user's own; all sessions end. FormError with findings for `old`, `new`, `again`."""

    async def logged_in(self, name: str) -> None:
        """This user has logged in."""

    async def logged_out(self, name: str) -> None:
        """This user has logged out, everywhere."""

    def login_failed(self, name: str) -> None:
        """Somebody tried that name with a wrong password; the name may be none."""

    async def promise_opened(self, token: str) -> None:
        """The case worker's page of that link was shown."""

    async def audit_page(self, reader: str, who: str | None, day: date | None, before: int | None) -> AuditPage:
        """What was done, the newest first: by `who`, on that `day`, older than the row `before`."""


class Changing(Protocol):
    """The configuration: drafted, checked, tried out, activated, rolled back. Refused when it cannot be.

    There is one draft, which all admins work on. Whoever saves names the `revision` they have edited (None: there was
    no draft); when another one has saved or activated meanwhile, `Outdated` is raised, which carries the difference,
    and nothing is overwritten. Every change is audited.
    """

    async def active(self) -> tuple[Version, str]:
        """What is in use, and its text."""

    async def draft(self) -> Draft | None:
        """What is being prepared; None when nothing is."""

    async def save(self, author: str, text: str, revision: int | None, *, base: int | None = None) -> Draft:
        """Keep this text as the draft, whatever is wrong with it.

        `base`: when there was no draft, the version that the text was made from (None: the active one).
        """

    async def edit(self, author: str, edits: Sequence[Edit], revision: int | None, *, base: int | None = None) -> Draft:
        """Change single values of the draft, or of what is in use when there is none; comments stay.

        FormError with findings by the dotted path of an edit when a value is impossible. `base` as for `save`.
        """

    async def rebase(self, author: str, revision: int) -> Draft:
        """The draft counts as made from what is in use now: its author has seen what was activated meanwhile."""

    async def discard(self, author: str, revision: int) -> None:
        """Throw the draft away."""

    async def check(self, text: str) -> list[Remark]:
        """All that is wrong with that text, or perhaps not meant, in the order of the file."""

    async def difference(self, old: str, new: str) -> list[Change]:
        """What changes between two texts, readable: by section, in German."""

    async def explain(
        self, text: str, at: str, press: str, caller: str | None, free: Sequence[str] | None
    ) -> Mapping[str, Any]:
        """What `hotline explain --json` says of a call under that text. FormError: `at`, `press`, `free`, `text`."""

    async def replay(self, text: str, days: int) -> Replay:
        """The calls of the last so many days under that text, beside how they go by what is in use."""

    async def activate(self, author: str, reason: str, revision: int, progress: Progress) -> Activated:
        """Make the draft what new calls begin with; running calls and agents' states are not touched.

        FormError: `reason`. Refused when the draft has errors. Outdated, too, when another version was activated
        since the draft was begun: `rebase` lets it be activated all the same.
        """

    async def history(self) -> list[Version]:
        """The newest first."""

    async def version(self, number: int) -> tuple[Version, str]:
        """One of them with its text."""

    async def roll_back(self, author: str, number: int, reason: str, progress: Progress) -> Activated:
        """Make an earlier one the newest; the draft stays."""


class Prompts(Protocol):
    """Own recordings of what callers hear, which win over the voice. Names are those of `ivr.prompts.catalogue`.

    Refused when a name is none of what is in use, and when something cannot be done; then nothing has changed.
    """

    async def heard(self) -> Mapping[str, Heard]:
        """Every prompt in use, by name."""

    def sound(self, name: str) -> Path:
        """The WAV file that callers hear."""

    async def keep(self, author: str, name: str, content: bytes) -> None:
        """This WAV file is what callers hear from now on."""

    async def remove(self, author: str, name: str) -> None:
        """Back to the voice."""

    async def pin(self, author: str, name: str) -> str:
        """Digits that open a recording of this prompt by telephone, once, for ten minutes."""


@dataclass(frozen=True)
class Services:
    """One object for each interface; they may be the same."""

    promises: Promises
    writing: Writing
    callbacks: Callbacks
    alarms: Alarms
    lead: Lead
    doors: Doors
    changing: Changing
    prompts: Prompts
