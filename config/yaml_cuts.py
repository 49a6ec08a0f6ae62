"""Cuts entries out of a YAML text, with the comments about them; and puts changes of a text together."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
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
                first = self._layout.line_start(begin)
                if not self._heads_what_stays(entries, starts, index):
                    first = self._layout.comments_above(begin)
                yield self._lines_cut(first, end, self._layout.column(begin))

    def everything(self, node: Node) -> Splice:
        """Every entry of a list or mapping that does not begin in the line of its key."""
        if isinstance(node, MappingNode):
            starts = [self._layout.start(key) for key, _ in node.value]
        else:
            starts = [self._layout.dash(item) for item in node.value]
        first = self._layout.line_start(starts[0])
        if any(map(self._has_comments, starts[1:])):
            first = self._layout.comments_above(starts[0])
        return self._lines_cut(first, self._layout.end(node), self._layout.column(starts[0]))

    def _heads_what_stays(self, entries: list[tuple[int, int, bool]], starts: list[int], index: int) -> bool:
        """Whether the comments right above that entry are about others, too: those after it without any of their own.

        What stands above a section is about that one alone, and above the first one about the whole file.
        """
        if starts[0] == self._layout.start_of_all:
            return index == 0
        following = takewhile(lambda other: not self._has_comments(starts[other]), range(index + 1, len(starts)))
        return any(entries[other][2] for other in following)

    def _has_comments(self, start: int) -> bool:
        return self._layout.comments_above(start) < self._layout.line_start(start)

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
