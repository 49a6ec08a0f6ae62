"""What systemd hears: a real datagram socket, as it gives one to its services."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.parent.notify import READY, WATCHDOG, Notifier


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@hotline-test-{os.getpid()}"


@pytest.fixture
def systemd(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0"))
        listening.settimeout(5)
        yield listening


def test_ready_and_a_status_line_are_one_datagram_each(systemd: socket.socket, address: str) -> None:
    notifier = Notifier(address)
    notifier.tell(READY)
    notifier.status("2 calls\nREADY=0")
    assert systemd.recv(100) == b"READY=1"
    assert systemd.recv(100) == b"STATUS=2 calls READY=0", "a text never becomes a second line"


async def test_sign_of_life_comes_well_within_the_watchdogs_time(systemd: socket.socket, address: str) -> None:
    living = asyncio.create_task(Notifier(address, watchdog=0.3).keep_alive())
    beats = [await asyncio.to_thread(systemd.recv, 100) for _ in range(3)]
    living.cancel()
    assert beats == [WATCHDOG.encode()] * 3


def test_variables_are_taken_away_from_what_we_start() -> None:
    environment = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": str(os.getpid()), "PATH": "/bin"}
    notifier = Notifier.from_environment(environment)
    assert environment == {"PATH": "/bin"}
    assert notifier._watchdog == 5.0


@pytest.mark.parametrize("other", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": ""}])
async def test_watchdog_meant_for_another_process_or_without_a_time_is_not_ours(other: dict[str, str]) -> None:
    environment = {"NOTIFY_SOCKET": "/does/not/exist", "WATCHDOG_USEC": "5000000"} | other
    await asyncio.wait_for(Notifier.from_environment(environment).keep_alive(), 1)


def test_without_systemd_nothing_is_said() -> None:
    Notifier.from_environment({}).tell(READY)


def test_systemd_that_does_not_listen_does_no_harm(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "nobody")).tell(READY)
