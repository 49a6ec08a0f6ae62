"""Marks by which a page names an entry of a list: they stay true when another admin has changed entries before it."""

import hashlib
from collections.abc import Sequence

from pydantic import BaseModel

from hotline.errors import Refused

_GONE = (
    "Diesen Eintrag gibt es nicht mehr: Jemand anders hat ihn geändert oder entfernt. Bitte laden Sie die Seite neu."
)


def marks(entries: Sequence[BaseModel]) -> list[str]:
    """One for each, from what stands in it; equal entries are told apart by their order."""
    seen: dict[str, int] = {}
    result = []
    for entry in entries:
        content = entry.model_dump_json(by_alias=True)
        seen[content] = seen.get(content, 0) + 1
        result.append(hashlib.sha256(f"{seen[content]} {content}".encode()).hexdigest()[:16])
    return result


def place_of(mark: str, entries: Sequence[BaseModel]) -> int:
    """The index of the entry with that mark; Refused when it is gone."""
    try:
        return marks(entries).index(mark)
    except ValueError:
        raise Refused(_GONE) from None
