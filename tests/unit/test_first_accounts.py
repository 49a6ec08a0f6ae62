"""Which accounts there are, and with which passwords: for who is in the configuration, was in it, or comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.editing import Edit, Kind, edited
from config.schema import HotlineConfig, PhoneKind
from hotline import service
from hotline.changing import accounts as module
from hotline.changing.accounts import KEPT, StaffChange, ensure_accounts
from hotline.changing.first_passwords import FirstPasswords
from hotline.clock import Clock
from hotline.errors import SetupError, StorageError
from hotline.parent.launcher import told_of_accounts
from hotline.state import DATABASE_URL, LEAD_ACCOUNT, StateDirectory
from hotline.storage.accounts import Accounts, Role, User
from hotline.storage.audit import Audit
from hotline.storage.database import Database
from hotline.storage.staff import Staff
from hotline.storage.versions import Versions

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


async def test_who_leads_by_now_keeps_the_password_when_the_name_is_in_the_configuration_again(settled: Office) -> None:
    await settled.ensure(settled.without("anna"))
    await settled.accounts.set_role("anna", Role.ADMIN, "command line")
    await settled.ensure(settled.without("anna"))
    told = await settled.ensure(settled.with_full_name("anna", "Anna Andere"), KEPT * 2)
    assert (told.made, told.told) == ((), [module.TAKEN_OVER.format("Anna Andere", "admin")])
    assert await settled.accounts.verify("anna", OWN) == User("anna", Role.ADMIN)


async def test_renewed_account_is_an_agents(settled: Office) -> None:
    await settled.accounts.set_role("anna", Role.ADMIN, "command line")
    await settled.accounts.renew("anna", "neu", "Anna Andere")
    assert await settled.accounts.verify("anna", "neu") == User("anna", Role.AGENT, must_change=True)


async def test_agent_without_a_place_is_closed_and_taken_for_another_person_later(settled: Office) -> None:
    await settled.accounts.add_user("frieda", OWN, Role.LEAD, "command line")
    await settled.accounts.set_role("frieda", Role.AGENT, "command line", placed=False)
    assert not await settled.opens("frieda", OWN)
    agent = settled.config.agents[0].model_copy(update={"name": "frieda", "full_name": "Frieda Fink"})
    config = settled.config.model_copy(update={"agents": [*settled.config.agents, agent]})
    told = await settled.ensure(config)
    assert [one.name for one in told.made] == ["frieda"]
    assert not await settled.opens("frieda", OWN)


async def test_accounts_of_an_earlier_release_keep_their_passwords_when_they_are_in_the_configuration(
    office: Office,
) -> None:
    await office.accounts.ensure_user("anna", OWN, Role.AGENT)
    told = await office.ensure()
    assert "anna" not in {one.name for one in told.made}
    assert told.told == []
    assert await office.opens("anna", OWN)


async def test_whose_account_of_an_earlier_release_it_was_is_not_guessed(office: Office) -> None:
    await office.accounts.ensure_user("anna", OWN, Role.AGENT)
    await office.ensure(office.without("anna"))
    told = await office.ensure()
    assert [one.name for one in told.made] == ["anna"]
    assert told.told == [module.RENEWED.format("anna")]
    assert not await office.opens("anna", OWN)


@pytest.fixture
async def trial(settled: Office, tmp_path: Path) -> AsyncIterator[Office]:
    """Beside the real hotline, in the same state directory."""
    database = Database(f"sqlite:///{tmp_path}/moved.db")
    await database.open()
    yield Office(database, settled.state, settled.config)
    await database.close()


async def test_trial_gives_other_passwords_without_touching_those_of_the_real_hotline(
    settled: Office, trial: Office
) -> None:
    desk = [agent.model_copy(update={"phone": PhoneKind.DESK}) for agent in settled.config.agents]
    with_desks = settled.config.model_copy(update={"agents": desk})
    before = settled.state.secrets()
    await trial.ensure(trial=True)
    assert await trial.opens("anna", before.initial_passwords["anna"])
    await trial.ensure(settled.without("anna"), trial=True)
    told = await trial.ensure(with_desks, KEPT * 2, trial=True)
    assert told.told == [module.RENEWED.format("anna")]
    assert await trial.opens("anna", told.made[0].password)
    await trial.accounts.remove("ben", "command line")
    (again,) = (await trial.ensure(trial=True)).made
    assert again.password != before.initial_passwords["ben"]
    assert FirstPasswords(trial.state, trial=True).secrets().initial_passwords["ben"] == again.password
    assert settled.state.secrets() == before


async def test_real_hotline_leaves_the_first_passwords_of_the_trial(settled: Office, trial: Office) -> None:
    new = settled.config.agents[0].model_copy(update={"name": "frieda"})
    more = settled.config.model_copy(update={"agents": [*settled.config.agents, new]})
    first = {one.name: one.password for one in (await trial.ensure(more, trial=True)).made}
    await settled.ensure()
    await settled.accounts.remove("ben", "command line")
    await settled.ensure()
    assert await trial.ensure(more, trial=True) == StaffChange()
    shown = FirstPasswords(trial.state, trial=True).secrets().initial_passwords
    assert {name: shown[name] for name in first} == first
    assert await trial.opens("frieda", shown["frieda"])


async def test_unreadable_passwords_of_the_trial_are_one_plain_sentence(office: Office) -> None:
    office.state.trial_passwords.write_text("[", "utf-8")
    with pytest.raises(SetupError, match=r"moved\.json cannot be read"):
        FirstPasswords(office.state, trial=True).secrets(["anna"])


USUAL = [
    module.CLOSED.format("anna", "anna"),
    module.REOPENED.format("ben"),
    module.RENAMED.format("david", "David Neu", "David Demir", "david"),
]


@pytest.mark.parametrize(
    ("room", "step", "instead"),
    [
        (Staff, "close", {USUAL[0]: module.NOT_CLOSED}),
        (Staff, "reopen", {USUAL[1]: module.NOT_OPENED}),
        (Staff, "named", {USUAL[2]: module.NOT_NAMED}),
        (Accounts, "removed", {"": module.NOT_MADE}),
        (StateDirectory, "forget_secrets", {"": module.NOT_FORGOTTEN}),
    ],
)
async def test_step_that_fails_is_told_keeps_no_other_from_being_taken_and_is_caught_up_with(
    settled: Office, monkeypatch: pytest.MonkeyPatch, room: type, step: str, instead: dict[str, str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise StorageError("The database cannot be used.")

    await settled.ensure(settled.without("ben"))
    await settled.accounts.remove("carla", "command line")
    agents = [agent for agent in settled.with_full_name("david", "David Neu").agents if agent.name != "anna"]
    changed = settled.config.model_copy(update={"agents": agents})
    with monkeypatch.context() as patched:
        patched.setattr(room, step, fails)
        first = await settled.ensure(changed)
    assert first.told == [instead.get(one, one) for one in (*USUAL, "") if instead.get(one, one)]
    assert [one.name for one in first.made] == ([] if step == "removed" else ["carla"])
    again = await settled.ensure(changed)
    assert again.told == [one for one in USUAL if one in instead]
    assert [one.name for one in again.made] == (["carla"] if step == "removed" else [])


async def test_first_passwords_that_were_made_survive_a_failure_in_the_middle(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, last = Accounts.ensure_user, office.config.agents[-1].name

    async def ensure_user(self: Accounts, name: str, *words: object, **more: object) -> bool:
        if name == last:
            raise StorageError("The database cannot be used.")
        return await real(self, name, *words, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Accounts, "ensure_user", ensure_user)
        told = await office.ensure()
    assert [one.name for one in told.made] == [agent.name for agent in office.config.agents[:-1]]
    assert told.told == [module.NOT_MADE]
    assert {one.name for one in (await office.ensure()).made} == {last, LEAD_ACCOUNT}


async def test_nobody_who_leads_is_told(settled: Office) -> None:
    await settled.accounts.set_role(LEAD_ACCOUNT, Role.AUDITOR, "command line")
    assert (await settled.ensure()).told == [module.NO_LEAD]


async def test_what_a_start_has_changed_is_said_by_the_parent(
    settled: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @asynccontextmanager
    async def no_parts(*_: object) -> AsyncIterator[None]:
        yield

    monkeypatch.setattr(service, "_parts", no_parts)
    monkeypatch.delenv(DATABASE_URL, raising=False)
    async with service.running(settled.state, Clock()):
        assert told_of_accounts(settled.state) == []
    text = settled.state.config_file.read_text("utf-8")
    database = Database(settled.state.database_url())
    await database.open()
    without = edited(text, [Edit(Kind.REMOVE, ("agents", len(settled.config.agents) - 1))])
    await Versions(database, settled.config.hotline.id).activate(without, "admin", NOW)
    await database.close()
    gone = settled.config.agents[-1]
    capsys.readouterr()
    async with service.running(settled.state, Clock()):
        assert told_of_accounts(settled.state) == [module.CLOSED.format(gone.name, gone.name)]
    logged = capsys.readouterr().out
    assert "accounts changed with the configuration" in logged
    assert gone.full_name not in logged
