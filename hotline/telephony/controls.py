"""What the service makes Asterisk do from outside a caller's AGI session, by AMI actions."""

import asyncio

import structlog

from dialplan import variables
from dialplan.extensions import AGI_RETURN, HOTLINE_CONTEXT
from dialplan.fallback import QUEUE
from dialplan.transfers import AGENT_LEG_CONTEXT, CONSULT_EXTENSION
from hotline.errors import AmiError
from hotline.telephony.ami import AmiClient

log = structlog.get_logger()

ANSWER_SECONDS = 5.0
DEVICE = "PJSIP/agent-"
PROBE = "Probe <0>"
"""What an agent's telephone shows while it is tried out."""
PACKETS = "CHANNEL(rtcp,rxcount)"


class AmiControls:
    """Small commands whose failure is never fatal: the channel may be gone before they arrive."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami
        self.not_mirrored = asyncio.Event()
        """An intent did not reach the fallback queue, or the announcement its variable."""

    async def hang_up(self, channel: str) -> None:
        """End that channel; a channel already gone is fine."""
        await self._try("Hangup", Channel=channel, Cause="16")

    async def packets(self, channel: str) -> int | None:
        """How many packets of sound have come on that channel; None when Asterisk cannot tell."""
        try:
            asked = await self._ami.action("Getvar", timeout=ANSWER_SECONDS, Channel=channel, Variable=PACKETS)
        except AmiError:
            return None
        value = asked[0].get("Value", "") if asked else ""
        return int(value) if value.isdecimal() else None

    async def stop_prompt(self, channel: str) -> None:
        """End CONTROL STREAM FILE on that channel; no prompt playing is fine."""
        await self._try("ControlPlayback", Channel=channel, Control="stop")

    async def consult(self, channel: str, dial: str, seconds: float) -> bool:
        """Take an agent's leg away from the caller and let it dial; False when Asterisk did not."""
        for name, value in ((variables.TARGET, dial), (variables.RING, str(round(seconds)))):
            if not await self._try("Setvar", Channel=channel, Variable=name, Value=value):
                return False
        return await self._try(
            "Redirect", Channel=channel, Context=AGENT_LEG_CONTEXT, Exten=CONSULT_EXTENSION, Priority="1"
        )

    async def take_back(self, channel: str) -> bool:
        """Let a caller who waits in the fallback come to our AGI server again; False when Asterisk did not."""
        return await self._try("Redirect", Channel=channel, Context=HOTLINE_CONTEXT, Exten=AGI_RETURN, Priority="1")

    async def mirror(self, agent: str, ready: bool) -> None:
        """Whether the fallback queue may ring this agent; what fails, hotline/recovery/mirror.py repeats."""
        if self._ami.connected and not await self.pause(agent, not ready):
            self.not_mirrored.set()

    async def pause(self, agent: str, paused: bool) -> bool:
        """False when the agent's telephone is not in the fallback queue, or Asterisk did not do it."""
        return await self._try("QueuePause", Queue=QUEUE, Interface=interface(agent), Paused=_truth(paused))

    async def add_member(self, agent: str, paused: bool) -> bool:
        """The agent's telephone into the fallback queue, where Asterisk keeps it through its own restarts."""
        where = {"Queue": QUEUE, "Interface": interface(agent), "MemberName": agent}
        return await self._try("QueueAdd", **where, Penalty="0", Paused=_truth(paused))

    async def remove_member(self, interface: str) -> bool:
        """Out of the fallback queue."""
        return await self._try("QueueRemove", Queue=QUEUE, Interface=interface)

    async def ring_and_play(self, agent: str, seconds: int, sound: str) -> bool:
        """Ring this agent's telephone and play a sound file once it is taken; False when Asterisk does not begin."""
        return await self._try(
            "Originate",
            Channel=interface(agent),
            Application="Playback",
            Data=sound,
            Timeout=str(seconds * 1000),
            CallerID=PROBE,
            Async="true",
        )

    async def device_state(self, agent: str) -> str | None:
        """Asterisk's word for what the agent's telephone does, as `NOT_INUSE`; None when it does not tell."""
        return (await self.device_states()).get(interface(agent))

    async def device_states(self) -> dict[str, str]:
        """Asterisk's word for what each telephone does, by its interface; empty when it does not tell."""
        try:
            told = await self._ami.action("DeviceStateList", timeout=ANSWER_SECONDS)
        except AmiError as error:
            log.info("asterisk did not tell the telephones' states", why=str(error))
            return {}
        return {one["Device"]: one["State"] for one in told if "Device" in one and "State" in one}

    async def _try(self, action: str, **fields: str) -> bool:
        try:
            await self._ami.action(action, timeout=ANSWER_SECONDS, **fields)
        except AmiError as error:
            log.info("asterisk did not carry out an action", action=action, why=str(error))
            return False
        return True


def interface(agent: str) -> str:
    """What Asterisk rings for this agent."""
    return f"{DEVICE}{agent}"


def _truth(value: bool) -> str:
    return "true" if value else "false"
