"""Which accounts there are, and with which passwords: for who is in the configuration, was in it, or comes back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.schema import HotlineConfig, PhoneKind
from hotline.changing import accounts as module
from hotline.changing.accounts import KEPT, StaffChange, ensure_accounts
from hotline.state import LEAD_ACCOUNT, StateDirectory
from hotline.storage.accounts import Accounts, Role, User
from hotline.storage.audit import Audit
from hotline.storage.database import Database

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
OWN = "ein eigenes Passwort"


class Office:
    def __init__(self, db: Database, state: StateDirectory, config: HotlineConfig) -> None:
        self.db, self.state, self.config = db, state, config
        self.accounts = Accounts(db, config.hotline.id)

    def without(self, *names: str) -> HotlineConfig:
        agents = [agent for agent in self.config.agents if agent.name not in names]
        return self.config.model_copy(update={"agents": agents})

    def with_full_name(self, name: str, full: str) -> HotlineConfig:
        agents = [
            agent.model_copy(update={"full_name": full}) if agent.name == name else agent
            for agent in self.config.agents
        ]
        return self.config.model_copy(update={"agents": agents})

    async def ensure(
        self, config: HotlineConfig | None = None, later: timedelta = timedelta(), *, trial: bool = False
    ) -> StaffChange:
        place = self.db, self.config.hotline.id
        return await ensure_accounts(place, config or self.config, self.state, NOW + later, trial=trial)

    async def opens(self, name: str, password: str) -> bool:
        return await self.accounts.verify(name, password) is not None

    async def session(self) -> str:
        """Of Anna, until tomorrow."""
        return await self.accounts.open_session(User("anna", Role.AGENT), NOW, timedelta(days=1))


@pytest.fixture
async def office(config: HotlineConfig, tmp_path: Path) -> AsyncIterator[Office]:
    state = StateDirectory(tmp_path)
    state.prepare()
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield Office(database, state, config)
    await database.close()


@pytest.fixture
async def settled(office: Office) -> Office:
    """Anna has chosen a password of her own."""
    await office.ensure()
    await office.accounts.set_password("anna", OWN, "anna")
    return office


async def test_everybody_begins_with_the_password_of_the_secrets_file(office: Office) -> None:
    names = {*(agent.name for agent in office.config.agents), LEAD_ACCOUNT}
    made = await office.ensure()
    first = office.state.secrets().initial_passwords
    assert {account.name: account.password for account in made.made} == {name: first[name] for name in names}
    assert made.told == []
    assert await office.ensure() == StaffChange()
    assert await office.accounts.still_initial() == names
    assert await office.opens("anna", first["anna"])


async def test_removed_account_comes_back_with_another_password(office: Office) -> None:
    await office.ensure()
    before = office.state.secrets().initial_passwords
    for name in ("anna", LEAD_ACCOUNT):
        await office.accounts.remove(name, "command line")
    for _ in range(2):
        await office.ensure()
        assert {"anna", LEAD_ACCOUNT} <= await office.accounts.still_initial()
        after = office.state.secrets().initial_passwords
        for name in ("anna", LEAD_ACCOUNT):
            assert not await office.opens(name, before[name])
            assert await office.opens(name, after[name])
        assert after["ben"] == before["ben"]


async def test_whose_agent_is_taken_out_cannot_log_in_but_the_session_of_the_last_call_goes_on(settled: Office) -> None:
    token = await settled.session()
    told = await settled.ensure(settled.without("anna"))
    assert (told.made, told.told) == ((), [module.CLOSED.format("anna", "anna")])
    assert not await settled.opens("anna", OWN)
    assert await settled.accounts.user_of(token, NOW) is not None
    assert await settled.ensure(settled.without("anna")) == StaffChange()


async def test_roll_back_costs_nobody_the_password(settled: Office) -> None:
    phone = settled.state.phone_secrets()["anna"]
    token = await settled.session()
    await settled.ensure(settled.without("anna"))
    told = await settled.ensure(later=KEPT)
    assert (told.made, told.told) == ((), [module.REOPENED.format("anna")])
    assert await settled.opens("anna", OWN)
    assert await settled.accounts.user_of(token, NOW) is not None
    assert settled.state.phone_secrets()["anna"] == phone


@pytest.mark.parametrize("who", ["another person", "somebody after a long time"])
async def test_another_person_of_the_same_name_inherits_nothing(settled: Office, who: str) -> None:
    token, before = await settled.session(), settled.state.secrets()
    await settled.ensure(settled.without("anna"))
    other = settled.with_full_name("anna", "Anna Andere") if who == "another person" else settled.config
    later = timedelta(minutes=5) if who == "another person" else KEPT + timedelta(days=1)
    told = await settled.ensure(other, later)
    secrets = settled.state.secrets()
    assert [(one.name, one.password) for one in told.made] == [("anna", secrets.initial_passwords["anna"])]
    assert module.RENEWED.format("anna") in told.told
    assert not await settled.opens("anna", OWN)
    assert not await settled.opens("anna", before.initial_passwords["anna"])
    assert await settled.accounts.verify("anna", secrets.initial_passwords["anna"]) == User(
        "anna", Role.AGENT, must_change=True
    )
    assert await settled.accounts.user_of(token, NOW) is None
    assert secrets.phone_secrets["anna"] != before.phone_secrets["anna"]
    assert secrets.phone_secrets["ben"] == before.phone_secrets["ben"]
    assert "anna" in await settled.accounts.still_initial()
    assert await settled.ensure(other, later) == StaffChange()


async def test_desk_phone_that_needs_a_new_password_is_named(settled: Office) -> None:
    desk = [agent.model_copy(update={"phone": PhoneKind.DESK}) for agent in settled.config.agents]
    await settled.ensure(settled.without("anna"))
    told = await settled.ensure(settled.config.model_copy(update={"agents": desk}), KEPT * 2)
    assert told.told == [module.RENEWED.format("anna"), module.NEW_PHONE.format(desk[0].full_name)]


async def test_other_full_name_without_a_break_is_told_and_keeps_the_password(settled: Office) -> None:
    married = settled.with_full_name("anna", "Anna Neu")
    before = settled.config.agents[0].full_name
    told = await settled.ensure(married)
    assert told.told == [module.RENAMED.format("anna", "Anna Neu", before, "anna")]
    assert await settled.opens("anna", OWN)
    assert await settled.ensure(married) == StaffChange()


async def test_who_may_do_more_than_telephone_stays_and_is_named_once(settled: Office) -> None:
    await settled.accounts.set_role("anna", Role.ADMIN, "command line")
    told = await settled.ensure(settled.without("anna"))
    assert told.told == [module.STAYS.format("anna", "admin", "anna")]
    assert await settled.opens("anna", OWN)
    assert await settled.ensure(settled.without("anna")) == StaffChange()
    told = await settled.ensure(later=KEPT * 2)
    assert told.told == [module.TAKEN_OVER.format(settled.config.agents[0].full_name, "admin")]
    assert await settled.opens("anna", OWN)


async def test_whoever_is_made_a_lead_meanwhile_can_log_in_again(settled: Office) -> None:
    await settled.ensure(settled.without("anna"))
    await settled.accounts.set_role("anna", Role.LEAD, "command line")
    assert await settled.opens("anna", OWN)


async def test_passwords_of_who_has_neither_account_nor_place_are_forgotten_but_not_by_a_trial(settled: Office) -> None:
    before = settled.state.secrets()
    await settled.ensure(settled.without("anna"))
    await settled.accounts.remove("anna", "command line")
    await settled.ensure(settled.without("anna"), trial=True)
    assert settled.state.secrets() == before
    await settled.ensure(settled.without("anna"))
    secrets = settled.state.secrets()
    assert "anna" not in secrets.phone_secrets
    assert "anna" not in secrets.initial_passwords
    assert LEAD_ACCOUNT in secrets.initial_passwords
    await settled.ensure()
    assert settled.state.phone_secrets()["anna"] != before.phone_secrets["anna"]


async def test_closing_and_opening_are_in_the_audit_log(settled: Office) -> None:
    await settled.ensure(settled.without("anna"))
    await settled.ensure()
    await settled.ensure(settled.without("anna"))
    await settled.ensure(later=KEPT * 2)
    rows = await Audit(settled.db, settled.config.hotline.id).rows(4)
    assert [(row.who, row.action, row.subject) for row in rows] == [
        ("hotline", "account_renewed", "anna"),
        ("hotline", "account_closed", "anna"),
        ("hotline", "account_reopened", "anna"),
        ("hotline", "account_closed", "anna"),
    ]
