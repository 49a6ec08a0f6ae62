"""What one caller hears and presses: prompts, keys, music, and waiting that ends the moment an agent is found."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from hotline.errors import AgiRefused
from hotline.telephony.agi_server import AgiSession
from hotline.telephony.agi_session import INTERRUPTED
from ivr.effects import Collect, Wait

log = structlog.get_logger()

KEYS = "0123456789*#"
MUSIC = "hotline"
WAIT_SLICE = 5.0
"""Longest single WAIT FOR DIGIT, seconds: bounds the delay if an interruption is lost."""
INTERRUPT_AGAIN = 0.1
"""Seconds until an interruption is tried again: Asterisk may not have begun what it was to interrupt."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The keys that a caller has pressed in answer to one effect."""

    digits: str
    ended: bool
    """By the terminating key or the last digit; False when no further key came."""


class Interrupter(Protocol):
    """Ends a caller's prompt from outside the AGI session (AMI)."""

    async def stop_prompt(self, channel: str) -> None: ...


class Dialogue:
    """One caller's channel as an instrument. CallerGone and AgiClosed pass through every method."""

    def __init__(
        self,
        session: AgiSession,
        channel: str,
        interrupter: Interrupter,
        agent_found: asyncio.Event,
        prompt_paths: Callable[[str], tuple[str, ...]],
    ) -> None:
        """`prompt_paths` are the files of a prompt: the second one is played when the first one cannot be."""
        self._session = session
        self._channel = channel
        self._interrupter = interrupter
        self._agent_found = agent_found
        self._prompt_paths = prompt_paths
        self._music = False

    async def play(self, prompts: tuple[str, ...], escape: str = "") -> str:
        """Play prompts one after the other; the key of `escape` that stopped them, or ""."""
        for name in prompts:
            key = await self._play_one(name, escape)
            if key and key != INTERRUPTED:
                return key
        return ""

    async def collect(self, effect: Collect) -> Entry | None:
        """Keys after prompts; None for silence."""
        key = await self.play(effect.prompts, KEYS)
        await self._music_off()
        if not key and effect.silence_seconds:
            key = await self._next_key(effect.silence_seconds)
        return await self._entry(key, effect.max_digits, effect.finish, effect.between_seconds) if key else None

    async def wait(self, effect: Wait) -> Entry | None:
        """Prompts, then music, for `effect.seconds` or until an agent is found; keys pressed, None when there are none.

        Whoever calls looks at `agent_found` first: an entry in progress when it is set is returned as far as it came.
        """
        deadline = asyncio.get_running_loop().time() + effect.seconds
        watcher = asyncio.create_task(self._interrupt_when(self._agent_found))
        try:
            key = await self._announce(effect.prompts, _counting(effect))
            if self._agent_found.is_set():
                return None
            await self._music_on()
            answered_by = asyncio.get_running_loop().time() + effect.pause_seconds
            return await self._listen(key, effect, max(deadline, answered_by))
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def hold(self, until: asyncio.Event) -> None:
        """Music until something is decided elsewhere; keys mean nothing meanwhile."""
        watcher = asyncio.create_task(self._interrupt_when(until))
        try:
            await self._music_on()
            while not until.is_set():
                await self._session.wait_for_digit(WAIT_SLICE)
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def quiet(self) -> None:
        """No music: two sounds at once would reach the caller during a bridge."""
        await self._music_off()

    def dialled(self) -> None:
        """Dial has ended the music, and plays its own until somebody answers."""
        self._music = False

    async def _play_one(self, name: str, escape: str) -> str:
        """Without one prompt the caller knows less, but must not be lost."""
        self._music = False  # the prompt ends it
        for path in self._prompt_paths(name):
            try:
                return await self._session.play(path, escape)
            except AgiRefused as error:
                log.error("prompt not played: run `hotline prompts --render`", prompt=name, why=str(error))
        return ""

    async def _announce(self, prompts: tuple[str, ...], escape: str) -> str:
        for name in prompts:
            if self._agent_found.is_set():
                return ""
            key = await self.play((name,), escape)
            if key:
                return key
        return ""

    async def _listen(self, key: str, effect: Wait, deadline: float) -> Entry | None:
        while not self._agent_found.is_set():
            if key and key in effect.at_once:
                return Entry(key, ended=True)
            if key and key in _counting(effect):
                return await self._entry(key, effect.max_digits, effect.finish, effect.between_seconds)
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return None
            key = await self._session.wait_for_digit(min(left, WAIT_SLICE))
        return None

    async def _next_key(self, seconds: float) -> str:
        """The next key within that time; an interruption that came late does not count."""
        key = await self._session.wait_for_digit(seconds)
        return await self._session.wait_for_digit(seconds) if key == INTERRUPTED else key

    async def _entry(self, key: str, most: int, finish: str, between: float) -> Entry | None:
        """All keys of one entry, given its first; None for an interruption."""
        if key == INTERRUPTED:
            return None
        digits = ""
        while key and key not in {finish, INTERRUPTED}:
            digits += key
            if len(digits) >= most:
                break
            key = await self._session.wait_for_digit(between)
        return Entry(digits, ended=bool(key) and key != INTERRUPTED)

    async def _interrupt_when(self, news: asyncio.Event) -> None:
        """Cut off prompt or music the moment there is news; again and again until it has taken effect."""
        await news.wait()
        while True:
            if self._session.busy_with == "play":
                await self._interrupter.stop_prompt(self._channel)
            elif self._session.busy_with == "wait_for_digit":
                self._session.interrupt()
            await asyncio.sleep(INTERRUPT_AGAIN)

    async def _music_on(self) -> None:
        if not self._music:
            await self._session.music(True, MUSIC)
            self._music = True

    async def _music_off(self) -> None:
        if self._music:
            await self._session.music(False)
            self._music = False


def _counting(effect: Wait) -> str:
    """The keys that mean something while the caller waits; no other one cuts a prompt off."""
    return effect.at_once if effect.max_digits <= len(effect.at_once) else KEYS
