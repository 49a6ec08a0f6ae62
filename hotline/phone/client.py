"""How a telephone is used: start, dial, register, be called; the telephone is a process of its own (process.py)."""

import asyncio
import json
import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from hotline.phone.call import Dtmf, PhoneCall, PhoneError

START_SECONDS = 15.0
LINE_LIMIT = 1 << 26
"""A line may hold minutes of sound."""
CODECS = {"alaw": "pcma", "ulaw": "pcmu", "g722": "g722/16000/1"}
SENT_AS = {Dtmf.RFC4733: "rtpevent", Dtmf.INFO: "info", Dtmf.INBAND: "rtpevent"}
FORBIDDEN = frozenset('\r\n\0"<>;\\')


class Phone:
    """A telephone: `async with Phone() as phone:`.

    `address` and `port` are where it listens for SIP (0: any free port). `user` and `display` stand in From of the
    calls it dials, `user` as it is, also "anonymous" or percent-encoded. `rtp` is its range of ports for sound; keep
    it away from Asterisk's. `trace` writes every SIP message to stderr.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        address: str = "127.0.0.1",
        user: str = "+495721777",
        display: str = "",
        domain: str | None = None,
        dtmf: Dtmf | str = Dtmf.RFC4733,
        codecs: Sequence[str] = ("alaw",),
        transport: str = "udp",
        rtp: tuple[int, int] = (26000, 31998),
        trace: bool = False,
    ) -> None:
        self.port, self.address = port, address
        self._user, self._display, self._domain = user, display, domain
        self._dtmf, self._codecs, self._transport = Dtmf(dtmf), tuple(codecs), transport
        self._rtp, self._trace = rtp, trace
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._last = 0
        self._calls: dict[int, PhoneCall] = {}
        self._early: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        self._incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def pid(self) -> int:
        """Of the telephone's process; 0 when it is not running."""
        return self._process.pid if self._process is not None else 0

    # --- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the process and open its port; `close` or `kill` belongs to it."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-P",  # a `hotline` directory where we happen to be started must not shadow ours
            "-m",
            "hotline.phone",
            *(["--trace"] if self._trace else []),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if self._trace else asyncio.subprocess.DEVNULL,
            limit=LINE_LIMIT,
        )
        self._reader = asyncio.create_task(self._read(), name="phone")
        try:
            async with asyncio.timeout(START_SECONDS):
                started = await self._start_listening()
        except BaseException as error:
            await self.kill()
            if isinstance(error, TimeoutError):
                raise PhoneError("the telephone did not start in time: is the machine overloaded?") from None
            raise
        self.port = started["port"]

    async def _start_listening(self) -> dict[str, Any]:
        try:
            return await self.do(
                "start",
                address=self.address,
                port=self.port,
                transport=self._transport,
                rtp=list(self._rtp),
                trace=self._trace,
            )
        except PhoneError as error:
            where = f"{self.address}:{self.port}"
            raise PhoneError(f"the telephone cannot listen on {where} ({error}): choose another port") from None

    async def close(self) -> None:
        """Hang up, unregister, end the process."""
        await self._end(lambda process: process.stdin.close() if process.stdin else None)

    async def kill(self) -> None:
        """End the process at once, without BYE: a telephone whose plug was pulled."""
        await self._end(lambda process: process.kill())

    async def _end(self, how: Any) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            how(process)
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader

    # --- calls -------------------------------------------------------------------------------

    async def dial(
        self,
        uri: str,
        *,
        user: str | None = None,
        password: str | None = None,
        display: str | None = None,
        headers: Mapping[str, str] | None = None,
        dtmf: Dtmf | str | None = None,
        codecs: Sequence[str] | None = None,
    ) -> PhoneCall:
        """Call `uri`, as "sip:9824@127.0.0.1:5060"; returns at once. What is left out is as the telephone was made.

        With `password` as `user` of a server that asks for one, as a desk telephone dials.
        """
        mode = Dtmf(dtmf or self._dtmf)
        name = self._user if user is None else user
        account = self._account(
            name,
            self._domain or _host(uri),
            display=self._display if display is None else display,
            mode=mode,
            codecs=codecs,
            extra=f"regint=0;catchall=yes{_login(name, password)}",
        )
        dialled = await self.do("dial", uri=uri, account=account, headers=dict(headers or {}))
        return self._new_call(dialled["call"], mode, uri)

    async def register(
        self, user: str, password: str, server: str, *, expires: int = 300, timeout: float = 10.0
    ) -> None:
        """Register as a desk telephone at `server`, as "127.0.0.1:5060". PhoneError with the status when refused."""
        extra = f"regint={expires}{_login(user, password)}"
        account = self._account(user, server, display="", mode=self._dtmf, codecs=None, extra=extra)
        await self.do("register", account=account, timeout=timeout)

    async def unregister(self) -> None:
        """Take back every registration."""
        await self.do("unregister")

    async def listen(self) -> None:
        """Take calls to any number that reach the port, without registering (as a provider would send them)."""
        account = self._account(
            self._user, self.address, display="", mode=self._dtmf, codecs=None, extra="regint=0;catchall=yes"
        )
        await self.do("listen", account=account)

    async def incoming(self, timeout: float = 10.0) -> PhoneCall:
        """The next call that rings here; PhoneError when none comes."""
        try:
            return await asyncio.wait_for(self._incoming.get(), timeout)
        except TimeoutError:
            raise PhoneError(f"no call came within {timeout:g} s") from None

    def _account(
        self, user: str, domain: str, *, display: str, mode: Dtmf, codecs: Sequence[str] | None, extra: str
    ) -> str:
        for text in (user, domain, display):
            if set(text) & FORBIDDEN:
                raise ValueError(f"this cannot stand in an address: {text!r}")
        named = f'"{display}" ' if display else ""
        wanted = ",".join(CODECS[codec] for codec in codecs or self._codecs)
        address = f"<sip:{user}@{domain};transport={self._transport}>"
        return f"{named}{address};answermode=manual;audio_codecs={wanted};dtmfmode={SENT_AS[mode]};{extra}"

    # --- the process -------------------------------------------------------------------------

    async def do(self, name: str, **fields: Any) -> dict[str, Any]:
        """Have the process carry out a command. PhoneError when it cannot."""
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise PhoneError("the telephone is gone")
        self._last += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._last] = answer
        process.stdin.write(json.dumps({"id": self._last, "do": name, **fields}).encode() + b"\n")
        return await answer

    async def _read(self) -> None:
        process = self._process
        assert process is not None  # noqa: S101 - started just before
        assert process.stdout is not None  # noqa: S101
        while line := await process.stdout.readline():
            self._take(json.loads(line))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(PhoneError("the telephone is gone"))
        for call in self._calls.values():
            call.lost()

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._settle(self._answers.pop(message["id"]), message)
        elif message["event"] == "incoming":
            self._incoming.put_nowait(
                self._new_call(message["call"], self._dtmf, message["peer"] or "", message["headers"])
            )
        elif message["call"] in self._calls:
            self._calls[message["call"]].happened(message)
        else:
            self._early[message["call"]].append(message)

    @staticmethod
    def _settle(answer: "asyncio.Future[dict[str, Any]]", message: dict[str, Any]) -> None:
        if answer.done():
            return
        if "error" in message:
            answer.set_exception(PhoneError(message["error"], message["status"]))
        else:
            answer.set_result(message["result"])

    def _new_call(self, number: int, dtmf: Dtmf, peer: str, headers: Mapping[str, str] | None = None) -> PhoneCall:
        """A call, with what was told of it before its number was known."""
        call = self._calls[number] = PhoneCall(self.do, number, dtmf, peer, headers or {})
        for event in self._early.pop(number, []):
            call.happened(event)
        return call


def _login(user: str, password: str | None) -> str:
    """Parameters of an account; none without a password."""
    if password is None:
        return ""
    if '"' in password or "\\" in password:
        raise ValueError("this telephone cannot take a password with quotes or backslashes")
    return f';auth_user={user};auth_pass="{password}"'


def _host(uri: str) -> str:
    """The host of a SIP URI, without port and parameters."""
    return re.sub(r"(:\d+)?([;?].*)?$", "", uri.rpartition("@")[2].removeprefix("sip:"))
