"""We register at a provider: with the password from the file, again after a refusal, and calls back to us arrive."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from config.schema import HotlineConfig
from dialplan import variables
from tests.ports import free_ports
from tests.system.agi import Agi
from tests.system.conftest import RunningAsterisk, StartAsterisk
from tests.system.sip import Answer, Call, UdpPhone, digest

PASSWORD = 'pass;word"#\\,'
REALM = "provider"


class Registrar(UdpPhone):
    """A provider's registrar: asks for the password and grants what it is told to grant."""

    def __init__(self, port: int) -> None:
        super().__init__(0, "127.0.0.3", port)
        self.granted: asyncio.Queue[str] = asyncio.Queue()
        """Contact of each registration."""
        self.refused: asyncio.Queue[str] = asyncio.Queue()
        self.refuse_next = False
        self.nonce = secrets.token_hex(8)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = Answer(data.decode())
        self.server = addr
        if request.method != "REGISTER":
            return super().datagram_received(data, addr)
        self._decide(request)
        return None

    def _decide(self, request: Answer) -> None:
        contact = request.header("Contact")
        if self.refuse_next:
            self.refuse_next = False
            self.reply(request, "403 Forbidden")
            self.refused.put_nowait(contact)
        elif not request.header("Authorization"):
            self.reply(request, "401 Unauthorized", self._challenge())
        elif self._is_right(request.header("Authorization")):
            self.reply(request, "200 OK", f"Contact: {contact};expires=300\r\n")
            self.granted.put_nowait(contact)
        else:
            self.reply(request, "403 Forbidden")
            self.refused.put_nowait("wrong password")

    def _challenge(self) -> str:
        return f'WWW-Authenticate: Digest realm="{REALM}", nonce="{self.nonce}", algorithm=MD5\r\n'

    def _is_right(self, authorization: str) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', authorization))
        return said["response"] == digest(said["username"], PASSWORD, REALM, self.nonce, "REGISTER", said["uri"])


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    async with Registrar(free_ports(1)[0]) as one:
        yield one


@pytest.fixture
def registering(shipped: dict[str, Any], short_directory: Path, registrar: Registrar) -> HotlineConfig:
    """The shipped configuration with one gateway more, which registers."""
    (short_directory / "state0").mkdir()
    (short_directory / "state0" / "provider.secret").write_text(f"{PASSWORD}\n")
    server = {"server": registrar.host, "port": registrar.port, "user": "4957219824", "retry_seconds": 1}
    shipped["gateways"].append(
        {
            "name": "provider",
            "registration": server | {"secret_file": "provider.secret"},
            "called_numbers": ["+49 5721 9824"],
        }
    )
    return HotlineConfig.model_validate(shipped)


async def next_of(queue: "asyncio.Queue[str]") -> str:
    async with asyncio.timeout(20):
        return await queue.get()


async def test_registers_with_every_character_of_the_password_and_again_after_a_refusal(
    start_asterisk: StartAsterisk, registering: HotlineConfig, registrar: Registrar
) -> None:
    registrar.refuse_next = True
    asterisk: RunningAsterisk = await start_asterisk(registering)
    await next_of(registrar.refused)
    assert "sip:+4957219824@127.0.0.1" in await next_of(registrar.granted)
    async with asterisk.ami() as ami:
        await ami.action("PJSIPShowRegistrationsOutbound")
        told = await ami.event("OutboundRegistrationDetail", ObjectName="gateway-provider")
        assert told["Status"] == "Registered"


@pytest.mark.parametrize("address", ["127.0.0.3", "127.0.0.4"], ids=["the registrar's", "another of the provider's"])
async def test_call_to_the_registered_contact_arrives_from_any_address_of_the_provider(
    start_asterisk: StartAsterisk, registering: HotlineConfig, registrar: Registrar, address: str
) -> None:
    asterisk: RunningAsterisk = await start_asterisk(registering)
    contact = await next_of(registrar.granted)
    parameters = re.search(r"@[^;>]*([^>]*)>", contact)
    assert parameters is not None
    async with Agi(registering.network.agi.port) as agi, UdpPhone(asterisk.sip_port, address) as provider:
        call = Call(provider, "+4957219824", uri_parameters=parameters[1])
        invited = asyncio.create_task(call.invite())
        session = await agi.session()
        assert await session.variable(variables.GATEWAY) == "provider"
        await session.command("ANSWER")
        assert (await invited).status == 200


async def test_call_with_a_guessed_line_is_refused(
    start_asterisk: StartAsterisk, registering: HotlineConfig, registrar: Registrar
) -> None:
    asterisk: RunningAsterisk = await start_asterisk(registering)
    await next_of(registrar.granted)
    async with UdpPhone(asterisk.sip_port, "127.0.0.4") as stranger:
        assert (await Call(stranger, "+4957219824", uri_parameters=";line=aaaaaaa").invite()).status == 401
