"""Reads YAML into plain values and remembers where in the text each key and value stands.

Works on ruamel.yaml's node tree instead of its round trip, because the tree still has what a finding
needs: every duplicate key, both marks of each entry, and scalars such as 2026-02-30 that do not convert.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.reader import ReaderError

Path = tuple[str | int, ...]
Position = tuple[int, int]
"""Line and column, both counted from 1."""

MAX_VALUES = 100_000
"""Bounds what aliases may unfold to ("billion laughs")."""
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the text itself."""

    position: Position
    path: Path
    message: str


@dataclass
class Tree:
    """What a text holds; `keys` and `values` give positions by path."""

    data: Any = None
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def position(self, path: Path, *, key: bool = False) -> Position:
        """Where the value (or key) of `path` stands, or the nearest thing above it that exists."""
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        while path not in first and path not in second:
            path = path[:-1]
        return first.get(path) or second[path]


def read(text: str) -> Tree:
    """The tree of a YAML text. Never raises for what the text holds: see `problems`; `data` is None then."""
    tree = Tree(values={(): (1, 1)})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            root = YAML(typ="safe", pure=True).compose(text)
        if root is None:
            tree.problems.append(Problem((1, 1), (), "the file is empty; start from config/hotline.yaml"))
        else:
            tree.data = _Builder(tree).value(root, ())
    except RecursionError:
        tree.problems.append(Problem((1, 1), (), "brackets or aliases are nested too deeply to be read"))
    except YAMLError as error:
        tree.problems.append(_syntax_problem(error, text))
    return tree


def plain(node: Node) -> Any:
    """The values below one node."""
    return _Builder(Tree()).value(node, ())


class _Builder:
    """Turns nodes into values and notes positions and problems in the tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: Node, path: Path) -> Any:
        self._tree.values[path] = _position(node)
        self._count += 1
        if self._count > MAX_VALUES:
            raise _TooMuchError(_position(node), "the aliases in this file unfold to far too many values")
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            raise _TooMuchError(_position(node), "an alias stands inside the very thing it refers to")
        self._open.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, MappingNode) else self._sequence(node, path)
        finally:
            self._open.discard(id(node))

    def _sequence(self, node: Node, path: Path) -> list[Any]:
        if str(node.tag) != f"{_TAG}seq":
            self._problem(node, path, f"the tag {_short(node.tag)} is not allowed; leave it out")
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        if str(node.tag) != f"{_TAG}map":
            self._problem(node, path, f"the tag {_short(node.tag)} is not allowed; leave it out")
        result: dict[str, Any] = {}
        for key, value in self._entries(node, path):
            here = (*path, key.value)
            if key.value in result:
                first = self._tree.keys[here][0]
                self._problem(key, here, f"this key stands here twice (first in line {first}); remove one of the two")
                continue
            self._tree.keys[here] = _position(key)
            result[key.value] = self.value(value, here)
            if _is_empty(value):
                self._tree.values[here] = key.end_mark.line + 1, key.end_mark.column + 2
        return result

    def _entries(self, node: MappingNode, path: Path) -> Iterator[tuple[ScalarNode, Node]]:
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._problem(key, path, "a key must be a single word")
            elif str(key.tag) == f"{_TAG}merge":
                self._problem(key, path, 'merging with "<<" is not supported; write the keys out')
            else:
                yield key, value

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        if kind not in _CONVERT:
            self._problem(node, path, f"the tag {_short(node.tag)} is not allowed; leave it out")
            return node.value
        try:
            return _CONVERT[kind](node.value)
        except ValueError:
            return node.value

    def _problem(self, node: Node, path: Path, message: str) -> None:
        self._tree.problems.append(Problem(_position(node), path, message))


class _TooMuchError(YAMLError):
    def __init__(self, position: Position, message: str) -> None:
        super().__init__(message)
        self.position = position


def _integer(value: str) -> int:
    plain = value.replace("_", "")
    try:
        return int(plain, 0)
    except ValueError:
        return int(plain, 10)


def _float(value: str) -> float:
    return float(value.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


_CONVERT: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": _integer,
    "float": _float,
    "bool": lambda value: value.lower() in ("true", "yes", "on"),
    "null": lambda _: None,
    "timestamp": date.fromisoformat,
}


def _position(node: Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _is_empty(node: Node) -> bool:
    """Nothing is written: YAML then names the place of what comes next."""
    return isinstance(node, ScalarNode) and bool(node.start_mark.index == node.end_mark.index)


def _short(tag: object) -> str:
    return str(tag).replace(_TAG, "!!")


def _syntax_problem(error: YAMLError, text: str) -> Problem:
    if isinstance(error, _TooMuchError):
        return Problem(error.position, (), str(error))
    if isinstance(error, ReaderError):
        return Problem(_at_offset(text, error.position), (), f"the character U+{error.character:04X} is not allowed")
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        position = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem(position, (), _syntax_message(error))
    return Problem((1, 1), (), f"this is not YAML: {str(error).splitlines()[0]}")


def _syntax_message(error: MarkedYAMLError) -> str:
    if "found another document" in str(error.problem):
        return 'only one document is allowed in a file; remove the line "---"'
    if "cannot start any token" in str(error.problem) and "\\t" in str(error.problem):
        return "a tab is not allowed here; indent with spaces"
    what = ": ".join(str(part) for part in (error.context, error.problem) if part)
    return f"this is not YAML: {what}; check indentation, quotes and brackets just before here"


def _at_offset(text: str, offset: int) -> Position:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
