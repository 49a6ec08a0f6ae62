"""Warns of request types for which hardly anybody is there."""

from collections.abc import Callable, Iterator

from config.schema import HotlineConfig, RequestType

Path = tuple[str | int, ...]
Warnings = Iterator[tuple[Path, str]]


def several_can_take_each_type(config: HotlineConfig) -> Warnings:
    """When the only one who can is ill or on break, these callers wait in vain."""
    if len(config.agents) < 2:
        return
    for path, kind in _types(config):
        first, second = _takers(config, kind)
        if len(first) + len(second) == 1:
            yield (*path, "skill"), f'only {(first + second)[0]} can take "{kind.label}" ({kind.skill})'


def each_type_is_somebodys_first_choice(config: HotlineConfig) -> Warnings:
    """Nobody is rung for such a caller before the second choice is."""
    wait = config.distribution.second_choice_after_seconds
    for path, kind in _types(config):
        first, second = _takers(config, kind)
        if second and not first and wait:
            yield (
                (*path, "skill"),
                f'"{kind.label}" is only a second choice ({", ".join(second)}): every caller waits {wait} s for it',
            )


def labels_differ(config: HotlineConfig) -> Warnings:
    """Agents see labels only."""
    seen: dict[str, str] = {}
    for path, kind in _types(config):
        if kind.label in seen:
            yield (
                (*path, "label"),
                f'"{kind.label}" is the label of "{seen[kind.label]}" too; agents cannot tell them apart',
            )
        seen.setdefault(kind.label, kind.key)


def _types(config: HotlineConfig) -> Iterator[tuple[Path, RequestType]]:
    for index, kind in enumerate(config.request_types):
        yield ("request_types", index), kind
    yield ("unclear",), config.unclear


def _takers(config: HotlineConfig, kind: RequestType) -> tuple[list[str], list[str]]:
    first = [agent.name for agent in config.agents if kind.skill in agent.skills]
    return first, [agent.name for agent in config.agents if kind.skill in agent.second_choice]


STAFF_WARNINGS: tuple[Callable[[HotlineConfig], Warnings], ...] = (
    several_can_take_each_type,
    each_type_is_somebodys_first_choice,
    labels_differ,
)
