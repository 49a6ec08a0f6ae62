"""Puts a proxy between a running service and its Asterisk, by moving Asterisk: the service notices nothing of it."""

import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.house import READY, House, kill
from tests.faults.proxy import Proxy
from tests.ports import free_ports


@asynccontextmanager
async def before_the_manager(house: House) -> AsyncIterator[Proxy]:
    """AMI through a proxy. The service is started anew for it: use it before anybody works."""
    port, moved = house.config.network.ami.port, free_ports(1)[0]
    _edit(house, "manager.conf", rf"(?m)^port = {port}$", f"port = {moved}")
    await house.ask("manager reload")
    async with Proxy(port, moved) as proxy:
        before = len(house.lines)
        kill(house.worker, signal.SIGKILL)
        await house.says(READY, before)
        yield proxy


@asynccontextmanager
async def before_the_service(house: House) -> AsyncIterator[Proxy]:
    """AGI through a proxy: Asterisk's dialplan leads there from now on."""
    port, moved = house.config.network.agi.port, free_ports(1)[0]
    _edit(house, "extensions.conf", rf"agi://127\.0\.0\.1:{port}/", f"agi://127.0.0.1:{moved}/")
    await house.ask("dialplan reload")
    async with Proxy(moved, port) as proxy:
        yield proxy


def _edit(house: House, file: str, pattern: str, new: str) -> None:
    path: Path = house.state.asterisk / "etc" / file
    text, count = re.subn(pattern, new, path.read_text("utf-8"))
    assert count, f"{file} has no {pattern}"
    path.write_text(text, "utf-8")
