"""What systemd is told of a service of Type=notify: ready, stopping, a status line, and a sign of life.

The protocol is sd_notify(3): datagrams of `NAME=value` lines. Without NOTIFY_SOCKET nothing happens.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import MutableMapping
from typing import Self

READY, STOPPING, WATCHDOG = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Notifier:
    """`address` is a path or, beginning with @, an abstract name; "" tells nobody.

    `watchdog` is the number of seconds after which systemd acts without a sign of life; 0: it does not watch.
    """

    def __init__(self, address: str = "", watchdog: float = 0.0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog = watchdog

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str]) -> Self:
        """Takes the variables away: what we start (Asterisk knows them too) must not speak for us."""
        address = environment.pop("NOTIFY_SOCKET", "")
        microseconds = environment.pop("WATCHDOG_USEC", "")
        watched = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(address, int(microseconds) / 1e6 if watched and microseconds.isdecimal() else 0.0)

    def tell(self, *lines: str) -> None:
        """Say it; a systemd that does not listen is not our trouble."""
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(lines).encode(), self._address)

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self.tell(f"STATUS={' '.join(text.split())}")

    async def keep_alive(self) -> None:
        """For ever: as long as this runs, the event loop lives."""
        while self._address and self._watchdog:
            self.tell(WATCHDOG)
            await asyncio.sleep(self._watchdog / 3)
