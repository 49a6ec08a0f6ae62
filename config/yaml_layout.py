"""Where things stand in a YAML text: where a value really ends, its colon or dash, and the lines around it."""

import re

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tokens import BlockEntryToken

_COMMENT = re.compile(r"\s+#.*")


def is_block(node: Node) -> bool:
    """A list or mapping in lines of its own, not in brackets."""
    return isinstance(node, CollectionNode) and not node.flow_style


class Layout:
    """One text. All places are counted in characters from its beginning."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._dashes: list[int] | None = None
        self.root: Node = YAML(typ="safe", pure=True).compose(text)
        self._empty: dict[int, int] = {}
        self._find_empty(self.root)
        sections = self.root.value if isinstance(self.root, MappingNode) else []
        self.start_of_all = int(sections[0][0].start_mark.index) if sections else None
        """Where the first key of the whole text stands; None when it is no mapping."""

    def _find_empty(self, node: Node) -> None:
        """Where keys without a value would have one: right behind the colon, whereas YAML names the next line."""
        if isinstance(node, SequenceNode):
            for item in node.value:
                self._find_empty(item)
        elif isinstance(node, MappingNode):
            for key, value in node.value:
                self._find_empty(value)
                if isinstance(value, ScalarNode) and value.start_mark.index == value.end_mark.index:
                    self._empty[id(value)] = self.colon(key)

    def start(self, node: Node) -> int:
        return self._empty.get(id(node), int(node.start_mark.index))

    def end(self, node: Node) -> int:
        """Where its last character ends; YAML itself counts comments and line breaks after a block to it."""
        if is_block(node):
            last = node.value[-1]
            return self.end(last[1] if isinstance(node, MappingNode) else last)
        start, end = self.start(node), int(node.end_mark.index)
        return start + len(self._text[start:end].rstrip()) if id(node) not in self._empty else start

    def colon(self, key: ScalarNode) -> int:
        end = int(key.end_mark.index)
        found = re.compile(r"\s*:").match(self._text, end)
        return found.end() if found else end

    def dash(self, item: Node) -> int:
        if self._dashes is None:
            tokens = YAML(typ="safe", pure=True).scan(self._text)
            self._dashes = [token.start_mark.index for token in tokens if isinstance(token, BlockEntryToken)]
        return max(dash for dash in self._dashes if dash < self.start(item))

    def gap(self, start: int) -> str:
        """A space behind a colon or dash that had nothing behind it."""
        return " " if start and self._text[start - 1] not in " \t\r\n[{" else ""

    def line_start(self, at: int) -> int:
        return self._text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Before the line break."""
        end = self._text.find("\n", at)
        end = len(self._text) if end < 0 else end
        return end - 1 if end > at and self._text[end - 1] == "\r" else end

    def next_line(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end + 1

    def after(self, end: int, column: int) -> int:
        """The line after an entry, behind comments that are indented further and so belong to it."""
        at = look = self.next_line(end)
        while look < len(self._text):
            line = self._text[look : self.next_line(look)]
            words = line.strip()
            if words and (not words.startswith("#") or len(line) - len(line.lstrip()) <= column):
                break
            look = self.next_line(look)
            at = look if words else at
        return at

    def column(self, at: int) -> int:
        return at - self.line_start(at)

    def comments_above(self, at: int) -> int:
        """Where the lines of comments in the same column right above begin; that line itself when there are none."""
        first, beginning = self.line_start(at), " " * self.column(at) + "#"
        while first and self._text.startswith(beginning, above := self.line_start(first - 1)):
            first = above
        return first

    def header_comment(self, node: Node) -> str:
        """The comment behind the sign that a text of several lines follows, with the space before it."""
        if not isinstance(node, ScalarNode) or node.style not in ("|", ">"):
            return ""
        start = self.start(node)
        found = _COMMENT.search(self._text[start : self.line_end(start)])
        return found[0] if found else ""
