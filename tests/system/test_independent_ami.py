"""pyst2, an AMI client written by others, sees on Asterisk what the agent's page claims of a call."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from asterisk import manager

from dialplan import variables
from hotline.setup.asterisk_files import AMI_USER
from tests.system.chain import AgentAtWork, Chain, hotline
from tests.system.conftest import StartAsterisk

CALLER = "+495721777001"
PATIENCE = 10.0
IN_USE = "BUSY"
"""From the first ring on, because an agent's phone takes one call at a time."""
Seen = dict[str, Any]

pytestmark = pytest.mark.filterwarnings("ignore:(setDaemon|isSet|currentThread)")
"""pyst2 is older than these deprecations."""


class _Headers(dict[str, Any]):
    has_key = dict.__contains__


class _Message(manager.ManagerMsg):  # type: ignore[misc]
    """pyst2 asks its headers `has_key`, which Python 3 has not, when an event names a channel variable of ours."""

    def parse(self, response: list[str]) -> None:
        self.headers = _Headers()
        super().parse(response)


class _Manager(manager.Manager):  # type: ignore[misc]
    def __del__(self) -> None:
        """The test closes it; pyst2 would do it once more, whenever it is collected."""


class Observer:
    """`async with Observer(chain) as observer`: pyst2 in its own threads, logged in with the service's account."""

    def __init__(self, chain: Chain) -> None:
        self._port, self._secret = chain.config.network.ami.port, chain.asterisk.secrets.ami_secret
        self._manager = _Manager()
        self.events: list[Seen] = []
        self._manager.register_event("*", lambda event, _: self.events.append(event.headers))

    async def __aenter__(self) -> "Observer":
        await asyncio.to_thread(self._manager.connect, "127.0.0.1", self._port)
        assert (await self._do(self._manager.login, AMI_USER, self._secret)).headers["Response"] == "Success"
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(ValueError):  # its reader may have closed the socket that it still flushes
            await self._do(self._manager.logoff)
        await until(self._is_disconnected, lambda: "Asterisk did not let pyst2 go")
        await self._do(self._manager.close)

    async def _is_disconnected(self) -> bool:
        return not self._manager.connected()

    async def _do(self, act: Callable[..., Any], *words: Any) -> Any:
        return await asyncio.wait_for(asyncio.to_thread(act, *words), PATIENCE)

    async def channels(self) -> list[Seen]:
        """Every channel there is. pyst2 hands the whole list over as the text behind the first message."""
        asked = {"Action": "Status", "Variables": variables.CALL_ID, "AllVariables": "false"}
        text = (await self._do(self._manager.send_action, asked)).data
        blocks = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line) for block in split(text)]
        return [block for block in blocks if block.get("Event") == "Status"]

    async def channel(self, endpoint: str, wanted: Callable[[Seen], Any] = bool) -> Seen:
        """The only channel of this endpoint, once it is as wanted."""
        found: list[Seen] = []

        async def there() -> bool:
            found[:] = [one for one in await self.channels() if one["Channel"].startswith(f"PJSIP/{endpoint}-")]
            return len(found) == 1 and bool(wanted(found[0]))

        await until(there, lambda: f"{endpoint}: {found}")
        return found[0]

    async def device(self, name: str, wanted: str) -> None:
        """Wait until Asterisk gives the agent's phone this state, when asked."""
        states: dict[str, str] = {}

        async def there() -> bool:
            known = len(self.events)
            await self._do(self._manager.send_action, {"Action": "DeviceStateList"})
            await until(lambda: self._listed(known), lambda: "DeviceStateList has no end")
            changes = [event for event in self.events[known:] if event["Event"] == "DeviceStateChange"]
            states.update((event["Device"], event["State"]) for event in changes)
            return states.get(f"PJSIP/agent-{name}") == wanted

        await until(there, lambda: f"{name} is {states}, not {wanted}")

    async def _listed(self, known: int) -> bool:
        return any(event["Event"] == "DeviceStateListComplete" for event in self.events[known:])

    async def event(self, name: str, **headers: Any) -> Seen:
        """The event with these headers, past or future."""
        found: list[Seen] = []

        async def there() -> bool:
            found[:] = [e for e in self.events if e["Event"] == name and headers.items() <= e.items()]
            return bool(found)

        await until(there, lambda: f"no {name} with {headers}")
        return found[0]


def split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n\n")


async def until(true: Callable[[], Any], otherwise: Callable[[], str]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not await true():  # noqa: ASYNC110 - pyst2's threads give no event to wait for
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(otherwise()) from None


@pytest.fixture
async def chain(
    start_asterisk: StartAsterisk, shipped: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Chain]:
    monkeypatch.setattr(manager, "ManagerMsg", _Message)
    shipped["menu"]["silence_seconds"] = 2
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


async def test_each_step_of_a_call_on_the_page_is_what_asterisk_does(chain: Chain) -> None:
    anna = await chain.agent("anna")
    async with Observer(chain) as observer:
        await observer.device("anna", "NOT_INUSE")
        call = await (await chain.phone(CALLER)).dial(chain.address)
        await call.answered()
        await call.press("4")

        shown = await anna.until(lambda snapshot: snapshot["state"] == "offered" and snapshot["call"])
        call_id = shown["call"]["call_id"]
        caller = await observer.channel("gateway-haus", lambda seen: seen["ChannelStateDesc"] == "Up")
        assert caller["Variable"] == f"{variables.CALL_ID}={call_id}"
        await observer.device("anna", IN_USE)

        await (await anna.phone.incoming()).answer()
        await anna.until_state("talking")
        caller = await observer.channel("gateway-haus", lambda seen: seen["BridgeID"])
        agent = await observer.channel("agent-anna", lambda seen: seen["BridgeID"])
        assert caller["BridgeID"] == agent["BridgeID"]
        assert agent["ChannelStateDesc"] == "Up"
        assert agent["Variable"] == f"{variables.CALL_ID}={call_id}"
        await observer.device("anna", IN_USE)
        for channel in (caller, agent):
            await observer.event("BridgeEnter", Channel=channel["Channel"], BridgeUniqueid=caller["BridgeID"])

        await call.hang_up()
        await anna.until_state("wrap_up")
        for channel in (caller, agent):
            end = await observer.event("Hangup", Channel=channel["Channel"])
            assert end["ChanVariable"] == {variables.CALL_ID: call_id}
        assert await observer.channels() == []
        await observer.device("anna", "NOT_INUSE")


async def test_phone_state_on_the_page_is_the_device_state_of_asterisk(chain: Chain) -> None:
    anna = await chain.agent("anna")
    async with Observer(chain) as observer:
        assert anna.snapshot["phone"]["registered"] is True
        await observer.device("anna", "NOT_INUSE")
        await anna.phone.unregister()
        await anna.until(lambda snapshot: not snapshot["phone"]["registered"])
        await observer.device("anna", "UNAVAILABLE")
        await register_again(chain, anna)
        await observer.device("anna", "NOT_INUSE")


async def register_again(chain: Chain, agent: AgentAtWork) -> None:
    password = chain.asterisk.secrets.phone_secrets[agent.name]
    await agent.phone.register(f"agent-{agent.name}", password, f"127.0.0.1:{chain.asterisk.sip_port}")
    await agent.until(lambda snapshot: snapshot["phone"]["registered"])


async def test_caller_who_waits_has_the_only_channel_and_no_bridge(chain: Chain) -> None:
    anna = await chain.agent("anna", ready=False)
    async with Observer(chain) as observer:
        call = await (await chain.phone(CALLER)).dial(chain.address)
        await call.answered()
        await call.press("4")
        await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == 1)
        (waiting,) = await observer.channels()
        assert waiting["Channel"].startswith("PJSIP/gateway-haus-")
        assert waiting["ChannelStateDesc"] == "Up"
        assert waiting["BridgeID"] == ""
        assert waiting["Application"] == "AGI"
        await call.hang_up()
        await observer.event("Hangup", Channel=waiting["Channel"])
        await anna.until(lambda snapshot: snapshot["hotline"]["waiting"] == 0)
