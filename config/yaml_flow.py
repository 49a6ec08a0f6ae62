"""Rewrites what stands in brackets: entries come and go, line breaks and comments stay with those they belong to.

A comment behind an entry in its line, and the lines of comments right above it, are that entry's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple


class FlowStep(NamedTuple):
    """One entry: where it stands between the brackets (None: it is new), and what is to stand there (None: nothing)."""

    was: tuple[int, int] | None
    written: str | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry with what is around it, without its comma."""

    written: str
    gap: str = " "
    """Before it when another one stands before it in its line."""
    begins_line: bool = False
    comments: str = ""
    """Whole lines above it."""
    indent: str = ""
    """Of its line."""
    behind: str = ""
    """Up to the end of the line, break and comment included; "" when something follows in the line."""


class _Around(NamedTuple):
    """What is around all entries; `head` ends with its line, if it is not empty."""

    head: str
    opening: str
    """Before the first entry when that stands in the line of the bracket."""
    comma: bool
    """Whether the last entry has one, too."""
    foot: str
    """In front of the bracket that closes."""


class _Gap(NamedTuple):
    """What stands between two entries."""

    comma: bool
    behind: str
    comments: str
    indent: str
    """Of the line that begins here; without a new line, all that stands there."""


class _UnforeseenError(Exception):
    """Laid out in a way that this file does not know, as with commas at the beginning of lines."""


def flow_rewritten(inside: str, steps: Sequence[FlowStep], newline: str) -> str | None:
    """What is to stand between the brackets instead of `inside`, None when we cannot tell; one entry stays or comes."""
    try:
        around, old = _taken_apart(inside, [step.was for step in steps if step.was is not None])
    except _UnforeseenError:
        return None
    known, indent = iter(old), _indent(old, around)
    entries: list[_Entry] = []
    for was, written in steps:
        entry = next(known) if was is not None else _new(entries[-1] if entries else None, around, indent, newline)
        if written is not None:
            entries.append(replace(entry, written=written))
    return _put_together(entries, around, old[-1], newline)


def _taken_apart(inside: str, places: list[tuple[int, int]]) -> tuple[_Around, list[_Entry]]:
    first, last = places[0], places[-1]
    opening, closing = _gap(inside[: first[0]]), _gap(inside[last[1] :])
    if opening.comma:
        raise _UnforeseenError
    before = opening
    entries: list[_Entry] = []
    for number, (start, end) in enumerate(places):
        after = closing if number == len(places) - 1 else _gap(inside[end : places[number + 1][0]])
        if after is not closing and not after.comma:
            raise _UnforeseenError
        entries.append(_entry(inside[start:end], before, after, entries[-1] if entries else None))
        before = after
    in_line = "" if opening.behind else opening.indent
    return _Around(opening.behind, in_line, closing.comma, closing.comments + closing.indent), entries


def _entry(written: str, before: _Gap, after: _Gap, previous: _Entry | None) -> _Entry:
    if before.behind:
        return _Entry(written, " ", True, before.comments, before.indent, after.behind)
    gap = before.indent if previous is not None else " "
    return _Entry(written, gap, indent=previous.indent if previous is not None else "", behind=after.behind)


def _gap(text: str) -> _Gap:
    line, more = (text[: text.index("\n") + 1], text[text.index("\n") + 1 :]) if "\n" in text else (text, "")
    code, mark, comment = line.partition("#")
    cut = more.rfind("\n") + 1
    comments, indent = more[:cut], more[cut:]
    if code.strip() not in ("", ",") or any(one.strip()[:1] not in ("", "#") for one in more.splitlines()):
        raise _UnforeseenError
    left = code.replace(",", "", 1) + mark + comment
    return _Gap("," in code, left, comments, indent) if "\n" in text else _Gap("," in code, "", "", left)


def _indent(old: list[_Entry], around: _Around) -> str:
    """Of lines with entries."""
    lines = [entry.indent for entry in old if entry.begins_line]
    return lines[-1] if lines else f"{around.foot.rpartition(chr(10))[2]}  "


def _new(previous: _Entry | None, around: _Around, indent: str, newline: str) -> _Entry:
    """Laid out like the one before it."""
    lines = around.head if previous is None else previous.behind
    return _Entry("", " ", True, "", indent, newline) if lines else _Entry("", indent=indent)


def _put_together(entries: list[_Entry], around: _Around, last: _Entry, newline: str) -> str:
    """`last`: of the entries as they were."""
    parts, fresh = [around.head], bool(around.head)
    for number, entry in enumerate(entries):
        if entry.comments and not fresh:
            parts.append(newline)
            fresh = True
        in_line = around.opening if not number else " " if entry.begins_line else entry.gap
        parts.append(entry.comments + entry.indent if fresh else in_line)
        comma = "," if around.comma or number < len(entries) - 1 else ""
        parts.append(entry.written + comma + entry.behind)
        fresh = bool(entry.behind)
    if last.behind and not fresh:
        parts.append(newline)
    elif fresh and not last.behind:
        parts.append(last.indent)
    return "".join([*parts, around.foot])
