"""Warns of limits of the waiting, of callbacks and of promises that can never be reached."""

from collections.abc import Callable, Iterator
from datetime import time

from config.schema import HotlineConfig, Interval

Path = tuple[str | int, ...]
Warnings = Iterator[tuple[Path, str]]


def everybody_is_rung_in_time(config: HotlineConfig) -> Warnings:
    ring, longest = config.distribution.ring_seconds, config.line.longest_wait_seconds
    for skill in dict.fromkeys(kind.skill for kind in (*config.request_types, config.unclear)):
        agents = sum(skill in agent.skills for agent in config.agents)
        if ring * agents > longest:
            yield (
                ("distribution", "ring_seconds"),
                f'{agents} agents with the skill "{skill}" are rung for {ring} s each, which is more than '
                f"longest_wait_seconds ({longest}): a callback is offered before everybody was rung",
            )
            return


def limits_come_before_the_longest_wait(config: HotlineConfig) -> Warnings:
    longest = config.line.longest_wait_seconds
    same = config.distribution.same_agent
    limits: list[tuple[Path, int, str]] = [
        (("line", "nobody_ready_seconds"), config.line.nobody_ready_seconds, "the callback for want of agents"),
        (("distribution", "second_choice_after_seconds"), _second_choice(config), "the second choice"),
        (("distribution", "same_agent", "wait_seconds"), same.wait_seconds if same else 0, "anybody else"),
    ]
    for path, seconds, what in limits:
        if seconds >= longest:
            yield path, f"{what} comes after {seconds} s, but longest_wait_seconds ({longest}) is reached before"


def _second_choice(config: HotlineConfig) -> int:
    """0 when it does not matter, because nobody has a second choice."""
    used = any(agent.second_choice for agent in config.agents)
    return config.distribution.second_choice_after_seconds if used else 0


def positions_are_heard(config: HotlineConfig) -> Warnings:
    every, longest = config.line.position_every_seconds, config.line.longest_wait_seconds
    if every > longest:
        yield (
            ("line", "position_every_seconds"),
            f"{every} s is more than longest_wait_seconds ({longest}): waiting callers hear nothing of their position",
        )


def the_same_agent_can_be_found(config: HotlineConfig) -> Warnings:
    same, kept = config.distribution.same_agent, config.retention.numbers_days
    if same is None:
        return
    if not same.promise and not same.number_days:
        yield ("distribution", "same_agent"), "promise is false and number_days is 0, so nobody is ever preferred"
    if same.number_days > kept:
        path = ("distribution", "same_agent", "number_days")
        yield path, f"numbers are deleted after {kept} days (retention.numbers_days), so {same.number_days} is no use"


def windows_lie_in_the_hours(config: HotlineConfig) -> Warnings:
    """A window is offered where it is open for a full hour (see routing/windows.py)."""
    spans = [interval for day in config.hours.week.values() for interval in day]
    for index, window in enumerate(config.callbacks.windows):
        if not any(len(_full_hours(window) & _full_hours(span)) > 1 for span in spans):
            shown = f"{window.start:%H:%M}-{window.end:%H:%M}"
            yield (
                ("callbacks", "windows", index),
                f"{shown} never lies within the opening hours for a full hour; nobody is offered it",
            )


def _full_hours(span: Interval) -> set[int]:
    """Those that strike from its start to its end, the end included."""
    return {hour for hour in range(24) if span.start <= time(hour) <= span.end}


def links_last_as_long_as_promises(config: HotlineConfig) -> Warnings:
    delay, link = config.promises.longest_delay_days, config.mail.link_days
    if link < delay:
        yield (
            ("mail", "link_days"),
            f"links open for {link} days, but an answer may be put off by {delay} (promises.longest_delay_days): "
            "the case worker could not confirm it any more",
        )


WAITING_WARNINGS: tuple[Callable[[HotlineConfig], Warnings], ...] = (
    everybody_is_rung_in_time,
    limits_come_before_the_longest_wait,
    positions_are_heard,
    the_same_agent_can_be_found,
    windows_lie_in_the_hours,
    links_last_as_long_as_promises,
)
