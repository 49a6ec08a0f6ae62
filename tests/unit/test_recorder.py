"""An admin records a prompt by telephone while something of ours fails: told in a sentence, never left alone."""

from pathlib import Path
from typing import Any

import pytest

from hotline.changing import recorder as module
from hotline.changing.recorder import Recorder
from hotline.changing.recordings import NOT_STORED
from hotline.errors import Refused, SetupError, StorageError
from ivr.recording import DISCARDED, ENTER, KEPT, MOST_TRIES, NOT_KEPT, REFUSED, WRONG

RIGHT = "123456"


class Session:
    """An agent's telephone: speaks when asked, and presses 1 whenever there is a choice."""

    def __init__(self) -> None:
        self.played: list[str] = []
        self.hung_up = False
        self.digits = list(RIGHT)
        self.environment = {"agi_channel": "PJSIP/agent-anna-lena-00000012"}

    async def answer(self) -> None:
        """At once."""

    async def play(self, path: str, escape: str = "") -> str:
        self.played.append(Path(path).name)
        return "" if not escape or self.digits else "1"

    async def wait_for_digit(self, _seconds: float) -> str:
        return self.digits.pop(0)

    async def command(self, _record: str, path: str, kind: str, *_: Any, timeout: None) -> None:
        Path(f"{path}.{kind}").write_bytes(b"RIFF")

    async def hang_up(self) -> None:
        self.hung_up = True


class Recordings:
    """Opens for any digits; `fails` are what the next tries to keep something come to."""

    def __init__(self, *fails: Exception) -> None:
        self.fails = list(fails)
        self.wrong: list[str] = []

    def refuses(self, phone: str) -> bool:
        return self.wrong.count(phone) >= MOST_TRIES

    async def open(self, phone: str, pin: str) -> tuple[str, str] | None:
        if pin == RIGHT:
            return "klara", "greeting"
        self.wrong.append(phone)
        return None

    async def keep(self, *_: object) -> None:
        if self.fails:
            raise self.fails.pop(0)


async def recorded(monkeypatch: pytest.MonkeyPatch, folder: Path, *fails: Exception) -> Session:
    monkeypatch.setattr(module, "examined", lambda content: content)
    monkeypatch.setattr(module.sound, "find_sox", lambda: "sox")
    monkeypatch.setattr(module.sound, "convert", lambda *_: None)
    session: Any = Session()
    recordings: Any = Recordings(*fails)
    await Recorder(recordings, folder / "spool", str).run(session)
    return session


FAILURES = [Refused(NOT_STORED), StorageError("database is locked"), SetupError("sox is missing"), OSError(28, "voll")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: type(one).__name__)
async def test_what_cannot_be_kept_is_said_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: Exception
) -> None:
    session = await recorded(monkeypatch, tmp_path, failure)
    assert [name for name in session.played if name in (NOT_KEPT, KEPT)] == [NOT_KEPT, KEPT]
    assert session.hung_up


async def test_what_can_never_be_kept_ends_with_a_goodbye(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    session = await recorded(monkeypatch, tmp_path, *[StorageError("database is read-only")] * 5)
    assert session.played[-2:] == [NOT_KEPT, DISCARDED]
    assert session.hung_up


async def test_telephone_with_wrong_digits_is_refused_also_in_the_next_call(tmp_path: Path) -> None:
    recordings: Any = Recordings()
    first: Any = Session()
    first.digits = list("000000" * MOST_TRIES)
    await Recorder(recordings, tmp_path / "spool", str).run(first)
    assert first.played == [ENTER, WRONG, ENTER, WRONG, ENTER, REFUSED]
    assert recordings.wrong == ["anna-lena"] * MOST_TRIES
    second: Any = Session()
    await Recorder(recordings, tmp_path / "spool", str).run(second)
    assert second.played == [REFUSED]
