"""A real Asterisk with our rendered configuration: it starts cleanly, lets in whom it should, and forges nothing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from config.schema import HotlineConfig
from dialplan import happenings, variables
from dialplan.fallback import QUEUE
from dialplan.manager import EVENTS
from hotline.errors import SetupError
from hotline.parent.asterisk_process import AsteriskProcess
from tests.system.agi import Agi, Session
from tests.system.conftest import RunningAsterisk, StartAsterisk
from tests.system.happened import until_happened
from tests.system.manager import Ami
from tests.system.sip import Call, UdpPhone, WebPhone

FORGED = "%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aChannel%3a%20PJSIP/victim-1%0d%0aForged%3a%20yes%0d%0a%0d%0a"


def agi_of(asterisk: RunningAsterisk) -> Agi:
    return Agi(asterisk.config.network.agi.port)


def phone_of(asterisk: RunningAsterisk, host: str = "127.0.0.1") -> UdpPhone:
    return UdpPhone(asterisk.sip_port, host)


def browser_of(asterisk: RunningAsterisk, name: str) -> WebPhone:
    return WebPhone(asterisk.config.network.websocket.port, name)


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def test_asterisk_starts_and_stops_without_a_word_of_complaint(asterisk: RunningAsterisk) -> None:
    assert [line for line in asterisk.lines if line.startswith(("warning", "error"))] == []
    await asterisk.process.stop()
    assert [line for line in asterisk.lines if line.startswith(("warning", "error"))] == []
    assert is_gone(asterisk.process.pid)


async def test_every_kind_of_gateway_is_understood_by_asterisk(
    start_asterisk: StartAsterisk, shipped: dict[str, Any], short_directory: Path
) -> None:
    (short_directory / "state0").mkdir()
    (short_directory / "state0" / "provider.secret").write_text('pass;word"#\n')
    near = {"addresses": ["10.1.2.0/24", "192.0.2.7"], "called_numbers": ["982X"], "codecs": ["ulaw"], "dtmf": "info"}
    shipped["gateways"] += [
        {"name": "tcp", "transport": "tcp", **near},
        {
            "name": "provider",
            "registration": {"server": "127.0.0.2", "port": 1, "user": "4957219824", "secret_file": "provider.secret"},
            "transport": "tls",
            "srtp": True,
            "dtmf": "inband",
            "nat": {"external_address": "203.0.113.7", "local_networks": ["192.168.0.0/16"]},
            "trust_asserted_identity": True,
            "called_numbers": ["+49 5721 9824"],
        },
    ]
    asterisk = await start_asterisk(HotlineConfig.model_validate(shipped))
    complaints = [line for line in asterisk.lines if line.startswith(("warning", "error"))]
    assert [line for line in complaints if "No response received" not in line] == []
    async with asterisk.ami() as ami:
        await ami.action("PJSIPShowRegistrationsOutbound")
        registration = await ami.event("OutboundRegistrationDetail", ObjectName="gateway-provider")
        assert registration["ContactUser"] == "+4957219824"


async def test_administrators_script_asks_the_running_asterisk(asterisk: RunningAsterisk) -> None:
    assert (await asterisk.cli("core show version")).startswith("Asterisk ")


async def test_wrong_ami_password_is_told_in_one_sentence(asterisk: RunningAsterisk) -> None:
    other = AsteriskProcess(Path("/bin/cat"), asterisk.config.network.ami, "hotline", "wrong", lambda _: None)
    other._child._command = ["/bin/sleep", "60"]
    with pytest.raises(SetupError, match=r"refuses our AMI login: another Asterisk listens there"):
        await other.start()
    await other.stop()


# --- who gets in ---------------------------------------------------------------------------------


async def test_each_way_of_writing_our_number_reaches_the_service(asterisk: RunningAsterisk) -> None:
    async with agi_of(asterisk) as agi, phone_of(asterisk) as phone:
        for number in ("9824", "057219824", "004957219824", "+4957219824"):
            call = Call(phone, number, extra="Privacy: id\r\n")
            invited = asyncio.create_task(call.invite())
            session = await agi.session()
            assert "agi_network_script: call" in session.environment
            assert await session.variable(variables.CALLED) == number
            assert await session.variable(variables.GATEWAY) == "haus"
            assert await session.variable(variables.PRIVACY) == "id"
            assert (await session.variable(variables.FROM) or "").startswith("<sip:057211234@127.0.0.1>")
            assert await session.command("ANSWER") == "200 result=0"
            assert (await invited).status == 200
            assert (await call.hang_up()).status == 200


async def test_any_other_number_is_refused_with_404(asterisk: RunningAsterisk) -> None:
    async with agi_of(asterisk) as agi, phone_of(asterisk) as phone:
        for number in ("982", "98245", "110", "h", "from", "service", "call", "agent-anna", "01712345678"):
            assert (await Call(phone, number).invite()).status == 404, number
        assert agi.waiting == 0


async def test_call_from_an_address_that_is_no_gateway_is_refused(asterisk: RunningAsterisk) -> None:
    async with agi_of(asterisk) as agi, phone_of(asterisk, "127.0.0.2") as phone:
        for user in ("057211234", "gateway-haus", "agent-anna", "trunk"):
            assert (await Call(phone, sender=f"<sip:{user}@127.0.0.1>").invite()).status == 401, user
        assert agi.waiting == 0


async def test_caller_who_claims_to_be_an_agent_is_asked_for_the_password(asterisk: RunningAsterisk) -> None:
    async with agi_of(asterisk) as agi, phone_of(asterisk) as phone:
        assert (await Call(phone, sender="<sip:agent-anna@127.0.0.1>").invite()).status == 401
        assert agi.waiting == 0


async def test_agent_registers_by_websocket_although_the_gateway_has_the_same_address(
    asterisk: RunningAsterisk,
) -> None:
    password = asterisk.secrets.phone_secrets["anna"]
    async with asterisk.ami() as ami:
        async with browser_of(asterisk, "agent-anna") as browser:
            assert (await browser.register("agent-anna", password)).status == 200
            await ami.event("DeviceStateChange", Device="PJSIP/agent-anna", State="NOT_INUSE")
        await ami.event("ContactStatus", EndpointName="agent-anna", ContactStatus="Removed")
        await ami.event("DeviceStateChange", Device="PJSIP/agent-anna", State="UNAVAILABLE")


async def test_wrong_password_registers_nobody(asterisk: RunningAsterisk) -> None:
    async with browser_of(asterisk, "agent-anna") as browser:
        assert (await browser.register("agent-anna", "wrong")).status == 401


async def test_agents_password_opens_no_other_name(asterisk: RunningAsterisk) -> None:
    password = asterisk.secrets.phone_secrets["anna"]
    for name in ("gateway-haus", "agent-nobody", "agent-ben"):
        async with browser_of(asterisk, name) as browser:
            assert (await browser.register("agent-anna", password)).status in {401, 403, 404}, name


# --- hostile headers -----------------------------------------------------------------------------

EXPRESSION = "%24%7BEVAL(%24%7BCHANNEL%7D)%7D,x)%5D%22"
HOSTILE = {
    "user part of From": {"sender": f"<sip:05{FORGED}@127.0.0.1>"},
    "display name of From": {"sender": f'"{FORGED}" <sip:057211234@127.0.0.1>'},
    "Contact": {"contact_user": FORGED},
    "P-Asserted-Identity": {"extra": f'P-Asserted-Identity: "{FORGED}" <sip:{FORGED}@127.0.0.1>\r\n'},
    "Diversion": {"extra": f'Diversion: "{FORGED}" <sip:{FORGED}@127.0.0.1>;reason="{FORGED}"\r\n'},
    "Remote-Party-ID": {"extra": f'Remote-Party-ID: "{FORGED}" <sip:{FORGED}@127.0.0.1>;party=calling\r\n'},
    "Privacy": {"extra": f"Privacy: {FORGED}\r\n HANGUP\r\n"},
    "folded P-Asserted-Identity": {"extra": 'P-Asserted-Identity: "a\r\n HANGUP\r\n " <sip:1@127.0.0.1>\r\n'},
    "dialplan expressions": {"sender": f'"${{EVAL(${{CHANNEL}})}},x)]\\"" <sip:{EXPRESSION}@127.0.0.1>'},
}


@pytest.mark.parametrize("trusted", [False, True], ids=["plain", "trusted"])
async def test_no_header_forges_an_event_or_an_agi_line(
    start_asterisk: StartAsterisk, shipped: dict[str, Any], trusted: bool
) -> None:
    shipped["gateways"][0]["trust_asserted_identity"] = trusted
    asterisk = await start_asterisk(HotlineConfig.model_validate(shipped))
    async with asterisk.ami() as ami, agi_of(asterisk) as agi, phone_of(asterisk) as phone:
        for fields in HOSTILE.values():
            hostile = asyncio.create_task(Call(phone, **fields).invite())
            channel = await expect_untouched(await agi.session())
            await hostile
            await ami.event("Hangup", Channel=channel)
            assert_nothing_forged(ami, asterisk)


async def test_hostile_request_uri_is_refused_and_forges_nothing(asterisk: RunningAsterisk) -> None:
    async with asterisk.ami() as ami, agi_of(asterisk) as agi, phone_of(asterisk) as phone:
        for number in (FORGED, f"9824{FORGED}", f"+49{FORGED}", EXPRESSION):
            assert (await Call(phone, number).invite()).status == 404, number
        await ami.action("Ping")
        assert agi.waiting == 0
        assert_nothing_forged(ami, asterisk)


def assert_nothing_forged(ami: Ami, asterisk: RunningAsterisk) -> None:
    """Every event bears the secret name, and no word of the attacker's is anywhere; FullyBooted answers the login."""
    others = [event for event in ami.events() if event["Event"] != "FullyBooted"]
    assert [event for event in others if event.get("SystemName") != asterisk.secrets.system_name] == []
    assert [message for message in ami.messages if "victim" in str(message) or "Forged" in str(message)] == []


async def expect_untouched(session: Session) -> str:
    """The AGI header block holds AGI headers only, and each answer is one line; then hang up. The channel's name."""
    assert all(line.startswith("agi_") for line in session.environment)
    assert [line for line in session.environment if "victim" in line or "Forged" in line] == []
    for name in (variables.FROM, variables.PRIVACY):
        await session.variable(name)
        assert await session.variable(variables.GATEWAY) == "haus", f"out of step after {name}"
    await session.command(f"SET VARIABLE {variables.NEXT} {variables.NEXT_HANGUP}")
    await session.command("HANGUP")
    session.close()
    return channel_of(session)


def channel_of(session: Session) -> str:
    return next(line.split(": ")[1] for line in session.environment if line.startswith("agi_channel: "))


# --- what the service may do ---------------------------------------------------------------------


async def test_ami_account_may_do_what_the_service_does_and_hears_what_it_needs(asterisk: RunningAsterisk) -> None:
    async with asterisk.ami() as ami, agi_of(asterisk) as agi, phone_of(asterisk) as phone:
        invited = asyncio.create_task(Call(phone).invite())
        session = await agi.session()
        await session.command(f"SET VARIABLE __{variables.CALL_ID} call-1")
        await session.command("ANSWER")
        await invited
        channel = channel_of(session)
        for action, fields, event in (
            ("Status", {"Channel": channel, "Variables": variables.CALL_ID}, "Status"),
            ("CoreShowChannels", {}, "CoreShowChannelsComplete"),
            ("DeviceStateList", {}, "DeviceStateListComplete"),
            ("PJSIPShowRegistrationsOutbound", {}, "OutboundRegistrationDetailComplete"),
            ("QueueStatus", {"Queue": QUEUE}, "QueueStatusComplete"),
        ):
            assert (await ami.action(action, **fields))["Response"] == "Success", action
            await ami.event(event)
        member = {"Queue": QUEUE, "Interface": "PJSIP/agent-anna"}
        for action, more in (("QueueAdd", {}), ("QueuePause", {"Paused": "true"}), ("QueueRemove", {})):
            assert (await ami.action(action, **member, **more))["Response"] == "Success", action
        playing = asyncio.create_task(session.command(f'CONTROL STREAM FILE {asterisk.state.music / "music"} ""'))
        await until_accepted(ami, "ControlPlayback", Channel=channel, Control="stop")
        assert (await playing).startswith("200 result=0")
        assert (await ami.action("Setvar", Variable="HL_ALIVE", Value="1"))["Response"] == "Success"
        assert (await ami.action("Hangup", Channel=channel))["Response"] == "Success"
        session.close()  # the channel lives until the AGI connection ends
        over = await ami.event("Hangup", Channel=channel)
        assert over["ChanVariable"] == "CALLID=call-1"


async def test_filter_for_older_versions_lets_the_same_events_through(
    start_asterisk: StartAsterisk, shipped: dict[str, Any]
) -> None:
    asterisk = await start_asterisk(HotlineConfig.model_validate(shipped), version=(20, 0))
    async with asterisk.ami() as ami, phone_of(asterisk) as phone:
        call = Call(phone)
        assert (await call.invite()).status == 200
        await call.hang_up()
        await ami.event("Hangup")
        assert {event["Event"] for event in ami.events()} <= set(EVENTS)


async def until_accepted(ami: Ami, action: str, **fields: str) -> None:
    """Try until the channel does what the action needs it to do."""
    while (await ami.action(action, **fields))["Response"] != "Success":  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)


async def test_ami_account_may_not_run_commands_or_read_files(asterisk: RunningAsterisk) -> None:
    async with asterisk.ami() as ami:
        for action, fields in (
            ("Command", {"Command": "core stop now"}),
            ("GetConfig", {"Filename": "manager.conf"}),
            ("ModuleLoad", {"LoadType": "unload", "Module": "res_agi.so"}),
            ("Getvar", {"Variable": "SHELL(id)"}),
        ):
            answer = await ami.action(action, **fields)
            assert answer["Response"] == "Error", action


# --- when the service is not there ---------------------------------------------------------------


async def test_service_that_dies_leaves_the_caller_to_the_fallback(asterisk: RunningAsterisk) -> None:
    async with agi_of(asterisk) as agi, phone_of(asterisk) as phone:
        for said in ("", variables.NEXT_QUEUE, variables.NEXT_DIAL):
            call = Call(phone)
            invited = asyncio.create_task(call.invite())
            session = await agi.session()
            await session.command(f'SET VARIABLE {variables.NEXT} "{said}"')
            session.close()
            assert (await invited).status == 200, f"the fallback answers after {said!r}"
            name = channel_of(session)
            await until_happened(
                asterisk.state.asterisk, happenings.FALLBACK, lambda row, name=name: row.channel == name
            )
            await call.hang_up()


async def test_service_that_ends_the_call_on_purpose_is_not_followed_by_the_fallback(
    asterisk: RunningAsterisk,
) -> None:
    async with agi_of(asterisk) as agi, phone_of(asterisk) as phone:
        invited = asyncio.create_task(Call(phone).invite())
        session = await agi.session()
        await session.command(f"SET VARIABLE {variables.NEXT} {variables.NEXT_HANGUP}")
        session.close()
        assert (await invited).status >= 400, "hung up before it was answered"
