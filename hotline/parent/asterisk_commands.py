"""One command for the running Asterisk, as an administrator would type it, and what it says."""

import asyncio
from pathlib import Path

PATIENCE = 10.0
"""Seconds."""


async def carried_out(script: Path, command: str) -> bool:
    """Whether Asterisk took the command; OSError when the script that asks it cannot be run."""
    return await told(script, command) is not None


async def told(script: Path, command: str) -> str | None:
    """What Asterisk says to the command, None when it did not take it; OSError when the script cannot be run."""
    quiet, heard = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    asking = await asyncio.create_subprocess_exec(script, "-rx", command, stdin=quiet, stdout=heard, stderr=quiet)
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await asking.communicate()
    except TimeoutError:
        asking.kill()
        await asking.wait()
        return None
    return said.decode("utf-8", "replace") if asking.returncode == 0 else None
