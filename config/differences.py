"""Tells what differs between two configurations, as an admin reads it."""

from dataclasses import dataclass

from config.schema import HotlineConfig


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is new, gone, or another one."""

    path: str
    """Keys joined with dots; entries of lists by their name or key, as "agents.anna.skills"."""
    section: str
    """Where an admin finds it, in German: "Öffnungszeiten", "Agenten" …"""
    old: str | None
    """None when it is new; values as a person writes them."""
    new: str | None
    """None when it is gone."""


def differences(old: HotlineConfig, new: HotlineConfig) -> list[Change]:
    """All of them, in the order of the sections."""
    raise NotImplementedError
