"""Changes single values of a configuration's text; comments and layout of everything else stay."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum, StrEnum
from typing import Any

from config import tree
from config.aliases import written_out
from config.messages import allowed_keys
from config.rewriting import rewritten, same
from config.schema import WEEKDAYS

Path = tuple[str | int, ...]
MAX_EDITS = 1000
_DAYS = frozenset({"from", "to"})
"""Keys whose days stand without quotes."""


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
    """The text with these changes made, one after the other. ValueError names the path that does not exist.

    Days may be given as dates or as text, times as text. Only lines whose values change are written anew; anchors
    and aliases are written out first, because what an alias repeats could not be changed in one place alone.
    """
    if len(edits) > MAX_EDITS:
        raise ValueError(f"{len(edits)} edits at once; at most {MAX_EDITS} are allowed")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    old = _data(text)
    new = copy.deepcopy(old)
    for edit in edits:
        _apply(new, edit)
    if same(old, new):
        return text
    plain = written_out(text.removeprefix(mark))
    result = mark + rewritten(plain, old, new, _expected_order)
    if not _holds(result, new):
        path = _dotted(edits[0].path)
        raise ValueError(
            f"{path}: cannot be changed here, because of how this part is laid out; change the text itself"
        )
    return result


def _holds(text: str, data: Any) -> bool:
    read = tree.read(text)
    return not read.problems and same(read.data, data)


def _data(text: str) -> Any:
    read = tree.read(text)
    if read.problems:
        problem = read.problems[0]
        line, col = problem.position
        raise ValueError(f"{_dotted(problem.path) or 'yaml'}: {problem.message} (line {line}, column {col})")
    return read.data


def _apply(data: Any, edit: Edit) -> None:
    """Make the change in the plain values."""
    if not edit.path:
        raise ValueError("yaml: the whole file cannot be changed by an edit; name a key")
    *way, last = edit.path
    parent = data
    for depth, part in enumerate(way):
        parent = _below(parent, part, edit, depth)
    if edit.kind is Kind.ADD:
        _list_at(parent, last, edit).append(_normal(edit.value))
    elif edit.kind is Kind.SET:
        _check(parent, last, edit.path, may_be_new=True)
        parent[last] = _normal(edit.value, last)
    else:
        _check(parent, last, edit.path, may_be_new=False)
        del parent[last]


def _below(parent: Any, part: str | int, edit: Edit, depth: int) -> Any:
    """The list or mapping there; a mapping is made where nothing is written."""
    _check(parent, part, edit.path[: depth + 1], may_be_new=edit.kind is not Kind.REMOVE)
    here = parent.get(part) if isinstance(parent, dict) else parent[part]
    if here is None and edit.kind is not Kind.REMOVE:
        parent[part] = here = {}
    return here


def _list_at(parent: Any, part: str | int, edit: Edit) -> list[Any]:
    _check(parent, part, edit.path, may_be_new=True)
    here = parent.get(part) if isinstance(parent, dict) else parent[part]
    if here is None:
        parent[part] = here = []
    if not isinstance(here, list):
        raise ValueError(f"{_dotted(edit.path)}: this is no list")
    return here


def _check(parent: Any, part: str | int, path: Path, *, may_be_new: bool) -> None:
    if isinstance(parent, dict) and isinstance(part, str):
        fits = may_be_new or part in parent
    else:
        fits = isinstance(parent, list) and type(part) is int and 0 <= part < len(parent)
    if not fits:
        raise ValueError(f"{_dotted(path)}: this does not exist")


def _normal(value: Any, key: str | int = 0) -> Any:
    """The value as YAML is read: enumerations, times and days as they are written."""
    if isinstance(value, dict):
        return {_name(inner): _normal(entry, _name(inner)) for inner, entry in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_normal(entry) for entry in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, time):
        return value.isoformat(timespec="auto" if value.second else "minutes")
    if isinstance(value, str) and key in _DAYS:
        return _day(value)
    if value is None or isinstance(value, str | bool | int | float | date):
        return value
    raise ValueError(f"a value of the kind {type(value).__name__} cannot be written")


def _name(key: Any) -> str:
    if not isinstance(key, str):
        raise ValueError(f"the key {key!r} is no text")
    return key


def _day(value: str) -> Any:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return day if day.isoformat() == value else value


def _expected_order(path: Path) -> list[str]:
    """The keys of a mapping in the order of the schema; of a week in the order of its days."""
    if path == ("hours", "week"):
        return list(WEEKDAYS)
    try:
        return allowed_keys(path)
    except (KeyError, IndexError, AttributeError, StopIteration, TypeError):
        return []


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
