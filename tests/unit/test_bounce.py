"""What comes back from mail servers: reports of several makes, and everything that is none."""

import subprocess
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import HotlineConfig
from hotline.mail.bounce import LARGEST, read_report
from hotline.storage.database import Database
from hotline.storage.outbox import NewMail, Outbox, insert_mail

OURS = "<0123456789abcdef0123456789abcdef@jobcenter.example>"
SHIPPED = Path(__file__).parents[2] / "config" / "hotline.yaml"

POSTFIX = """\
From: MAILER-DAEMON@mail.jobcenter.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: telefonservice@jobcenter.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="BOUND"

--BOUND
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--BOUND
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.jobcenter.example
X-Postfix-Queue-ID: 4ABC
Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0100 (CET)

Final-Recipient: rfc822; falke@jobcenter.example
Original-Recipient: rfc822;falke@jobcenter.example
Action: {action}
Status: {status}
Remote-MTA: dns; mx.jobcenter.example
Diagnostic-Code: smtp; 550 5.1.1 <falke@jobcenter.example>: user unknown

--BOUND
{returned}
--BOUND--
"""
WHOLE = f"""\
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: telefonservice@jobcenter.example
Message-ID: {OURS}
Subject: =?utf-8?q?R=C3=BCckfrage?=

Text
"""
HEADERS = f"Content-Type: text/rfc822-headers\n\nFrom: telefonservice@jobcenter.example\nMessage-ID:\n {OURS}\n"


def postfix(returned: str = WHOLE, action: str = "failed", status: str = "5.1.1", crlf: bool = False) -> bytes:
    text = POSTFIX.format(returned=returned, action=action, status=status)
    return (text.replace("\n", "\r\n") if crlf else text).encode()


@pytest.mark.parametrize("crlf", [False, True])
@pytest.mark.parametrize("returned", [WHOLE, HEADERS])
def test_report_names_the_mail_and_why_it_was_not_delivered(returned: str, crlf: bool) -> None:
    report = read_report(postfix(returned, crlf=crlf))
    assert report is not None
    assert (report.message_ids, report.failed, report.status) == ((OURS,), True, "5.1.1")


def test_report_that_returns_nothing_names_the_mail_in_its_headers() -> None:
    """As Exchange does."""
    content = postfix("Content-Type: text/plain\n\nnothing\n")
    report = read_report(f"In-Reply-To: {OURS}\nReferences: <a@b> {OURS}\n".encode() + content)
    assert report is not None
    assert OURS in report.message_ids


def test_report_with_addresses_beyond_ascii_is_read_as_any_other() -> None:
    text = postfix().decode().replace("message/delivery-status", "message/global-delivery-status")
    report = read_report(text.replace("message/rfc822", "message/global").encode())
    assert report is not None
    assert (report.message_ids, report.failed) == ((OURS,), True)


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.1.9")])
def test_delay_or_delivery_is_no_failure(action: str, status: str) -> None:
    report = read_report(postfix(action=action, status=status))
    assert report is not None
    assert report.failed is False


def test_report_without_an_action_is_judged_by_its_status() -> None:
    report = read_report(postfix().replace(b"Action: failed\n", b""))
    assert report is not None
    assert report.failed is True


def absence_note() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "falke@jobcenter.example", "Abwesenheit"
    message["In-Reply-To"] = OURS
    message.set_content("Ich bin bis Montag nicht da.\nAction: failed\nStatus: 5.1.1")
    return message.as_bytes()


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 100, absence_note(), b"Content-Type: multipart/report\n\n"])
def test_what_is_no_report_is_left_alone(content: bytes) -> None:
    assert read_report(content) is None


@given(st.binary(max_size=2000), st.integers(0, 1500))
def test_broken_reports_never_raise(noise: bytes, place: int) -> None:
    whole = postfix()
    read_report(whole[:place] + noise + whole[place:])
    read_report(whole[:place])


def test_endless_report_is_read_to_its_bound() -> None:
    report = read_report(postfix(WHOLE + "x" * (2 * LARGEST)))
    assert report is not None
    assert report.message_ids == (OURS,)


def test_many_message_ids_are_bounded() -> None:
    ids = "".join(f"Message-ID: <{n}@x.example>\n" for n in range(5000))
    report = read_report(postfix(f"Content-Type: text/rfc822-headers\n\n{ids}"))
    assert report is not None
    assert len(report.message_ids) == 20


# --- the command ----------------------------------------------------------------------------------


async def with_sent_mail(state: Path, config: HotlineConfig) -> Database:
    (state / "hotline.yaml").write_text(SHIPPED.read_text("utf-8"), "utf-8")
    database = Database(f"sqlite+aiosqlite:///{state / 'hotline.sqlite'}")
    await database.open()
    async with database.write() as connection:
        await insert_mail(connection, config.hotline.id, NewMail(OURS, "falke@jobcenter.example", "R", "T"), None)
    store = Outbox(database, config.hotline.id)
    [mail] = await store.due(datetime.now(UTC))
    await store.sent(mail.id, datetime.now(UTC))
    return database


def bounce(state: Path, content: bytes) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "hotline", "bounce", "--state", str(state)],
        input=content,
        capture_output=True,
        timeout=50,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return done.returncode, (done.stdout + done.stderr).decode()


async def test_command_marks_the_mail_once(tmp_path: Path, config: HotlineConfig) -> None:
    database = await with_sent_mail(tmp_path, config)
    code, said = bounce(tmp_path, postfix())
    assert (code, said) == (0, "Marked as undelivered (5.1.1).\n")
    assert [(one.state, one.code) for one in await Outbox(database, config.hotline.id).stuck_mails()] == [
        ("bounced", "5.1.1")
    ]
    assert "new to us" in bounce(tmp_path, postfix())[1]
    await database.close()


async def test_command_leaves_alone_what_is_no_report(tmp_path: Path) -> None:
    assert bounce(tmp_path, absence_note()) == (
        0,
        "No report about a mail that could not be delivered: nothing to do.\n",
    )


async def test_command_lets_the_mail_server_try_again_when_the_database_is_away(tmp_path: Path) -> None:
    (tmp_path / "hotline.yaml").write_text(SHIPPED.read_text("utf-8"), "utf-8")
    (tmp_path / "hotline.sqlite").write_text("no database at all, but long enough to be read as one")
    code, said = bounce(tmp_path, postfix())
    assert code == 75
    assert "no database" in said or "not a database" in said
