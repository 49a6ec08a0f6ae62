"""Callers with real sound: each says a tone of its own, keeps what it hears, and knows how it ended."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hotline.phone.call import PhoneCall, PhoneError
from tests.faults.house import House
from tests.faults.listening import Heard, heard
from tests.faults.phones import RecordingPhone

FIRST_TONE, TONE_STEP = 900, 35
"""Hz: between the prompts' tone and those of the agents."""


@dataclass
class Caller:
    """One call into the house. Moments of the monotonic clock."""

    number: str
    """E.164; each caller of a round has one of its own."""
    state: str
    """What the fault is to find this caller in."""
    tone: int
    phone: RecordingPhone
    call: PhoneCall
    dialled: float
    answered: float | None = None
    ended: float | None = None
    heard: Heard | None = None
    """What was heard, once it is worked out; None for a caller who was never answered."""
    gave_up: bool = False
    """Hung up because nobody could help, as a person would have."""

    @property
    def is_there(self) -> bool:
        return self.ended is None

    @property
    def hung_up_themselves(self) -> bool:
        return self.call.end is not None and self.call.end.by_us

    async def until_answered(self, patience: float = 20.0) -> None:
        """PhoneError when nobody does."""
        await self.call.answered(patience)
        while self.answered is None:  # noqa: ASYNC110 - the watching task sets it in a moment
            await asyncio.sleep(0.005)

    async def press(self, keys: str) -> None:
        await self.call.press(keys)

    @property
    def refused(self) -> int | None:
        """The SIP status that refused the call."""
        return self.call.end.status if self.call.end is not None and self.answered is None else None

    async def give_up(self) -> None:
        self.gave_up = True
        await self.hang_up()

    async def hang_up(self) -> None:
        with contextlib.suppress(PhoneError):
            await self.call.hang_up()

    async def watch(self) -> None:
        """Notes the answer and the end, and says the tone; a task for as long as the call lasts."""
        with contextlib.suppress(PhoneError):
            await self.call.answered(3600)
            self.answered = time.monotonic()
            await self.phone.hum(self.call, self.tone)
        await self.call.ended(36000)
        self.ended = time.monotonic()

    async def analyse(self, until: float | None, tones: Sequence[int]) -> None:
        """What was heard, worked out elsewhere: it takes seconds that nobody here shall wait."""
        recording = await self.phone.recorded(self.call)
        if self.answered is not None:
            end = min(self.ended or time.monotonic(), until or float("inf"))
            self.heard = await heard(recording, self.answered, end, tones)


class Public:
    """Everybody who calls the house, from one telephone with as many lines as needed."""

    def __init__(self, house: House, phone: RecordingPhone) -> None:
        self._house, self._phone = house, phone
        self.callers: list[Caller] = []
        self._counted = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def dial(self, state: str) -> Caller:
        """Returns at once."""
        count = next(self._counted)
        number, tone = f"+49572177{count:04}", FIRST_TONE + TONE_STEP * count
        call = await self._phone.dial(self._house.address, user=number)
        caller = Caller(number, state, tone, self._phone, call, time.monotonic())
        self.callers.append(caller)
        task = asyncio.create_task(caller.watch())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return caller

    async def call(self, state: str, keys: str = "") -> Caller:
        """Answered, and these keys pressed."""
        caller = await self.dial(state)
        await caller.until_answered()
        if keys:
            await caller.press(keys)
        return caller

    async def leave(self) -> None:
        """Whoever is still there hangs up."""
        for caller in self.callers:
            if caller.is_there:
                await caller.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
