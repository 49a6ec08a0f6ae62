"""What a hostile caller writes into SIP headers, from the gateway to the agent's page, ledger and log: nothing forged.

An AMI account that may see everything watches; test_asterisk_start.py looks at the AGI side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.system.chain import AgentAtWork, Chain, Snapshot, hotline
from tests.system.conftest import StartAsterisk
from tests.system.manager import Ami
from tests.system.provider import AMI_SECRET, AMI_USER, ENTRY_IN_AMI, patch
from tests.system.sip import Call, UdpPhone

CALLER = "+495721777001"

FORGED = "%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aChannel%3a%20PJSIP/victim-1%0d%0aForged%3a%20yes%0d%0a%0d%0a"
PLAIN = "${EVAL(${GLOBAL(victim)})}$[1+1],victim)]"
ENCODED = "%24%7BEVAL(%24%7BGLOBAL(victim)%7D)%7D%24%5B1%2B1%5D,victim)%5D%22"


@dataclass
class HostileCall(Call):
    """A call whose Contact has a display name too."""

    contact_name: str = ""

    def message(self, *what: Any, **known: Any) -> str:
        return super().message(*what, **known).replace("Contact: <", f'Contact: "{self.contact_name}" <', 1)


USER_PARTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "From": lambda text: {"sender": f"<sip:05{text}@127.0.0.1>"},
    "Contact": lambda text: {"contact_user": text},
    "P-Asserted-Identity": lambda text: {"extra": f"P-Asserted-Identity: <sip:05{text}@127.0.0.1>\r\n"},
    "P-Asserted-Identity without a host": lambda text: {"extra": f"P-Asserted-Identity: <tel:05{text}>\r\n"},
    "Diversion": lambda text: {"extra": f"Diversion: <sip:05{text}@127.0.0.1>;reason=no-answer\r\n"},
    "Privacy": lambda text: {"extra": f"Privacy: {text}\r\n"},
}
DISPLAY_NAMES: dict[str, Callable[[str], dict[str, Any]]] = {
    "From": lambda text: {"sender": f'"{text}" <sip:057211234@127.0.0.1>'},
    "Contact": lambda text: {"contact_name": text},
    "P-Asserted-Identity": lambda text: {"extra": f'P-Asserted-Identity: "{text}" <sip:057211234@127.0.0.1>\r\n'},
    "Diversion": lambda text: {"extra": f'Diversion: "{text}" <sip:1@127.0.0.1>;reason="{text}"\r\n'},
}
ATTACKS = [(place, fields(text)) for place, fields in USER_PARTS.items() for text in (FORGED, ENCODED)]
ATTACKS += [(place, fields(text)) for place, fields in DISPLAY_NAMES.items() for text in (FORGED, ENCODED, PLAIN)]
EVERYTHING: dict[str, Any] = {
    "sender": f'"{PLAIN}" <sip:05{FORGED}@127.0.0.1>',
    "contact_user": ENCODED,
    "contact_name": FORGED,
    "extra": f'P-Asserted-Identity: "{PLAIN}" <sip:05{FORGED}@127.0.0.1>\r\nDiversion: <sip:05{FORGED}@127.0.0.1>\r\n',
}


@pytest.mark.parametrize("trusted", [False, True], ids=["plain", "trusted"])
async def test_no_header_forges_anything_from_the_gateway_to_the_agents_page(
    start_asterisk: StartAsterisk,
    shipped: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    trusted: bool,
) -> None:
    shipped["menu"]["silence_seconds"] = 2
    shipped["gateways"][0]["trust_asserted_identity"] = trusted
    patch(monkeypatch, "manager.conf", "[hotline]", f"{ENTRY_IN_AMI}\n[hotline]")
    async with hotline(start_asterisk, shipped) as chain, UdpPhone(chain.asterisk.sip_port) as phone:
        anna = await chain.agent("anna")
        async with Ami(chain.config.network.ami.port, AMI_USER, AMI_SECRET) as observer:
            for place, fields in ATTACKS:
                await hostile(HostileCall(phone, **fields), observer, place)
            for number in (FORGED, ENCODED, f"9824{FORGED}", f"9824{ENCODED}", f"+4957219824{FORGED}"):
                assert (await HostileCall(phone, number).invite()).status == 404, number
            assert_only_genuine(observer, chain)
            await hostile_call_on_the_page(HostileCall(phone, **EVERYTHING), anna)
            assert_only_genuine(observer, chain)
        await honest_call_on_the_page(anna, chain)
        stored = b"".join(file.read_bytes() for file in chain.asterisk.state.path.glob("moved.sqlite*"))
        assert b"victim" not in stored
        assert b"Forged" not in stored
        logged = "\n".join([*capfd.readouterr(), *chain.asterisk.lines])
        assert [line for line in logged.splitlines() if "victim" in line or "Forged" in line] == []
        assert "call arrived" in logged


async def hostile(call: Call, observer: Ami, place: str) -> None:
    """The call is answered like any other, hangs up, and its own channel ends."""
    before = len(observer.messages)
    assert (await call.invite()).status == 200, place
    await call.hang_up()
    await observer.wait_for(lambda _: any(is_end(message) for message in observer.messages[before:]))


def is_end(message: dict[str, str]) -> bool:
    return message.get("Event") == "Hangup" and message.get("Channel", "").startswith("PJSIP/gateway-haus-")


def assert_only_genuine(observer: Ami, chain: Chain) -> None:
    """Every event bears the secret name; the attacker's words are no event's name and no channel's."""
    name = chain.asterisk.secrets.system_name
    events = [event for event in observer.events() if event["Event"] != "FullyBooted"]
    assert len(events) > 100
    assert [event for event in events if event.get("SystemName") != name] == []
    assert [message for message in observer.messages if "Forged" in message] == []
    assert [message for message in observer.messages if "victim" in message.get("Channel", "")] == []


async def hostile_call_on_the_page(call: Call, anna: AgentAtWork) -> None:
    """An attacker who waits until a person is rung has no number, and none of his words is on the screen."""
    assert (await call.invite()).status == 200
    shown = await offered(anna)
    assert shown["call"]["caller"] is None
    assert "victim" not in str(shown)
    await call.hang_up()
    await anna.until_state("ready")


async def honest_call_on_the_page(anna: AgentAtWork, chain: Chain) -> None:
    call = await (await chain.phone(CALLER)).dial(chain.address)
    await call.answered()
    await call.press("4")
    shown = await offered(anna)
    assert shown["call"]["caller"] == "05721 777001"
    assert shown["call"]["earlier_calls"] == 0
    assert "victim" not in str(shown)


async def offered(anna: AgentAtWork) -> Snapshot:
    return await anna.until(lambda snapshot: snapshot["state"] == "offered" and snapshot["call"])
