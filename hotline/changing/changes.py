"""What the pages and the command line do with the configuration; `hotline.web.services.Changing` says what each is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from agents.forms import FieldError, FormError, read_text
from config.differences import Change, differences
from config.editing import Edit
from config.schema import HotlineConfig
from hotline.changing.drafting import Drafting
from hotline.changing.live import Live
from hotline.changing.model import Activated, Draft, Progress, Remark, Version
from hotline.changing.remarks import errors, judged
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.storage.versions import VersionRow, Versions
from ivr.explain import KEYS, explain
from routing.moments import parse_moment
from routing.replay import PastCall, Replay, replay

LONGEST_REASON = 500
MOST_DAYS = 366
UNREADABLE = "Der Text hat noch Fehler: Bitte zuerst beheben, was die Prüfung nennt."
NO_SUCH_VERSION = "Diese Version gibt es nicht."
NO_REASON = "Bitte schreiben Sie in einem Satz, warum."
IN_USE_ALREADY = "Diese Version ist schon in Kraft."
WRONG_TIME = "Bitte Tag und Uhrzeit angeben, zum Beispiel 2026-11-27T14:30."
WRONG_KEYS = "Erlaubt sind die Tasten 0 bis 9, * und #, und - für einmal Stille."
UNKNOWN_AGENTS = "Diese Person steht nicht in der Konfiguration: {}."

PastCalls = Callable[[datetime], Awaitable[Sequence[PastCall]]]
"""The calls that came since then."""


class Activates(Protocol):
    """See hotline/changing/activation.py."""

    async def run(
        self,
        author: str,
        text: str,
        reason: str | None,
        progress: Progress,
        *,
        draft: int | None = None,
        expected: int | None = None,
    ) -> Activated: ...


class Changes:
    def __init__(
        self,
        drafting: Drafting,
        versions: Versions,
        activation: Activates,
        live: Live,
        past_calls: PastCalls,
        clock: Clock,
    ) -> None:
        self._drafting, self._versions, self._activation = drafting, versions, activation
        self._live, self._past_calls, self._clock = live, past_calls, clock

    async def active(self) -> tuple[Version, str]:
        return await self._found((await self._drafting.active()).version)

    async def draft(self) -> Draft | None:
        return await self._drafting.current()

    async def save(self, author: str, text: str, revision: int | None, *, base: int | None = None) -> Draft:
        return await self._drafting.save(author, text, revision, base)

    async def edit(self, author: str, edits: Sequence[Edit], revision: int | None, *, base: int | None = None) -> Draft:
        return await self._drafting.edit(author, edits, revision, base)

    async def rebase(self, author: str, revision: int) -> Draft:
        return await self._drafting.rebase(author, revision)

    async def discard(self, author: str, revision: int) -> None:
        await self._drafting.discard(author, revision)

    async def check(self, text: str) -> list[Remark]:
        return (await asyncio.to_thread(judged, text, self._clock.now()))[1]

    async def difference(self, old: str, new: str) -> list[Change]:
        before, after = await self._usable(old), await self._usable(new)
        return await asyncio.to_thread(differences, before, after)

    async def explain(
        self, text: str, at: str, press: str, caller: str | None, free: Sequence[str] | None
    ) -> Mapping[str, Any]:
        config = await self._readable(text)
        findings = _findings(config, at, press, free)
        if findings:
            raise FormError(findings)
        moment = parse_moment(at, ZoneInfo(config.hotline.timezone))
        return await asyncio.to_thread(explain, config, moment, press, caller, free)

    async def replay(self, text: str, days: int) -> Replay:
        if not 1 <= days <= MOST_DAYS:
            raise FormError({"days": f"Bitte 1 bis {MOST_DAYS} Tage angeben."})
        config, since = await self._usable(text), self._clock.now() - timedelta(days=days)
        calls = await self._past_calls(since)
        return await asyncio.to_thread(replay, calls, self._live.config, config, since)

    async def activate(self, author: str, reason: str, revision: int, progress: Progress) -> Activated:
        why, draft = read_reason(reason), await self._drafting.to_activate(revision)
        return await self._activation.run(
            author, draft.text, why, progress, draft=draft.revision, expected=draft.base_version
        )

    async def activate_text(self, author: str, reason: str, text: str, progress: Progress) -> Activated:
        """A configuration that is no draft, as from the command line; the draft stays."""
        why, active = read_reason(reason), await self._drafting.active()
        if active.text == text:
            raise Refused(IN_USE_ALREADY)
        return await self._activation.run(author, text, why, progress, expected=active.version)

    async def history(self) -> list[Version]:
        rows = await self._versions.all()
        return [_version(row, active=row is rows[0]) for row in rows]

    async def version(self, number: int) -> tuple[Version, str]:
        return await self._found(number)

    async def roll_back(self, author: str, number: int, reason: str, progress: Progress) -> Activated:
        why, active = read_reason(reason), await self._drafting.active()
        if number == active.version:
            raise Refused(IN_USE_ALREADY)
        _, text = await self._found(number)
        return await self._activation.run(author, text, why, progress, expected=active.version)

    async def _found(self, number: int) -> tuple[Version, str]:
        row = await self._versions.row(number)
        if row is None:
            raise Refused(NO_SUCH_VERSION)
        newest = await self._drafting.active()
        return _version(row[0], active=number == newest.version), row[1]

    async def _readable(self, text: str) -> HotlineConfig:
        config, _ = await asyncio.to_thread(judged, text, self._clock.now())
        if config is None:
            raise FormError({"text": UNREADABLE})
        return config

    async def _usable(self, text: str) -> HotlineConfig:
        config, remarks = await asyncio.to_thread(judged, text, self._clock.now())
        if config is None:
            raise Refused(f"{UNREADABLE} Zeile {errors(remarks)[0].line}.")
        return config


def _version(row: VersionRow, *, active: bool) -> Version:
    return Version(row.version, row.author, row.at, row.reason, active)


def read_reason(reason: str) -> str:
    """Why something is activated; FormError."""
    try:
        text = read_text(reason, "Grund", LONGEST_REASON)
    except FieldError as error:
        raise FormError({"reason": str(error)}) from None
    if not text:
        raise FormError({"reason": NO_REASON})
    return text


def _findings(config: HotlineConfig, at: str, press: str, free: Sequence[str] | None) -> dict[str, str]:
    findings = {}
    try:
        parse_moment(at, ZoneInfo(config.hotline.timezone))
    except ValueError:
        findings["at"] = WRONG_TIME
    if set(press) - KEYS:
        findings["press"] = WRONG_KEYS
    strangers = sorted(set(free or ()) - {agent.name for agent in config.agents})
    if strangers:
        findings["free"] = UNKNOWN_AGENTS.format(", ".join(strangers)[:200])
    return findings
