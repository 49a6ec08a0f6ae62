"""The last lines of the start: open or closed, how to try it, and how to log in."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.schema import HotlineConfig
from hotline.parent.welcome import welcome
from hotline.state import Secrets, StateDirectory

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def secrets(tmp_path: Path, config: HotlineConfig) -> Secrets:
    return StateDirectory(tmp_path).secrets(agent.name for agent in config.agents)


def said(
    config: HotlineConfig, secrets: Secrets, at: str, moved: bool = False, initial: Collection[str] | None = None
) -> str:
    return welcome(
        config,
        secrets,
        datetime.fromisoformat(at).replace(tzinfo=BERLIN),
        moved,
        StateDirectory(Path("/state")),
        "hotline",
        secrets.initial_passwords if initial is None else initial,
    )


@pytest.mark.parametrize("at", ["2026-11-23T08:00:00", "2026-11-23T17:59:59"])
def test_open_hotline_says_so(config: HotlineConfig, secrets: Secrets, at: str) -> None:
    text = said(config, secrets, at)
    assert "The hotline is open." in text
    assert "AT=" not in text


def test_closed_hotline_says_when_it_opens_and_how_to_try_it(config: HotlineConfig, secrets: Secrets) -> None:
    text = said(config, secrets, "2026-11-21T23:00")
    assert "The hotline is CLOSED (weekend) and opens Monday 2026-11-23 08:00." in text
    assert "Try it now: make run AT=2026-11-23T09:00" in text


def test_suggested_time_is_open(config: HotlineConfig, secrets: Secrets) -> None:
    closed = said(config, secrets, "2026-12-24T12:00")
    suggested = closed.split("AT=")[1].split()[0]
    assert "The hotline is open." in said(config, secrets, suggested)


def test_moved_time_is_always_said(config: HotlineConfig, secrets: Secrets) -> None:
    assert "For callers it is Monday 2026-11-23 09:00 (moved" in said(config, secrets, "2026-11-23T09:00", moved=True)


def test_what_has_become_of_accounts_is_said_before_the_logins(config: HotlineConfig, secrets: Secrets) -> None:
    at, told = datetime(2026, 11, 23, 9, tzinfo=BERLIN), ["Das Konto anna ist geschlossen."]
    text = welcome(config, secrets, at, False, StateDirectory(Path("/state")), "hotline", [], told)
    assert "What has become of accounts:\n  Das Konto anna ist geschlossen.\n\nLog in with" in text


def test_logins_come_last_with_everybodys_password(config: HotlineConfig, secrets: Secrets) -> None:
    lines = said(config, secrets, "2026-11-23T09:00").rstrip().splitlines()
    names = [*(agent.name for agent in config.agents), "leitung"]
    logins = lines[-len(names) :]
    assert [line.split()[0] for line in logins] == names
    assert [line.split()[1] for line in logins] == [secrets.initial_passwords[name] for name in names]
    assert "Log in with name and initial password, which must be changed then:" in lines
    assert "Pages       http://127.0.0.1:8080" in lines
    assert "End it      Ctrl-C, or without cutting anybody off: hotline drain --state /state" in lines


def test_only_passwords_that_are_still_unchanged_are_shown(config: HotlineConfig, secrets: Secrets) -> None:
    text = said(config, secrets, "2026-11-23T09:00", initial={"ben", "somebody added later"})
    assert [name for name, password in secrets.initial_passwords.items() if password in text] == ["ben"]


def test_once_everybody_has_a_password_of_their_own_none_is_shown(config: HotlineConfig, secrets: Secrets) -> None:
    text = said(config, secrets, "2026-11-23T09:00", initial=())
    assert text.rstrip().endswith("a new password for somebody: hotline user password NAME")
    assert not [password for password in secrets.initial_passwords.values() if password in text]


def test_number_stands_as_people_write_it(config: HotlineConfig, secrets: Secrets) -> None:
    assert "Number      05721 9824, SIP on 127.0.0.1:5060" in said(config, secrets, "2026-11-23T09:00")
