"""The one draft that all admins work on: nobody's change is overwritten without having been seen."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from agents.forms import FormError
from config.editing import Edit, Kind, edited
from config.german import german
from config.loading import MAX_BYTES, bytes_of
from hotline.changing.model import Draft
from hotline.changing.remarks import TOO_LONG, errors, judged
from hotline.changing.unified import unified
from hotline.clock import Clock
from hotline.errors import Outdated, Refused
from hotline.storage.config_drafts import ConfigDrafts, DraftRow, Stale
from hotline.storage.versions import ActiveVersion, Versions

CHANGED_MEANWHILE = "Inzwischen hat jemand anders den Entwurf geändert. Es wurde nichts überschrieben."
ACTIVATED_MEANWHILE = "Inzwischen wurde eine andere Version in Kraft gesetzt. Es wurde nichts überschrieben."
NO_DRAFT = "Es gibt keinen Entwurf mehr: Er wurde inzwischen in Kraft gesetzt oder verworfen."
NOTHING_ACTIVE = "Es ist noch keine Konfiguration in Kraft."
MOST_REMEMBERED = 30
"""Texts of earlier revisions, so that whoever edited one of them can be shown what others have changed since."""


class Drafting:
    def __init__(self, drafts: ConfigDrafts, versions: Versions, clock: Clock) -> None:
        self._drafts, self._versions, self._clock = drafts, versions, clock
        self._texts: OrderedDict[int, str] = OrderedDict()

    async def current(self) -> Draft | None:
        row = await self._drafts.current()
        return None if row is None else self._draft(row)

    async def save(self, author: str, text: str, revision: int | None, base: int | None) -> Draft:
        if bytes_of(text) > MAX_BYTES:
            raise FormError({"text": TOO_LONG})
        active = await self.active()
        try:
            return self._draft(
                await self._drafts.save(text, author, self._clock.real_now(), revision, base or active.version)
            )
        except Stale as stale:
            raise await self._outdated(stale.found, revision, base, text) from None

    async def edit(self, author: str, edits: Sequence[Edit], revision: int | None, base: int | None) -> Draft:
        """FormError by the dotted path of an edit; what is wrong elsewhere in the draft is not this edit's fault."""
        row, active = await self._drafts.current(), await self.active()
        if revision != (None if row is None else row.revision):
            raise await self._outdated(row, revision, base, None)
        if row is None and base is not None and base != active.version:
            raise await self._activated_since(base, active)
        old = active.text if row is None else row.text
        new = await asyncio.to_thread(self._edited, old, edits)
        return await self.save(author, new, revision, base)

    async def rebase(self, author: str, revision: int) -> Draft:
        active = await self.active()
        try:
            return self._draft(await self._drafts.rebase(author, self._clock.real_now(), revision, active.version))
        except Stale as stale:
            raise await self._outdated(stale.found, revision, None, None) from None

    async def discard(self, author: str, revision: int) -> None:
        try:
            await self._drafts.discard(author, self._clock.real_now(), revision)
        except Stale as stale:
            raise await self._outdated(stale.found, revision, None, None) from None

    async def to_activate(self, revision: int) -> Draft:
        """The draft, when it is that revision and was begun from what is active; Outdated otherwise."""
        row, active = await self._drafts.current(), await self.active()
        if row is None or row.revision != revision:
            raise await self._outdated(row, revision, None, None)
        if row.base_version != active.version:
            raise await self._activated_since(row.base_version, active)
        return self._draft(row)

    async def active(self) -> ActiveVersion:
        active = await self._versions.active()
        if active is None:
            raise Refused(NOTHING_ACTIVE)
        return active

    def _edited(self, old: str, edits: Sequence[Edit]) -> str:
        try:
            new = edited(old, edits)
        except ValueError as error:
            path = edits[0].path if edits else ()
            raise FormError({".".join(map(str, path)): f"Das lässt sich nicht ändern: {german(str(error))}"}) from None
        now = self._clock.now()
        before = {(one.path, one.message) for one in errors(judged(old, now)[1])}
        fresh = [one for one in errors(judged(new, now)[1]) if (one.path, one.message) not in before]
        findings = {own: one.german for one in reversed(fresh) if (own := _blamed(one.path, edits))}
        if findings:
            raise FormError(findings)
        return new

    async def _outdated(
        self, found: DraftRow | None, revision: int | None, base: int | None, text: str | None
    ) -> Outdated:
        """From what the user edited to what is there now; where the former is not known any more, from the own text."""
        now = found.text if found is not None else (await self.active()).text
        seen = await self._seen(revision, base) or text or now
        if found is None:
            return Outdated(NO_DRAFT, unified(seen, now, "bearbeitet", "in Kraft"))
        return Outdated(CHANGED_MEANWHILE, unified(seen, now, "bearbeitet", f"Entwurf von {found.author}"))

    async def _seen(self, revision: int | None, base: int | None) -> str | None:
        if revision is not None:
            return self._texts.get(revision)
        known = await self._versions.get(base)
        return None if known is None else known.text

    async def _activated_since(self, base: int, active: ActiveVersion) -> Outdated:
        begun = await self._versions.get(base)
        old = "" if begun is None else begun.text
        difference = unified(old, active.text, f"Version {base}", f"Version {active.version}")
        return Outdated(ACTIVATED_MEANWHILE, difference)

    def _draft(self, row: DraftRow) -> Draft:
        self._texts[row.revision] = row.text
        while len(self._texts) > MOST_REMEMBERED:
            self._texts.popitem(last=False)
        return Draft(row.revision, row.base_version, row.text, row.author, row.at)


def _blamed(path: str, edits: Sequence[Edit]) -> str | None:
    """The path of the edit that a finding at this path belongs to: the one at it, above it, or within it.

    Of an entry that is added, the finding's own path: it tells which value of the entry is wrong.
    None when an edit makes another place wrong: the draft is kept, and the check tells.
    """
    for edit in edits:
        own = ".".join(map(str, edit.path))
        if f"{path}.".startswith(f"{own}.") or f"{own}.".startswith(f"{path}."):
            return path if edit.kind is Kind.ADD else own
    return None
