"""The AMI double is not only what our own client believes: pyst2, written by others, understands it too."""

import asyncio
from typing import Any

import pytest
from asterisk.manager import Manager

from tests.wire.doubles import SECRET, AmiDouble, message


def _use(port: int) -> tuple[str, str, list[str]]:
    manager: Any = Manager()
    seen: list[str] = []
    manager.register_event("UserEvent", lambda event, _manager: seen.append(event.get_header("Text")))
    manager.connect("127.0.0.1", port)
    login = manager.login("hotline", SECRET).headers["Response"]
    ping = manager.send_action({"Action": "Ping"}).headers["Response"]
    manager.close()
    return login, ping, seen


@pytest.mark.filterwarnings("ignore:(setDaemon|isSet|currentThread|getName)")  # pyst2 is older than these deprecations
async def test_pyst2_logs_in_pings_and_hears_an_event() -> None:
    asterisk = AmiDouble()
    asterisk.with_login = message(Event="UserEvent", Text="Gruss")
    await asterisk.start()
    login, ping, seen = await asyncio.to_thread(_use, asterisk.port)
    await asterisk.close()
    assert (login, ping, seen) == ("Success", "Success", ["Gruss"])
