"""A desk telephone made of bytes: registers, is called, dials, and hands calls on by REFER as no polite one would.

It says silence (RTP), so that Asterisk does not take it for dead.
"""

import asyncio
import re
import secrets
import socket
import struct
from dataclasses import dataclass, field

from tests.system.sip import PATIENCE, SDP, Answer, UdpPhone, accepting, digest

PACKET_SECONDS = 0.1
SILENCE = bytes([0xD5]) * 160


@dataclass
class Dialog:
    """One call of the telephone."""

    phone: "DeskPhone"
    id: str
    local: str
    """Our own address with its tag; `remote` is the other side's."""
    remote: str
    target: str
    sequence: int
    last: Answer
    """The INVITE that rings, or the newest answer to our own."""

    @property
    def replaces(self) -> str:
        """What stands behind Replaces= in Refer-To, to have this call replaced."""
        return f"{self.id}%3Bto-tag%3D{_tag(self.remote)}%3Bfrom-tag%3D{_tag(self.local)}"

    async def refer(self, to: str) -> int:
        """Ask the other side to call somebody else; the status of its answer."""
        return (await self._request("REFER", f"Refer-To: {to}\r\nReferred-By: {self.local}\r\n")).status

    async def hang_up(self) -> None:
        await self._request("BYE")

    async def _request(self, method: str, headers: str = "") -> Answer:
        self.sequence += 1
        self.phone.send(self.message(method, self.sequence, headers))
        return await self.phone.final_of(method)

    def message(self, method: str, sequence: int, headers: str = "") -> str:
        start = f"{method} {self.target} SIP/2.0\r\n{self.phone.via()}From: {self.local}\r\nTo: {self.remote}\r\n"
        return start + f"Call-ID: {self.id}\r\nCSeq: {sequence} {method}\r\n{self.phone.contact}{headers}{END}"


END = "Content-Length: 0\r\n\r\n"


@dataclass(eq=False)
class DeskPhone(UdpPhone):
    """`async with DeskPhone(port, "agent-anna", password) as phone`: registered."""

    server_port: int
    name: str
    password: str
    _outcomes: "asyncio.Queue[int]" = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        super().__init__(self.server_port)
        self._sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sound.bind(("127.0.0.1", 0))
        self._speaking: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "DeskPhone":
        await super().__aenter__()
        uri, contact = f"sip:127.0.0.1:{self.server_port}", f"Contact: <sip:{self.name}@{self.host}:{self.port}>"
        own = f"<sip:{self.name}@127.0.0.1>"
        answer = await self._authorized("REGISTER", uri, f"{own};tag=r", own, f"{contact};expires=300\r\n")
        assert answer.status == 200, answer.text
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._speaking:
            task.cancel()
        await asyncio.gather(*self._speaking, return_exceptions=True)
        self._sound.close()
        await super().__aexit__()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Answer(data.decode("utf-8", "replace"))
        if message.method == "NOTIFY":
            self._outcomes.put_nowait(int(message.text.partition("\r\n\r\n")[2].split()[1]))
        if message.method in {"NOTIFY", "CANCEL"}:
            self.reply(message, "200 OK")
        super().datagram_received(data, addr)

    async def take(self) -> Dialog:
        """Answer what rings next."""
        invite = await self.request("INVITE")
        own = f"{invite.header('To')};tag={secrets.token_hex(4)}"
        dialog = Dialog(self, invite.header("Call-ID"), own, invite.header("From"), _contact(invite), 0, invite)
        described = f"{self.contact}Content-Type: application/sdp\r\n"
        answer = accepting(invite, "200 OK", described).replace(f"To: {invite.header('To')}", f"To: {own}")
        self.send(answer.replace(END, self._described()))
        self._speak(invite)
        return dialog

    async def dial(self, extension: str, until: int = 200) -> Dialog:
        """Call until that status (180: it rings) or a refusal comes."""
        uri = f"sip:{extension}@127.0.0.1:{self.server_port}"
        own, call_id = f"<sip:{self.name}@127.0.0.1>;tag={secrets.token_hex(4)}", secrets.token_hex(8)
        answer = await self._authorized("INVITE", uri, own, f"<{uri}>", self.contact, call_id, until)
        dialog = Dialog(self, call_id, own, answer.header("To"), _contact(answer) or uri, 2, answer)
        if answer.status >= 200:
            self.send(dialog.message("ACK", 2))
        if answer.status == 200:
            self._speak(answer)
        return dialog

    async def until_told(self, status: int) -> None:
        """Until the other side says that of our REFER."""
        async with asyncio.timeout(PATIENCE):
            while await self._outcomes.get() != status:
                pass

    async def final_of(self, method: str, until: int = 200) -> Answer:
        while True:
            answer = await self.next()
            if answer.header("CSeq").endswith(f" {method}") and (answer.status >= 200 or answer.status == until):
                return answer

    @property
    def contact(self) -> str:
        return f"Contact: <sip:{self.name}@{self.host}:{self.port}>\r\n"

    def via(self) -> str:
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        return f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={branch};rport\r\nMax-Forwards: 70\r\n"

    async def _authorized(
        self, method: str, uri: str, own: str, other: str, headers: str, call_id: str = "", until: int = 200
    ) -> Answer:
        """Send it, be asked for the password, send it again."""
        call_id, login = call_id or secrets.token_hex(8), ""
        for sequence in (1, 2):
            via = self.via()
            start = f"{method} {uri} SIP/2.0\r\n{via}From: {own}\r\nTo: {other}\r\nCall-ID: {call_id}\r\n"
            end = self._described("Content-Type: application/sdp\r\n") if method == "INVITE" else END
            self.send(f"{start}CSeq: {sequence} {method}\r\n{headers}{login}{end}")
            answer = await self.final_of(method, until)
            if answer.status != 401:
                return answer
            login = self._login(answer, method, uri)
            if method == "INVITE":
                tagged = start.replace(f"To: {other}", f"To: {answer.header('To')}").replace("INVITE", "ACK", 1)
                self.send(f"{tagged}CSeq: {sequence} ACK\r\n{END}")
        return answer

    def _login(self, challenge: Answer, method: str, uri: str) -> str:
        asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.header("WWW-Authenticate")))
        quality = ":00000001:ab:auth"
        response = digest(self.name, self.password, asked["realm"], asked["nonce"], method, uri, quality)
        known = f'username="{self.name}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{uri}"'
        opaque = f', opaque="{asked["opaque"]}"' if "opaque" in asked else ""
        how = 'algorithm=MD5, qop=auth, nc=00000001, cnonce="ab"'
        return f'Authorization: Digest {known}, response="{response}", {how}{opaque}\r\n'

    def _described(self, before: str = "") -> str:
        body = SDP.format(port=self._sound.getsockname()[1])
        return f"{before}Content-Length: {len(body)}\r\n\r\n{body}"

    def _speak(self, described: Answer) -> None:
        port = re.search(r"^m=audio (\d+)", described.text, re.MULTILINE)
        assert port is not None, described.text
        self._speaking.append(asyncio.create_task(self._say_silence(int(port[1]))))

    async def _say_silence(self, port: int) -> None:
        for number in range(1 << 16):
            header = struct.pack("!BBHII", 0x80, 8, number, 160 * number, port)
            self._sound.sendto(header + SILENCE, ("127.0.0.1", port))
            await asyncio.sleep(PACKET_SECONDS)


def _tag(address: str) -> str:
    found = re.search(r";tag=([^;>\s]+)", address)
    return found[1] if found else ""


def _contact(message: Answer) -> str:
    found = re.search(r"<([^>]+)>", message.header("Contact"))
    return found[1] if found else ""
