"""What happens at the doors: a password of one's own, and what is written down about who came in and saw what."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from agents.forms import FormError
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.links import Links
from hotline.storage.accounts import Accounts, User
from hotline.storage.audit import Audit
from hotline.web.services import AuditEntry, AuditPage
from hotline.workplace.passwords import objection

log = structlog.get_logger()

PAGE = 100
"""Rows of the audit log on one page."""
FAILURES_EVERY = 60.0
"""Wrong passwords are counted and written down so often, seconds: a flood of them must not become a flood of rows."""
CASE_WORKER, UNKNOWN = "case_worker", "unknown"
OPENED_AGAIN = timedelta(minutes=10)
"""A promise's page that is loaded again within this time counts once."""
OPENED_KEPT = 10_000


class Doors:
    """Implements hotline.web.services.Doors. All times are real ones: `AT=` does not move who did what."""

    def __init__(self, accounts: Accounts, audit: Audit, links: Links, clock: Clock, zone: ZoneInfo) -> None:
        self._accounts, self._audit, self._links, self._clock, self._zone = accounts, audit, links, clock, zone
        self._failures: Counter[str] = Counter()
        self._opened: dict[str, datetime] = {}

    # --- passwords ---------------------------------------------------------------------------

    async def change_password(self, name: str, old: str, new: str, again: str) -> User:
        """A password of the user's own; all sessions end. FormError with findings for `old`, `new`, `again`."""
        findings: dict[str, str] = {}
        user = await self._accounts.verify(name, old)
        if user is None:
            findings["old"] = "Das ist nicht Ihr bisheriges Passwort."
            self.login_failed(name)
        if problem := objection(name, new):
            findings["new"] = problem
        elif new == old:
            findings["new"] = "Bitte wählen Sie ein anderes Passwort als bisher."
        elif new != again:
            findings["again"] = "Die beiden neuen Passwörter sind verschieden."
        if findings or user is None:
            raise FormError(findings)
        await self._accounts.set_password(name, new, author=name)
        return replace(user, must_change=False)

    # --- what is written down ----------------------------------------------------------------

    async def logged_in(self, name: str) -> None:
        await self._record(name, "login")

    async def logged_out(self, name: str) -> None:
        await self._record(name, "logout")

    def login_failed(self, name: str) -> None:
        """Counted; names are kept for a minute, until it is known whether there is such an account."""
        if name in self._failures or len(self._failures) < OPENED_KEPT:
            self._failures[name] += 1
        else:
            self._failures[""] += 1

    async def promise_opened(self, token: str) -> None:
        """The case worker's page of that link was shown."""
        promise_id, now = self._links.open(token).promise_id, self._clock.real_now()
        if promise_id is None or now - self._opened.get(promise_id, datetime.min.replace(tzinfo=UTC)) < OPENED_AGAIN:
            return
        if len(self._opened) >= OPENED_KEPT:
            self._opened.clear()
        self._opened[promise_id] = now
        await self._record(CASE_WORKER, "promise_opened", promise_id)

    async def run(self) -> None:
        """For ever: write down how many passwords were wrong."""
        while True:
            await asyncio.sleep(FAILURES_EVERY)
            await self.write_failures()

    async def write_failures(self) -> None:
        """One row for each account, and one for all names that are none: they may be passwords in the wrong field."""
        if not self._failures:
            return
        failures, self._failures = self._failures, Counter()
        try:
            known = {user.name for user in await self._accounts.users()}
            counted: Counter[str] = Counter()
            for name, count in failures.items():
                counted[name if name in known else UNKNOWN] += count
            for name, count in counted.items():
                await self._record(name, "login_failed", str(count))
        except StorageError:
            log.warning("wrong passwords could not be written down", count=failures.total())

    async def _record(self, who: str, action: str, subject: str | None = None) -> None:
        await self._audit.record(self._clock.real_now(), who, action, subject)

    # --- the audit log as a page -------------------------------------------------------------

    async def audit_page(self, reader: str, who: str | None, day: date | None, before: int | None) -> AuditPage:
        """Reading it is written down, too: once for each look, not for each further page."""
        since, until = (self._midnight(day), self._midnight(day + timedelta(days=1))) if day else (None, None)
        rows = await self._audit.rows(PAGE + 1, who=who, since=since, until=until, before=before)
        if before is None:
            await self._record(reader, "audit_shown", who)
        return AuditPage([AuditEntry(*row) for row in rows[:PAGE]], len(rows) > PAGE, await self._audit.people())

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)
