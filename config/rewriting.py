"""Rewrites a YAML text so that it holds other values: only what differs is written anew, everything else stays.

Works on the text by the places of the nodes, because a dump of the whole would lay out lines anew that nobody has
changed. The caller reads the result again and compares: what this file does not foresee must not pass.
"""

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.yaml_cuts import Cuts, Splice, spliced
from config.yaml_flow import FlowStep, flow_rewritten
from config.yaml_layout import Layout, is_block
from config.yaml_values import STEP, block, entry, inline, is_short, pair, scalar

Path = tuple[str | int, ...]
KeyOrder = Callable[[Path], list[str]]
"""The keys of the mapping at a path in the order in which people expect them; empty when that is not known."""
_NAMES = ("key", "name", "email", "from", "label")
"""What entries of lists are told apart by, the first that all of them have and that differs."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands."""

    path: Path
    column: int
    """Of the key or dash before it."""
    colon: int | None
    """Behind the colon of its key; None in a list."""
    flow: bool
    """Within brackets."""


def rewritten(text: str, old: Any, new: Any, order: KeyOrder) -> str:
    """The text, which holds `old` and neither anchors nor aliases, so that it holds `new`."""
    surgery = _Surgery(text, order)
    return spliced(text, surgery.changes(surgery.root, old, new, _Place((), 0, None, False)))


def same(one: Any, other: Any) -> bool:
    """Whether two values are written alike; 1 and true are not."""
    return _written(one) == _written(other)


def _written(value: Any) -> Hashable:
    if isinstance(value, dict):
        return ("map", frozenset((key, _written(inner)) for key, inner in value.items()))
    if isinstance(value, list):
        return ("seq", tuple(_written(inner) for inner in value))
    return (type(value).__name__, repr(value))


class _Surgery:
    def __init__(self, text: str, order: KeyOrder) -> None:
        self._text = text
        self._order = order
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._layout = Layout(text)
        self._cuts = Cuts(text, self._layout)
        self.root = self._layout.root

    def changes(self, node: Node, old: Any, new: Any, place: _Place) -> Iterator[Splice]:
        if same(old, new):
            return
        both = (old, new)
        mappings = all(isinstance(value, dict) and value for value in both)
        if isinstance(node, MappingNode) and mappings and not old.keys().isdisjoint(new):
            yield from self._mapping(node, old, new, place)
        elif isinstance(node, SequenceNode) and all(isinstance(value, list) and value for value in both):
            yield from self._sequence(node, old, new, place)
        else:
            yield from self._replaced(node, new, place)

    # One value in place of another

    def _replaced(self, node: Node, new: Any, place: _Place) -> Iterator[Splice]:
        start, end = self._layout.start(node), self._layout.end(node)
        section = isinstance(new, dict) and place.colon is not None and place.column == 0
        below = is_block(node) and place.colon is not None
        if place.flow or not isinstance(new, dict | list) or not new or (is_short(new) and not section):
            yield from self._put_in_line(node, self._in_line(node, new, place), place)
            return
        below_key = self._newline.join(block(new, place.column + STEP))
        if place.colon is None:
            yield Splice(start, end, self._behind_dash(start, new))
        elif below:
            yield Splice(self._layout.line_start(start), end, below_key)
        else:
            yield Splice(place.colon, end, self._layout.header_comment(node))
            yield Splice(self._layout.line_end(end), self._layout.line_end(end), self._newline + below_key)

    def _behind_dash(self, start: int, new: Any) -> str:
        gap = self._layout.gap(start)
        column = start - self._layout.line_start(start) + len(gap)
        return gap + self._newline.join(block(new, column)).lstrip(" ")

    def _in_line(self, node: Node, new: Any, place: _Place) -> str:
        if isinstance(new, dict | list):
            return inline(new)
        if isinstance(node, ScalarNode) and str(node.tag).endswith(":str"):
            return scalar(new, node.style, flow=place.flow, new=False)
        return scalar(new, flow=place.flow)

    def _put_in_line(self, node: Node, written: str, place: _Place) -> Iterator[Splice]:
        start, end = self._layout.start(node), self._layout.end(node)
        if is_block(node) and place.colon is not None:
            yield Splice(place.colon, place.colon, f" {written}")
            yield self._cuts.everything(node)
        else:
            yield Splice(start, end, self._layout.gap(start) + written + self._layout.header_comment(node))

    # Mappings

    def _mapping(self, node: MappingNode, old: dict[str, Any], new: dict[str, Any], place: _Place) -> Iterator[Splice]:
        if node.flow_style:
            yield from self._flow_mapping(node, old, new, place)
            return
        column = node.value[0][0].start_mark.column
        entries = [(key, value, key.value in new) for key, value in node.value]
        for key, value, stays in entries:
            if stays:
                inner = _Place((*place.path, key.value), column, self._layout.colon(key), False)
                yield from self.changes(value, old[key.value], new[key.value], inner)
        yield from self._cuts.entries(
            [(self._layout.start(key), self._layout.end(value), stays) for key, value, stays in entries]
        )
        for name in new:
            if name not in old:
                yield self._new_pair(node, name, new[name], column, place)

    def _new_pair(self, node: MappingNode, name: str, value: Any, column: int, place: _Place) -> Splice:
        before = self._sibling_before(node, name, place.path)
        at = self._layout.after(self._layout.end(before[1]), column)
        lines = pair(name, value, column)
        if column == 0 and self._has_blank_lines(node):
            lines.insert(0, "")
        return self._new_lines(at, lines)

    def _sibling_before(self, node: MappingNode, name: str, path: Path) -> tuple[ScalarNode, Node]:
        """The entry after which people expect that key: the last one otherwise."""
        order = self._order(path)
        last: tuple[ScalarNode, Node] = node.value[-1]
        if name not in order:
            return last
        earlier = order[: order.index(name)]
        found = [(key, value) for key, value in node.value if key.value in earlier]
        return max(found, key=lambda pair: earlier.index(pair[0].value)) if found else last

    def _has_blank_lines(self, node: MappingNode) -> bool:
        """Whether the sections of the file are set off from each other."""
        starts = [self._layout.start(key) for key, _ in node.value[1:]]
        return bool(starts) and all(re.search(r"\n\s*\n(#.*\n)*\Z", self._text[:start]) for start in starts)

    def _flow_mapping(self, node: MappingNode, old: Any, new: Any, place: _Place) -> Iterator[Splice]:
        steps: list[FlowStep] = []
        for key, value in node.value:
            start, end, name = self._layout.start(key), self._layout.end(value), key.value
            inner = _Place((*place.path, name), 0, self._layout.colon(key), True)
            changes = self.changes(value, old[name], new[name], inner) if name in new else ()
            written = spliced(self._text, changes, start, end) if name in new else None
            steps.append(FlowStep((start, end), written))
        for name in new:
            if name not in old:
                steps.append(FlowStep(None, f"{scalar(name)}: {inline(new[name])}"))
        yield from self._flow(node, steps)

    # Lists

    def _sequence(self, node: SequenceNode, old: list[Any], new: list[Any], place: _Place) -> Iterator[Splice]:
        steps = list(_aligned(old, new))
        if node.flow_style:
            yield from self._flow(node, [self._flow_step(node, old, new, step, place) for step in steps])
            return
        column = node.start_mark.column
        entries: list[tuple[int, int, bool]] = []
        for before, after in steps:
            if before is None:
                if after is not None:
                    yield self._new_entry(node, len(entries), new[after], column)
                continue
            item = node.value[before]
            entries.append((self._layout.dash(item), self._layout.end(item), after is not None))
            if after is not None:
                inner = _Place((*place.path, before), column, None, False)
                yield from self.changes(item, old[before], new[after], inner)
        yield from self._cuts.entries(entries)

    def _new_entry(self, node: SequenceNode, index: int, value: Any, column: int) -> Splice:
        sibling = node.value[max(0, index - 1)]
        like_sibling = not is_block(sibling) if isinstance(sibling, MappingNode) else is_short(value, entry=True)
        lines = entry(value, column, short=like_sibling)
        if index:
            return self._new_lines(self._layout.after(self._layout.end(sibling), column), lines)
        dash = self._layout.dash(sibling)
        start = self._layout.line_start(dash)
        if self._text[start:dash].isspace() or start == dash:
            return Splice(start, start, self._newline.join([*lines, ""]))
        return Splice(dash, dash, self._newline.join([*lines, " " * column]).lstrip(" "))

    def _flow_step(
        self, node: SequenceNode, old: list[Any], new: list[Any], step: tuple[int | None, int | None], place: _Place
    ) -> FlowStep:
        before, after = step
        if before is None:
            return FlowStep(None, None if after is None else inline(new[after]))
        start, end = self._layout.start(node.value[before]), self._layout.end(node.value[before])
        if after is None:
            return FlowStep((start, end), None)
        inner = _Place((*place.path, before), 0, None, True)
        changes = self.changes(node.value[before], old[before], new[after], inner)
        return FlowStep((start, end), spliced(self._text, changes, start, end))

    def _flow(self, node: Node, steps: list[FlowStep]) -> Iterator[Splice]:
        start, end = self._layout.start(node) + 1, int(node.end_mark.index) - 1
        inside = [FlowStep(None if was is None else (was[0] - start, was[1] - start), new) for was, new in steps]
        written = flow_rewritten(self._text[start:end], inside, self._newline)
        if written is not None:
            yield Splice(start, end, written)

    def _new_lines(self, at: int, lines: list[str]) -> Splice:
        written = "".join(line + self._newline for line in lines)
        if at and self._text[at - 1] != "\n":
            written = self._newline + written.removesuffix(self._newline)
        return Splice(at, at, written)


def _aligned(old: list[Any], new: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Which entry became which, in order; None: it is gone, or new."""
    one, other = _told_apart(old, new)
    for _, begin, end, start, until in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        pairs = min(end - begin, until - start)
        yield from zip(range(begin, begin + pairs), range(start, start + pairs), strict=True)
        yield from ((index, None) for index in range(begin + pairs, end))
        yield from ((None, index) for index in range(start + pairs, until))


def _told_apart(old: list[Any], new: list[Any]) -> tuple[list[Hashable], list[Hashable]]:
    for name in _NAMES:
        both = [[_named(entry, name) for entry in entries] for entries in (old, new)]
        if all(None not in names and len(set(names)) == len(names) for names in both):
            return both[0], both[1]
    return [_written(entry) for entry in old], [_written(entry) for entry in new]


def _named(entry: Any, name: str) -> Hashable:
    value = entry.get(name) if isinstance(entry, dict) else None
    return None if isinstance(value, dict | list) else value
