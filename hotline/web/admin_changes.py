"""What differs between two texts, as a page lists it: by section, or why it cannot be said."""

from dataclasses import dataclass

from aiohttp import web

from config.differences import Change
from hotline.errors import Refused
from hotline.web.admin_basis import changing

MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Changes:
    """`why` is a sentence when the texts cannot be compared."""

    sections: dict[str, list[Change]]
    count: int
    why: str | None = None

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - sum(map(len, self.sections.values()))


async def readable(request: web.Request, old: str, new: str) -> Changes:
    try:
        found = await changing(request).difference(old, new)
    except Refused as refusal:
        return Changes({}, 0, str(refusal))
    sections: dict[str, list[Change]] = {}
    for change in found[:MOST_SHOWN]:
        sections.setdefault(change.section, []).append(change)
    return Changes(sections, len(found))
