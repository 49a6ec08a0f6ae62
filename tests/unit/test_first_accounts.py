"""Which accounts a start of the service makes, and with which passwords."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.schema import HotlineConfig
from hotline.changing.accounts import ensure_accounts
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
    accounts = Accounts(db, config.hotline.id)
    made = await ensure_accounts(accounts, config, state)
    first = state.secrets().initial_passwords
    assert {account.name: account.password for account in made} == {name: first[name] for name in names}
    assert await ensure_accounts(accounts, config, state) == ()
    assert await accounts.still_initial() == names
    assert await accounts.verify("anna", first["anna"]) is not None


async def test_removed_account_comes_back_with_another_password(
    config: HotlineConfig, db: Database, state: StateDirectory
) -> None:
    accounts = Accounts(db, config.hotline.id)
    await ensure_accounts(accounts, config, state)
    before = state.secrets().initial_passwords
    for name in ("anna", LEAD_ACCOUNT):
        await accounts.remove(name, "command line")
    for _ in range(2):
        await ensure_accounts(accounts, config, state)
        assert {"anna", LEAD_ACCOUNT} <= await accounts.still_initial()
        after = state.secrets().initial_passwords
        for name in ("anna", LEAD_ACCOUNT):
            assert await accounts.verify(name, before[name]) is None
            assert await accounts.verify(name, after[name]) is not None
        assert after["ben"] == before["ben"]
