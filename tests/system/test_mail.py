"""The outbox against a real SMTP server: what is sent, put off, refused, repeated; and the demo's mailbox."""

import asyncio
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from structlog.testing import capture_logs

from config.schema import Mail, SmtpSecurity
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.mail.message import build, new_message_id
from hotline.mail.sender import MailSender, next_try
from hotline.storage.database import Database
from hotline.storage.outbox import NewMail, Outbox, OutboxMail, insert_mail

ROOT = Path(__file__).parents[2]
SENDER = "telefonservice@jobcenter.example"
WORKER = "schaden@jobcenter.example"
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


class MovableClock(Clock):
    """Real time as the test says."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "at", NOON)

    def real_now(self) -> datetime:
        return self.at  # type: ignore[attr-defined, no-any-return]

    def forward(self, seconds: float) -> None:
        object.__setattr__(self, "at", self.real_now() + timedelta(seconds=seconds))


@dataclass
class Script:
    """aiosmtpd's handler: keeps what it is given, after the answers that are prepared for recipients and data."""

    recipient_answers: list[str] = field(default_factory=list)
    data_answers: list[str] = field(default_factory=list)
    received: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_answers and (answer := self.recipient_answers.pop(0)) != "250":
            return f"{answer} not {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.data_answers.pop(0) if self.data_answers else "250"
        if answer == "hang":
            await asyncio.Event().wait()
        if answer in ("250", "die"):
            self.received.append(envelope)
        if answer == "die":
            assert server.transport is not None
            server.transport.abort()
        return f"{answer} says the server"

    @property
    def messages(self) -> list[EmailMessage]:
        parsed = [message_from_bytes(one.original_content or b"", policy=policy.default) for one in self.received]
        return [one for one in parsed if isinstance(one, EmailMessage)]

    @property
    def message_ids(self) -> list[str]:
        return [str(one["Message-ID"]) for one in self.messages]


@asynccontextmanager
async def smtp_server(script: Script, port: int = 0, implicit: Any = None, **options: Any) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        sessions.append(SMTP(script, hostname="mail.example", loop=loop, **options))
        return sessions[-1]

    server = await loop.create_server(session, "127.0.0.1", port, ssl=implicit)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in sessions:
            if one.transport is not None:
                one.transport.abort()
        await server.wait_closed()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db, "h")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


async def promise_mails(db: Database, count: int = 1, at: datetime = NOON, recipient: str = WORKER) -> list[str]:
    ids = [new_message_id(SENDER) for _ in range(count)]
    async with db.write() as connection:
        for number, message_id in enumerate(ids):
            body = f"Zugesagt: {number}, Grüße\n.\nhttps://hotline.example/p/abc\n"
            await insert_mail(connection, "h", NewMail(message_id, recipient, "Rückfrage 26-1", body, at), None)
    return ids


def sender(outbox: Outbox, clock: Clock, port: int, security: str = "none", **more: Any) -> MailSender:
    config = {"user": more.pop("user", None), "security": SmtpSecurity(security), "port": port}
    mail = Mail(sender=SENDER, host="127.0.0.1", team_mailbox=WORKER, **config)
    return MailSender(outbox, mail, clock, **{"timeout": 5.0, **more})


async def codes(outbox: Outbox) -> list[tuple[str, str | None]]:
    return [(mail.state, mail.code) for mail in await outbox.stuck(attempts=1)]


async def test_mail_arrives_whole_and_is_marked_as_sent(db: Database, outbox: Outbox, clock: MovableClock) -> None:
    [message_id] = await promise_mails(db)
    script = Script()
    async with smtp_server(script) as port:
        assert await sender(outbox, clock, port).send_due() == 1
        assert await sender(outbox, clock, port).send_due() == 0
    [envelope], [message] = script.received, script.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [WORKER])
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, WORKER, "Rückfrage 26-1")
    assert (message["Message-ID"], message["Auto-Submitted"]) == (message_id, "auto-generated")
    assert message["Date"].datetime == NOON
    assert message.get_content().splitlines() == ["Zugesagt: 0, Grüße", ".", "https://hotline.example/p/abc"]
    assert message.get_content_charset() == "utf-8"
    assert await outbox.due(NOON + timedelta(days=99)) == []


async def test_mails_go_in_the_order_in_which_they_were_promised(
    db: Database, outbox: Outbox, clock: MovableClock
) -> None:
    ids = await promise_mails(db, 5)
    script = Script()
    async with smtp_server(script) as port:
        await sender(outbox, clock, port).send_due()
    assert script.message_ids == ids


async def test_without_a_server_mails_wait_and_go_when_it_is_back(
    db: Database, outbox: Outbox, clock: MovableClock, unused_tcp_port: int
) -> None:
    ids = await promise_mails(db, 3)
    worker = sender(outbox, clock, unused_tcp_port)
    assert await worker.send_due() == 0
    assert await codes(outbox) == [("waiting", "no connection")] * 3
    assert await outbox.due(clock.real_now() + timedelta(seconds=29)) == []
    clock.forward(36)
    script = Script()
    async with smtp_server(script, unused_tcp_port):
        assert await worker.send_due() == 3
    assert script.message_ids == ids


async def test_mails_do_not_wait_an_hour_longer_when_the_clock_was_set_back(
    db: Database, outbox: Outbox, clock: MovableClock, unused_tcp_port: int
) -> None:
    ids = await promise_mails(db, 2)
    worker = sender(outbox, clock, unused_tcp_port)
    assert await worker.send_due() == 0
    clock.forward(-3600)
    script = Script()
    async with smtp_server(script, unused_tcp_port):
        working = asyncio.create_task(worker.run())
        await until(lambda: len(script.received) == 2)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert sorted(script.message_ids) == sorted(ids)


@pytest.mark.parametrize("answers", [{"recipient_answers": ["451"]}, {"data_answers": ["452"]}])
async def test_temporary_refusal_is_tried_again(
    db: Database, outbox: Outbox, clock: MovableClock, answers: dict[str, list[str]]
) -> None:
    ids = await promise_mails(db)
    [[code]] = answers.values()
    script = Script(**answers)
    async with smtp_server(script) as port:
        await sender(outbox, clock, port).send_due()
        assert await codes(outbox) == [("waiting", code)]
        clock.forward(36)
        await sender(outbox, clock, port).send_due()
    assert script.message_ids == ids


@pytest.mark.parametrize("answers", [{"recipient_answers": ["250", "550"]}, {"data_answers": ["250", "554"]}])
async def test_mail_refused_for_good_is_shown_and_holds_back_no_other(
    db: Database, outbox: Outbox, clock: MovableClock, answers: dict[str, list[str]]
) -> None:
    ids = await promise_mails(db, 3)
    [[_, code]] = answers.values()
    script = Script(**answers)
    async with smtp_server(script) as port:
        assert await sender(outbox, clock, port).send_due() == 2
    assert script.message_ids == [ids[0], ids[2]]
    assert await codes(outbox) == [("refused", code)]
    assert await outbox.due(NOON + timedelta(days=99)) == []


async def test_refusal_is_logged_without_any_address(db: Database, outbox: Outbox, clock: MovableClock) -> None:
    await promise_mails(db, 2)
    with capture_logs() as logs:
        async with smtp_server(Script(recipient_answers=["550", "451"])) as port:
            await sender(outbox, clock, port).send_due()
    assert {entry["event"] for entry in logs} == {"mail refused for good", "mail put off"}
    assert "@" not in str(logs)


async def test_mail_with_an_impossible_recipient_is_refused_and_holds_back_no_other(
    db: Database, outbox: Outbox, clock: MovableClock
) -> None:
    await promise_mails(db, recipient="a@b.example\r\nBcc: x@y.example")
    [good] = await promise_mails(db)
    script = Script()
    async with smtp_server(script) as port:
        assert await sender(outbox, clock, port).send_due() == 1
    assert script.message_ids == [good]
    assert [state for state, _ in await codes(outbox)] == ["refused"]


async def test_server_that_dies_before_its_answer_gets_the_same_message_id_again(
    db: Database, outbox: Outbox, clock: MovableClock
) -> None:
    [message_id] = await promise_mails(db)
    script = Script(data_answers=["die"])
    async with smtp_server(script) as port:
        assert await sender(outbox, clock, port).send_due() == 0
        clock.forward(36)
        assert await sender(outbox, clock, port).send_due() == 1
    assert script.message_ids == [message_id, message_id]


KILLED = """
import asyncio, os, sys
from datetime import UTC, datetime
from config.schema import Mail
from hotline.clock import Clock
from hotline.mail.sender import MailSender
from hotline.storage.database import Database
from hotline.storage.outbox import Outbox

class KilledBeforeNoting(Outbox):
    async def sent(self, mail_id, at):
        os.kill(os.getpid(), 9)

async def main():
    db = Database(f"sqlite:///{sys.argv[1]}")
    await db.open()
    mail = Mail(sender="telefonservice@jobcenter.example", team_mailbox="t@x.example",
                host="127.0.0.1", port=int(sys.argv[2]), security="none")
    await MailSender(KilledBeforeNoting(db, "h"), mail, Clock()).send_due()

asyncio.run(main())
"""


async def test_crash_after_the_server_accepted_repeats_with_the_same_message_id(
    tmp_path: Path, db: Database, outbox: Outbox
) -> None:
    [message_id] = await promise_mails(db, at=datetime.now(UTC))
    script = Script()
    async with smtp_server(script) as port:
        killed = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(tmp_path / "hotline.db"), str(port), cwd=ROOT
        )
        assert await killed.wait() == -9
        assert await sender(outbox, Clock(), port).send_due() == 1
    assert script.message_ids == [message_id, message_id]


async def test_server_that_never_answers_is_given_up(db: Database, outbox: Outbox, clock: MovableClock) -> None:
    await promise_mails(db)
    async with smtp_server(Script(data_answers=["hang"])) as port:
        await sender(outbox, clock, port, timeout=0.3).send_due()
    assert await codes(outbox) == [("waiting", "timeout")]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    directory = tmp_path_factory.mktemp("certificate")
    key, file = directory / "key.pem", directory / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*command, "-keyout", key, "-out", file], check=True, capture_output=True)
    return file, key


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_goes_encrypted(
    db: Database, outbox: Outbox, clock: MovableClock, certificate: tuple[Path, Path], security: str
) -> None:
    await promise_mails(db)
    context, script = server_context(certificate), Script()
    options = {"implicit": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    trusting = ssl.create_default_context(cafile=certificate[0])
    async with smtp_server(script, **options) as port:
        assert await sender(outbox, clock, port, security, tls=trusting).send_due() == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_server_with_an_unknown_certificate_gets_nothing(
    db: Database, outbox: Outbox, clock: MovableClock, certificate: tuple[Path, Path], security: str
) -> None:
    await promise_mails(db)
    context, script = server_context(certificate), Script()
    options = {"implicit": context} if security == "tls" else {"tls_context": context}
    async with smtp_server(script, **options) as port:
        await sender(outbox, clock, port, security).send_due()
    assert script.received == []
    assert await codes(outbox) == [("waiting", "tls")]


async def test_server_without_starttls_gets_nothing_when_it_is_demanded(
    db: Database, outbox: Outbox, clock: MovableClock
) -> None:
    await promise_mails(db)
    script = Script()
    async with smtp_server(script) as port:
        await sender(outbox, clock, port, "starttls").send_due()
    assert script.received == []
    assert await codes(outbox) == [("waiting", "no starttls")]


@pytest.mark.parametrize(("password", "sent", "found"), [("richtig", 1, []), ("falsch", 0, [("waiting", "535")])])
async def test_login_is_used_and_a_wrong_one_is_no_fault_of_the_mail(
    db: Database,
    outbox: Outbox,
    clock: MovableClock,
    certificate: tuple[Path, Path],
    password: str,
    sent: int,
    found: list[tuple[str, str]],
) -> None:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"richtig", handled=False)

    await promise_mails(db)
    options = {"authenticator": check, "auth_required": True, "tls_context": server_context(certificate)}
    trusting = ssl.create_default_context(cafile=certificate[0])
    async with smtp_server(Script(), **options) as port:
        worker = sender(outbox, clock, port, "starttls", user="hotline", secret=password, tls=trusting)
        assert await worker.send_due() == sent
    assert await codes(outbox) == found


@asynccontextmanager
async def running(worker: MailSender) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - bounded, the other side has no event
            await asyncio.sleep(0.02)


async def test_worker_that_is_woken_sends_at_once(db: Database, outbox: Outbox, clock: MovableClock) -> None:
    script = Script()
    async with smtp_server(script) as port:
        worker = sender(outbox, clock, port)
        async with running(worker):
            for count in (1, 2):
                await promise_mails(db)
                worker.wake()
                await until(lambda count=count: len(script.received) == count)


async def test_worker_goes_on_after_the_database_refused(db: Database, outbox: Outbox, clock: MovableClock) -> None:
    class LockedOnce(Outbox):
        asked = 0

        async def due(self, now: datetime, limit: int = 50) -> list[OutboxMail]:
            self.asked += 1
            if self.asked == 1:
                raise StorageError("The database is locked.")
            return await super().due(now, limit)

    await promise_mails(db)
    locked, script = LockedOnce(db, "h"), Script()
    async with smtp_server(script) as port:
        worker = sender(locked, clock, port)
        async with running(worker) as task:
            await until(lambda: locked.asked == 1)
            worker.wake()
            await until(lambda: script.received)
            assert not task.done()


async def test_mail_is_not_sent_again_because_the_database_could_not_be_told(
    db: Database, outbox: Outbox, clock: MovableClock
) -> None:
    class ReadOnlyTwice(Outbox):
        asked = 0

        async def sent(self, mail_id: int, at: datetime) -> None:
            self.asked += 1
            if self.asked <= 2:
                raise StorageError("The database cannot be written.")
            await super().sent(mail_id, at)

    ids, read_only, script = await promise_mails(db, 2), ReadOnlyTwice(db, "h"), Script()
    async with smtp_server(script) as port:
        worker = sender(read_only, clock, port)
        for _ in range(2):
            with pytest.raises(StorageError):
                await worker.send_due()
        await worker.send_due()
    assert script.message_ids == ids
    assert await codes(outbox) == []


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 30), (1, 60), (2, 120), (4, 480), (5, 900), (60, 900)])
def test_waits_grow_from_half_a_minute_to_a_quarter_of_an_hour(attempts: int, seconds: int) -> None:
    waits = {(next_try(NOON, attempts) - NOON).total_seconds() for _ in range(50)}
    assert seconds <= min(waits) < max(waits) <= seconds * 1.2


def test_message_ids_are_random_under_the_senders_domain() -> None:
    ids = {new_message_id("Telefon@Jobcenter.Example") for _ in range(100)}
    assert len(ids) == 100
    assert all(one.endswith("@jobcenter.example>") for one in ids)


def test_subject_with_a_line_break_makes_no_header() -> None:
    mail = OutboxMail(1, "<a@b>", 0, NOON, WORKER, "x\r\nBcc: y@z.example", "text")
    with pytest.raises(ValueError, match=r"(?i)newline|header"):
        build(mail, SENDER)


async def test_demo_mailbox_keeps_mails_as_numbered_files_and_tells_of_each(
    tmp_path: Path, db: Database, outbox: Outbox, clock: MovableClock
) -> None:
    directory = tmp_path / "mailbox"
    command = ["-m", "hotline.mail.mailbox", "--port", "0", "--directory", str(directory)]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    listens = (await process.stdout.readline()).decode()
    ids = await promise_mails(db, 2)
    assert await sender(outbox, clock, int(listens.rpartition(":")[2])).send_due() == 2
    lines = [(await process.stdout.readline()).decode().strip() for _ in ids]
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert lines == [f"Mail {n} kept in {directory}/000{n}.eml: Rückfrage 26-1" for n in (1, 2)]
    assert sorted(file.name for file in directory.iterdir()) == ["0001.eml", "0002.eml"]
    assert ids[1] in (directory / "0002.eml").read_text()


async def test_demo_mailbox_on_a_port_in_use_is_one_plain_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = ["-m", "hotline.mail.mailbox", "--port", port, "--directory", str(tmp_path)]
        process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stderr=subprocess.PIPE)
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode().count("\n") == 1
    assert port in errors.decode()
