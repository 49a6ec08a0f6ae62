"""One command for the running Asterisk, as an administrator would type it."""

import asyncio
from pathlib import Path

PATIENCE = 10.0
"""Seconds."""


async def carried_out(script: Path, command: str) -> bool:
    """Whether Asterisk took the command; OSError when the script that asks it cannot be run."""
    quiet = asyncio.subprocess.DEVNULL
    asking = await asyncio.create_subprocess_exec(script, "-rx", command, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        async with asyncio.timeout(PATIENCE):
            return await asking.wait() == 0
    except TimeoutError:
        asking.kill()
        return await asking.wait() == 0
