"""What a mail looks like on the wire; its Message-ID and Date are fixed when it is promised."""

import secrets
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from hotline.storage.outbox import OutboxMail


def new_message_id(sender: str) -> str:
    """A Message-ID that tells nothing: random, under the sender's domain."""
    return f"<{secrets.token_hex(16)}@{domain_of(sender)}>"


def domain_of(address: str) -> str:
    """The part behind the "@", as host names are written."""
    return address.rpartition("@")[2].encode("idna").decode("ascii").lower()


def build(mail: OutboxMail, sender: str) -> EmailMessage:
    """The message of an outbox mail; ValueError when a header holds what a header cannot."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(addr_spec=sender)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body, charset="utf-8")
    return message
