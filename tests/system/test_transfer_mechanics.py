"""What transfers rest on, on the real Asterisk: how legs are moved, what is told of it, what telephones may do.

The test plays the service: it holds the caller's AGI session and the manager interface, with the service's rights.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from config.schema import HotlineConfig
from dialplan import variables
from dialplan.media import MUSIC_CLASS
from dialplan.pjsip import AGENT_RTP_TIMEOUT
from dialplan.transfers import AGENT_LEG_CONTEXT, CONSULT_EXTENSION, CONSULT_FAILED
from hotline.errors import CallerGone
from hotline.phone.call import PhoneCall
from hotline.phone.client import Phone
from hotline.telephony.agi_protocol import Reply
from hotline.telephony.agi_server import AgiServer, AgiSession
from tests.ports import free_ports
from tests.system.conftest import MUSIC_TONE, RunningAsterisk, StartAsterisk
from tests.system.desk_phone import DeskPhone, Dialog
from tests.system.manager import Ami, Message
from tests.system.sip import Call, UdpPhone

pytestmark = pytest.mark.timeout(60)

PATIENCE = 10.0
CALL_ID = "0123456789abcdef"
CALLER_ID = "057219824"
"""Our own number, as the shipped gateway is told who calls."""
HEARD = {"DialBegin", "DialEnd", "Hangup", "UserEvent", "BlindTransfer", "AttendedTransfer"}


class Stage:
    """A caller, whose session the test holds, and agents with telephones."""

    def __init__(self, asterisk: RunningAsterisk, ami: Ami, stack: AsyncExitStack) -> None:
        self.asterisk, self.ami, self._stack = asterisk, ami, stack
        self._sessions: asyncio.Queue[AgiSession] = asyncio.Queue()
        self.caller: PhoneCall
        self.session: AgiSession
        self.channel = self.unique = ""
        """Of the caller."""

    async def serve(self, session: AgiSession) -> None:
        """As the service does: a session that is over is closed at once."""
        self._sessions.put_nowait(session)
        await session.over.wait()

    async def next_session(self) -> AgiSession:
        async with asyncio.timeout(PATIENCE):
            return await self._sessions.get()

    async def phone(self, agent: str = "", **options: Any) -> Phone:
        phone = await self._stack.enter_async_context(Phone(user="+495721777001", **options))
        if agent:
            secret = self.asterisk.secrets.phone_secrets[agent]
            await phone.register(f"agent-{agent}", secret, f"127.0.0.1:{self.asterisk.sip_port}")
        return phone

    async def desk_phone(self, agent: str) -> DeskPhone:
        secret = self.asterisk.secrets.phone_secrets[agent]
        return await self._stack.enter_async_context(DeskPhone(self.asterisk.sip_port, f"agent-{agent}", secret))

    async def call(self) -> None:
        """Somebody calls, and is answered by the service."""
        phone = await self.phone()
        self.caller = await phone.dial(f"sip:9824@127.0.0.1:{self.asterisk.sip_port}")
        self.session = await self.next_session()
        self.channel, self.unique = (self.session.environment[f"agi_{name}"] for name in ("channel", "uniqueid"))
        await self.session.answer()
        await self.session.set_variable(f"__{variables.CALL_ID}", CALL_ID)

    async def dial(self, agent: str) -> "asyncio.Task[Reply]":
        """Ring the agent for the caller, as the service does."""
        await self.session.set_variable(variables.NEXT, variables.NEXT_DIAL)
        return asyncio.create_task(self.session.execute("Dial", f"PJSIP/agent-{agent}", "20", f"gm({MUSIC_CLASS})"))

    def bridge(self, leg: Message) -> "asyncio.Task[Reply]":
        return asyncio.create_task(self.session.execute("Bridge", leg["DestChannel"]))

    async def leg(self, agent: str) -> Message:
        """How this agent answered, once both sides are bridged; DestChannel and DestUniqueid are those of the leg."""
        leg = await self.dial_end(agent, "ANSWER")
        entered = await self.ami.event("BridgeEnter", Uniqueid=leg["DestUniqueid"])
        await self.ami.event("BridgeEnter", Uniqueid=leg["Uniqueid"], BridgeUniqueid=entered["BridgeUniqueid"])
        return leg

    async def dial_end(self, agent: str, status: str) -> Message:
        return await self.ami.wait_for(
            lambda event: (
                event.get("Event") == "DialEnd"
                and event["DestChannel"].startswith(f"PJSIP/{agent}-")
                and event["DialStatus"] == status
            )
        )

    async def consult(self, leg: Message, whom: str, seconds: int = 10) -> None:
        """Move the agent's leg, which then dials."""
        channel = leg["DestChannel"]
        for name, value in ((variables.TARGET, whom), (variables.RING, str(seconds))):
            await self.action("Setvar", Channel=channel, Variable=name, Value=value)
        await self.action("Redirect", Channel=channel, Context=AGENT_LEG_CONTEXT, Exten=CONSULT_EXTENSION, Priority="1")

    async def action(self, name: str, **fields: str) -> None:
        answer = await self.ami.action(name, **fields)
        assert answer["Response"] == "Success", answer

    async def hang_up(self, leg: Message) -> None:
        await self.action("Hangup", Channel=leg["DestChannel"], Cause="16")

    async def channels(self) -> list[Message]:
        seen = len(self.ami.messages)
        await self.ami.action("CoreShowChannels")
        await self.ami.wait_for(lambda event: self._list_end(event, seen))
        return [event for event in self.ami.messages[seen:] if event.get("Event") == "CoreShowChannel"]

    def _list_end(self, event: Message, seen: int) -> bool:
        return event.get("Event") == "CoreShowChannelsComplete" and event in self.ami.messages[seen:]

    async def until_in(self, context: str) -> None:
        """The caller's channel has come to that part of the dialplan."""
        async with asyncio.timeout(PATIENCE):
            while not await self._is_in(context):  # noqa: ASYNC110 - a dialplan gives no event here
                await asyncio.sleep(0.05)

    async def _is_in(self, context: str) -> bool:
        return any(one["Uniqueid"] == self.unique and one["Context"] == context for one in await self.channels())

    def told(self, *names: str) -> list[tuple[str, str]]:
        """Events of the legs so far: name and how dialling ended, in their order."""
        wanted = [event for event in self.ami.events() if event["Event"] in HEARD & set(names)]
        return [(event["Event"], event.get("DialStatus", "")) for event in wanted]


@pytest.fixture
async def stage(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Stage]:
    for agent in shipped["agents"]:
        agent["phone"] = "desk"
    (shipped["gateways"][0]["port"],) = free_ports(1)
    asterisk = await start_asterisk(HotlineConfig.model_validate(shipped))
    async with AsyncExitStack() as stack:
        stage = Stage(asterisk, await stack.enter_async_context(asterisk.ami()), stack)
        server = AgiServer(stage.serve, port=asterisk.config.network.agi.port)
        await server.start()
        stack.push_async_callback(server.close)
        yield stage


async def _talking(stage: Stage) -> tuple[Message, PhoneCall, "asyncio.Task[Reply]"]:
    """Caller and anna talk: her leg, her side of the call, the EXEC Dial."""
    phone = await stage.phone("anna")
    await stage.call()
    dial = await stage.dial("anna")
    call = await phone.incoming()
    await call.answer()
    return await stage.leg("agent-anna"), call, dial


async def _consulting(stage: Stage) -> tuple[Message, PhoneCall, Message, PhoneCall]:
    """Anna talks with ben, and the caller hears music: both legs and calls."""
    anna, anna_call, dial = await _talking(stage)
    phone = await stage.phone("ben")
    await stage.consult(anna, "PJSIP/agent-ben")
    assert (await dial).result == 0
    assert not stage.session.hung_up
    await stage.session.music(True, MUSIC_CLASS)
    ben_call = await phone.incoming()
    await ben_call.answer()
    return anna, anna_call, await stage.leg("agent-ben"), ben_call


async def _bridged(stage: Stage, leg: Message, call: PhoneCall) -> "asyncio.Task[Reply]":
    """Caller and this leg hear each other."""
    await stage.session.music(False)
    bridge = stage.bridge(leg)
    async with asyncio.TaskGroup() as saying:
        saying.create_task(stage.caller.play_tone(440, seconds=2))
        saying.create_task(call.play_tone(880, seconds=2))
        await asyncio.gather(call.sound(), stage.caller.sound())
        there, here = await asyncio.gather(call.hear(0.6), stage.caller.hear(0.6))
    assert there.has_tone(440), there.tone
    assert here.has_tone(880), here.tone
    return bridge


# --- consulting ----------------------------------------------------------------------------------


async def test_agents_leg_is_moved_without_a_change_of_name_and_the_caller_stays_in_the_session(stage: Stage) -> None:
    anna, anna_call, ben, _ = await _consulting(stage)
    assert (ben["Channel"], ben["Uniqueid"]) == (anna["DestChannel"], anna["DestUniqueid"])
    assert ben["DestLinkedid"] == stage.unique
    assert ben["DestChanVariable"] == f"{variables.CALL_ID}={CALL_ID}"
    assert stage.told("Hangup") == []
    await stage.caller.sound()
    assert (await stage.caller.hear(0.6)).has_tone(MUSIC_TONE)
    assert not anna_call.end


async def test_completed_transfer_leaves_caller_and_target_together(stage: Stage) -> None:
    anna, anna_call, ben, ben_call = await _consulting(stage)
    bridge = await _bridged(stage, ben, ben_call)
    await stage.hang_up(anna)
    await anna_call.ended()
    assert (ben_call.end, stage.caller.end, bridge.done()) == (None, None, False)
    await ben_call.hang_up()
    assert (await bridge).result == 0
    assert await stage.session.get_variable("BRIDGERESULT") == "SUCCESS"
    assert (await stage.ami.event("Hangup", Uniqueid=ben["DestUniqueid"]))["Cause"] == "16"


async def test_agent_takes_the_caller_back_and_can_consult_again(stage: Stage) -> None:
    anna, anna_call, ben, _ = await _consulting(stage)
    await stage.hang_up(ben)
    bridge = await _bridged(stage, anna, anna_call)
    await stage.consult(anna, "PJSIP/agent-carla")
    assert (await bridge).result == 0
    await stage.ami.event("UserEvent", UserEvent=CONSULT_FAILED)
    await _bridged(stage, anna, anna_call)


@pytest.mark.parametrize(
    ("target", "status"),
    [("rejects", "BUSY"), ("does not answer", "NOANSWER"), ("is not registered", "CHANUNAVAIL")],
)
async def test_target_that_is_not_reached_is_told_and_the_agent_waits(stage: Stage, target: str, status: str) -> None:
    anna, anna_call, dial = await _talking(stage)
    phone = await stage.phone("ben") if target != "is not registered" else None
    await stage.consult(anna, "PJSIP/agent-ben", seconds=1 if target == "does not answer" else 10)
    await dial
    if phone is not None and target == "rejects":
        await (await phone.incoming()).reject()
    told = await stage.ami.event("UserEvent", UserEvent=CONSULT_FAILED)
    assert (told["Uniqueid"], told["DialStatus"]) == (anna["DestUniqueid"], status)
    ends = [end for _, end in stage.told("DialEnd")]
    assert ends == (["ANSWER"] if target == "is not registered" else ["ANSWER", status])
    await _bridged(stage, anna, anna_call)


async def test_target_stops_ringing_when_the_consulting_agent_hangs_up(stage: Stage) -> None:
    anna, anna_call, _ = await _talking(stage)
    phone = await stage.phone("ben")
    await stage.consult(anna, "PJSIP/agent-ben")
    ringing = await phone.incoming()
    await anna_call.hang_up()
    await stage.dial_end("agent-ben", "CANCEL")
    await ringing.ended()
    assert stage.caller.end is None


async def test_target_stays_when_the_consulting_agent_hangs_up(stage: Stage) -> None:
    anna, anna_call, ben, ben_call = await _consulting(stage)
    await anna_call.hang_up()
    await stage.ami.event("Hangup", Uniqueid=anna["DestUniqueid"])
    bridge = await _bridged(stage, ben, ben_call)
    await stage.caller.hang_up()
    await bridge
    await ben_call.ended()


async def test_leg_whose_phone_dies_gives_the_caller_back_within_five_seconds(stage: Stage) -> None:
    phone = await stage.phone("anna")
    await stage.call()
    dial = await stage.dial("anna")
    call = await phone.incoming()
    await call.answer()
    anna = await stage.leg("agent-anna")
    await call.play_tone(880, seconds=1)
    died = asyncio.get_running_loop().time()
    await phone.kill()
    assert (await dial).result == 0
    assert asyncio.get_running_loop().time() - died < AGENT_RTP_TIMEOUT + 1.5  # whole seconds, on a busy machine
    assert (await stage.ami.event("Hangup", Uniqueid=anna["DestUniqueid"]))["Cause"] == "44"


async def test_whoever_is_called_outside_sees_our_number_only(stage: Stage) -> None:
    anna, _, dial = await _talking(stage)
    outside = await stage.phone(port=stage.asterisk.config.gateways[0].port)
    await outside.listen()
    await stage.asterisk.look_for_gateway()
    await stage.consult(anna, "PJSIP/30@gateway-haus")
    await dial
    consulted = await outside.incoming()
    assert consulted.headers["From"].startswith(f"<sip:{CALLER_ID}@")
    await consulted.reject()
    await stage.session.command("SET CALLERID", CALLER_ID)
    sent = asyncio.create_task(stage.session.execute("Dial", "PJSIP/057219830@gateway-haus", "5", "g"))
    blind = await outside.incoming()
    assert blind.headers["From"].startswith(f"<sip:{CALLER_ID}@")
    await blind.reject()
    await sent


# --- by the agent's own telephone ----------------------------------------------------------------


async def _talking_on_desk_phone(stage: Stage) -> tuple[DeskPhone, Dialog, Message, "asyncio.Task[Reply]"]:
    phone = await stage.desk_phone("anna")
    await stage.call()
    dial = await stage.dial("anna")
    dialog = await phone.take()
    return phone, dialog, await stage.leg("agent-anna"), dial


async def test_blind_refer_brings_the_caller_to_the_service_with_everything_kept(stage: Stage) -> None:
    phone, dialog, anna, _ = await _talking_on_desk_phone(stage)
    assert await dialog.refer("<sip:12@203.0.113.9>") == 202  # whatever host: the extension is ours
    told = await stage.ami.event("BlindTransfer", TransfereeUniqueid=stage.unique)
    assert (told["Result"], told["TransfererUniqueid"], told["Extension"]) == ("Success", anna["DestUniqueid"], "12")
    session = await stage.next_session()
    assert stage.session.hung_up
    environment = session.environment
    assert (environment["agi_network_script"], environment["agi_extension"]) == ("inside", "12")
    assert (environment["agi_channel"], environment["agi_uniqueid"]) == (stage.channel, stage.unique)
    assert await session.get_variable(variables.CALL_ID) == CALL_ID
    assert await session.get_variable(variables.GATEWAY) == "haus"
    ben = await stage.phone("ben")
    sent = asyncio.create_task(session.execute("Dial", "PJSIP/agent-ben", "10", "g"))
    await (await ben.incoming()).answer()
    await stage.leg("agent-ben")
    await phone.until_told(200)
    await stage.caller.hang_up()
    with pytest.raises(CallerGone):
        await sent


async def test_caller_sent_on_by_a_phone_while_the_service_is_away_comes_to_the_fallback(stage: Stage) -> None:
    _, dialog, _, _ = await _talking_on_desk_phone(stage)
    await dialog.refer("<sip:12@127.0.0.1>")
    (await stage.next_session()).close()
    await stage.until_in("hotline-fallback")


async def _second_call(
    stage: Stage, phone: DeskPhone, until: int
) -> tuple[Dialog, AgiSession, "asyncio.Task[Reply]", Phone]:
    """The phone dials ben's extension: the dialog, its session and the EXEC Dial in it, ben's phone."""
    ben = await stage.phone("ben")
    dialling = asyncio.create_task(phone.dial("12", until))
    session = await stage.next_session()
    assert session.environment["agi_channel"].startswith("PJSIP/agent-anna-")
    dial = asyncio.create_task(session.execute("Dial", "PJSIP/agent-ben", "10", "g"))
    if until == 200:
        await (await ben.incoming()).answer()
    return await dialling, session, dial, ben


async def test_attended_transfer_joins_caller_and_target_unnoticed_by_the_callers_session(stage: Stage) -> None:
    phone, dialog, anna, dial = await _talking_on_desk_phone(stage)
    second, session, second_dial, _ = await _second_call(stage, phone, until=200)
    ben = await stage.leg("agent-ben")
    assert await dialog.refer(f"<sip:12@127.0.0.1?Replaces={second.replaces}>") == 202
    told = await stage.ami.event("AttendedTransfer", TransfereeUniqueid=stage.unique)
    assert (told["Result"], told["DestType"]) == ("Success", "Bridge")
    assert told["OrigTransfererUniqueid"] == anna["DestUniqueid"]
    assert told["SecondTransfererUniqueid"] == session.environment["agi_uniqueid"]
    assert told["TransferTargetUniqueid"] == ben["DestUniqueid"]
    await stage.ami.event("Hangup", Uniqueid=anna["DestUniqueid"])
    with suppress(CallerGone):  # or it has ended as if ben had hung up, and HANGUP follows
        await second_dial
    assert not dial.done()
    await stage.hang_up(ben)
    assert (await dial).result == 0
    assert not stage.session.hung_up


async def test_attended_transfer_while_it_rings_gives_the_second_session_the_caller(stage: Stage) -> None:
    phone, dialog, _, dial = await _talking_on_desk_phone(stage)
    second, session, second_dial, ben = await _second_call(stage, phone, until=180)
    await dialog.refer(f"<sip:12@127.0.0.1?Replaces={second.replaces}>")
    told = await stage.ami.event("AttendedTransfer", TransfereeUniqueid=stage.unique)
    assert (told["Result"], told["DestType"], told["DestApp"]) == ("Success", "App", "Dial")
    assert told["SecondTransfererUniqueid"] == session.environment["agi_uniqueid"]
    with pytest.raises(CallerGone):
        await dial
    await (await ben.incoming()).answer()
    leg = await stage.leg("agent-ben")
    assert leg["Uniqueid"] == stage.unique  # the caller, in the session that the phone's own call began
    await stage.hang_up(leg)
    assert (await second_dial).result == 0
    assert await session.get_variable(variables.CALL_ID) == CALL_ID


@pytest.mark.parametrize(
    "target",
    [
        "<sip:h@127.0.0.1>",
        "<sip:s@127.0.0.1>",
        "<sip:1@127.0.0.1>",
        "<sip:consult@127.0.0.1>",
        "<sip:external_replaces@127.0.0.1>",
        "<sip:12%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aChannel%3a%20PJSIP%2fvictim@127.0.0.1>",
        "<sip:12@127.0.0.1?Replaces=unknown%3Bto-tag%3Da%3Bfrom-tag%3Db>",
    ],
)
async def test_refer_to_anything_but_an_extension_leaves_the_call_unharmed(stage: Stage, target: str) -> None:
    phone, dialog, _, dial = await _talking_on_desk_phone(stage)
    await dialog.refer(target)
    await phone.until_told(404)
    assert stage.told("BlindTransfer", "AttendedTransfer", "Hangup") == []
    assert not dial.done()


async def test_gateway_may_not_refer(stage: Stage) -> None:
    async with UdpPhone(stage.asterisk.sip_port) as gateway:
        call = Call(gateway)
        inviting = asyncio.create_task(call.invite())
        session = await stage.next_session()
        await session.answer()
        assert (await inviting).status == 200
        call.extra = "Refer-To: <sip:12@127.0.0.1>\r\n"
        gateway.send(call.message("REFER", 2, call.to_tag))
        assert (await gateway.final()).status == 603
        assert not session.hung_up
