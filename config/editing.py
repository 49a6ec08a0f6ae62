"""Changes single values of a configuration's text; comments and layout of everything else stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Path = tuple[str | int, ...]


class Kind(StrEnum):
    SET = "set"
    """Give the key a value; made when it is missing."""
    ADD = "add"
    """Append to the list at the path; made when it is missing."""
    REMOVE = "remove"
    """Take the key, or the entry of a list, out; an optional section becomes its default."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change. `value` is what YAML would hold: texts, numbers, lists, mappings."""

    kind: Kind
    path: Path
    value: Any = None


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with these changes made, one after the other. ValueError names the path that does not exist."""
    raise NotImplementedError
