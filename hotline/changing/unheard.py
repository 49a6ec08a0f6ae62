"""Sounds that nobody hears any more are removed behind each change, so that they do not pile up while we run."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from hotline.logs import log_failure
from hotline.setup import by_content
from hotline.setup.prompts import contents_in_force

HeardNow = Callable[[], set[str]]
"""The sounds that new calls hear and those that go on, as `hotline.setup.by_content` names them."""


async def clear(prompts: Path, heard_now: HeardNow) -> None:
    """Nobody else may be making prompts meanwhile. A failure is only told: the next change tries again."""
    heard = heard_now()  # who calls from now on hears what new calls hear
    try:
        await asyncio.to_thread(_clear, prompts, heard)
    except OSError as error:
        log_failure("sounds that nobody hears were not removed", "", error)


def _clear(prompts: Path, heard: set[str]) -> None:
    by_content.remove_unused(prompts, {*heard, *contents_in_force(prompts).values()})
