"""Which accounts a start of the service makes, and with which passwords."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.schema import HotlineConfig
from hotline.service import _ensure_accounts
from hotline.state import LEAD_ACCOUNT, StateDirectory
from hotline.storage.accounts import Accounts
from hotline.storage.database import Database


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    directory = StateDirectory(tmp_path)
    directory.prepare()
    return directory


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


async def test_everybody_begins_with_the_password_of_the_secrets_file(
    config: HotlineConfig, db: Database, state: StateDirectory
) -> None:
    names = {*(agent.name for agent in config.agents), LEAD_ACCOUNT}
    for _ in range(2):
        assert await _ensure_accounts(db, config, state) == names
    first, accounts = state.secrets().initial_passwords, Accounts(db, config.hotline.id)
    assert await accounts.verify("anna", first["anna"]) is not None


async def test_removed_account_comes_back_with_another_password(
    config: HotlineConfig, db: Database, state: StateDirectory
) -> None:
    await _ensure_accounts(db, config, state)
    before, accounts = state.secrets().initial_passwords, Accounts(db, config.hotline.id)
    for name in ("anna", LEAD_ACCOUNT):
        await accounts.remove(name, "command line")
    for _ in range(2):
        assert {"anna", LEAD_ACCOUNT} <= await _ensure_accounts(db, config, state)
        after = state.secrets().initial_passwords
        for name in ("anna", LEAD_ACCOUNT):
            assert await accounts.verify(name, before[name]) is None
            assert await accounts.verify(name, after[name]) is not None
        assert after["ben"] == before["ben"]
