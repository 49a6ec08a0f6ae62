"""The provider's trunk, played by a second Asterisk: registration, numbers, keys, codecs, protection."""

import asyncio
import re
import socket
import subprocess
import sys
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.schema import HotlineConfig
from dialplan.pjsip import TLS_PORT_OFFSET
from hotline.phone import tones
from hotline.phone.call import PhoneCall, PhoneError
from hotline.setup.asterisk import Asterisk
from tests.system.chain import AgentAtWork, Chain, Snapshot, hear_each_other, hotline
from tests.system.conftest import StartAsterisk
from tests.system.manager import Ami
from tests.system.provider import Certificate, Provider, Trunk, patch
from tests.system.sip import SDP, Answer, Call, UdpPhone

CALLER = "+495721777001"
PATIENCE = 20.0


@dataclass
class Site:
    """What a test needs to put up a provider and a hotline."""

    installation: Asterisk
    directory: Path
    raw: dict[str, Any]
    patch: Callable[[str, str, str], None]
    """Replace text in one of Asterisk's rendered files."""

    def provider(self, trunk: Trunk, certificate: Certificate | None = None) -> Provider:
        return Provider(self.installation, self.directory / "provider", trunk, certificate)

    def trust(self, certificate: Certificate) -> None:
        """Our Asterisk shows this certificate, and believes it instead of the system's authorities."""
        file = str(certificate.file)
        self.raw["network"]["tls"] = {"certificate_file": file, "key_file": str(certificate.key), "ca_file": file}

    @property
    def hotline(self) -> str:
        """Where it listens for SIP."""
        return f"127.0.0.1:{self.raw['network']['sip']['port']}"

    @property
    def hotline_by_tls(self) -> str:
        return f"127.0.0.1:{self.raw['network']['sip']['port'] + TLS_PORT_OFFSET}"

    @property
    def secret_file(self) -> Path:
        return self.directory / "provider.secret"


@pytest.fixture
def site(
    installation: Asterisk, short_directory: Path, shipped: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Site:
    shipped["menu"]["silence_seconds"] = 2

    return Site(installation, short_directory, shipped, partial(patch, monkeypatch))


async def pressed(chain: Chain, provider: Provider, user: str = CALLER, number: str = "9824", **how: Any) -> PhoneCall:
    """A caller behind the provider who was answered and has pressed 4."""
    phone = await chain.phone(user)
    call = await phone.dial(provider.uri(number), **how)
    await call.answered()
    await call.press("4")
    return call


async def offered(agent: AgentAtWork) -> Snapshot:
    """What the page shows of the call that is offered, once it is there."""
    shown = await agent.until(lambda snapshot: snapshot["state"] == "offered" and snapshot["call"])
    call: Snapshot = shown["call"]
    return call


async def taken(agent: AgentAtWork) -> PhoneCall:
    await offered(agent)
    ringing = await agent.phone.incoming()
    await ringing.answer()
    await agent.until_state("talking")
    return ringing


async def settled(agent: AgentAtWork, *calls: PhoneCall) -> None:
    for call in calls:
        await call.hang_up()
    await agent.until_state("wrap_up")
    await agent.dispose("settled")
    await agent.until_state("ready")


# --- registration --------------------------------------------------------------------------------


async def registered_as(ami: Ami, wanted: str) -> None:
    """Wait until Asterisk says so of our registration."""
    status = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while (status := await registration(ami)) != wanted:  # noqa: ASYNC110 - its events come before its state
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"the registration is {status!r} and never became {wanted!r}") from None


async def registration(ami: Ami) -> str:
    asked = await ami.action("PJSIPShowRegistrationsOutbound")
    detail = await ami.event("OutboundRegistrationDetail", ActionID=asked["ActionID"])
    assert detail["ObjectName"] == "gateway-provider"
    return detail["Status"]


async def doctor(chain: Chain) -> str:
    """What `hotline doctor` says of the provider."""
    asked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "hotline", "doctor", "--state", str(chain.asterisk.state.path)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asked.communicate()
    found = re.search(r"^.*Gateway provider.*$", said.decode(), re.MULTILINE)
    assert found is not None, said.decode()
    return found[0]


LOST = "Rejected"
"""Asterisk's word for every failed try, whether the provider refused or did not answer."""


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_lost_registration_is_seen_and_regained_and_calls_come_again(
    site: Site, start_asterisk: StartAsterisk, end: str
) -> None:
    site.patch("pjsip.conf", "[global]", "[system]\ntype = system\ntimer_t1 = 100\ntimer_b = 6400\n\n[global]")
    provider = site.provider(Trunk())
    site.raw["gateways"].append(provider.gateway(site.secret_file))
    async with provider, hotline(start_asterisk, site.raw) as chain, chain.asterisk.ami() as ami:
        anna = await chain.agent("anna")
        await registered_as(ami, "Registered")
        assert "angemeldet bei 127.0.0.2" in await doctor(chain)
        call = await pressed(chain, provider)
        await hear_each_other(call, await taken(anna))
        await settled(anna, call)
        await getattr(provider, end)()
        await registered_as(ami, LOST)
        assert "antwortet nicht" in await doctor(chain)
        await provider.start()
        await registered_as(ami, "Registered")
        call = await pressed(chain, provider)
        await hear_each_other(call, await taken(anna))


async def test_wrong_secret_is_told_and_the_hotline_goes_on(site: Site, start_asterisk: StartAsterisk) -> None:
    provider = site.provider(Trunk())
    site.raw["gateways"].append(provider.gateway(site.secret_file))
    site.secret_file.write_text("wrong\n")
    async with provider, hotline(start_asterisk, site.raw) as chain, chain.asterisk.ami() as ami:
        await registered_as(ami, "Rejected")
        assert "weist die Anmeldung ab" in await doctor(chain)
        anna = await chain.agent("anna")
        house = await (await chain.phone(CALLER)).dial(chain.address)
        await house.answered()
        await house.press("4")
        await offered(anna)


async def test_shortest_registration_is_not_renewed_without_a_pause(site: Site, start_asterisk: StartAsterisk) -> None:
    """Asterisk renews ten seconds before the end, and without any pause when there is no such moment."""
    provider = site.provider(Trunk())
    gateway = provider.gateway(site.secret_file)
    site.raw["gateways"].append(gateway)
    async with provider, provider.ami() as there:
        asterisk = await start_asterisk(with_shortest_registration(site.raw, gateway))
        async with asterisk.ami() as ami:
            await registered_as(ami, "Registered")
            await asyncio.sleep(3)
        renewed = [event for event in there.events() if event["Event"] == "SuccessfulAuth"]
        assert 1 <= len(renewed) <= 4, f"{len(renewed)} registrations in 3 s"


def with_shortest_registration(raw: dict[str, Any], gateway: dict[str, Any]) -> HotlineConfig:
    for seconds in range(1, 60):
        gateway["registration"]["expires_seconds"] = seconds
        try:
            return HotlineConfig.model_validate(raw)
        except ValidationError:
            continue
    raise AssertionError("no registration of less than a minute is allowed: this test needs another bound")


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["rfc4733", "inband", "info"])
async def test_keys_are_understood_in_each_way_a_provider_sends_them(
    site: Site, start_asterisk: StartAsterisk, mode: str
) -> None:
    provider = site.provider(Trunk(dtmf=mode, hotline=site.hotline))
    site.raw["gateways"].append(provider.gateway(dtmf=mode))
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        await pressed(chain, provider)
        assert (await offered(anna))["request_type"]["key"] == "rent"


# --- who calls -----------------------------------------------------------------------------------


async def shown_number(chain: Chain, agent: AgentAtWork, provider: Provider, user: str, **how: Any) -> str | None:
    """What the agent's page says of a caller who sends this number."""
    call = await pressed(chain, provider, user, **how)
    number: str | None = (await offered(agent))["caller"]
    await call.hang_up()
    await agent.until_state("ready")
    return number


async def test_numbers_without_country_code_are_read_as_local(site: Site, start_asterisk: StartAsterisk) -> None:
    provider = site.provider(Trunk(hotline=site.hotline))
    site.raw["gateways"].append(provider.gateway(numbers_without_prefix="local"))
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        for sent in ("+495721777001", "00495721777001", "05721777001", "777001"):
            assert await shown_number(chain, anna, provider, sent) == "05721 777001", sent


async def test_numbers_without_plus_are_read_as_international_where_the_provider_writes_so(
    site: Site, start_asterisk: StartAsterisk
) -> None:
    provider = site.provider(Trunk(hotline=site.hotline))
    site.raw["gateways"].append(provider.gateway(numbers_without_prefix="international"))
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        for sent in ("495721777001", "+495721777001", "00495721777001", "05721777001"):
            assert await shown_number(chain, anna, provider, sent) == "05721 777001", sent
        assert await shown_number(chain, anna, provider, "4915112345678") == "01511 2345678"


@pytest.mark.parametrize("trusted", [False, True], ids=["untrusted", "trusted"])
async def test_asserted_identity_counts_only_where_it_is_trusted(
    site: Site, start_asterisk: StartAsterisk, trusted: bool
) -> None:
    provider = site.provider(Trunk(hotline=site.hotline))
    site.raw["gateways"].append(provider.gateway(trust_asserted_identity=trusted))
    asserted = {"P-Asserted-Identity": '"Somebody" <sip:+495721777888@provider.example>'}
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        number = await shown_number(chain, anna, provider, CALLER, headers=asserted)
        assert number == ("05721 777888" if trusted else "05721 777001")
        tel = {"P-Asserted-Identity": "<tel:+495721777888>"}
        number = await shown_number(chain, anna, provider, "anonymous", headers=tel)
        assert number == ("05721 777888" if trusted else None)


async def test_withheld_number_is_not_shown_although_the_provider_asserts_it(
    site: Site, start_asterisk: StartAsterisk
) -> None:
    provider = site.provider(Trunk(hotline=site.hotline, asserts=True))
    site.raw["gateways"].append(provider.gateway(trust_asserted_identity=True))
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        assert await shown_number(chain, anna, provider, CALLER) == "05721 777001"
        assert await shown_number(chain, anna, provider, CALLER, headers={"X-Withheld": "yes"}) is None
        assert await shown_number(chain, anna, provider, CALLER, headers={"Privacy": "id"}) is None
        assert await shown_number(chain, anna, provider, "anonymous", headers={"Privacy": "id"}) is None


async def test_each_way_of_writing_our_number_is_answered_and_any_other_is_refused(
    site: Site, start_asterisk: StartAsterisk
) -> None:
    provider = site.provider(Trunk())
    site.raw["gateways"].append(provider.gateway(site.secret_file))
    async with provider, hotline(start_asterisk, site.raw) as chain, chain.asterisk.ami() as ami:
        await registered_as(ami, "Registered")
        phone = await chain.phone(CALLER)
        for number in ("+4957219824", "004957219824", "057219824", "9824"):
            call = await phone.dial(provider.uri(number))
            await call.answered()
            await call.hang_up()
        for number in ("98240", "982", "+4957219825", "110", "004915112345678"):
            with pytest.raises(PhoneError) as refused:
                await (await phone.dial(provider.uri(number))).answered()
            assert refused.value.status == 404, number


# --- transports ----------------------------------------------------------------------------------


async def test_calls_come_over_tcp(site: Site, start_asterisk: StartAsterisk) -> None:
    provider = site.provider(Trunk(transport="tcp", hotline=site.hotline))
    site.raw["gateways"].append(provider.gateway())
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        await hear_each_other(await pressed(chain, provider), await taken(anna))


async def test_registration_over_tcp_is_regained_at_once(site: Site, start_asterisk: StartAsterisk) -> None:
    provider = site.provider(Trunk(transport="tcp"))
    site.raw["gateways"].append(provider.gateway(site.secret_file))
    async with provider, hotline(start_asterisk, site.raw) as chain, chain.asterisk.ami() as ami:
        await registered_as(ami, "Registered")
        await provider.kill()
        await registered_as(ami, LOST)
        await provider.start()
        await registered_as(ami, "Registered")
        anna = await chain.agent("anna")
        await pressed(chain, provider)
        await offered(anna)


@pytest.fixture
def certificate(short_directory: Path) -> Certificate:
    key, file = short_directory / "key.pem", short_directory / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-subj", "/CN=127.0.0.2", "-addext", "subjectAltName=IP:127.0.0.2,IP:127.0.0.1"]
    subprocess.run([*make, "-keyout", key, "-out", file, "-days", "1", *named], check=True, capture_output=True)
    return Certificate(key, file)


async def test_registered_trunk_by_tls_with_srtp_carries_a_conversation(
    site: Site, start_asterisk: StartAsterisk, certificate: Certificate
) -> None:
    site.trust(certificate)
    provider = site.provider(Trunk(transport="tls", srtp=True), certificate)
    site.raw["gateways"].append(provider.gateway(site.secret_file, srtp=True))
    async with provider, hotline(start_asterisk, site.raw) as chain, chain.asterisk.ami() as ami:
        await registered_as(ami, "Registered")
        anna = await chain.agent("anna")
        call = await pressed(chain, provider)
        await hear_each_other(call, await taken(anna))


async def test_provider_whose_certificate_nobody_vouches_for_gets_no_registration(
    site: Site, start_asterisk: StartAsterisk, certificate: Certificate
) -> None:
    provider = site.provider(Trunk(transport="tls"), certificate)
    site.raw["gateways"].append(provider.gateway(site.secret_file))
    async with provider, provider.ami() as there, hotline(start_asterisk, site.raw) as chain:
        async with chain.asterisk.ami() as ami:
            await registered_as(ami, LOST)
        assert [event for event in there.events() if event["Event"] in {"ChallengeSent", "ContactStatus"}] == []


async def test_provider_that_opens_the_tls_connection_to_us_gets_through(
    site: Site, start_asterisk: StartAsterisk, certificate: Certificate
) -> None:
    """As one identified by address does."""
    site.trust(certificate)
    provider = site.provider(Trunk(transport="tls", srtp=True, hotline=site.hotline_by_tls), certificate)
    site.raw["gateways"].append(provider.gateway(srtp=True))
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        await hear_each_other(await pressed(chain, provider), await taken(anna))


async def test_unprotected_sound_is_refused_where_srtp_is_demanded(
    site: Site, start_asterisk: StartAsterisk, certificate: Certificate
) -> None:
    site.trust(certificate)
    provider = site.provider(Trunk(transport="tls", srtp=False), certificate)
    site.raw["gateways"].append(provider.gateway(site.secret_file, srtp=True))
    async with provider, hotline(start_asterisk, site.raw) as chain, chain.asterisk.ami() as ami:
        await registered_as(ami, "Registered")
        with pytest.raises(PhoneError) as refused:
            await (await (await chain.phone(CALLER)).dial(provider.uri())).answered()
        assert refused.value.status == 488


# --- sound ---------------------------------------------------------------------------------------


async def answered(phone: UdpPhone, codecs: str) -> tuple[Call, Answer]:
    """A call that offers these payload types, and the final answer."""
    call = Call(phone)
    sdp = SDP.format(port=phone.port + 1).replace("RTP/AVP 8 101", f"RTP/AVP {codecs} 101")
    phone.send(call.message("INVITE", 1, body=sdp, branch="offer"))
    answer = await phone.final()
    to_tag = re.search(r";tag=([^;\s]+)", answer.header("To"))
    call.to_tag = to_tag[1] if to_tag else ""
    phone.send(call.message("ACK", 1, call.to_tag, branch="" if answer.status == 200 else "offer"))
    return call, answer


@pytest.mark.parametrize(
    ("ours", "offered", "chosen"),
    [
        (["alaw", "g722"], "8 9", "8"),
        (["alaw", "g722"], "9 8 0", "8"),
        (["alaw", "g722"], "9 0", "9"),
        (["g722", "alaw"], "8 9", "9"),
        (["alaw", "g722"], "0 3", ""),
    ],
)
async def test_the_first_of_our_codecs_that_the_caller_knows_is_used(
    site: Site, start_asterisk: StartAsterisk, ours: list[str], offered: str, chosen: str
) -> None:
    site.raw["gateways"][0]["codecs"] = ours
    async with hotline(start_asterisk, site.raw) as chain, UdpPhone(chain.asterisk.sip_port) as phone:
        call, answer = await answered(phone, offered)
        assert answer.status == (200 if chosen else 488)
        media = re.search(r"^m=audio \d+ RTP/AVP (\d+)", answer.text, re.MULTILINE)
        assert (media[1] if media else "") == chosen
        if chosen:
            await call.hang_up()


WIDEBAND_TONE = 5000.0
"""Hz; no sound of 8 kHz can hold it."""


async def test_wideband_caller_hears_the_menu_in_wideband(site: Site, start_asterisk: StartAsterisk) -> None:
    provider = site.provider(Trunk(codecs="g722", hotline=site.hotline))
    site.raw["gateways"].append(provider.gateway())
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        wide = chain.asterisk.state.prompts / "greeting.wav16"
        with wave.open(str(wide), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(tones.tone((WIDEBAND_TONE,), 4.0, 16000))
        phone = await chain.phone(CALLER, codecs=("g722",))
        call = await phone.dial(provider.uri())
        await call.answered()
        await call.sound()
        heard = await call.hear(1.0)
        assert heard.rate == 16000
        assert heard.has_tone(WIDEBAND_TONE)
        await call.press("4")
        await offered(anna)


async def test_caller_who_vanished_is_let_go(site: Site, start_asterisk: StartAsterisk) -> None:
    provider = site.provider(Trunk(hotline=site.hotline))
    site.raw["gateways"].append({**provider.gateway(), "silence_seconds": 3})
    async with provider, hotline(start_asterisk, site.raw) as chain:
        anna = await chain.agent("anna")
        talking = await vanishing(chain, provider, CALLER)
        await taken(anna)
        waiting = await vanishing(chain, provider, "+495721777002")
        await chain.steps("+495721777002", "joined_line")
        await talking.kill()
        await waiting.kill()
        await anna.until_state("wrap_up")
        ends = [await chain.steps(number, "call_ended") for number in (CALLER, "+495721777002")]
        assert [steps[-1].codes.get("how") for steps in ends] == ["talked", "left_waiting"]


async def vanishing(chain: Chain, provider: Provider, user: str) -> Any:
    """The phone of a caller who has pressed 4."""
    phone = await chain.phone(user)
    call = await phone.dial(provider.uri())
    await call.answered()
    await call.press("4")
    return phone


class Listener(asyncio.DatagramProtocol):
    """Hears RTP: where each packet came from."""

    def __init__(self) -> None:
        self.sources: list[tuple[str, int]] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.sources.append(addr)


async def test_sound_goes_through_our_asterisk_and_never_directly(site: Site, start_asterisk: StartAsterisk) -> None:
    loop, listener = asyncio.get_running_loop(), Listener()
    async with hotline(start_asterisk, site.raw) as chain, UdpPhone(chain.asterisk.sip_port) as phone:
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind(("127.0.0.1", phone.port + 1))
        transport, _ = await loop.create_datagram_endpoint(lambda: listener, sock=ear)
        try:
            anna = await chain.agent("anna")
            assert (await Call(phone).invite()).status == 200
            agent = await taken(anna)
            listener.sources.clear()
            await agent.play_tone(880, seconds=1.5)
            rtp = chain.config.network.rtp
            assert len(listener.sources) > 50
            assert {host for host, _ in listener.sources} == {"127.0.0.1"}
            (port,) = {port for _, port in listener.sources}
            assert rtp.start <= port <= rtp.end + 1
            others = [phone.answers.get_nowait().method for _ in range(phone.answers.qsize())]
            assert "INVITE" not in others
        finally:
            transport.close()
