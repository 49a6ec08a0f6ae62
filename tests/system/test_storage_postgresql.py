"""The storage on a real PostgreSQL: every test of tests/unit/test_storage_*.py again, and what only it can do.

The server is Debian's (package `postgresql`), started as an unprivileged user in a directory of its own; it
listens on a socket there and on no port.
"""

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hotline.errors import StorageError
from hotline.storage.database import Database
from hotline.storage.ledger import Ledger

SAME_TESTS = sorted((Path(__file__).parents[1] / "unit").glob("test_storage_*.py"))
numbers = count(1)


@dataclass(frozen=True)
class Server:
    directory: Path
    process: subprocess.Popen[bytes]

    def url(self, name: str) -> str:
        return f"postgresql://hotline@/{name}?host={self.directory}"

    def ask(self, command: str, name: str = "postgres") -> None:
        async def run() -> None:
            connection = await asyncpg.connect(host=str(self.directory), user="hotline", database=name)
            try:
                await connection.execute(command)
            finally:
                await connection.close()

        asyncio.run(run())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not binaries:
        pytest.fail("install PostgreSQL's server first: apt-get install --no-install-recommends postgresql")
    directory = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
    process = _started(binaries[-1], directory)
    try:
        _wait_for_socket(process, directory)
        yield Server(directory, process)
    finally:
        process.send_signal(signal.SIGINT)  # "fast": ends its sessions first
        process.wait(20)
        shutil.rmtree(directory)


def _started(binaries: Path, directory: Path) -> subprocess.Popen[bytes]:
    someone: dict[str, Any] = {"cwd": directory}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(directory, user.pw_uid, user.pw_gid)
        someone |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = directory / "data"
    init = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "hotline", "--no-sync", "-E", "UTF8", "--locale=C"]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, **someone)
    quick = ["-c", "fsync=off", "-c", "listen_addresses=", "-c", f"unix_socket_directories={directory}"]
    with (directory / "log").open("wb") as log:
        return subprocess.Popen([binaries / "postgres", "-D", data, *quick], stdout=log, stderr=log, **someone)


def _wait_for_socket(process: subprocess.Popen[bytes], directory: Path) -> None:
    async def answers() -> None:
        async with asyncio.timeout(30):
            while process.poll() is None:
                try:
                    await (await asyncpg.connect(host=str(directory), user="hotline", database="postgres")).close()
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.05)
                else:
                    return
        raise AssertionError((directory / "log").read_text())

    asyncio.run(answers())


@pytest.fixture(scope="module")
def migrated(server: Server) -> str:
    """A database with our tables, to be copied for each test."""
    server.ask("CREATE DATABASE migrated")

    async def migrate() -> None:
        database = Database(server.url("migrated"))
        await database.open()
        await database.close()

    asyncio.run(migrate())
    return "migrated"


@pytest.fixture
def fresh(server: Server, migrated: str) -> Iterator[str]:
    """Gone after the test: hundreds of databases are so many files that removing them at the end takes minutes."""
    name = f"test{next(numbers)}"
    server.ask(f"CREATE DATABASE {name} TEMPLATE {migrated} STRATEGY wal_log")
    yield name
    server.ask(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def db(server: Server, fresh: str) -> AsyncIterator[Database]:
    database = Database(server.url(fresh))
    await database.open()
    yield database
    await database.close()


def _same_tests() -> Iterator[tuple[str, Any]]:
    for file in SAME_TESTS:
        spec = importlib.util.spec_from_file_location(f"{file.stem}_on_postgresql", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        for name, thing in vars(module).items():
            if name.startswith("test_") or (name in ("ledger", "accounts") and callable(thing)):
                yield name, thing


for _name, _thing in _same_tests():
    assert _name not in globals(), f"two storage tests are called {_name}"
    globals()[_name] = _thing


async def test_these_tests_really_run_on_postgresql(db: Database) -> None:
    assert not db.is_sqlite
    async with db.read() as connection:
        assert connection.dialect.name == "postgresql"


def test_many_tests_are_shared_with_sqlite() -> None:
    assert sum(name.startswith("test_") for name, _ in _same_tests()) > 50


async def test_two_processes_that_start_at_once_migrate_one_after_the_other(server: Server, migrated: str) -> None:
    await asyncio.to_thread(server.ask, "CREATE DATABASE twice")
    both = [Database(server.url("twice")) for _ in range(2)]
    await asyncio.gather(*(database.open() for database in both))
    await Ledger(both[0], "h").flush()
    for database in both:
        await database.close()


async def test_tables_of_a_newer_release_are_refused(server: Server, fresh: str) -> None:
    await asyncio.to_thread(server.ask, "UPDATE alembic_version SET version_num = '9999'", fresh)
    with pytest.raises(StorageError, match="newer release"):
        await Database(server.url(fresh)).open()


async def test_unknown_database_is_one_plain_sentence(server: Server) -> None:
    with pytest.raises(StorageError, match="cannot be used"):
        await Database(server.url("nowhere")).open()


async def test_connections_cut_by_the_server_are_replaced(server: Server, fresh: str, db: Database) -> None:
    ledger = Ledger(db, "h")
    await ledger.flush()
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{fresh}'"  # noqa: S608 - our own name
    await asyncio.to_thread(server.ask, cut)
    assert await ledger.unended() == []
