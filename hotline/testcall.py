"""A test call: a real SIP call through a gateway into the running hotline, told step by step.

Times are seconds since the INVITE. The service's own steps carry business time, which may be moved; they are set
against ours by the moment at which the call appeared in the ledger.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.schema import Gateway, HotlineConfig
from hotline.parent.preparation import configuration
from hotline.phone import Phone, PhoneCall, PhoneError
from hotline.state import StateDirectory
from hotline.storage.views import Step
from hotline.testcall_steps import Ledger, told
from hotline.testcall_way import Way, database_in_use, way_in
from routing.numbers import NumberPlan

WITHHELD = "anonymous"
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.1
PROMPT_SECONDS = 10.0
AFTER_PROMPT = 0.8
"""So long a prompt is heard before a key is pressed: the menu is then surely listening."""
TONE, TONE_LEVEL = 440.0, -25.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the test call should do."""

    press: str = ""
    """Keys; "-" waits for one silence until its timeout."""
    caller: str = "+4957219999"
    """Written into From; "anonymous" withholds the number."""
    talk: float = 5.0
    wait: float = 40.0
    """Seconds after the last key in which somebody must answer."""


async def place(state: StateDirectory, wishes: Wishes, say: Callable[[str], None]) -> bool:
    """Make the call; whether it came to a conversation or another proper end. HotlineError when it was not possible."""
    database = database_in_use(state)
    config = configuration(state)
    way = way_in(config)
    ledger = Ledger.at(database, config.hotline.id)
    caller = _canonical(config, way.gateway, wishes.caller)
    call = TestCall(config, way, wishes, ledger, caller, say)
    codecs = [codec.value for codec in way.gateway.codecs]
    try:
        async with Phone(
            address=way.address,
            user=wishes.caller,
            dtmf=way.gateway.dtmf.value,
            codecs=codecs,
            transport=way.gateway.transport.value,
        ) as phone:
            return await call.run(phone)
    finally:
        await ledger.engine.dispose()


def _canonical(config: HotlineConfig, gateway: Gateway, caller: str) -> str | None:
    plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
    return plan.caller(caller, gateway.numbers_without_prefix)


@dataclass(eq=False)
class TestCall:
    """One test call while it goes on."""

    __test__ = False  # pytest: the name is not a test's

    config: HotlineConfig
    way: Way
    wishes: Wishes
    ledger: Ledger
    caller: str | None
    say: Callable[[str], None]
    _began: float = 0.0
    _shown: int = 0
    _first: tuple[datetime, float] | None = None
    """The ledger's time of its first step, and ours."""
    _agent: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, phone: Phone) -> bool:
        mark = await self.ledger.mark()
        self._began = asyncio.get_running_loop().time()
        withheld = {"Privacy": "id"} if self.wishes.caller == WITHHELD else {}
        call = await phone.dial(self.way.uri, headers=withheld)
        where = f"{self.way.uri}, Gateway {self.way.gateway.name}, von {self.wishes.caller}"
        self._tell(f"INVITE gesendet an {where}", 0.0)
        watching = asyncio.create_task(self._watch(mark))
        try:
            return await self._through(call, watching)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _through(self, call: PhoneCall, watching: "asyncio.Task[None]") -> bool:
        """From the answer to the end; `watching` ends when the ledger has the end of the call."""
        if not await self._taken(call):
            return False
        for key in self.wishes.press:
            await self._press(call, key)
        await _first_of(self.wishes.wait, watching, self._agent.wait(), call.ended(86_400))
        if self._agent.is_set() and call.end is None:
            await self._talk(call)
        return await self._finish(call, watching)

    async def _taken(self, call: PhoneCall) -> bool:
        try:
            await call.answered(ANSWER_SECONDS)
        except PhoneError:
            if call.end is not None:
                self._tell(f"nicht angenommen: {call.end.status or ''} {call.end.reason}".replace("  ", " "))
                return self._failed("Asterisk hat den Anruf abgewiesen: `hotline doctor` prüft Gateway und Dienst.")
            self._tell("keine Antwort")
            await call.hang_up()
            return self._failed("Die Hotline nimmt nicht ab: `hotline doctor` sagt, was fehlt.")
        self._tell("angenommen")
        return True

    async def _press(self, call: PhoneCall, key: str) -> None:
        try:
            if key == "-":
                await self._stay_silent(call)
            else:
                await call.sound(PROMPT_SECONDS)
                await asyncio.sleep(AFTER_PROMPT)
                await call.press(key)
                self._tell(f"Taste {key} gedrückt")
        except PhoneError:
            if call.end is None:
                self._tell(f"Taste {key} nicht gedrückt: es war keine Ansage zu hören")

    async def _stay_silent(self, call: PhoneCall) -> None:
        await call.sound(PROMPT_SECONDS)
        await call.quiet(lasting=1.0)
        await asyncio.sleep(self.config.menu.silence_seconds)
        self._tell("keine Taste gedrückt, die Zeit dafür ist verstrichen")

    async def _talk(self, call: PhoneCall) -> None:
        if self.wishes.talk <= 0:
            return
        speaking = asyncio.create_task(call.play_tone(TONE, self.wishes.talk, TONE_LEVEL))
        heard = await call.hear(self.wishes.talk)
        await speaking
        if not heard.pcm:
            self._tell("gesprochen, aber es kam kein Ton an: kein RTP von der anderen Seite")
        elif heard.silent:
            self._tell(f"gesprochen; die andere Seite war still ({heard.loudness:.0f} dBFS)")
        else:
            self._tell(f"gesprochen und die andere Seite gehört ({heard.loudness:.0f} dBFS)")

    async def _finish(self, call: PhoneCall, watching: "asyncio.Task[None]") -> bool:
        by_hotline = await self._hung_up_by_hotline(call, watching)
        if by_hotline:
            self._tell("die Hotline hat aufgelegt")
        else:
            self._tell("aufgelegt")
            await call.hang_up()
        noted = await _first_of(3.0, watching)
        if self._first is None:
            return self._failed("Der Dienst hat den Anruf nicht verzeichnet: läuft er? `hotline doctor` prüft ihn.")
        if not noted:
            return self._failed("Das Ende des Anrufs steht nicht im Verzeichnis: die Meldungen des Dienstes ansehen.")
        if self._agent.is_set() or by_hotline:
            return True
        return self._failed(
            f"Niemand hat in {self.wishes.wait:g} s abgehoben: auf den Seiten als eine der Personen anmelden, "
            "auf „bereit“ stellen und noch einmal anrufen."
        )

    @staticmethod
    async def _hung_up_by_hotline(call: PhoneCall, watching: "asyncio.Task[None]") -> bool:
        """The ledger may know the end a moment before the BYE is here."""
        if watching.done() and call.end is None:
            with suppress(PhoneError):
                await call.ended(2.0)
        return call.end is not None

    # --- the service's own steps ---------------------------------------------------------------

    async def _watch(self, mark: int) -> None:
        """Tell each step soon after it stands in the ledger; return when the call is over."""
        call_id = None
        while True:
            call_id = call_id or await self.ledger.call_since(mark, self.caller)
            if call_id is not None and self._take((await self.ledger.steps(call_id))[self._shown :]):
                return
            await asyncio.sleep(POLL_SECONDS)

    def _take(self, steps: list[Step]) -> bool:
        """Tell these; whether the call is over with them."""
        for step in steps:
            self._first = self._first or (step.at, self._now())
            began, seen = self._first
            self._tell(told(step, self.config), max(0.0, seen + (step.at - began).total_seconds()))
            if step.kind == "answered":
                self._agent.set()
        self._shown += len(steps)
        return any(step.kind == "call_ended" for step in steps)

    # --- words ---------------------------------------------------------------------------------

    def _failed(self, sentence: str) -> bool:
        self.say(sentence)
        return False

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def _tell(self, what: str, at: float | None = None) -> None:
        seconds = self._now() if at is None else at
        self.say(f"{seconds:6.1f} s  {what}".replace(".", ",", 1))


async def _first_of(timeout: float, kept: "asyncio.Task[None]", *waiting: Coroutine[Any, Any, Any]) -> bool:
    """Wait for the first of these, at most so long; whether one came. A failed one raises. `kept` goes on."""
    others = [asyncio.create_task(one) for one in waiting]
    try:
        done, _ = await asyncio.wait([kept, *others], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    for task in done:
        task.result()
    return bool(done)
