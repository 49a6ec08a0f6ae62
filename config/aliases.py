"""Writes out what a YAML text says by anchors and aliases, so that each value stands where it counts."""

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node
from ruamel.yaml.tokens import AnchorToken

from config import tree
from config.yaml_values import inline

MAX_ALIASES = 100


def written_out(text: str) -> str:
    """The same values without anchors and aliases. ValueError when there are too many of them."""
    if "&" not in text and "*" not in text:
        return text
    for _ in range(MAX_ALIASES):
        events = YAML(typ="safe", pure=True).parse(text)
        alias = next((event for event in events if isinstance(event, AliasEvent)), None)
        if alias is None:
            return _without_anchors(text)
        start, end = alias.start_mark.index, alias.end_mark.index
        node = _anchored(YAML(typ="safe", pure=True).compose(text), alias.anchor, start)
        text = text[:start] + inline(tree.plain(node)) + text[end:]
    raise ValueError(f"yaml: more than {MAX_ALIASES} aliases; write the values out before single ones are changed")


def _anchored(root: Node, name: str, before: int) -> Node:
    """The last node with that anchor before that place: names may be given anew."""
    found = [node for node in _all(root) if node.anchor == name and node.start_mark.index < before]
    return max(found, key=lambda node: int(node.start_mark.index))


def _all(root: Node) -> list[Node]:
    nodes, waiting, seen = [], [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        nodes.append(node)
        if isinstance(node.value, list):
            inner = node.value
            waiting += [part for pair in inner for part in pair] if isinstance(node, MappingNode) else inner
    return nodes


def _without_anchors(text: str) -> str:
    tokens = YAML(typ="safe", pure=True).scan(text)
    for token in reversed([token for token in tokens if isinstance(token, AnchorToken)]):
        start, end = token.start_mark.index, token.end_mark.index
        text = text[:start] + text[end:].lstrip(" ")
    return text
