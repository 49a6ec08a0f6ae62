"""What the lead reads of a mail that did not arrive."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline.storage.outbox import UndeliveredMail
from hotline.workplace.stuck_mails import MOST_SHOWN, mails_view, why

SINCE = datetime(2026, 11, 23, 8, tzinfo=UTC)
FALKE = "falke@jobcenter.example"


def mail(**values: Any) -> UndeliveredMail:
    row = {"id": 7, "state": "refused", "code": "550", "attempts": 1, "created_at": SINCE, "promise_id": "p"}
    row |= {"receipt": "26-4821-7300", "due_at": SINCE, "recipient": FALKE, "responsible": "Frau Falke"}
    return UndeliveredMail(**{**row, **values})


def test_mail_is_told_with_receipt_name_reason_and_time(config: HotlineConfig) -> None:
    assert mails_view([mail()], config) == [
        {
            "id": 7,
            "receipt": "26-4821-7300",
            "to": "Frau Falke",
            "address": FALKE,
            "key": FALKE,
            "responsible": "Frau Falke",
            "to_holder": False,
            "why": "Abgelehnt: diese Adresse gibt es nicht, oder sie ist falsch geschrieben (550)",
            "since": SINCE.isoformat(),
        }
    ]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("5.1.1", "diese Adresse gibt es nicht, oder sie ist falsch geschrieben (5.1.1)"),
        ("5.2.2", "das Postfach ist voll (5.2.2)"),
        ("452", "das Postfach ist voll (452)"),
        ("5.4.4", "der Mailserver der Gegenseite ist nicht erreichbar (5.4.4)"),
        ("554", "der Mailserver hat sie aus Sicherheitsgründen abgewiesen (554)"),
        ("535", "die Anmeldung an unserem Mailserver schlägt fehl (535)"),
        ("421", "der Mailserver nimmt sie im Moment nicht an (421)"),
        ("5.0.0", "der Mailserver hat sie abgewiesen (5.0.0)"),
        ("timeout", "unser Mailserver antwortet nicht"),
        ("no connection", "unser Mailserver ist nicht erreichbar"),
        ("HeaderParseError", "der Grund ist nicht bekannt (HeaderParseError)"),
        (None, "der Grund ist nicht bekannt"),
    ],
)
def test_codes_are_told_in_words(code: str | None, words: str) -> None:
    assert why(code) == words


@pytest.mark.parametrize(
    ("state", "attempts", "words"),
    [("bounced", 1, "Kam zurück: "), ("refused", 1, "Abgelehnt: "), ("waiting", 4, "4-mal vergeblich versucht: ")],
)
def test_how_it_stands_is_told(config: HotlineConfig, state: str, attempts: int, words: str) -> None:
    [told] = mails_view([mail(state=state, attempts=attempts)], config)
    assert told["why"].startswith(words)


def test_an_address_has_the_name_of_whoever_has_it_now(config: HotlineConfig) -> None:
    def name(**values: Any) -> str:
        return str(mails_view([mail(**values)], config)[0]["to"])

    assert name(recipient="guenther@jobcenter.example") == "Herr Günther", "it was handed on"
    assert name(recipient=config.mail.team_mailbox) == "Team-Postfach"
    assert name(recipient="left@jobcenter.example") == "left@jobcenter.example"
    assert name(recipient=None) == "Frau Falke"
    assert name(recipient=None, responsible=None) == "gelöschte Adresse"


def test_the_team_mailbox_is_named_as_where_it_is_chosen(config: HotlineConfig) -> None:
    [told] = mails_view([mail(recipient=config.mail.team_mailbox)], config)
    assert told["key"] == "team"


def test_mails_are_bounded(config: HotlineConfig) -> None:
    assert len(mails_view([mail()] * (MOST_SHOWN + 9), config)) == MOST_SHOWN
