"""What the doctor concludes from servers that answer, answer wrongly, or are not there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

from config.loading import load
from config.schema import HotlineConfig, SmtpSecurity
from hotline.doctor import agi, ami, gateways, mail, web
from hotline.doctor.patient import Patient, Running
from hotline.doctor.result import Result, Verdict
from hotline.state import EXAMPLE, Secrets, StateDirectory
from hotline.telephony.agi_server import AgiServer, AgiSession
from tests.ports import free_ports

CONFIG = load(EXAMPLE)
SECRETS = Secrets("ami-geheim", "hotline-1234", "", "")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await listening.wait_closed()


def closed_port() -> int:
    (port,) = free_ports(1)
    return port


def at(part: str, port: int) -> HotlineConfig:
    endpoint = getattr(CONFIG.network, part).model_copy(update={"port": port})
    return CONFIG.model_copy(update={"network": CONFIG.network.model_copy(update={part: endpoint})})


def patient(config: HotlineConfig, *, running: bool, secrets: Secrets | None = SECRETS) -> Patient:
    note = Running(1, "", False) if running else None
    return Patient(StateDirectory(Path("var")), date(2026, 11, 21), config, [], secrets, "noch nicht angelegt", note)


def only(results: list[Result]) -> Result:
    (result,) = results
    return result


CHECKS = [("agi", agi.examine), ("ami", ami.examine), ("web", web.examine)]


@pytest.mark.parametrize(("part", "check"), CHECKS)
@pytest.mark.parametrize(("running", "verdict"), [(False, Verdict.CAUTION), (True, Verdict.BAD)])
async def test_a_silent_port_is_wrong_only_while_the_hotline_runs(
    part: str, check: Callable[[Patient], Awaitable[list[Result]]], running: bool, verdict: Verdict
) -> None:
    result = only(await check(patient(at(part, closed_port()), running=running)))
    assert result.verdict is verdict
    assert result.advice


def page(body: str, status: str = "200 OK", kind: str = "application/json") -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()

    return talk


@pytest.mark.parametrize(
    ("talk", "verdict"),
    [
        (page('{"status": "ok"}'), Verdict.GOOD),
        (page('{"status": "ok"}', "503 Busy"), Verdict.BAD),
        (page('{"status": "no"}'), Verdict.BAD),
        (page("[]"), Verdict.BAD),
        (page("{"), Verdict.BAD),
        (page("<p>another program", kind="text/html"), Verdict.BAD),
    ],
)
async def test_pages_are_good_only_when_the_hotline_itself_answers(talk: Talk, verdict: Verdict) -> None:
    async with server(talk) as port:
        assert only(await web.examine(patient(at("web", port), running=True))).verdict is verdict


async def test_agi_is_good_when_the_real_server_refuses_what_is_no_call() -> None:
    async def handler(_: AgiSession) -> None:
        raise AssertionError("this was no call")

    real = AgiServer(handler, "127.0.0.1", 0)
    await real.start()
    try:
        result = only(await agi.examine(patient(at("agi", real.port), running=True)))
    finally:
        await real.close()
    assert result.verdict is Verdict.GOOD


async def test_agi_that_accepts_and_says_nothing_is_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = asyncio.Event()

    async def hang(*_: object) -> None:
        await gone.wait()

    monkeypatch.setattr(agi, "ANSWER_SECONDS", 0.1)
    async with server(hang) as port:
        result = only(await agi.examine(patient(at("agi", port), running=True)))
        gone.set()
    assert result.verdict is Verdict.BAD
    assert "reagiert nicht" in result.finding


def manager(system_name: str = "hotline-1234") -> Talk:
    """Asterisk's manager interface, as far as the doctor asks it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = dict(line.split(": ", 1) for line in lines if ": " in line)
            number, action = f"ActionID: {fields['ActionID']}\r\n", fields["Action"]
            if action == "Login" and fields["Secret"] != "ami-geheim":
                writer.write(f"Response: Error\r\n{number}Message: Authentication failed\r\n\r\n".encode())
                return
            answer = f"Response: Success\r\n{number}AsteriskVersion: 22.1\r\nSystemName: {system_name}\r\n"
            if action in ("PJSIPShowRegistrationsOutbound", "DeviceStateList"):
                items = "".join(
                    f"Event: DeviceStateChange\r\n{number}Device: {d}\r\nState: {s}\r\n\r\n" for d, s in DEVICES
                )
                end = f"Event: {action}Complete\r\n{number}EventList: Complete\r\nListItems: {len(DEVICES)}\r\n\r\n"
                answer += f"EventList: start\r\n\r\n{items}{end}"
            else:
                answer += "\r\n"
            writer.write(answer.encode())
            await writer.drain()

    return talk


DEVICES = [("PJSIP/gateway-haus", "NOT_INUSE"), ("PJSIP/agent-anna", "UNAVAILABLE")]


@pytest.mark.parametrize(
    ("name", "secret", "verdict", "words"),
    [
        ("hotline-1234", "ami-geheim", Verdict.GOOD, "angemeldet"),
        ("hotline-9999", "ami-geheim", Verdict.BAD, "anderes Asterisk"),
        ("hotline-1234", "falsch", Verdict.BAD, "Passwort"),
    ],
)
async def test_ami_must_be_our_own_asterisk(name: str, secret: str, verdict: Verdict, words: str) -> None:
    async with server(manager(name)) as port:
        ours = Secrets(secret, "hotline-1234", "", "")
        result = only(await ami.examine(patient(at("ami", port), running=True, secrets=ours)))
    assert result.verdict is verdict, result
    assert words in result.finding
    assert secret not in result.finding


async def test_ami_without_secrets_is_not_asked() -> None:
    result = only(await ami.examine(patient(CONFIG, running=False, secrets=None)))
    assert result.verdict is Verdict.CAUTION
    assert "noch nicht angelegt" in result.finding


async def test_gateways_are_asked_for_and_only_described_without_asterisk() -> None:
    async with server(manager()) as port:
        assert only(await gateways.examine(patient(at("ami", port), running=True))).finding == "127.0.0.1 antwortet"
    silent = only(await gateways.examine(patient(at("ami", closed_port()), running=False)))
    assert silent.verdict is Verdict.GOOD
    assert "Asterisk läuft nicht" in silent.finding


@asynccontextmanager
async def mail_server() -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(Sink(), hostname="mail"), "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


def mailing(port: int, *, demo: bool = False, security: SmtpSecurity = SmtpSecurity.NONE) -> HotlineConfig:
    change = {"port": port, "demo_mailbox": demo, "security": security, "host": "127.0.0.1"}
    return CONFIG.model_copy(update={"mail": CONFIG.mail.model_copy(update=change)})


async def test_a_mail_server_that_greets_is_good_and_the_demo_mailbox_a_caution() -> None:
    async with mail_server() as port:
        assert only(await mail.examine(patient(mailing(port), running=True))).verdict is Verdict.GOOD
        demo = only(await mail.examine(patient(mailing(port, demo=True), running=True)))
        assert demo.verdict is Verdict.CAUTION


async def test_a_mail_server_without_the_wanted_encryption_is_wrong() -> None:
    async with mail_server() as port:
        result = only(await mail.examine(patient(mailing(port, security=SmtpSecurity.STARTTLS), running=True)))
    assert result.verdict is Verdict.BAD
    assert "STARTTLS" in result.finding


async def test_no_mail_server_is_wrong_but_loses_nothing() -> None:
    result = only(await mail.examine(patient(mailing(closed_port()), running=False)))
    assert result.verdict is Verdict.BAD
    assert "Postausgang" in result.advice
    demo = only(await mail.examine(patient(mailing(closed_port(), demo=True), running=False)))
    assert demo.verdict is Verdict.CAUTION
