"""Answers "what would happen to this call?" by walking it through the real conversation, without telephony.

Who is not named as free counts as not on duty. Prompts and talks take no time here, a wait takes its seconds.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from config.schema import HotlineConfig
from ivr.conversation import Conversation
from ivr.effects import Collect, Connect, Effect, JoinLine, Wait
from ivr.events import AgentFound, CallArrived, DigitsEntered, Event, SilenceElapsed, TalkEnded, WaitElapsed
from ivr.telling import Teller
from routing.hours import Calendar
from routing.matcher import FreeAgent, rank
from routing.numbers import NumberPlan

SILENCE = "-"
KEYS = frozenset("0123456789*#" + SILENCE)
LONGEST_WALK = 2000
"""Steps; a walk ends much earlier: after the last key a caller is asked something once, or the call ends."""


def explain(
    config: HotlineConfig, at: datetime, press: str, caller: str | None, free: Collection[str] | None
) -> dict[str, Any]:
    """What a call at `at` (aware) meets, as the contract's JSON object.

    `press` are the keys in their order, "-" one silence; afterwards the caller stays silent. `caller` as a gateway
    shows it, None when withheld. `free` names the agents who are free, None all of them. Besides the contract's keys:
    `language` is the further one that was chosen, and `second_choice` those of `agents` who are rung only for a caller
    who has waited for some time.
    Raises ValueError for keys that no telephone has and for agents that do not exist.
    """
    _refuse_unknown(config, press, free)
    calendar = Calendar(config)
    opening = calendar.opening(at)
    walk = _Walk(config, calendar, at, press, free)
    walk.go(caller)
    request = None if walk.conversation.request_type is None else config.request_type(walk.conversation.request_type)
    return {
        "open": opening.open,
        "reason": opening.reason.value,
        "holiday": opening.holiday,
        "next_open": None if opening.open or opening.next_open is None else opening.next_open.isoformat(),
        "request_type": None if request is None else request.key,
        "skill": None if request is None else request.skill,
        "agents": walk.agents,
        "steps": walk.steps,
        "language": walk.conversation.language,
        "second_choice": walk.second_choice,
    }


def _refuse_unknown(config: HotlineConfig, press: str, free: Collection[str] | None) -> None:
    if wrong := sorted(set(press) - KEYS):
        raise ValueError(f'"{wrong[0]}" is no key: write digits, "*", "#", and "{SILENCE}" for a silence')
    known = [agent.name for agent in config.agents]
    if strangers := sorted(set(free or ()) - set(known)):
        raise ValueError(f'there is no agent "{strangers[0]}": the agents are {", ".join(known)}')


class _Walk:
    """One call on its way; stands in for Asterisk, the line and the agents."""

    def __init__(
        self, config: HotlineConfig, calendar: Calendar, at: datetime, press: str, free: Collection[str] | None
    ) -> None:
        self.conversation = Conversation(config, calendar)
        self.agents: list[str] = []
        self.steps: list[dict[str, Any]] = []
        self._config, self._calendar, self._at = config, calendar, at
        self._numbers = NumberPlan(config.hotline.country_code, config.hotline.area_code)
        self._teller = Teller(config)
        self._keys = list(press)
        self._free = [agent.name for agent in config.agents] if free is None else list(free)
        self._skill = ""
        self._waited = 0.0
        self._music_goes_on = False

    def go(self, caller: str | None) -> None:
        number = None if caller is None else self._numbers.caller(caller, "local")
        event: Event | None = CallArrived(self._at, number, self._numbers.may_call_back(number))
        while event is not None and len(self.steps) < LONGEST_WALK:
            asked = self.conversation.state == "asked"
            effects = self.conversation.receive(event)
            self._note(event, effects)
            refused = asked and isinstance(event, WaitElapsed) and not self._keys
            event = None if refused else self._outcome(effects)

    def _note(self, event: Event, effects: list[Effect]) -> None:
        music = isinstance(event, WaitElapsed) and all(isinstance(e, Wait) and not e.prompts for e in effects)
        if music and self._music_goes_on:
            self.steps.pop()
        self._music_goes_on = music
        told = [line for effect in effects for line in self._told(effect)]
        self.steps.append({"event": self._teller.event(event), "effects": told})

    def _told(self, effect: Effect) -> list[str]:
        """The effect in a sentence; behind joining the line, who would be offered the call, and why in this order."""
        if not isinstance(effect, JoinLine):
            return [self._teller.effect(effect)]
        self._skill = self._config.request_type(effect.request_type).skill
        self.agents = self._ranked()
        offered = [self._teller.offered(agent, self._skill) for agent in self.agents]
        return [self._teller.effect(effect), *(offered or ["niemand ist frei"])]

    def _outcome(self, effects: list[Effect]) -> Event | None:
        match effects[-1]:
            case Collect(max_digits=most, finish=finish):
                return self._press(most, finish) or SilenceElapsed()
            case Wait(seconds=seconds) as wait:
                return self._found(0) or self._answer(wait) or self._found(seconds) or self._elapsed(seconds)
            case Connect():
                return TalkEnded()
        return None

    def _answer(self, wait: Wait) -> DigitsEntered | None:
        """Keys answer what was asked; while nothing is asked the caller keeps the next one, unless it always counts."""
        if not wait.prompts or not wait.max_digits or not self._keys:
            return None
        if self._keys[0] in wait.at_once:
            return self._press(1, "")
        only_at_once = wait.max_digits <= len(wait.at_once)
        one_key = self.conversation.state == "asked"  # more than one would be the household's number
        return None if only_at_once else self._press(1 if one_key else wait.max_digits, wait.finish)

    def _press(self, most: int, finish: str) -> DigitsEntered | None:
        if not self._keys or self._keys[0] == SILENCE:
            del self._keys[:1]
            return None
        digits, key = "", ""
        while self._keys and len(digits) < most:
            key = self._keys.pop(0)
            if key in (SILENCE, finish):
                break
            digits += key
        return DigitsEntered(digits, self._numbers.entered(digits), ended=key == finish or len(digits) == most)

    def _elapsed(self, seconds: float) -> WaitElapsed:
        self._waited += seconds
        now = self._at + timedelta(seconds=self._waited)
        closed_for = self._calendar.closed_for(now)
        nobody_ready_for = 0.0 if self.agents else self._waited
        return WaitElapsed(self._waited, 1, nobody_ready_for, closed_for, at=now)

    def _found(self, within: float) -> AgentFound | None:
        """The first of the agents, if this one may be rung for the caller within so many seconds."""
        if not self.agents:
            return None
        second = self.agents[0] in self.second_choice
        waited = self._config.distribution.second_choice_after_seconds if second else 0.0
        if self._waited + within < waited:
            return None
        self._waited = max(self._waited, waited)
        return AgentFound(self.agents[0])

    @property
    def second_choice(self) -> list[str]:
        """Those of `agents` whose second choice the request is."""
        return [name for name in self.agents if self._skill not in self._config.agent(name).skills]

    def _ranked(self) -> list[str]:
        """Those who are free and have the skill; who stands first in the configuration has been idle longest."""
        idle = [agent for agent in self._config.agents if agent.name in self._free]
        agents = [
            FreeAgent(
                agent.name,
                frozenset(agent.skills),
                self._at - timedelta(seconds=len(idle) - place),
                frozenset(agent.second_choice),
            )
            for place, agent in enumerate(idle)
        ]
        return rank(self._skill, agents)
