"""An admin records a prompt on an agent's telephone: carries out what `ivr.recording` decides."""

import asyncio
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import structlog

from hotline.changing.recordings import LONGEST_SECONDS, Recordings, examined
from hotline.errors import AgiRefused, HotlineError, Refused, SetupError
from hotline.logs import log_failure
from hotline.phone import tones
from hotline.setup import sound
from hotline.telephony.agi_server import AgiSession
from hotline.telephony.controls import DEVICE
from ivr.recording import (
    PIN_DIGITS,
    Action,
    AskChoice,
    AskPin,
    End,
    Keep,
    Record,
    Recording,
)

log = structlog.get_logger()

KEYS = "0123456789*#"
FINISH = "#"
KEY_SECONDS = 8.0
SILENCE_SECONDS = 6
"""Silence that ends a recording."""
BEEP = ((1000.0,), 0.3)
FORMAT = "wav16"
"""Asterisk's name for WAV with 16 kHz."""


class Recorder:
    """`folder` is for this alone, and a place where Asterisk may write."""

    def __init__(self, recordings: Recordings, folder: Path, prompt_path: Callable[[str], str]) -> None:
        self._recordings, self._folder, self._prompt_path = recordings, folder, prompt_path
        self._running = 0

    async def run(self, session: AgiSession) -> None:
        """One call. CallerGone and AgiClosed pass through: what was not kept is thrown away."""
        if not self._running:
            shutil.rmtree(self._folder, ignore_errors=True)  # left by a crash
        self._running += 1
        folder = self._folder / secrets.token_hex(8)
        try:
            folder.mkdir(parents=True)
            (folder / "beep.sln").write_bytes(tones.tone(*BEEP, sound.NARROW))
            await session.answer()
            await _Call(self._recordings, session, folder, self._prompt_path).run()
        except OSError as error:
            log.error("a prompt cannot be recorded", error=type(error).__name__)
        finally:
            self._running -= 1
            shutil.rmtree(folder, ignore_errors=True)


class _Call:
    def __init__(
        self, recordings: Recordings, session: AgiSession, folder: Path, prompt_path: Callable[[str], str]
    ) -> None:
        self._recordings, self._session, self._folder, self._prompt_path = recordings, session, folder, prompt_path
        self._phone = session.environment.get("agi_channel", "").removeprefix(DEVICE).rpartition("-")[0]
        """Whose telephone that is."""
        self._opened = ("", "")
        self._takes = 0
        self._content = b""

    async def run(self) -> None:
        talk = Recording()
        action = talk.refused() if self._recordings.refuses(self._phone) else talk.begin()
        while not isinstance(action, End):
            action = await self._next(talk, action)
        await self._say(action.say)
        await self._session.hang_up()

    async def _next(self, talk: Recording, action: Action) -> Action:
        match action:
            case AskPin():
                right = await self._log_in(action.say)
                return talk.refused() if not right and self._recordings.refuses(self._phone) else talk.entered(right)
            case Record():
                return talk.recorded(await self._record(action.say))
            case AskChoice():
                return talk.chosen(await self._choice(action))
            case Keep():
                return talk.kept(await self._keep())
            case End():
                return action

    async def _log_in(self, say: tuple[str, ...]) -> bool:
        try:
            opened = await self._recordings.open(self._phone, await self._digits(say))
        except HotlineError as error:
            log_failure("digits for a recording could not be noted", "", error)
            return False
        self._opened = opened or self._opened
        return opened is not None

    async def _digits(self, say: tuple[str, ...]) -> str:
        digits = ""
        key = await self._say(say, KEYS) or await self._key()
        while key and key != FINISH and len(digits) < PIN_DIGITS - 1:
            digits += key
            key = await self._key()
        return digits + key.replace(FINISH, "")

    async def _record(self, say: tuple[str, ...]) -> bool:
        await self._say(say)
        await self._play(str(self._folder / "beep"))
        self._takes += 1
        take = self._folder / f"take{self._takes}"
        limits = (str(LONGEST_SECONDS * 1000), f"s={SILENCE_SECONDS}")
        try:
            await self._session.command("RECORD FILE", str(take), FORMAT, FINISH, *limits, timeout=None)
            await asyncio.to_thread(self._examine, take.with_suffix(f".{FORMAT}"))
        except AgiRefused as error:
            log.error("Asterisk could not record", why=str(error))
            return False
        except (Refused, SetupError, OSError) as error:
            log.info("a recording by telephone is no prompt", why=str(error))
            return False
        return True

    def _examine(self, take: Path) -> None:
        self._content = take.read_bytes()
        sound.convert(sound.find_sox(), examined(self._content), self._folder, "heard")

    async def _choice(self, ask: AskChoice) -> str:
        """Once it is heard to its end, or any key before."""
        key = await self._say(ask.say, KEYS) or await self._play(str(self._folder / "heard"), KEYS)
        return key or await self._say(ask.afterwards, KEYS) or await self._key()

    async def _keep(self) -> bool:
        try:
            await self._recordings.keep(*self._opened, self._content)
        except Refused as error:
            log.info("a recording by telephone was not kept", why=str(error))
            return False
        except (HotlineError, OSError) as error:
            log_failure("a recording by telephone was not kept", "", error)
            return False
        return True

    async def _key(self) -> str:
        return await self._session.wait_for_digit(KEY_SECONDS)

    async def _say(self, prompts: tuple[str, ...], escape: str = "") -> str:
        """The key that ended it, or ""."""
        for name in prompts:
            if key := await self._play(self._prompt_path(name), escape):
                return key
        return ""

    async def _play(self, path: str, escape: str = "") -> str:
        try:
            return await self._session.play(path, escape)
        except AgiRefused as error:
            log.error("a sound of a recording was not played", why=str(error))
            return ""
