"""Cuts entries out of a YAML text, with the comments about them; and puts changes of a text together."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ruamel.yaml.nodes import MappingNode, Node

from config.yaml_layout import Layout


class Splice(NamedTuple):
    """These characters of the text give way to others."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice], start: int = 0, end: int | None = None) -> str:
    """That part of the text, with these changes made; what is to be inserted where another one cuts comes after it."""
    parts, done = [], start
    for splice in sorted(splices, key=lambda splice: splice[:2]):
        parts += [text[done : max(done, splice.start)], splice.text]
        done = max(done, splice.end)
    return "".join([*parts, text[done:end]])


class Cuts:
    """Of one text, which has this layout."""

    def __init__(self, text: str, layout: Layout) -> None:
        self._text, self._layout = text, layout

    def entries(self, entries: list[tuple[int, int, bool]]) -> Iterator[Splice]:
        """Those of one list or mapping, each as (start, end, whether it stays); one of them stays.

        The first may stand behind a dash in its line.
        """
        start = entries[0][0]
        kept = next(index for index, (_, _, stays) in enumerate(entries) if stays)
        behind_dash = bool(self._text[self._layout.line_start(start) : start].strip())
        if behind_dash and kept:
            yield self._head_cut(start, entries[kept - 1][1], entries[kept][0])
        starts = [begin for begin, _, _ in entries]
        for index in range(kept if behind_dash else 0, len(entries)):
            begin, end, stays = entries[index]
            if not stays:
                yield self._lines_cut(self._with_comments(starts, index), end, self._layout.column(begin))

    def everything(self, node: Node) -> Splice:
        """Every entry of a list or mapping that does not begin in the line of its key."""
        if isinstance(node, MappingNode):
            starts = [self._layout.start(key) for key, _ in node.value]
        else:
            starts = [self._layout.dash(item) for item in node.value]
        return self._lines_cut(self._with_comments(starts, 0), self._layout.end(node), self._layout.column(starts[0]))

    def _with_comments(self, starts: list[int], index: int) -> int:
        """Where the comments right above that entry begin, as they are about it.

        What stands above the first one is about all of them, unless others have comments, too.
        """
        above = self._layout.comments_above(starts[index])
        if index:
            return above
        others = any(self._layout.comments_above(start) < self._layout.line_start(start) for start in starts[1:])
        return above if others and self._layout.column(starts[0]) else self._layout.line_start(starts[0])

    def _head_cut(self, start: int, end: int, following: int) -> Splice:
        """Up to the entry that stays; when comments stand before it, they and the line break stay."""
        if "#" in self._text[self._layout.line_end(end) : following]:
            return Splice(start, self._layout.line_end(end), "")
        return Splice(start, following, "")

    def _lines_cut(self, first: int, end: int, column: int) -> Splice:
        """The lines from `first` to `end`, with comments further in than `column`; only one empty line around stays."""
        after = self._layout.after(end, column)
        following = self._layout.next_line(after)
        blank_before = first == 0 or not self._text[self._layout.line_start(first - 1) : first].strip()
        if blank_before and after < len(self._text) and not self._text[after:following].strip():
            after = following
        return Splice(first, after, "")
