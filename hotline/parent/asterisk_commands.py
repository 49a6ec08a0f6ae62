"""One command for the running Asterisk, as an administrator would type it, and what it says."""

import asyncio
from contextlib import suppress
from pathlib import Path

PATIENCE = 10.0
"""Seconds."""
_DONE = {"module reload": "reloaded successfully", "dialplan reload": "Dialplan reloaded"}
"""What Asterisk says when it has done that; otherwise it says why not, and ends with 0 all the same."""
_UNKNOWN = "No such command"


async def carried_out(script: Path, command: str) -> bool:
    """Whether Asterisk took the command; OSError when the script that asks it cannot be run."""
    return taken(command, await told(script, command))


async def told(script: Path, command: str) -> str | None:
    """What Asterisk says to the command, None when it did not take it; OSError when the script cannot be run."""
    return await Asking(script, PATIENCE).told(command)


def taken(command: str, said: str | None) -> bool:
    """Whether Asterisk did what the command says."""
    if said is None or _UNKNOWN in said:
        return False
    return all(words in said for begin, words in _DONE.items() if command.startswith(begin))


class Asking:
    """Several commands within so many seconds. After the first one without an answer no other is tried: it hangs."""

    def __init__(self, script: Path, seconds: float) -> None:
        self._script = script
        self._until = asyncio.get_running_loop().time() + seconds

    async def carried_out(self, command: str) -> bool:
        """As above."""
        return taken(command, await self.told(command))

    async def told(self, command: str) -> str | None:
        """As above."""
        left = min(self._until - asyncio.get_running_loop().time(), PATIENCE)
        if left <= 0:
            return None
        try:
            return await _said(self._script, command, left)
        except TimeoutError:
            self._until = 0.0
            return None


async def _said(script: Path, command: str, patience: float) -> str | None:
    quiet, heard = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    asking = await asyncio.create_subprocess_exec(script, "-rx", command, stdin=quiet, stdout=heard, stderr=quiet)
    try:
        async with asyncio.timeout(patience):
            said, _ = await asking.communicate()
    except (TimeoutError, asyncio.CancelledError):
        with suppress(ProcessLookupError):
            asking.kill()
        await asking.communicate()
        raise
    return said.decode("utf-8", "replace") if asking.returncode == 0 else None
