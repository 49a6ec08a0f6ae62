"""A telephone made of bytes: sends exactly the SIP it is told to, over UDP or WebSocket, and reads the answers.

Real telephones refuse to send what an attacker sends; this one does not look at it.
"""

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PATIENCE = 10.0
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


@dataclass(frozen=True)
class Answer:
    """One SIP message that came in."""

    text: str

    @property
    def status(self) -> int:
        """Status code; 0 for a request."""
        words = self.text.split(" ", 2)
        return int(words[1]) if words[0] == "SIP/2.0" else 0

    @property
    def method(self) -> str:
        return "" if self.status else self.text.split(" ", 1)[0]

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}:\s*(.*?)\r?$", self.text, re.IGNORECASE | re.MULTILINE)
        return found[1] if found else ""


class UdpPhone(asyncio.DatagramProtocol):
    """`async with UdpPhone(server_port) as phone`: one socket on `host`."""

    def __init__(self, server_port: int, host: str = "127.0.0.1") -> None:
        self.server, self.host = ("127.0.0.1", server_port), host
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()

    async def __aenter__(self) -> "UdpPhone":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (self.host, 0))
        self.port: int = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = Answer(data.decode("utf-8", "replace"))
        if answer.method in {"BYE", "OPTIONS"}:
            self._accept(answer)
        self.answers.put_nowait(answer)

    def send(self, message: str) -> None:
        self._transport.sendto(message.encode("utf-8"), self.server)

    async def next(self) -> Answer:
        async with asyncio.timeout(PATIENCE):
            return await self.answers.get()

    async def final(self) -> Answer:
        """The next answer that is not provisional; requests of the other side are passed over."""
        while True:
            answer = await self.next()
            if answer.status >= 200:
                return answer

    async def request(self, method: str) -> Answer:
        """Wait until the other side sends this request."""
        while True:
            answer = await self.next()
            if answer.method == method:
                return answer

    def _accept(self, request: Answer) -> None:
        kept = "".join(f"{name}: {request.header(name)}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
        self.send(f"SIP/2.0 200 OK\r\n{kept}Content-Length: 0\r\n\r\n")


@dataclass
class Call:
    """One INVITE of a `UdpPhone`; every header may hold anything."""

    phone: UdpPhone
    number: str = "9824"
    sender: str = "<sip:057211234@127.0.0.1>"
    extra: str = ""
    """Further headers, each with its line break."""
    contact_user: str = "phone"
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def message(self, method: str, sequence: int, to_tag: str = "", body: str = "", branch: str = "") -> str:
        phone = self.phone
        to = f"<sip:{self.number}@127.0.0.1>" + (f";tag={to_tag}" if to_tag else "")
        return (
            f"{method} sip:{self.number}@127.0.0.1:{phone.server[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {phone.host}:{phone.port};branch=z9hG4bK{branch or secrets.token_hex(8)};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {self.sender};tag={self.id}\r\nTo: {to}\r\n"
            f"Call-ID: {self.id}\r\nCSeq: {sequence} {method}\r\n"
            f"Contact: <sip:{self.contact_user}@{phone.host}:{phone.port}>\r\n{self.extra}"
            + ("Content-Type: application/sdp\r\n" if body else "")
            + f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    async def invite(self) -> Answer:
        """Send INVITE, wait for the final answer and acknowledge it."""
        branch = secrets.token_hex(8)
        self.phone.send(self.message("INVITE", 1, body=SDP.format(port=self.phone.port + 1), branch=branch))
        answer = await self.phone.final()
        to_tag = re.search(r";tag=([^;\s]+)", answer.header("To"))
        self.to_tag = to_tag[1] if to_tag else ""
        self.phone.send(self.message("ACK", 1, self.to_tag, branch="" if answer.status == 200 else branch))
        return answer

    async def hang_up(self) -> Answer:
        self.phone.send(self.message("BYE", 2, self.to_tag))
        return await self.phone.final()


async def register(server_port: int, user: str, password: str, from_user: str | None = None) -> Answer:
    """Register over WebSocket as a browser does; the final answer after one try with the password."""
    async with aiohttp.ClientSession() as session:
        address = f"http://127.0.0.1:{server_port}/ws"
        async with session.ws_connect(address, protocols=("sip",), timeout=aiohttp.ClientWSTimeout(ws_close=2)) as ws:
            assert ws.protocol == "sip"
            name = from_user or user
            challenge = await _exchange(ws, name, 1, "")
            if challenge.status != 401:
                return challenge
            return await _exchange(ws, name, 2, _authorization(challenge, user, password))


async def _exchange(ws: Any, name: str, sequence: int, authorization: str) -> Answer:
    await ws.send_str(
        "REGISTER sip:127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/WS browser.invalid;branch=z9hG4bK{secrets.token_hex(8)}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:{name}@127.0.0.1>;tag=a\r\nTo: <sip:{name}@127.0.0.1>\r\n"
        f"Call-ID: {name}-registers\r\nCSeq: {sequence} REGISTER\r\n"
        f"Contact: <sip:x@browser.invalid;transport=ws>;expires=60\r\n{authorization}Content-Length: 0\r\n\r\n"
    )
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await ws.receive()
            raw = message.data if isinstance(message.data, bytes) else str(message.data).encode()
            answer = Answer(raw.decode("utf-8", "replace"))
            if answer.status >= 200:
                return answer


def _authorization(challenge: Answer, user: str, password: str) -> str:
    asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.header("WWW-Authenticate")))
    uri = "sip:127.0.0.1"

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    ha1, ha2 = md5(f"{user}:{asked['realm']}:{password}"), md5(f"REGISTER:{uri}")
    response = md5(f"{ha1}:{asked['nonce']}:00000001:ab:auth:{ha2}")
    return (
        f'Authorization: Digest username="{user}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="ab"'
        + (f', opaque="{asked["opaque"]}"' if "opaque" in asked else "")
        + "\r\n"
    )
