"""A caller for the conversation's tests: plays Asterisk's part and remembers what was heard."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.loading import load
from config.schema import HotlineConfig
from ivr.conversation import Conversation
from ivr.effects import Collect, Effect, Play, Wait
from ivr.events import CallArrived, DigitsEntered, Event, SilenceElapsed, WaitElapsed
from routing.hours import Calendar

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY_9 = datetime(2026, 11, 23, 9, tzinfo=BERLIN)
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=BERLIN)
CALLER = "+4957219999"


@cache
def shipped() -> HotlineConfig:
    return load(Path(__file__).parents[2] / "config" / "hotline.yaml")


def changed(**sections: dict[str, Any]) -> HotlineConfig:
    """The shipped configuration with some keys of some sections changed: `changed(menu={"retries": 0})`."""
    config = shipped()
    update = {name: getattr(config, name).model_copy(update=keys) for name, keys in sections.items()}
    return config.model_copy(update=update)


@dataclass
class Call:
    """One call; each method tells the conversation one thing and returns the effects."""

    config: HotlineConfig = field(default_factory=shipped)
    at: datetime = MONDAY_9
    caller: str | None = CALLER
    callback_possible: bool = True
    announcement: str | None = None
    language: str | None = None
    effects: list[Effect] = field(init=False)

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.config, Calendar(self.config), language=self.language)
        self.tell(CallArrived(self.at, self.caller, self.callback_possible, self.announcement))

    def tell(self, event: Event) -> list[Effect]:
        self.effects = self.conversation.receive(event)
        return self.effects

    def press(self, digits: str, accepted: str | None = None) -> list[Effect]:
        return self.tell(DigitsEntered(digits, accepted))

    def begin_to_press(self, digits: str) -> list[Effect]:
        """No further key comes: whether that was all nobody knows."""
        return self.tell(DigitsEntered(digits, ended=False))

    def silence(self) -> list[Effect]:
        return self.tell(SilenceElapsed())

    def wait(self, waited: float, position: int = 1, nobody: float = 0, closed: float = 0, **more: Any) -> list[Effect]:
        """`more`: the other fields of `WaitElapsed`; `at` goes by `waited` unless it is given."""
        more.setdefault("at", self.at + timedelta(seconds=waited))
        return self.tell(WaitElapsed(waited, position, nobody, closed, **more))

    @property
    def state(self) -> str:
        return self.conversation.state

    @property
    def last(self) -> Effect:
        return self.effects[-1]

    @property
    def heard(self) -> tuple[str, ...]:
        return heard(self.effects)

    def has_heard_the_start(self) -> "Call":
        """Type 4 chosen; position, offer to keep the place and question for the household's number are said."""
        self.press("4")
        self.wait(3)
        self.wait(6)
        assert self.heard == ("keep_place_offer",)
        self.wait(10)
        assert self.heard == ("enter_household_number",)
        return self

    def has_heard_the_start_without_offer(self) -> "Call":
        """The same where no place can be kept."""
        self.press("4")
        self.wait(5)
        self.wait(10)
        assert self.heard == ("enter_household_number",)
        return self


def heard(effects: Iterable[Effect]) -> tuple[str, ...]:
    """Every prompt in the batch."""
    return tuple(name for effect in effects if isinstance(effect, Play | Collect | Wait) for name in effect.prompts)
