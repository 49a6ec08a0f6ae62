"""What a configuration allows but probably does not mean is said by the place where it stands."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from config.loading import parse
from routing.review import review

NOW = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Berlin"))
CLOSURES = "  closures:\n"
WEEKEND = '    friday: ["08:00-18:00"]\n'
WINDOWS = 'windows: ["08:00-12:00", "13:00-17:00"]'
ANNA, BEN = (
    "skills: [allgemein, stammdaten, wohnen, leistung], ext",
    'skills: [allgemein, stammdaten, wohnen], extension: "12"',
)


def closure(what: str) -> str:
    return f"{CLOSURES}    - {{{what}}}\n"


WARNINGS = [
    # (what stands there, what is written instead, path of the warning, part of the message)
    (
        CLOSURES,
        closure("from: 2026-11-20, to: 2026-12-13, reason: Umbau"),
        "hours",
        "does not open in the next 14 days; it opens next on 2026-12-14 at 08:00",
    ),
    (
        CLOSURES,
        closure("from: 2026-11-20, to: 2028-12-13, reason: Umbau"),
        "hours",
        "not within the next 400 days either",
    ),
    (
        CLOSURES,
        closure('from: 2026-01-01, to: 2026-12-31, every_year: true, hours: "08:00-18:00", reason: Zu'),
        "hours.week.monday.0",
        "never in effect within a year: closures cover each Monday",
    ),
    ('monday: ["08:00-18:00"]', 'monday: ["08:00-17:59"]', "hours.week.monday.0", "write 18:00"),
    ('monday: ["08:00-18:00"]', 'monday: ["08:00-12:00", "12:01-18:00"]', "hours.week.monday.1", "closed for a minute"),
    (
        CLOSURES,
        closure('from: 2026-11-27, hours: "12:00-17:59", reason: Ausflug'),
        "hours.closures.0.hours",
        "write 18:00",
    ),
    (
        WEEKEND,
        '    friday: ["08:00-23:59"]\n    saturday: ["00:00-12:00"]\n',
        "hours.week.friday.0",
        'write "23:59:59"',
    ),
    (
        CLOSURES,
        closure("from: 2026-12-23, to: 2027-01-01, reason: Betriebsferien"),
        "hours.closures.1",
        '"Heiligabend" overlaps "Betriebsferien" on 2026-12-24',
    ),
    (CLOSURES, closure("from: 2026-11-20, reason: Ausflug"), "hours.closures.0", "is over since 2026-11-20"),
    (CLOSURES, closure("from: 2026-11-28, reason: Ausflug"), "hours.closures.0", "closes nothing"),
    (CLOSURES, closure("from: 2027-03-26, reason: Karfreitag"), "hours.closures.0", "closes nothing"),
    (CLOSURES, closure('from: 2026-11-27, hours: "18:00-20:00", reason: Abend'), "hours.closures.0", "closes nothing"),
    (
        CLOSURES,
        closure("from: 2026-10-31, every_year: true, reason: Reformation"),
        "hours.closures.0",
        "closes nothing",
    ),
    ("\nmenu:\n", '\nemergency: {text: Sturm, until: "2026-11-23T09:00"}\nmenu:\n', "emergency.until", "is over"),
    ("\nmenu:\n", '\nemergency: {text: Sturm, until: "2026-12-23T09:00"}\nmenu:\n', "emergency.until", "for 30 days"),
    (
        "skill: wohnen\n    wrap",
        "skill: umzug\n    wrap",
        "request_types.2.skill",
        'only anna can take "Geplanter Umzug"',
    ),
    (
        "skill: wohnen\n    wrap",
        "skill: umzug\n    wrap",
        "request_types.2.skill",
        "only a second choice (anna): every caller waits 30 s",
    ),
    ("label: Mietkosten", "label: Einkommen", "request_types.5.label", 'the label of "rent" too'),
    ("longest_wait_seconds: 900", "longest_wait_seconds: 59", "distribution.ring_seconds", "before everybody was rung"),
    ("nobody_ready_seconds: 60", "nobody_ready_seconds: 900", "line.nobody_ready_seconds", "is reached before"),
    (
        "position_every_seconds: 60",
        "position_every_seconds: 901",
        "line.position_every_seconds",
        "hear nothing of their",
    ),
    ("    promise: true ", "    promise: false ", "distribution.same_agent", "nobody is ever preferred"),
    ("numbers_days: 90", "numbers_days: 3", "distribution.same_agent.number_days", "deleted after 3 days"),
    ("wait_seconds: 20", "wait_seconds: 600", "distribution.same_agent.wait_seconds", "is reached before"),
    (
        "second_choice_after_seconds: 30",
        "second_choice_after_seconds: 1000",
        "distribution.second_choice_after_seconds",
        "is reached before",
    ),
    (WINDOWS, 'windows: ["18:00-20:00"]', "callbacks.windows.0", "never lies within"),
    ("link_days: 30", "link_days: 13", "mail.link_days", "could not confirm it"),
    (
        "prompt: Für Mietkosten die 4.",
        "prompt: Für Mietkosten die 5.",
        "request_types.3.prompt",
        "names the key 5, but the key is 4",
    ),
    (
        "prompt: Für Mietkosten die 4.",
        "prompt: Für Mietkosten die fünf.",
        "request_types.3.prompt",
        "names the key 5, but the key is 4",
    ),
    ("bleiben Sie dran oder drücken Sie die 0.", "drücken Sie die 9.", "texts.menu_intro", "but the key is 0"),
    (
        "zurückrufen sollen, drücken Sie die 1.",
        "zurückrufen sollen, drücken Sie die 2.",
        "texts.callback_offer",
        "but the key is 1",
    ),
    ("For English, press 9.", "For English, press 8.", "languages.0.offer", "names the key 8, but the key is 9"),
    ("For a planned move, 3.", "For a planned move, four.", "languages.0.request_types.move", "names the key 4"),
    (
        "{name: Herr Immig,",
        "{name: Frau Juhl, email: j@x.example, offices: [rinteln], letters: A-M, types: [rent]}\n"
        "  - {name: Herr Immig,",
        "case_workers.3",
        "those above it take all of it",
    ),
    ("letters: L-Z", "letters: M-W", "case_workers", "Stadthagen: nobody answers for L, X-Z (all request types)"),
    (
        "letters: A-Z}",
        "letters: A-Z, types: [address, household, rent, insurance, income, benefits, unclear]}",
        "case_workers",
        "Rinteln: nobody answers for N-Z (Geplanter Umzug)",
    ),
    (
        "letters: L-Z",
        "absences: [{from: 2026-12-01}], letters: L-Z",
        "case_workers.1.absences.0",
        "away on 2026-12-01 without a deputy",
    ),
    (
        "letters: L-Z",
        "absences: [{from: 2026-06-01, to: 2027-03-01}], letters: L-Z",
        "case_workers.1.absences.0",
        "away on 2026-11-23 without a deputy",
    ),
]


def warnings(text: str) -> list[tuple[str, str]]:
    return [(".".join(map(str, path)), message) for path, message in review(parse(text, "x.yaml"), NOW)]


@pytest.mark.parametrize(("old", "new", "path", "message"), WARNINGS)
def test_what_is_probably_not_meant_is_named(shipped_text: str, old: str, new: str, path: str, message: str) -> None:
    assert old in shipped_text
    text = shipped_text.replace(old, new, 1)
    if "skill: umzug" in new and "second choice" in message:
        text = text.replace(ANNA, f"second_choice: [umzug], {ANNA}", 1)
    elif "skill: umzug" in new:
        text = text.replace(ANNA, ANNA.replace("[", "[umzug, "), 1)
    elif "promise: false" in new:
        text = text.replace("number_days: 7", "number_days: 0", 1)
    elif "wait_seconds: 600" in new:
        text = text.replace("longest_wait_seconds: 900", "longest_wait_seconds: 600", 1)
    elif "second_choice_after" in new:
        text = text.replace(BEN, f"second_choice: [leistung], {BEN}", 1)
    found = warnings(text)
    assert [told for where, told in found if where == path and message in told], found


def test_the_shipped_configuration_has_no_warning(shipped_text: str) -> None:
    assert warnings(shipped_text) == []


SILENT = [
    (CLOSURES, closure("from: 2026-11-27, reason: Ausflug")),
    (CLOSURES, closure("from: 2026-11-20, to: 2026-11-23, reason: Ausflug")),
    (CLOSURES, closure("from: 2020-11-27, every_year: true, reason: Ausflug")),
    (CLOSURES, closure("from: 2028-02-29, every_year: true, reason: Schalttag")),
    (
        CLOSURES,
        CLOSURES
        + '    - {from: 2026-11-27, hours: "08:00-12:00", reason: A}\n'
        + '    - {from: 2026-11-27, hours: "12:00-18:00", reason: B}\n',
    ),
    ("\nmenu:\n", '\nemergency: {text: Sturm, until: "2026-11-24T09:00"}\nmenu:\n'),
    ('monday: ["08:00-18:00"]', 'monday: ["08:00-12:00", "13:00-18:00"]'),
    ('monday: ["08:00-18:00"]', 'monday: ["08:00-12:00", "12:00-18:00"]'),
    (WINDOWS, 'windows: ["08:00-10:00", "17:00-19:00"]'),
    ("prompt: Für Mietkosten die 4.", "prompt: Für Mietkosten."),
    ("prompt: Für Mietkosten die 4.", "prompt: Für Mietkosten die vier."),
    ("prompt: Für Mietkosten die 4.", "prompt: Für § 22 die Taste 4."),
    ("Ihren Anruf leider nicht", "Ihren Anruf um 18 Uhr leider nicht"),
]


@pytest.mark.parametrize(("old", "new"), SILENT)
def test_nothing_is_said_about_what_is_meant(shipped_text: str, old: str, new: str) -> None:
    assert old in shipped_text
    assert warnings(shipped_text.replace(old, new, 1)) == []


def test_without_any_case_worker_the_team_mailbox_is_meant(shipped_text: str) -> None:
    start, end = shipped_text.index("case_workers:"), shipped_text.index("promises:")
    assert warnings(shipped_text[:start] + shipped_text[end:]) == []
