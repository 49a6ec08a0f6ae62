"""The configuration held in memory: texts are really read and checked, edits really made, calls really explained.

What takes long or needs a telephone (activating, replaying) is steered; `asked` remembers what was asked.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from agents.forms import FormError
from config.differences import Change, differences
from config.editing import Edit, edited
from config.loading import ConfigurationError, parse
from config.schema import HotlineConfig
from hotline.changing.model import Activated, Draft, Progress, Remark, Severity, Step, Version
from hotline.changing.store import FILE_AUTHOR
from hotline.errors import Outdated, Refused
from ivr.explain import explain
from routing.moments import parse_moment
from routing.replay import Moved, Replay

EXAMPLE = Path(__file__).parents[2] / "config" / "hotline.yaml"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OUTDATED = "Inzwischen hat jemand anders die Konfiguration geändert. Es wurde nichts überschrieben."

DIFFERENCE = "Texte, texts.goodbye: Auf Wiederhören. → Tschüss."


class FakeChanging:
    """Implements hotline.web.services.Changing."""

    def __init__(self) -> None:
        self.texts = {1: EXAMPLE.read_text("utf-8")}
        self.versions = [Version(1, FILE_AUTHOR, NOW - timedelta(days=30), None, active=True)]
        self.kept: Draft | None = None
        self.refusal: Exception | None = None
        self.asked: list[tuple[Any, ...]] = []
        self.remarks: list[Remark] = []
        """Said of every text beside what is really wrong with it."""
        self.replayed = example_replay()
        self.activated = Activated(0, ("Wählplan", "Rufnummern der Telefone"))
        self.hold: asyncio.Event | None = None
        """An activation waits for it after its second step."""
        self._revision = 0

    async def active(self) -> tuple[Version, str]:
        return self.versions[0], self.texts[self.versions[0].version]

    async def draft(self) -> Draft | None:
        return self.kept

    async def save(self, author: str, text: str, revision: int | None, *, base: int | None = None) -> Draft:
        self._ask("save", author, text, revision)
        return self._keep(author, text, await self._current(revision, base))

    async def edit(self, author: str, edits: Sequence[Edit], revision: int | None, *, base: int | None = None) -> Draft:
        self._ask("edit", author, tuple(edits), revision)
        begun = await self._current(revision, base)
        old = self.kept.text if self.kept else self.texts[self.versions[0].version]
        new = edited(old, edits)
        findings = {remark.path: remark.message for remark in _errors(new)}
        before = {remark.path for remark in _errors(old)}
        if impossible := {path: findings[path] for path in findings if path not in before and _touched(path, edits)}:
            raise FormError(impossible)
        return self._keep(author, new, begun)

    async def rebase(self, author: str, revision: int) -> Draft:
        self._ask("rebase", author, revision)
        await self._current(revision)
        return self._keep(author, self.kept.text if self.kept else "", self.versions[0].version)

    async def discard(self, author: str, revision: int) -> None:
        self._ask("discard", author, revision)
        await self._current(revision)
        self.kept = None

    async def check(self, text: str) -> list[Remark]:
        return sorted([*_errors(text), *self.remarks], key=lambda remark: (remark.line, remark.col))

    async def difference(self, old: str, new: str) -> list[Change]:
        try:
            return differences(parse(old, "old"), parse(new, "new"))
        except ConfigurationError:
            raise Refused("Der Entwurf lässt sich nicht lesen; was sich ändert, steht erst danach fest.") from None

    async def explain(
        self, text: str, at: str, press: str, caller: str | None, free: Sequence[str] | None
    ) -> Mapping[str, Any]:
        self._ask("explain", at, press, caller, free)
        config = _parsed(text)
        try:
            moment = parse_moment(at, ZoneInfo(config.hotline.timezone))
        except ValueError:
            raise FormError({"at": "Diese Zeit gibt es nicht."}) from None
        try:
            return explain(config, moment, press, caller, free)
        except ValueError:
            raise FormError({"press": "Diese Tasten gibt es nicht."}) from None

    async def replay(self, text: str, days: int) -> Replay:
        self._ask("replay", days)
        return self.replayed

    async def activate(self, author: str, reason: str, revision: int, progress: Progress) -> Activated:
        self._ask("activate", author, reason, revision)
        _require_reason(reason)
        if await self._current(revision) != self.versions[0].version:
            raise Outdated(OUTDATED, DIFFERENCE)
        draft = self.kept
        if draft is None or _errors(draft.text):
            raise Refused("Der Entwurf hat noch Fehler und kann so nicht in Kraft gesetzt werden.")
        done = await self._put_in_force(author, reason, draft.text, progress)
        self.kept = None
        return done

    async def history(self) -> list[Version]:
        return list(self.versions)

    async def version(self, number: int) -> tuple[Version, str]:
        for version in self.versions:
            if version.version == number:
                return version, self.texts[number]
        raise Refused("Diese Version gibt es nicht.")

    async def roll_back(self, author: str, number: int, reason: str, progress: Progress) -> Activated:
        self._ask("roll_back", author, number, reason)
        _require_reason(reason)
        return await self._put_in_force(author, reason, (await self.version(number))[1], progress)

    def as_somebody_else(self, old: str, new: str) -> None:
        """Another admin has saved: the first `old` of the text became `new`."""
        text = self.kept.text if self.kept else self.texts[self.versions[0].version]
        assert old in text
        self._keep("berta", text.replace(old, new, 1), self.versions[0].version)

    def activate_as_somebody_else(self, old: str, new: str) -> None:
        """Another admin has put a version in force, past the draft: the first `old` of what was in use became `new`."""
        text = self.texts[self.versions[0].version]
        assert old in text
        self._add("berta", "Von der Kommandozeile", text.replace(old, new, 1))

    async def _current(self, revision: int | None, base: int | None = None) -> int:
        """The version on which the draft is based; Outdated unless that revision is the present one."""
        active = self.versions[0].version
        if (self.kept.revision if self.kept else None) != revision or (not self.kept and base not in (None, active)):
            raise Outdated(OUTDATED, DIFFERENCE)
        return self.kept.base_version if self.kept else active

    def _keep(self, author: str, text: str, base: int) -> Draft:
        self._revision += 1
        self.kept = Draft(self._revision, base, text, author, NOW + timedelta(minutes=self._revision))
        return self.kept

    async def _put_in_force(self, author: str, reason: str, text: str, progress: Progress) -> Activated:
        progress(Step.CHECKING, 0, 0)
        progress(Step.PROMPTS, 1, 3)
        if self.hold is not None:
            await self.hold.wait()
        progress(Step.STORING, 0, 0)
        progress(Step.ASTERISK, 0, 0)
        number = self._add(author, reason, text)
        progress(Step.DONE, 0, 0)
        done = self.activated
        return replace(done, version=number)

    def _add(self, author: str, reason: str, text: str) -> int:
        number = self.versions[0].version + 1
        older = [replace(one, active=False) for one in self.versions]
        self.versions = [Version(number, author, NOW + timedelta(hours=number), reason, active=True), *older]
        self.texts[number] = text
        return number

    def _ask(self, *what: Any) -> None:
        self.asked.append(what)
        if self.refusal is not None:
            raise self.refusal


def example_replay() -> Replay:
    moved = (
        Moved("call-9", NOW - timedelta(days=3), "rent", "Mietkosten: Anna Ahrens", "geschlossen (Schließzeit)"),
        Moved("call-8", NOW - timedelta(days=10), None, "Anliegen unklar: Ben Brinkmann", "geschlossen (Schließzeit)"),
    )
    return Replay(NOW - timedelta(days=30), 412, 17, (("jetzt geschlossen", 15), ("andere Agenten", 2)), moved)


def example_warning() -> Remark:
    message = "Am Freitag ist kürzer geöffnet als an jedem anderen Tag."
    return Remark(Severity.WARNING, 24, 5, "hours.week.friday", message)


def _errors(text: str) -> list[Remark]:
    try:
        parse(text, "draft")
    except ConfigurationError as error:
        return [Remark(Severity.ERROR, one.line, one.col, one.path, one.message) for one in error.findings]
    return []


def _parsed(text: str) -> HotlineConfig:
    try:
        return parse(text, "draft")
    except ConfigurationError:
        raise FormError({"text": "Der Entwurf hat noch Fehler und lässt sich nicht ausprobieren."}) from None


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise FormError({"reason": "Bitte schreiben Sie, warum."})


def _touched(path: str, edits: Sequence[Edit]) -> bool:
    return any((path + ".").startswith(".".join(map(str, edit.path)) + ".") for edit in edits)
