"""What a mail server says that comes back to the sender: which mail was not delivered, and why (RFC 3464, RFC 6522).

A report is believed when it names a Message-ID of ours: 128 random bits that only the recipient's servers have seen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message

LARGEST = 1_000_000
"""Bytes of a report that are read; what comes after them does not matter."""
MOST_PARTS, MOST_IDS = 50, 20
_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED_PARTS = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_ACTION = re.compile(rb"^Action:\s*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(rb"^Status:\s*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^<>\s]{3,190}>)", re.IGNORECASE | re.MULTILINE)
_ANY_ID = re.compile(rb"<[^<>\s]{3,190}>")


@dataclass(frozen=True, slots=True)
class Report:
    """`message_ids` may include others than ours. `failed` is False for a mere delay or a delivery."""

    message_ids: tuple[str, ...]
    failed: bool
    status: str
    """As "5.1.1" (RFC 3463); "5.0.0" when none is given."""


def read_report(content: bytes) -> Report | None:
    """None when this is no delivery status notification. Never raises for what it holds."""
    message = message_from_bytes(content[:LARGEST], policy=policy.compat32)
    parts = list(_parts(message))
    told = [_plain(part) for part in parts if part.get_content_type() in _STATUS_PARTS]
    if not told:
        return None
    status = b"\n".join(told)
    actions = {action.lower() for action in _ACTION.findall(status)}
    codes = [code.decode("ascii") for code in _STATUS.findall(status)]
    lasting = [code for code in codes if code.startswith("5")]
    failed = b"failed" in actions if actions else bool(lasting)
    return Report(_ids(message, parts), failed, next(iter(lasting), "5.0.0"))


def _parts(message: Message) -> Iterator[Message]:
    """The parts of the report, not those of the mail that comes back in it."""
    parts = message.get_payload() if message.is_multipart() else []
    for part in parts[:MOST_PARTS] if isinstance(parts, list) else []:
        if isinstance(part, Message):
            yield part


def _ids(message: Message, parts: list[Message]) -> tuple[str, ...]:
    """Of the mail that comes back; servers that do not return it name it in the report's own headers."""
    returned = [_plain(part) for part in parts if part.get_content_type() in _RETURNED_PARTS]
    found = [one for text in returned for one in _MESSAGE_ID.findall(text)]
    headers = [str(value) for name in ("In-Reply-To", "References") for value in message.get_all(name, [])]
    found += _ANY_ID.findall(" ".join(headers).encode("ascii", "replace"))
    ids = dict.fromkeys(one.decode("ascii", "replace") for one in found)
    return tuple(ids)[:MOST_IDS]


def _plain(part: Message) -> bytes:
    """The part with its inner headers, with plain line ends."""
    return part.as_bytes(policy=policy.compat32).replace(b"\r\n", b"\n")
