"""What happens at the doors, on a real database: own passwords, and what is written down about who came in."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agents.forms import FormError
from hotline.clock import Clock
from hotline.links import Links
from hotline.parent.launcher import still_initial
from hotline.state import StateDirectory
from hotline.storage.accounts import Accounts, Role, User
from hotline.storage.audit import Audit
from hotline.storage.database import Database
from hotline.workplace import doors as module
from hotline.workplace.doors import Doors
from hotline.workplace.phone_secrets import PhoneSecrets

NOW = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OLD, NEW = "das bisherige wort", "vier worte ohne sinn"


class House:
    def __init__(self, db: Database) -> None:
        self.now = NOW
        self.accounts, self.audit = Accounts(db, "h"), Audit(db, "h")
        self.links = Links("key", "http://127.0.0.1", 30)
        clock = Clock(timedelta(days=99), system=lambda: self.now)
        self.doors = Doors(self.accounts, self.audit, self.links, clock, BERLIN)

    async def written(self) -> list[tuple[str, str, str | None]]:
        """Oldest first."""
        return [(row.who, row.action, row.subject) for row in reversed(await self.audit.rows(50))]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    db = Database(f"sqlite:///{tmp_path}/hotline.db")
    await db.open()
    house = House(db)
    await house.accounts.ensure_user("anna", OLD, Role.AGENT, must_change=True)
    yield house
    await db.close()


async def test_own_password_ends_all_sessions_and_is_audited(house: House) -> None:
    token = await house.accounts.open_session(User("anna", Role.AGENT), NOW, timedelta(hours=1))
    assert await house.doors.change_password("anna", OLD, NEW, NEW) == User("anna", Role.AGENT, must_change=False)
    assert await house.accounts.user_of(token, NOW) is None
    assert await house.accounts.verify("anna", NEW) == User("anna", Role.AGENT, must_change=False)
    assert await house.accounts.still_initial() == set()
    assert await house.written() == [("anna", "password_changed", "anna")]


@pytest.mark.parametrize(
    ("old", "new", "again", "fields"),
    [
        ("falsch", NEW, NEW, {"old"}),
        (OLD, OLD, OLD, {"new"}),
        (OLD, "kurz", "kurz", {"new"}),
        (OLD, NEW, "anders als das erste", {"again"}),
        ("falsch", "kurz", "", {"old", "new"}),
    ],
)
async def test_what_will_not_do_is_said_at_its_field_and_nothing_changes(
    house: House, old: str, new: str, again: str, fields: set[str]
) -> None:
    with pytest.raises(FormError) as refused:
        await house.doors.change_password("anna", old, new, again)
    assert set(refused.value.findings) == fields
    assert await house.accounts.verify("anna", OLD) is not None


async def test_wrong_passwords_become_one_row_for_each_account_and_one_for_all_other_names(house: House) -> None:
    for name in ("anna", "anna", "mein-passwort-im-falschen-feld", "niemand"):
        house.doors.login_failed(name)
    assert await house.written() == []
    await house.doors.write_failures()
    assert await house.written() == [("anna", "login_failed", "2"), ("unknown", "login_failed", "2")]
    await house.doors.write_failures()
    assert len(await house.written()) == 2


async def test_flood_of_names_is_counted_without_keeping_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPENED_KEPT", 3)
    for number in range(10):
        house.doors.login_failed(f"name{number}")
    assert len(house.doors._failures) <= 4
    await house.doors.write_failures()
    assert await house.written() == [("unknown", "login_failed", "10")]


async def test_opened_promise_is_written_down_once_in_ten_minutes(house: House) -> None:
    token = house.links.token("p1")
    for minutes in (0, 9, 10, 11):
        house.now = NOW + timedelta(minutes=minutes)
        await house.doors.promise_opened(token)
    await house.doors.promise_opened("gefälscht")
    assert await house.written() == [("case_worker", "promise_opened", "p1")] * 2


async def test_audit_is_read_by_days_of_the_hotlines_zone(house: House) -> None:
    await house.audit.record(NOW, "anna", "login")  # 23:30 in Berlin
    await house.audit.record(NOW + timedelta(hours=1), "anna", "login")
    shown = [
        len((await house.doors.audit_page("klara", "anna", date(2026, 11, day), None)).entries) for day in (22, 23, 24)
    ]
    assert shown == [0, 1, 1]
    assert (await house.written())[-1] == ("klara", "audit_shown", "anna")


async def test_pages_of_the_audit_log_follow_each_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    for _ in range(5):
        await house.doors.logged_in("anna")
    first = await house.doors.audit_page("klara", None, None, None)
    second = await house.doors.audit_page("klara", None, None, first.entries[-1].id)
    assert [first.more, second.more] == [True, False]
    assert [len(first.entries), len(second.entries)] == [3, 2]
    assert first.people == ["anna", "klara"]


def test_phone_secrets_are_those_of_this_moment(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    state.prepare()
    before = state.secrets(["anna"]).phone_secrets["anna"]
    known = PhoneSecrets(state)
    assert (known["anna"], list(known), len(known)) == (before, ["anna"], 1)
    state.renew_phone_secrets(["anna"], date(2026, 11, 23))
    assert known["anna"] != before
    with pytest.raises(KeyError):
        known["niemand"]


@pytest.mark.parametrize(
    ("text", "names"),
    [('{"initial": ["anna", "ben"]}', {"anna", "ben"}), ("{}", set()), ("", set()), ("[]", set()), (None, set())],
)
def test_parent_learns_who_still_has_the_first_password(tmp_path: Path, text: str | None, names: set[str]) -> None:
    if text is not None:
        (tmp_path / "running.json").write_text(text)
    assert still_initial(StateDirectory(tmp_path)) == names
