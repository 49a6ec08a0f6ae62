"""A telephone made of bytes: sends exactly the SIP it is told to, over UDP or WebSocket, and reads the answers.

Real telephones refuse to send what an attacker sends; this one does not look at it.
"""

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass, field

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

    def __init__(self, server_port: int, host: str = "127.0.0.1", port: int = 0) -> None:
        self.server, self.host, self.port = ("127.0.0.1", server_port), host, port
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()

    async def __aenter__(self) -> "UdpPhone":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (self.host, self.port))
        self.port = self._transport.get_extra_info("sockname")[1]
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
        self.reply(request, "200 OK")

    def reply(self, request: Answer, status: str, headers: str = "") -> None:
        self.send(accepting(request, status, headers))


@dataclass
class Call:
    """One INVITE of a `UdpPhone`; every header may hold anything."""

    phone: UdpPhone
    number: str = "9824"
    sender: str = "<sip:057211234@127.0.0.1>"
    extra: str = ""
    """Further headers, each with its line break."""
    contact_user: str = "phone"
    uri_parameters: str = ""
    """Of the request URI, each with its semicolon."""
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def message(self, method: str, sequence: int, to_tag: str = "", body: str = "", branch: str = "") -> str:
        phone = self.phone
        to = f"<sip:{self.number}@127.0.0.1>" + (f";tag={to_tag}" if to_tag else "")
        return (
            f"{method} sip:{self.number}@127.0.0.1:{phone.server[1]}{self.uri_parameters} SIP/2.0\r\n"
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


class WebPhone:
    """`async with WebPhone(websocket_port, "agent-anna") as phone`: a browser's telephone, without its sound."""

    def __init__(self, server_port: int, name: str) -> None:
        self._address, self._name, self._sequence = f"http://127.0.0.1:{server_port}/ws", name, 0
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()

    async def __aenter__(self) -> "WebPhone":
        self._session = aiohttp.ClientSession()
        timeout = aiohttp.ClientWSTimeout(ws_close=2)
        self._socket = await self._session.ws_connect(self._address, protocols=("sip",), timeout=timeout)
        assert self._socket.protocol == "sip"
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()
        await self._session.close()

    async def register(self, user: str, password: str) -> Answer:
        """The final answer after one try with this user's password."""
        challenge = await self._exchange("")
        if challenge.status != 401:
            return challenge
        return await self._exchange(_authorization(challenge, user, password))

    async def _exchange(self, authorization: str) -> Answer:
        name, self._sequence = self._name, self._sequence + 1
        await self._socket.send_str(
            "REGISTER sip:127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/WS browser.invalid;branch=z9hG4bK{secrets.token_hex(8)}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:{name}@127.0.0.1>;tag=a\r\nTo: <sip:{name}@127.0.0.1>\r\n"
            f"Call-ID: {name}-registers\r\nCSeq: {self._sequence} REGISTER\r\n"
            f"Contact: <sip:x@browser.invalid;transport=ws>;expires=60\r\n{authorization}Content-Length: 0\r\n\r\n"
        )
        async with asyncio.timeout(PATIENCE):
            return await self._answers.get()

    async def _read(self) -> None:
        """Answers go to who asked; being asked OPTIONS, it answers that it is there."""
        async for message in self._socket:
            raw = message.data if isinstance(message.data, bytes) else str(message.data).encode()
            answer = Answer(raw.decode("utf-8", "replace"))
            if answer.status >= 200:
                self._answers.put_nowait(answer)
            elif answer.method == "OPTIONS":
                await self._socket.send_str(accepting(answer))


def accepting(request: Answer, status: str = "200 OK", headers: str = "") -> str:
    """The answer to this request."""
    kept = "".join(f"{name}: {request.header(name)}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
    return f"SIP/2.0 {status}\r\n{kept}{headers}Content-Length: 0\r\n\r\n"


def _authorization(challenge: Answer, user: str, password: str) -> str:
    asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.header("WWW-Authenticate")))
    uri = "sip:127.0.0.1"
    response = digest(user, password, asked["realm"], asked["nonce"], "REGISTER", uri, quality=":00000001:ab:auth")
    return (
        f'Authorization: Digest username="{user}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="ab"'
        + (f', opaque="{asked["opaque"]}"' if "opaque" in asked else "")
        + "\r\n"
    )


def digest(user: str, password: str, realm: str, nonce: str, method: str, uri: str, quality: str = "") -> str:
    """The response of RFC 2617; `quality` holds count, client nonce and "auth" when the server asked for them."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    return md5(f"{md5(f'{user}:{realm}:{password}')}:{nonce}{quality}:{md5(f'{method}:{uri}')}")
