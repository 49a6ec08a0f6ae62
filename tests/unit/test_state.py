"""The state directory: made once, its secrets generated, private, complete and never made again."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from config.loading import load
from hotline.errors import SetupError
from hotline.state import DATABASE_URL, EXAMPLE, LEAD_ACCOUNT, Secrets, StateDirectory


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    directory = StateDirectory(tmp_path / "var")
    directory.prepare()
    return directory


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_first_start_copies_the_shipped_configuration(state: StateDirectory) -> None:
    assert state.config_file.read_bytes() == EXAMPLE.read_bytes()
    assert load(state.config_file).hotline.id == "schaumburg"


def test_second_start_keeps_the_configuration_in_use(state: StateDirectory) -> None:
    state.config_file.write_text("mine")
    state.prepare()
    assert state.config_file.read_text() == "mine"


def test_secrets_are_made_once(state: StateDirectory) -> None:
    assert state.secrets(["anna"]) == state.secrets(["anna"]) == state.secrets()


def test_new_agent_gets_secrets_and_the_others_keep_theirs(state: StateDirectory) -> None:
    before, after = state.secrets(["anna"]), state.secrets(["ben"])
    assert after.phone_secrets["anna"] == before.phone_secrets["anna"]
    assert after.phone_secrets.keys() == {"anna", "ben"}
    assert after.initial_passwords.keys() == {"anna", "ben", LEAD_ACCOUNT}
    assert after.link_key == before.link_key


def test_no_two_secrets_are_alike(state: StateDirectory, tmp_path: Path) -> None:
    other = StateDirectory(tmp_path / "other")
    other.prepare()
    values = [value for one in (state, other) for value in every_value(one.secrets(["anna", "ben"]))]
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 16


def every_value(secrets: Secrets) -> list[str]:
    return [
        *(secrets.ami_secret, secrets.system_name, secrets.link_key, secrets.session_key),
        *secrets.phone_secrets.values(),
        *secrets.initial_passwords.values(),
    ]


def test_secrets_are_readable_by_the_owner_only(state: StateDirectory) -> None:
    state.secrets(["anna"])
    assert mode(state.path / "secrets.json") == 0o600
    assert mode(state.asterisk) == 0o700
    assert mode(state.mailbox) == 0o700


def test_secrets_are_not_shown_by_accident(state: StateDirectory) -> None:
    secrets = state.secrets(["anna"])
    assert not [value for value in every_value(secrets) if value in repr(secrets)]


def test_two_processes_at_once_agree_on_the_secrets(state: StateDirectory) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: state.secrets([f"agent{number}"]).link_key, range(8)))
    assert len(set(made)) == 1
    assert len(state.secrets().phone_secrets) == 8


@pytest.mark.parametrize("content", ["", "{", "[]", '{"ami_secret": "x"}', '{"unknown": 1}'])
def test_broken_secrets_are_told_and_never_replaced(state: StateDirectory, content: str) -> None:
    file = state.path / "secrets.json"
    file.write_text(content)
    with pytest.raises(SetupError, match=r"secrets\.json cannot be read .*restore it"):
        state.secrets(["anna"])
    assert file.read_text() == content


def test_phone_secrets_are_renewed_once_a_day_for_those_who_are_named(state: StateDirectory) -> None:
    before = state.secrets(["anna", "ben"])
    assert state.renew_phone_secrets(["anna"], date(2026, 11, 23))
    after = state.secrets()
    assert after.phone_secrets["anna"] not in before.phone_secrets.values()
    assert after.phone_secrets["ben"] == before.phone_secrets["ben"]
    assert not state.renew_phone_secrets(["anna"], date(2026, 11, 23))
    assert state.phone_secrets()["anna"] == after.phone_secrets["anna"]
    assert state.renew_phone_secrets(["anna"], date(2026, 11, 24))
    assert state.phone_secrets()["anna"] != after.phone_secrets["anna"]
    assert mode(state.path / "secrets.json") == 0o600


def test_secrets_of_an_earlier_release_are_read(state: StateDirectory) -> None:
    known = state.secrets(["anna"])
    file = state.path / "secrets.json"
    stored = json.loads(file.read_text())
    del stored["phone_secrets_since"]
    file.write_text(json.dumps(stored))
    assert state.secrets(["anna"]).phone_secrets == known.phone_secrets


def test_secrets_file_is_plain_json(state: StateDirectory) -> None:
    secrets = state.secrets(["anna"])
    stored = json.loads((state.path / "secrets.json").read_text())
    assert stored["phone_secrets"] == secrets.phone_secrets


def test_moved_time_never_touches_the_real_database(state: StateDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATABASE_URL, raising=False)
    assert state.database_url() == f"sqlite+aiosqlite:///{state.path}/hotline.sqlite"
    moved = state.database_url(moved=True)
    assert moved != state.database_url()
    monkeypatch.setenv(DATABASE_URL, "postgresql+asyncpg://db/hotline")
    assert state.database_url() == "postgresql+asyncpg://db/hotline"
    assert state.database_url(moved=True) == moved


def test_relative_state_directory_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert StateDirectory(Path("var")).prompts == tmp_path / "var" / "prompts"


def test_state_directory_that_is_a_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(SetupError, match=r"var cannot be used \(File exists\): give another one with --state"):
        StateDirectory(tmp_path / "var").prepare()


def test_renewed_first_password_takes_the_place_of_the_old_one_and_of_no_other(state: StateDirectory) -> None:
    before = state.secrets(["anna", "ben"])
    after = state.renew_secrets(["anna"], phones=False)
    assert after == state.secrets()
    assert after.initial_passwords["anna"] != before.initial_passwords["anna"]
    assert after.initial_passwords["ben"] == before.initial_passwords["ben"]
    assert after.phone_secrets == before.phone_secrets
    assert mode(state.path / "secrets.json") == 0o600
