"""What the doctor concludes about each part that needs no network."""

import socket
from datetime import date
from pathlib import Path

import pytest

from config.loading import load
from config.schema import Gateway, Registration
from hotline.doctor import asterisk, database, gateways, ports, prompts, secret_files
from hotline.doctor.patient import Patient, Running
from hotline.doctor.result import Verdict
from hotline.errors import SetupError
from hotline.setup import by_content, sound
from hotline.setup.asterisk import Asterisk
from hotline.setup.prompts import MANIFEST, planned
from hotline.state import EXAMPLE, StateDirectory
from hotline.storage.database import Database
from ivr.prompts import catalogue
from tests.ports import free_ports

TODAY = date(2026, 11, 21)
CONFIG = load(EXAMPLE)


@pytest.mark.parametrize(
    ("major", "today", "verdict"),
    [
        (18, "2026-11-21", Verdict.CAUTION),
        (20, "2026-11-21", Verdict.GOOD),
        (20, "2027-06-01", Verdict.CAUTION),
        (21, "2026-11-21", Verdict.CAUTION),
        (22, "2026-11-21", Verdict.GOOD),
        (22, "2029-10-16", Verdict.CAUTION),
        (22, "2029-10-17", Verdict.CAUTION),
        (99, "2026-11-21", Verdict.CAUTION),
    ],
)
def test_support_of_asterisk_by_version_and_day(major: int, today: str, verdict: Verdict) -> None:
    found = Asterisk((major, 1), f"Asterisk {major}.1", Path("/a"), Path("/m"), Path("/d"))
    result = asterisk.support(found, date.fromisoformat(today))
    assert result.verdict is verdict
    assert str(major) in result.finding
    assert (verdict is Verdict.GOOD) == (not result.advice)


async def test_no_suitable_asterisk_says_what_was_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def find() -> Asterisk:
        raise SetupError("/usr/sbin/asterisk lacks the modules res_agi.")

    monkeypatch.setattr(asterisk, "find", find)
    (result,) = await asterisk.examine(Patient(StateDirectory(tmp_path), TODAY, CONFIG, [], None))
    assert result.verdict is Verdict.BAD
    assert "res_agi" in result.advice
    assert "make setup" in result.advice


REGISTERING = Gateway(
    name="provider",
    registration=Registration(server="sip.provider.example", user="u", secret_file="provider.secret"),
    called_numbers=["9824"],
)
HOUSE = Gateway(name="haus", addresses=["127.0.0.1"], called_numbers=["9824"])


@pytest.mark.parametrize(
    ("gateway", "registrations", "devices", "verdict", "words"),
    [
        (REGISTERING, {"gateway-provider": "Registered"}, {}, Verdict.GOOD, "angemeldet bei sip.provider.example:5060"),
        (REGISTERING, {"gateway-provider": "Rejected"}, {}, Verdict.BAD, "weist die Anmeldung ab"),
        (REGISTERING, {"gateway-provider": "Unregistered"}, {}, Verdict.BAD, "nicht angemeldet"),
        (REGISTERING, {"gateway-other": "Registered"}, {}, Verdict.BAD, "kennt keine Anmeldung"),
        (HOUSE, {}, {"PJSIP/gateway-haus": "NOT_INUSE"}, Verdict.GOOD, "127.0.0.1 antwortet"),
        (HOUSE, {}, {"PJSIP/gateway-haus": "INUSE"}, Verdict.GOOD, "127.0.0.1 antwortet"),
        (HOUSE, {}, {"PJSIP/gateway-haus": "UNAVAILABLE"}, Verdict.CAUTION, "antwortet nicht auf OPTIONS"),
        (HOUSE, {}, {"PJSIP/agent-anna": "NOT_INUSE"}, Verdict.BAD, "kennt es nicht"),
    ],
)
def test_a_gateway_is_judged_by_what_asterisk_says(
    gateway: Gateway, registrations: dict[str, str], devices: dict[str, str], verdict: Verdict, words: str
) -> None:
    result = gateways.judged(gateway, registrations, devices)
    assert result.verdict is verdict
    assert words in result.finding
    assert (verdict is Verdict.GOOD) == (not result.advice)


def state_with_prompts(directory: Path) -> StateDirectory:
    state = StateDirectory(directory)
    state.prepare()
    (state.prompts / "en").mkdir()
    (state.prompts / by_content.FOLDER).mkdir()
    for name in (*catalogue(CONFIG), *(prompt.content for prompt in planned(CONFIG, state.recordings))):
        for extension in sound.FORMATS:
            (state.prompts / f"{name}.{extension}").write_bytes(b"x")
    entries = [
        f'"{prompt.name}": {{"fingerprint": "{prompt.fingerprint}"}}' for prompt in planned(CONFIG, state.recordings)
    ]
    (state.prompts / MANIFEST).write_text("{" + ", ".join(entries) + "}")
    return state


def test_complete_prompts_are_good(tmp_path: Path) -> None:
    result = prompts.judged(CONFIG, state_with_prompts(tmp_path))
    assert result.verdict is Verdict.GOOD
    assert str(len(catalogue(CONFIG))) in result.finding


@pytest.mark.parametrize("extension", sound.FORMATS)
@pytest.mark.parametrize("empty", [True, False])
def test_one_missing_or_empty_file_is_found_by_name(tmp_path: Path, extension: str, empty: bool) -> None:
    state = state_with_prompts(tmp_path)
    file = state.prompts / f"greeting.{extension}"
    if empty:
        file.write_bytes(b"")
    else:
        file.unlink()
    result = prompts.judged(CONFIG, state)
    assert result.verdict is Verdict.BAD
    assert "greeting" in result.finding


def test_sound_that_calls_hear_and_that_is_lost_is_found(tmp_path: Path) -> None:
    state = state_with_prompts(tmp_path)
    (goodbye,) = (prompt for prompt in planned(CONFIG, state.recordings) if prompt.name == "goodbye")
    (state.prompts / f"{goodbye.content}.alaw").unlink()
    result = prompts.judged(CONFIG, state)
    assert result.verdict is Verdict.CAUTION
    assert "goodbye" in result.finding


def test_prompts_of_an_older_text_are_found(tmp_path: Path) -> None:
    state = state_with_prompts(tmp_path)
    changed = CONFIG.model_copy(update={"texts": CONFIG.texts.model_copy(update={"goodbye": "Tschüss."})})
    result = prompts.judged(changed, state)
    assert result.verdict is Verdict.CAUTION
    assert "goodbye" in result.finding


def test_missing_music_is_wrong_because_it_means_silence(tmp_path: Path) -> None:
    state = state_with_prompts(tmp_path)
    assert prompts.judged_music(state).verdict is Verdict.BAD


async def test_a_database_of_this_release_is_good_and_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "hot line #1.sqlite"
    made = Database(f"sqlite+aiosqlite:///{tmp_path}/made.sqlite")
    await made.open()
    await made.close()
    (tmp_path / "made.sqlite").rename(file)
    before = file.read_bytes()
    result = await database.judged(f"sqlite+aiosqlite:///{file}")
    assert result.verdict is Verdict.GOOD, result
    assert file.read_bytes() == before


async def test_a_database_of_a_newer_release_is_wrong(tmp_path: Path) -> None:
    made = Database(f"sqlite+aiosqlite:///{tmp_path}/d.sqlite")
    await made.open()
    async with made.write() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    await made.close()
    result = await database.judged(f"sqlite+aiosqlite:///{tmp_path}/d.sqlite")
    assert result.verdict is Verdict.BAD
    assert "9999" in result.finding


async def test_no_database_yet_is_no_fault_and_a_broken_one_is(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/d.sqlite"
    assert (await database.judged(url)).verdict is Verdict.CAUTION
    assert not (tmp_path / "d.sqlite").exists()
    (tmp_path / "d.sqlite").write_bytes(b"this is no database at all" * 100)
    assert (await database.judged(url)).verdict is Verdict.BAD
    assert (await database.judged("nonsense")).verdict is Verdict.BAD


async def test_a_database_server_that_is_not_there_is_wrong_and_its_password_stays_hidden() -> None:
    result = await database.judged("postgresql+asyncpg://hotline:geheim@127.0.0.1:1/hotline")
    assert result.verdict is Verdict.BAD
    assert "geheim" not in result.finding


@pytest.mark.parametrize(
    ("content", "mode", "verdict"),
    [
        ("secret\n", 0o600, Verdict.GOOD),
        ("secret", 0o400, Verdict.GOOD),
        ("secret\n", 0o644, Verdict.CAUTION),
        ("secret\n", 0o640, Verdict.CAUTION),
        ("\n", 0o600, Verdict.BAD),
        (None, 0o600, Verdict.BAD),
    ],
)
def test_a_password_file_is_readable_not_empty_and_private(
    tmp_path: Path, content: str | None, mode: int, verdict: Verdict
) -> None:
    file = tmp_path / "provider.secret"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    result = secret_files.judged("Gateway provider", file)
    assert result.verdict is verdict
    assert "secret\n" not in result.finding


async def test_password_files_of_gateways_and_mail_are_all_looked_at(tmp_path: Path) -> None:
    mail = CONFIG.mail.model_copy(update={"secret_file": "mail.secret"})
    config = CONFIG.model_copy(update={"gateways": [HOUSE, REGISTERING], "mail": mail})
    results = await secret_files.examine(
        Patient(StateDirectory(tmp_path), TODAY, config, [], None, "noch nicht angelegt")
    )
    assert [result.part for result in results[1:]] == ["Passwörter (Gateway provider)", "Passwörter (Mailserver)"]
    assert all(str(tmp_path) in result.finding for result in results)


async def test_a_port_is_free_or_taken_or_lacks_its_listener(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        (free,) = free_ports(1)
        network = CONFIG.network
        moved = {
            name: getattr(network, name).model_copy(update={"port": free})
            for name in ("sip", "agi", "ami", "websocket")
        } | {"web": network.web.model_copy(update={"port": number})}
        config = CONFIG.model_copy(
            update={
                "network": network.model_copy(update=moved),
                "mail": CONFIG.mail.model_copy(update={"demo_mailbox": False}),
            }
        )
        stopped = Patient(StateDirectory(tmp_path), TODAY, config, [], None)
        (result,) = await ports.examine(stopped)
        assert result.verdict is Verdict.BAD
        assert f"{number}/TCP ist belegt: " in result.finding
        assert "network.web.port" in result.advice
        running = Patient(StateDirectory(tmp_path), TODAY, config, [], None, "", Running(1, "", False))
        assert {r.finding.split()[1] for r in await ports.examine(running)} == {f"{free}/TCP", f"{free}/UDP"}
