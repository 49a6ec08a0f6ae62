"""Writes values as YAML, as a person would: quotes only where they are needed, short things on one line."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

STEP = 2
"""Spaces by which each level is indented further."""
MAX_LINE = 100
MAX_ENTRY = 160
"""An entry of a list, which is one thing, may be longer."""
MAX_WORDS = 40
"""Texts longer than that stand each in a line of its own."""
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9]")


def scalar(value: Any, style: str | None = None, *, flow: bool = True, new: bool = True) -> str:
    """One value in one line. `style` is the quote it had; `new`: what begins like a number is quoted in any case."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style == '"' or (new and _LIKE_A_NUMBER.match(text)) or not _plain(text, flow):
        return _quoted(text)
    return text


def inline(value: Any) -> str:
    """A value in one line, lists and mappings in brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {inline(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(entry) for entry in value) + "]"
    return scalar(value)


def is_short(value: Any, *, entry: bool = False) -> bool:
    """Whether a value reads better in one line; `entry`: it is one of a list."""
    if isinstance(value, dict):
        simple = all(not isinstance(inner, dict) and is_short(inner) for inner in value.values())
        return simple and len(inline(value)) <= (MAX_ENTRY if entry else MAX_LINE)
    if isinstance(value, list):
        if any(isinstance(inner, dict | list) or len(str(inner)) > MAX_WORDS for inner in value):
            return not value
        return len(inline(value)) <= MAX_LINE
    return True


def block(value: Any, indent: int) -> list[str]:
    """Lines of a list or mapping that is not empty, each thing in a line of its own."""
    return list(_mapping(value, indent) if isinstance(value, dict) else _sequence(value, indent))


def entry(value: Any, indent: int, *, short: bool) -> list[str]:
    """Lines of one entry of a list, with its dash."""
    if short or not isinstance(value, dict | list) or not value:
        return [f"{' ' * indent}- {inline(value) if isinstance(value, dict | list) else scalar(value, flow=False)}"]
    first, *others = block(value, indent + STEP)
    return [f"{' ' * indent}- {first.lstrip(' ')}", *others]


def pair(key: str, value: Any, indent: int) -> list[str]:
    """Lines of one key with its value. A mapping right at the left margin is a section: it gets lines of its own."""
    name = f"{' ' * indent}{scalar(key, flow=False, new=False)}:"
    if not isinstance(value, dict | list):
        return [f"{name} {scalar(value, flow=False)}"]
    if not value or (is_short(value) and not (indent == 0 and isinstance(value, dict))):
        return [f"{name} {inline(value)}"]
    return [name, *block(value, indent + STEP)]


def _mapping(value: dict[str, Any], indent: int) -> Iterator[str]:
    for key, inner in value.items():
        yield from pair(key, inner, indent)


def _sequence(value: list[Any], indent: int) -> Iterator[str]:
    short = all(is_short(inner, entry=True) for inner in value)
    for inner in value:
        yield from entry(inner, indent, short=short)


def _plain(text: str, flow: bool) -> bool:
    """Whether the text may stand without quotes: YAML reads the same text from it."""
    if not text.isprintable() or not text or text != text.strip():
        return False
    around = ("[{}]", "{{k: {}}}") if flow else ("- {}", "k: {}")
    return all(_reads_as(pattern.format(text), text) for pattern in around)


def _reads_as(written: str, text: str) -> bool:
    try:
        root = YAML(typ="safe", pure=True).compose(written)
    except YAMLError:
        return False
    node = root.value[0] if isinstance(root, MappingNode | SequenceNode) and len(root.value) == 1 else None
    node = node[1] if isinstance(node, tuple) else node
    return isinstance(node, ScalarNode) and node.value == text and str(node.tag) == "tag:yaml.org,2002:str"


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    named = {"\n": "\\n", "\t": "\\t"}
    return named.get(char) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )
