"""The AMI double is not only what our own client believes: pyst2, written by others, understands it too."""

import asyncio
from typing import Any

import pytest
from asterisk.manager import Manager

from tests.wire.doubles import SECRET, AmiDouble, eventually, message


def _use(manager: Any, port: int) -> tuple[str, str]:
    manager.connect("127.0.0.1", port)
    login = manager.login("hotline", SECRET).headers["Response"]
    return login, manager.send_action({"Action": "Ping"}).headers["Response"]


@pytest.mark.filterwarnings("ignore:(setDaemon|isSet|currentThread)")  # pyst2 is older than these deprecations
async def test_pyst2_logs_in_pings_and_hears_an_event() -> None:
    asterisk, manager = AmiDouble(), Manager()
    asterisk.with_login = message(Event="UserEvent", Text="Gruss")
    seen: list[str] = []
    manager.register_event("UserEvent", lambda event, _manager: seen.append(event.get_header("Text")))
    await asterisk.start()
    assert await asyncio.to_thread(_use, manager, asterisk.port) == ("Success", "Success")
    await asterisk.close()
    await eventually(lambda: not manager.connected())  # its own logoff writes to a socket that it may have closed
    await asyncio.to_thread(manager.close)
    assert seen == ["Gruss"]
