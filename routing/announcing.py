"""Decides which of the configuration's own announcements hold when: that of an emergency, and those of closures."""

import hashlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig

EMERGENCY_PROMPT = "emergency"
"""Prompt of `emergency.text`."""


def emergency_prompts(config: HotlineConfig) -> tuple[str, ...]:
    """The prompts of the emergency announcement: in the hotline's own language, then in each that has words for it."""
    if config.emergency is None:
        return ()
    further = (language.key for language in config.languages if language.emergency is not None)
    return (EMERGENCY_PROMPT, *(f"{key}/{EMERGENCY_PROMPT}" for key in further))


def is_emergency(prompt: str) -> bool:
    """Whether this prompt is the emergency announcement, in whichever language."""
    return prompt.rpartition("/")[2] == EMERGENCY_PROMPT


def closure_prompt(announcement: str) -> str:
    """The prompt of a closure's own announcement: the same words have the same name, whatever day they are for."""
    return f"closure_{hashlib.sha256(announcement.encode()).hexdigest()[:12]}"


def emergency_ends(config: HotlineConfig) -> datetime | None:
    """From this moment (UTC) on the emergency announcement is not heard any more; None when there is none.

    Of a local time that comes twice the first counts; one that the clock skips counts as if it had not been moved.
    """
    if config.emergency is None:
        return None
    return config.emergency.until.replace(tzinfo=ZoneInfo(config.hotline.timezone)).astimezone(UTC)


def emergency_at(config: HotlineConfig, at: datetime) -> bool:
    """Whether callers hear the emergency announcement at this moment (aware)."""
    ends = emergency_ends(config)
    return ends is not None and at < ends
