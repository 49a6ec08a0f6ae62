"""Asterisk's channels as CoreShowChannels tells them, and which of them is whose."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from dialplan import variables
from hotline.recovery.call_ids import id_of_channel
from hotline.telephony.controls import DEVICE

Channel = Mapping[str, str]
Channels = Mapping[str, Channel]
"""By unique id."""


ANSWER_SECONDS = 2.0
"""So long one of Asterisk's lists may take: a damaged one never ends."""


class Manager(Protocol):
    """What is needed of the AMI client."""

    async def action(self, name: str, *, timeout: float) -> Sequence[Channel]: ...


async def read_channels(ami: Manager) -> dict[str, Channel]:
    """All that there are now; AmiError when Asterisk does not tell."""
    return by_unique(await ami.action("CoreShowChannels", timeout=ANSWER_SECONDS))


def by_unique(items: Iterable[Channel]) -> dict[str, Channel]:
    """The channels among the items of an answer."""
    return {item["Uniqueid"]: item for item in items if "Uniqueid" in item and "Channel" in item}


def is_agents(channel: Channel) -> bool:
    """Whether it belongs to an agent's telephone."""
    return channel.get("Channel", "").startswith(DEVICE)


def agent_of(channel: Channel) -> str:
    """The agent's name; "" for a channel that is no agent's."""
    return channel["Channel"].removeprefix(DEVICE).rpartition("-")[0] if is_agents(channel) else ""


def call_id_of(channel: Channel) -> str:
    """Our id of the call, from `channelvars` of manager.conf; a caller who never met us has one by the channel."""
    for line in channel.get("ChanVariable", "").splitlines():
        name, _, value = line.partition("=")
        if name == variables.CALL_ID and value.strip():
            return value.strip()
    return id_of_channel(channel.get("Uniqueid", ""))


def callers_by_call(channels: Channels) -> dict[str, Channel]:
    """Each call's caller. Other legs of a call may carry its id too, as that of a number outside: they are younger."""
    found: dict[str, Channel] = {}
    for channel in channels.values():
        call_id, first = call_id_of(channel), channel.get("Uniqueid") == channel.get("Linkedid")
        if not is_agents(channel) and (first or call_id not in found):
            found[call_id] = channel
    return found


def agents_leg_with(caller: Channel, channels: Channels) -> Channel | None:
    """The agent's channel in the same bridge."""
    bridge = caller.get("BridgeId")
    return next((one for one in channels.values() if bridge and one.get("BridgeId") == bridge and is_agents(one)), None)


def made(channel_id: str) -> tuple[datetime, int]:
    """When the channel with that unique id was made, in real time, and its number: they end as `-1795420800.17`."""
    seconds, _, counter = channel_id.rpartition("-")[2].partition(".")
    try:
        return datetime.fromtimestamp(int(seconds), UTC), int(counter)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC), 0
