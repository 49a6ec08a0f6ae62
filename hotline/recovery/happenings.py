"""What a row that Asterisk wrote down means for a call in the ledger."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from config.schema import HotlineConfig
from dialplan import happenings, variables
from hotline.clock import Clock
from hotline.exchange.callers import CUT_BY_ASTERISK
from hotline.exchange.calls import Call
from hotline.recovery.call_ids import id_of_channel
from hotline.recovery.caller_numbers import caller_number, number_plan
from hotline.recovery.happenings_file import Written
from hotline.storage.entries import Answered, Arrived, CallbackAsked, Ended, Entry, Passed, Queued
from routing.hours import Calendar

MOST_FIELDS = 20
_PASSED = {happenings.CLOSED: "fallback_closed", happenings.RETURNED: "fallback_returned"}
_UNUSABLE = "Die per Telefontastatur eingegebene Rückrufnummer ist nicht verwendbar: {digits}"

Configuration = Callable[[], tuple[int, HotlineConfig]]


@dataclass(frozen=True, slots=True)
class Happening:
    """One row, understood: real time, and the fields of its query string."""

    place: int
    event: str
    at: datetime
    channel: str
    unique: str
    linked: str
    facts: Mapping[str, str]


def understood(row: Written) -> Happening:
    """ValueError when it is none of ours, or not as agreed."""
    if row.event not in happenings.EVENTS:
        raise ValueError("an event that is not ours")
    if not row.uniqueid or not row.linkedid:
        raise ValueError("a happening without a channel")
    return Happening(
        row.place, row.event, moment(row.at), str(row.channel), str(row.uniqueid), str(row.linkedid), _facts(row.extra)
    )


def moment(seconds: Any) -> datetime:
    """Seconds since 1970 as a time; ValueError when that is none."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (TypeError, OverflowError, OSError) as error:
        raise ValueError("not a time") from error


def _facts(extra: Any) -> dict[str, str]:
    """The query string; Asterisk puts what a dialplan says about its own event into a JSON object."""
    text = str(extra or "")
    if text.startswith("{"):
        text = str(json.loads(text).get("extra", ""))
    return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))


class Meaning:
    """What a happening means for the ledger, by configuration and clock. `held`: the calls the service holds itself."""

    def __init__(self, configuration: Configuration, clock: Clock, held: Callable[[str], Call | None]) -> None:
        self._configuration = configuration
        self._clock = clock
        self._held = held

    def entry(self, told: Happening) -> Entry:
        """ValueError when it names an agent or another thing that we do not know."""
        version, config = self._configuration()
        caller_channel = told.linked if told.event == happenings.ANSWERED else told.unique
        common: dict[str, Any] = {
            "place": told.place,
            "call_id": told.facts.get("call") or id_of_channel(caller_channel),
            "at": self._business(told.at),
            "channel": told.channel,
            "config_version": version,
        }
        match told.event:
            case happenings.FALLBACK:
                return self._arrived(told, config, common)
            case happenings.QUEUED:
                return Queued(**common, from_start=not told.facts.get("call"))
            case happenings.ANSWERED:
                return Answered(**common, agent=_agent(told, config))
            case happenings.CALLBACK:
                return self._callback(told, config, common)
            case happenings.END:
                return self._ended(told, common)
        return Passed(**common, kind=_PASSED[told.event])

    @staticmethod
    def _arrived(told: Happening, config: HotlineConfig, common: dict[str, Any]) -> Arrived:
        gateway = told.facts.get("gateway", "")
        known = gateway if gateway in {one.name for one in config.gateways} else ""
        number = caller_number(config, gateway, told.facts.get("from", ""), told.facts.get("privacy", ""))
        return Arrived(**common, gateway=known, caller=number, channel_id=id_of_channel(told.unique))

    @staticmethod
    def _callback(told: Happening, config: HotlineConfig, common: dict[str, Any]) -> CallbackAsked:
        """Digits that we may not ring stand in the note: somebody may see what the caller meant."""
        digits = told.facts.get("number", "")
        number = number_plan(config).entered(digits) if digits else None
        note = _UNUSABLE.format(digits=digits[:40]) if digits and number is None else None
        return CallbackAsked(**common, number=number, note=note, due=Calendar(config).due(common["at"]))

    def _ended(self, told: Happening, common: dict[str, Any]) -> Ended:
        facts, call = told.facts, self._held(common["call_id"])
        lane = facts.get("lane", "")
        dialled = facts.get("next") == variables.NEXT_DIAL and facts.get("dial") == "ANSWER"
        talked = timedelta(seconds=float(facts.get("talked") or 0))
        return Ended(
            **common,
            lane=lane,
            known=bool(facts.get("call") or lane),
            how=_our_reason(call),
            talked_since=common["at"] - talked if dialled else None,
        )

    def _business(self, real: datetime) -> datetime:
        return real + self._clock.offset


def _our_reason(call: Call | None) -> str | None:
    """Why we ended the call, if we did. Asterisk was there to write this down, so it has not cut the caller off."""
    return None if call is None or call.end_reason == CUT_BY_ASTERISK else call.end_reason


def _agent(told: Happening, config: HotlineConfig) -> str:
    name = told.facts.get("agent", "")
    if name not in {agent.name for agent in config.agents}:
        raise ValueError("an agent who is not in the configuration")
    return name
