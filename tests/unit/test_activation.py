"""In which order a configuration comes into use, and what is left when a step fails."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline.changing import activation as module
from hotline.changing.accounts import StaffChange
from hotline.changing.activation import Activation
from hotline.changing.live import Live
from hotline.changing.model import Activated, NewAccount, Step
from hotline.changing.telephony import Result
from hotline.clock import Clock
from hotline.errors import Refused, SetupError, StorageError

HAPPENED_BEFORE = {"prepare": ["usable", "prepare"], "put": ["usable", "prepare", "put"], "usable": ["usable"]}
ALL = ["usable", "prepare", "put", "swap", "publish", "accounts", "asterisk", "phones"]
CLOSED = "Das Konto alt ist geschlossen."
SOUNDS = {"goodbye": "by_content/2"}


class House:
    """Every part around the activation; `fails` says which one does, and how."""

    def __init__(self, config: HotlineConfig) -> None:
        self.config = config
        self.happened: list[str] = []
        self.fails: dict[str, Exception] = {}
        self.put_with: dict[str, Any] = {}
        self.seen: list[tuple[Step, int, int]] = []
        self.hold: asyncio.Event | None = None
        self.live = Live(1, config)
        self.live.listeners.append(lambda _: self.happened.append("swap"))
        self.activation = Activation(config, self.live, self, self, self, self, self._usable, Clock())

    def _do(self, what: str) -> None:
        self.happened.append(what)
        if what in self.fails:
            raise self.fails[what]

    def _usable(self, _config: HotlineConfig) -> None:
        self._do("usable")

    async def prepare(self, config: HotlineConfig, progress: Callable[[int, int], None]) -> dict[str, str]:
        self._do("prepare")
        progress(1, 2)
        if self.hold is not None:
            await self.hold.wait()
        return SOUNDS

    async def publish(self, config: HotlineConfig) -> None:
        self._do("publish")

    async def outdated(self, config: HotlineConfig) -> tuple[str, ...]:
        return tuple(["goodbye"] if config.texts.goodbye != self.config.texts.goodbye else [])

    async def put(
        self, text: str, author: str, at: datetime, reason: str | None, *, draft: int | None, expected: int | None
    ) -> int:
        self.put_with = {"text": text, "author": author, "reason": reason, "draft": draft, "expected": expected}
        self._do("put")
        return 2

    async def make_accounts(self, config: HotlineConfig) -> StaffChange:
        self._do("accounts")
        return StaffChange((NewAccount("neu", "geheim"),), [CLOSED])

    async def bring_up_to_date(self, text: str, config: HotlineConfig) -> Result:
        self._do("asterisk")
        return Result(("Wählplan",), ())

    async def look_at_phones(self, config: HotlineConfig) -> None:
        self._do("phones")

    async def activate(self, text: str, **more: Any) -> Activated:
        return await self.activation.run("anna", text, "weil", lambda *step: self.seen.append(step), **more)


@pytest.fixture
def house(config: HotlineConfig, monkeypatch: pytest.MonkeyPatch) -> House:
    one = House(config)

    def judged(text: str, _now: datetime) -> tuple[HotlineConfig | None, list[Any]]:
        found = {"neu": other(config), "netz": elsewhere(config), "fremd": strange(config)}
        return found[text], []

    monkeypatch.setattr(module, "judged", judged)
    return one


def other(config: HotlineConfig) -> HotlineConfig:
    return config.model_copy(update={"texts": config.texts.model_copy(update={"goodbye": "Tschüss."})})


def elsewhere(config: HotlineConfig) -> HotlineConfig:
    agi = config.network.agi.model_copy(update={"port": 4599})
    return other(config).model_copy(update={"network": config.network.model_copy(update={"agi": agi})})


def strange(config: HotlineConfig) -> HotlineConfig:
    return config.model_copy(update={"hotline": config.hotline.model_copy(update={"id": "fremd"})})


async def test_nothing_is_swapped_before_it_is_stored_and_asterisk_comes_last(house: House) -> None:
    done = await house.activate("neu", draft=4, expected=1)
    assert house.happened == ALL
    assert done == Activated(2, ("Wählplan",), (), (), (NewAccount("neu", "geheim"),), ("goodbye",), (CLOSED,))
    assert house.put_with == {"text": "neu", "author": "anna", "reason": "weil", "draft": 4, "expected": 1}
    assert house.live() == (2, other(house.config))
    assert house.live.sounds == SOUNDS
    assert [step for step, _, _ in house.seen] == [
        *(Step.CHECKING, Step.PROMPTS, Step.PROMPTS, Step.STORING, Step.ASTERISK, Step.DONE)
    ]
    assert (Step.PROMPTS, 1, 2) in house.seen


@pytest.mark.parametrize("step", HAPPENED_BEFORE)
@pytest.mark.parametrize("error", [SetupError("so nicht"), StorageError("gesperrt"), OSError(28, "voll")])
async def test_what_fails_before_it_is_stored_has_changed_nothing(house: House, step: str, error: Exception) -> None:
    house.fails[step] = error
    with pytest.raises((Refused, StorageError, OSError)):
        await house.activate("neu")
    assert house.happened == HAPPENED_BEFORE[step]
    assert house.live() == (1, house.config)
    assert house.live.sounds == {}


async def test_after_a_failure_the_next_try_works(house: House) -> None:
    house.fails["put"] = OSError(28, "voll")
    with pytest.raises(Refused, match="voll"):
        await house.activate("neu")
    house.fails.clear()
    assert (await house.activate("neu")).version == 2


@pytest.mark.parametrize("step", ["publish"])
async def test_what_fails_after_it_is_stored_is_told_and_the_rest_is_done(house: House, step: str) -> None:
    house.fails[step] = OSError(5, "Eingabe/Ausgabe")
    done = await house.activate("neu")
    assert house.happened == ALL
    assert len(done.differs) == 1
    assert (house.live.version, house.live.sounds) == (2, SOUNDS)


async def test_what_needs_a_new_start_is_named_and_not_used(house: House) -> None:
    done = await house.activate("netz")
    assert done.restart == ("network",)
    assert house.live.config == other(house.config)


async def test_other_hotline_is_refused(house: House) -> None:
    with pytest.raises(Refused, match=r"hotline\.id"):
        await house.activate("fremd")
    assert house.happened == []


async def test_only_one_at_a_time(house: House) -> None:
    house.hold = asyncio.Event()
    first = asyncio.create_task(house.activate("neu"))
    while "prepare" not in house.happened:  # noqa: ASYNC110 - another thread gives no event
        await asyncio.sleep(0.01)
    with pytest.raises(Refused, match="gerade eine andere"):
        await house.activate("neu")
    house.hold.set()
    assert (await first).version == 2


async def test_it_goes_on_when_whoever_asked_has_gone(house: House) -> None:
    house.hold = asyncio.Event()
    asking = asyncio.create_task(house.activate("neu"))
    while "prepare" not in house.happened:  # noqa: ASYNC110 - another thread gives no event
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (going_on,) = house.activation._running
    house.hold.set()
    assert (await going_on).version == 2
    assert house.live.version == 2


async def test_end_of_the_service_breaks_it_off(house: House) -> None:
    house.hold = asyncio.Event()
    asking = asyncio.create_task(house.activate("neu"))
    while "prepare" not in house.happened:  # noqa: ASYNC110 - another thread gives no event
        await asyncio.sleep(0.01)
    await house.activation.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert house.live() == (1, house.config)


async def test_broken_text_is_refused_with_its_first_finding(config: HotlineConfig) -> None:
    house = House(config)
    with pytest.raises(Refused, match="Zeile 1"):
        await house.activate("x: 1\n")
    assert house.live.version == 1


async def test_mixture_that_does_not_fit_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "check", lambda _: [(("hotline", "number"), "so nicht")])
    with pytest.raises(Refused, match=r"hotline\.number"):
        await house.activate("netz")
    assert house.happened == ["usable"]
    assert (await house.activate("neu")).version == 2, "nothing of it waits"
