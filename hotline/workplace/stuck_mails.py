"""Which mails do not go out or came back, as the lead reads it: to whom, why and since when."""

import re
from collections.abc import Sequence
from typing import Any

from config.schema import HotlineConfig
from hotline.storage.outbox import BOUNCED, REFUSED, UndeliveredMail
from routing.case_workers import TEAM, TEAM_NAME, worker_of

MOST_COUNTED = 1000
MOST_SHOWN = 50
LEAD = "Leitung"
ERASED = "gelöschte Adresse"
UNKNOWN = "der Grund ist nicht bekannt"
_OURS = {
    "timeout": "unser Mailserver antwortet nicht",
    "no connection": "unser Mailserver ist nicht erreichbar",
    "tls": "die Verbindung zu unserem Mailserver lässt sich nicht verschlüsseln",
    "erased": "ihr Text wurde gelöscht, sie kann nicht mehr verschickt werden",
    "no starttls": "die Verbindung zu unserem Mailserver lässt sich nicht verschlüsseln",
}
"""What the sender calls it when no mail server has said anything, see hotline/mail/sender.py."""
_SERVERS = [
    (r"5\.1\.\d+|55[013]", "diese Adresse gibt es nicht, oder sie ist falsch geschrieben"),
    (r"[45]\.2\.2|[45]52", "das Postfach ist voll"),
    (r"5\.2\.1", "das Postfach ist abgeschaltet"),
    (r"[45]\.(2\.3|3\.4)", "die E-Mail ist dem Mailserver zu groß"),
    (r"[45]\.4\.\d+", "der Mailserver der Gegenseite ist nicht erreichbar"),
    (r"5\.7\.\d+|554", "der Mailserver hat sie aus Sicherheitsgründen abgewiesen"),
    (r"53[0458]", "die Anmeldung an unserem Mailserver schlägt fehl"),
    (r"4\d\d|4\.\d+\.\d+", "der Mailserver nimmt sie im Moment nicht an"),
    (r"5\d\d|5\.\d+\.\d+", "der Mailserver hat sie abgewiesen"),
]
"""What a mail server answers (RFC 5321) or reports (RFC 3463); the first that fits."""


def mails_view(mails: Sequence[UndeliveredMail], config: HotlineConfig) -> list[dict[str, Any]]:
    """As JSON values, at most MOST_SHOWN; `since` is real time, `to` the addressee's name, and `key` what they are
    chosen by (see `routing.case_workers`). `to_holder`: it was for the one who is `responsible`."""
    return [_mail_view(mail, config) for mail in mails[:MOST_SHOWN]]


def why(code: str | None) -> str:
    """The mail server's answer, or our own word, in German: "das Postfach ist voll (5.2.2)"."""
    if code is None or code in _OURS:
        return _OURS.get(code or "", UNKNOWN)
    words = next((words for pattern, words in _SERVERS if re.fullmatch(pattern, code, re.ASCII)), UNKNOWN)
    return f"{words} ({code})"


def _mail_view(mail: UndeliveredMail, config: HotlineConfig) -> dict[str, Any]:
    return {
        "id": mail.id,
        "receipt": mail.receipt,
        "to": _name(mail, config),
        "address": mail.recipient,
        "key": TEAM if mail.recipient == config.mail.team_mailbox else mail.recipient,
        "responsible": mail.responsible,
        "to_holder": mail.to_holder,
        "why": f"{_standing(mail)}: {why(mail.code)}",
        "since": mail.created_at.isoformat(),
    }


def _standing(mail: UndeliveredMail) -> str:
    if mail.state == BOUNCED:
        return "Kam zurück"
    return "Abgelehnt" if mail.state == REFUSED else f"{mail.attempts}-mal vergeblich versucht"


def _name(mail: UndeliveredMail, config: HotlineConfig) -> str:
    """Whose address it is. An address that is in no rule any more stands for itself."""
    if mail.recipient is None:
        return mail.responsible or ERASED
    if (worker := worker_of(config, mail.recipient)) is not None:
        return worker.name
    known = {config.mail.lead_mailbox: LEAD, config.mail.team_mailbox: TEAM_NAME}
    return known.get(mail.recipient, mail.recipient)
