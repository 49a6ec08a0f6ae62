"""Accounts, sessions, presences, versions, audit; the same tests run on PostgreSQL."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hotline.errors import Refused
from hotline.storage import accounts as accounts_module
from hotline.storage.accounts import Accounts, Role, User
from hotline.storage.audit import Audit
from hotline.storage.database import Database
from hotline.storage.presences import Presences, SavedPresence
from hotline.storage.tables import audit, sessions, users
from hotline.storage.versions import Versions

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def accounts(db: Database) -> Accounts:
    store = Accounts(db, "h")
    await store.ensure_user("anna", "richtig", "agent")
    return store


async def test_right_password_gives_the_user_and_a_wrong_one_nobody(accounts: Accounts) -> None:
    assert await accounts.verify("anna", "richtig") == User("anna", Role.AGENT)
    for name, password in (("anna", "falsch"), ("anna", ""), ("ben", "richtig"), ("ANNA", "richtig")):
        assert await accounts.verify(name, password) is None


async def test_unknown_name_costs_the_same_check_as_a_wrong_password(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    real = accounts_module._matches
    monkeypatch.setattr(accounts_module, "_matches", lambda *given: checked.append(given[0]) or real(*given))
    await accounts.verify("anna", "falsch")
    await accounts.verify("niemand", "falsch")
    assert [hashed.split("$")[1:4] for hashed in checked] == [checked[0].split("$")[1:4]] * 2


async def test_ensuring_a_user_again_keeps_the_password_that_was_set(accounts: Accounts) -> None:
    await accounts.set_password("anna", "neu", "admin")
    assert await accounts.ensure_user("anna", "richtig", "agent") is False
    assert await accounts.verify("anna", "neu")


async def test_user_ensured_many_times_at_once_exists_once(accounts: Accounts) -> None:
    made = await asyncio.gather(*(accounts.ensure_user("ben", f"p{n}", Role.LEAD) for n in range(4)))
    assert sum(made) == 1
    assert await accounts.users() == [User("anna", Role.AGENT), User("ben", Role.LEAD)]


async def test_added_user_must_change_the_password_until_it_is_changed(accounts: Accounts) -> None:
    await accounts.add_user("ben", "gemacht", Role.LEAD, "admin")
    assert await accounts.verify("ben", "gemacht") == User("ben", Role.LEAD, must_change=True)
    token = await accounts.open_session(User("ben", Role.LEAD, must_change=True), NOW, HOUR)
    assert await accounts.user_of(token, NOW) == User("ben", Role.LEAD, must_change=True)
    await accounts.set_password("ben", "selbst", "ben")
    assert await accounts.verify("ben", "selbst") == User("ben", Role.LEAD)
    with pytest.raises(Refused, match="schon ein Konto"):
        await accounts.add_user("ben", "x", Role.AGENT, "admin")


async def test_only_passwords_made_at_the_first_start_count_as_initial(accounts: Accounts) -> None:
    for name in ("ben", "carla", "david"):
        await accounts.ensure_user(name, "erstes", Role.AGENT, must_change=True)
    await accounts.add_user("elif", "gemacht", Role.AGENT, "admin")
    await accounts.set_password("carla", "selbst", "carla")
    await accounts.set_password("david", "neu", "admin", must_change=True)
    assert await accounts.still_initial() == {"ben"}


async def test_account_made_again_has_its_first_password_whatever_the_one_before_had(accounts: Accounts) -> None:
    await accounts.set_password("anna", "gegeben", "admin", must_change=True)
    assert await accounts.removed() == set()
    await accounts.remove("anna", "admin")
    assert await accounts.removed() == {"anna"}
    assert await Accounts(accounts._db, "other").removed() == set()
    await accounts.ensure_user("anna", "neu", Role.AGENT, must_change=True)
    assert await accounts.still_initial() == {"anna"}
    await accounts.set_password("anna", "gegeben", "admin", must_change=True)
    assert await accounts.still_initial() == set()


async def test_role_counts_for_sessions_that_are_open(accounts: Accounts) -> None:
    token = await accounts.open_session(User("anna", Role.AGENT), NOW, HOUR)
    await accounts.set_role("anna", Role.LEAD, "admin")
    assert await accounts.user_of(token, NOW) == User("anna", Role.LEAD)


async def test_removed_user_is_logged_out_and_unknown(accounts: Accounts) -> None:
    token = await accounts.open_session(User("anna", Role.AGENT), NOW, HOUR)
    await accounts.remove("anna", "admin")
    assert await accounts.user_of(token, NOW) is None
    assert await accounts.verify("anna", "richtig") is None
    with pytest.raises(Refused, match="anna"):
        await accounts.remove("anna", "admin")


async def test_sessions_survive_a_restart_and_end_everywhere_at_once(db: Database, accounts: Accounts) -> None:
    anna, ben = User("anna", Role.AGENT), User("ben", Role.AGENT)
    await accounts.ensure_user("ben", "x", Role.AGENT)
    tokens = [await accounts.open_session(anna, NOW, HOUR) for _ in range(2)]
    other = await accounts.open_session(ben, NOW, HOUR)
    restarted = Accounts(db, "h")
    assert [await restarted.user_of(token, NOW) for token in tokens] == [anna, anna]
    await restarted.close_sessions("anna")
    assert [await restarted.user_of(token, NOW) for token in tokens] == [None, None]
    assert await restarted.user_of(other, NOW) == ben


async def test_unknown_role_is_refused(accounts: Accounts) -> None:
    with pytest.raises(ValueError, match="boss"):
        await accounts.ensure_user("ben", "x", "boss")


async def test_neither_password_nor_token_is_in_the_database(db: Database, accounts: Accounts) -> None:
    token = await accounts.open_session(User("anna", Role.AGENT), NOW, HOUR)
    async with db.read() as connection:
        text = str([tuple(row) for table in (users, sessions) for row in await connection.execute(select(table))])
    assert "anna" in text
    assert token not in text
    assert "richtig" not in text
    assert "$argon2id$" in text


async def test_session_ends_when_its_lifetime_does(accounts: Accounts) -> None:
    token = await accounts.open_session(User("anna", Role.AGENT), NOW, HOUR)
    assert await accounts.user_of(token, NOW + HOUR - timedelta(seconds=1)) == User("anna", Role.AGENT)
    assert await accounts.user_of(token, NOW + HOUR) is None
    assert await accounts.user_of("erfunden", NOW) is None
    assert await accounts.user_of("\ud83d", NOW) is None


async def test_logout_ends_this_session_and_a_new_password_all(accounts: Accounts) -> None:
    anna = User("anna", Role.AGENT)
    first, second = [await accounts.open_session(anna, NOW, HOUR) for _ in range(2)]
    await accounts.close_session(first)
    assert await accounts.user_of(first, NOW) is None
    assert await accounts.user_of(second, NOW) == anna
    await accounts.set_password("anna", "neu", "admin")
    assert await accounts.user_of(second, NOW) is None


async def test_expired_sessions_are_forgotten_when_the_next_opens(db: Database, accounts: Accounts) -> None:
    anna = User("anna", Role.AGENT)
    await accounts.open_session(anna, NOW, HOUR)
    await accounts.open_session(anna, NOW + 2 * HOUR, HOUR)
    async with db.read() as connection:
        assert len((await connection.execute(select(sessions))).all()) == 1


async def test_password_of_an_unknown_user_is_refused(accounts: Accounts) -> None:
    with pytest.raises(Refused, match="niemand"):
        await accounts.set_password("niemand", "x", "admin")


async def test_latest_intent_of_each_agent_is_loaded(db: Database) -> None:
    store = Presences(db, "h")
    await store.save("anna", "ready", None, NOW)
    await store.save("ben", "home", None, NOW)
    await store.save("anna", "pause", "Besprechung", NOW + HOUR)
    await Presences(db, "other").save("anna", "home", None, NOW + 2 * HOUR)
    assert await store.load() == {
        "anna": SavedPresence("pause", "Besprechung", NOW + HOUR),
        "ben": SavedPresence("home", None, NOW),
    }


async def test_highest_version_is_active_and_the_older_ones_can_be_read(db: Database) -> None:
    versions = Versions(db, "h")
    assert await versions.active() is None
    assert [await versions.activate(text, "admin", NOW) for text in ("eins", "zwei")] == [1, 2]
    assert await versions.active() == (2, "zwei")
    assert await versions.get(1) == (1, "eins")
    assert await versions.get(3) is None
    assert [row.version for row in await versions.all()] == [2, 1]
    assert await Versions(db, "other").active() is None


async def test_audit_names_who_did_what_to_which(db: Database, accounts: Accounts) -> None:
    await Audit(db, "h").record(NOW, "anna", "identity_checked", "c1")
    await accounts.set_password("anna", "neu", "admin")
    async with db.read() as connection:
        rows = await connection.execute(select(audit.c["who", "action", "subject"]).order_by(audit.c.id))
        assert [tuple(row) for row in rows] == [("anna", "identity_checked", "c1"), ("admin", "password_set", "anna")]


async def test_audit_is_read_by_person_and_time_the_newest_first(db: Database) -> None:
    log = Audit(db, "h")
    for hours, who in enumerate(("anna", "ben", "anna", "anna")):
        await log.record(NOW + hours * HOUR, who, "login")
    await Audit(db, "other").record(NOW, "anna", "login")
    rows = await log.rows(10)
    assert [row.who for row in rows] == ["anna", "anna", "ben", "anna"]
    assert [row.at for row in await log.rows(10, who="anna", since=NOW + HOUR, until=NOW + 3 * HOUR)] == [
        NOW + 2 * HOUR
    ]
    assert await log.rows(2) == rows[:2]
    assert await log.rows(10, before=rows[1].id) == rows[2:]
    assert await log.people() == ["anna", "ben"]


def test_passwords_are_checked_outside_the_event_loop() -> None:
    assert "to_thread(_matches" in inspect.getsource(Accounts.verify)
