"""Whom an agent may choose, what a case worker can report, and how a promise stands: all in German words."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from agents.answers import delays, others, read_choice, read_delay, read_note, read_other, read_reason, read_way
from agents.forms import FormError
from agents.promises import Occasion, mail_for
from agents.standing import standing
from config.schema import Closure, HotlineConfig
from routing.case_workers import responsible
from routing.hours import Calendar

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
FALKE, GUENTHER = "falke@jobcenter.example", "guenther@jobcenter.example"


def findings(call: object) -> dict[str, str]:
    with pytest.raises(FormError) as caught:
        call()  # type: ignore[operator]
    return caught.value.findings


# --- putting off --------------------------------------------------------------------------------


def test_answer_can_be_put_off_to_working_days_after_the_promised_one(config: HotlineConfig) -> None:
    days = [f"{end:%d.%m. %H}" for end in delays(config, DUE, MONDAY)]
    assert days == [f"{day:02}.{month}. 18" for month, day in NOVEMBER]


NOVEMBER = [*(("11", day) for day in (25, 26, 27, 30)), *(("12", day) for day in (1, 2, 3, 4, 7))]


def test_overdue_answer_can_be_put_off_from_tomorrow_on(config: HotlineConfig) -> None:
    wednesday = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    assert delays(config, DUE, wednesday)[0].date() == date(2026, 11, 26)


def test_holidays_and_closures_are_no_days_to_put_off_to(config: HotlineConfig) -> None:
    before_christmas = datetime(2026, 12, 22, 9, 0, tzinfo=UTC)
    due = datetime(2026, 12, 23, 17, 0, tzinfo=UTC)
    closed = Closure.model_validate({"from": "2026-12-28", "reason": "Inventur"})
    hours = config.hours.model_copy(update={"closures": [*config.hours.closures, closed]})
    days = delays(config.model_copy(update={"hours": hours}), due, before_christmas)
    assert [day.date().isoformat() for day in days] == ["2026-12-29", "2026-12-30", "2027-01-04", "2027-01-05"]


def test_longest_delay_is_as_configured(config: HotlineConfig) -> None:
    short = config.model_copy(update={"promises": config.promises.model_copy(update={"longest_delay_days": 2})})
    assert [day.date() for day in delays(short, DUE, MONDAY)] == [date(2026, 11, 25)]
    assert "nicht hinausschieben" in findings(lambda: read_delay(short, MONDAY_NEXT, MONDAY, "2026-12-01"))["day"]


MONDAY_NEXT = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2026-11-23", "2026-11-24", "2026-11-28", "2026-12-08", "2025-11-27"])
def test_day_that_does_not_fit_is_refused_with_the_latest_possible(config: HotlineConfig, day: str) -> None:
    assert "07.12.2026" in findings(lambda: read_delay(config, DUE, MONDAY, day))["day"]


@pytest.mark.parametrize("day", ["", "27.11.2026", "morgen", "2026-13-01", "0" * 500])
def test_what_is_no_day_is_asked_for_again(config: HotlineConfig, day: str) -> None:
    assert findings(lambda: read_delay(config, DUE, MONDAY, day)) == {
        "day": "Bitte wählen Sie den Tag, bis zu dem es dauert."
    }


def test_new_due_time_is_the_end_of_that_working_day(config: HotlineConfig) -> None:
    assert read_delay(config, DUE, MONDAY, "2026-11-27") == datetime(2026, 11, 27, 17, 0, tzinfo=UTC)


# --- words and ways -----------------------------------------------------------------------------


def test_reason_must_be_given_and_is_bounded(config: HotlineConfig) -> None:
    assert read_reason("  weil \r\n so ") == "weil \n so"
    assert "reason" in findings(lambda: read_reason("   "))
    assert "höchstens 500" in findings(lambda: read_reason("x" * 501, "responsible_reason"))["responsible_reason"]


def test_note_may_be_empty_and_is_bounded() -> None:
    assert read_note("") == ""
    assert "höchstens 1000" in findings(lambda: read_note("x" * 1001))["note"]


def test_way_of_answering_is_one_of_three() -> None:
    assert read_way("letter") == "letter"
    assert "how" in findings(lambda: read_way("fax"))


# --- who else ------------------------------------------------------------------------------------


def test_request_goes_on_to_anybody_but_its_holder(config: HotlineConfig) -> None:
    keys = [choice.key for choice in others(config, FALKE, DUE.date())]
    assert keys == [GUENTHER, "heine@jobcenter.example", "immig@jobcenter.example", "team"]
    assert "team" not in [choice.key for choice in others(config, config.mail.team_mailbox, DUE.date())]


@pytest.mark.parametrize("to", ["", FALKE, "nobody@jobcenter.example"])
def test_request_does_not_go_on_to_its_holder_or_nobody(config: HotlineConfig, to: str) -> None:
    assert "to" in findings(lambda: read_other(config, FALKE, to, "Frau Falke"))


def test_team_does_not_hand_on_to_itself(config: HotlineConfig) -> None:
    assert "to" in findings(lambda: read_other(config, config.mail.team_mailbox, "team", "Team-Postfach"))
    assert read_other(config, FALKE, "team", "Frau Falke").rule == "Weitergegeben von Frau Falke"


def test_rule_holds_unless_the_agent_chooses_somebody_else_with_a_reason(config: HotlineConfig) -> None:
    ruled = responsible(config, "stadthagen", "Ahrens", "rent", DUE.date())
    for key in ("", FALKE):
        assert read_choice(config, ruled, {"responsible": key, "responsible_reason": "x"}, "Anna Ahrens") == (ruled, "")
    values = {"responsible": GUENTHER, "responsible_reason": "kennt den Fall"}
    found, reason = read_choice(config, ruled, values, "Anna Ahrens")
    assert (found.email, reason) == (GUENTHER, "kennt den Fall")
    assert found.rule.startswith("Von Anna Ahrens ausgewählt; nach der Regel: Frau Falke (Stadthagen")


def test_choice_without_a_reason_or_of_nobody_is_refused(config: HotlineConfig) -> None:
    ruled = responsible(config, "stadthagen", "Ahrens", "rent", DUE.date())
    assert set(findings(lambda: read_choice(config, ruled, {"responsible": "team"}, "Anna"))) == {"responsible_reason"}
    nobody = {"responsible": "nobody@x.example", "responsible_reason": "x"}
    assert set(findings(lambda: read_choice(config, ruled, nobody, "Anna"))) == {"responsible"}


# --- how it stands -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Past:
    status: str = "open"
    due_at: datetime = DUE
    kept_at: datetime | None = None
    how: str | None = None
    tries: int = 0
    postponed: int = 0
    handed_on: int = 0
    responsible_name: str | None = "Frau Heine"
    undelivered: bool = False


STANDINGS = [
    (Past(), MONDAY, "offen"),
    (Past(), DUE, "überfällig"),
    (Past(status="kept", kept_at=MONDAY, how="phone"), DUE, "erreicht per Telefon am 23.11.2026"),
    (Past(status="kept", kept_at=MONDAY, how="letter"), DUE, "beantwortet per Brief am 23.11.2026"),
    (Past(status="kept", kept_at=MONDAY, how="email"), DUE, "beantwortet per E-Mail am 23.11.2026"),
    (Past(tries=1), MONDAY, "offen, nicht erreicht (1 Versuch)"),
    (Past(tries=2), DUE, "überfällig, nicht erreicht (2 Versuche)"),
    (Past(postponed=1), MONDAY, "offen, dauert bis 24.11.2026"),
    (Past(handed_on=2), MONDAY, "offen, weitergegeben an Frau Heine"),
    (Past(handed_on=1, responsible_name=None), MONDAY, "offen, weitergegeben an eine andere Stelle"),
    (Past(undelivered=True), MONDAY, "offen, E-Mail nicht zustellbar"),
]


@pytest.mark.parametrize(("past", "now", "words"), STANDINGS)
def test_promise_stands_as_it_is_told(past: Past, now: datetime, words: str) -> None:
    assert standing(past, now, BERLIN) == words


@dataclass(frozen=True)
class Told:
    receipt: str = "26-4821-7300"
    request_type: str = "rent"
    due: datetime = DUE


@pytest.mark.parametrize("occasion", list(Occasion))
def test_mails_of_every_occasion_are_neutral(config: HotlineConfig, occasion: Occasion) -> None:
    subject, body = mail_for(Told(), "https://x/p/abc", config, occasion)
    assert subject.endswith("Rückfrage aus dem Telefonservice 26-4821-7300")
    assert "Mietkosten" not in subject
    for part in ("26-4821-7300", "Mietkosten", "Dienstag, 24. November 2026, 18 Uhr", "https://x/p/abc"):
        assert part in body


def test_mail_about_a_type_that_is_configured_no_more_is_written_all_the_same(config: HotlineConfig) -> None:
    assert "gone" in mail_for(Told(request_type="gone"), "https://x", config)[1]


# --- opening hours before a moment ----------------------------------------------------------------

BEFORE = [
    (9, "2026-11-24T18:00", "2026-11-24T09:00"),
    (10, "2026-11-24T18:00", "2026-11-24T08:00"),
    (11, "2026-11-24T18:00", "2026-11-23T17:00"),
    (11, "2026-11-23T18:00", "2026-11-20T17:00"),
    (1, "2026-11-22T12:00", "2026-11-20T17:00"),
    (2, "2026-12-28T09:00", "2026-12-23T17:00"),
    (0.5, "2026-03-30T08:15", "2026-03-27T17:45"),
]


@pytest.mark.parametrize(("hours", "at", "before"), BEFORE)
def test_so_many_opening_hours_before(config: HotlineConfig, hours: float, at: str, before: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=BERLIN)
    assert Calendar(config).before(moment, hours) == datetime.fromisoformat(before).replace(tzinfo=BERLIN)
