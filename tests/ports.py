"""Free ports for programs that tests start: below those the system gives to outgoing connections, and each of
pytest's processes from a range of its own, so that tests side by side never get the same one."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle

FIRST, RANGE = 10_100, 1_000  # browsers open no page at 10080
RANGES = 8
"""So many processes may test at the same time."""


def free_ports(count: int) -> list[int]:
    """Ports that are free for TCP and UDP on 127.0.0.1 now, none of them given out lately.

    All are even; the odd one above each is nobody else's (Asterisk listens there for SIP by TLS).
    """
    return [next(_ports) for _ in range(count)]


def _free() -> Iterator[int]:
    first = FIRST + RANGE * _range()
    start = random.randrange(0, RANGE, 2)
    for number in cycle(range(0, RANGE, 2)):
        port = first + (start + number) % RANGE
        if _is_free(port) and _is_free(port + 1):
            yield port


def _range() -> int:
    """That of this process: pytest-xdist numbers its processes gw0, gw1, …; a process by itself takes any."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    return int(worker) % RANGES if worker else random.randrange(RANGES)


def _is_free(port: int) -> bool:
    with ExitStack() as held:
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                held.enter_context(socket.socket(type=kind)).bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_ports = _free()
