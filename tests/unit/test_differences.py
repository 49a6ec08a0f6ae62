"""What differs between two configurations is told entry by entry, in the words of an admin."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.differences import SECTIONS, Change, differences
from config.loading import parse
from config.schema import HotlineConfig


def between(shipped_text: str, *replacements: tuple[str, str]) -> list[Change]:
    text = shipped_text
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return differences(parse(shipped_text, "old"), parse(text, "new"))


SKILLS = "skills: [allgemein, stammdaten, wohnen]"
BEN = f'{{name: ben, full_name: Ben Brinkmann, office: stadthagen, {SKILLS}, extension: "12"}}'
CASES = [
    # (what stands there, what is written instead, path, section, old, new)
    (
        'friday: ["08:00-18:00"]',
        'friday: ["08:00-12:00", "13:00-17:59:30"]',
        "hours.week.friday",
        "Öffnungszeiten",
        "08:00-18:00",
        "08:00-12:00, 13:00:00-17:59:30",
    ),
    ('friday: ["08:00-18:00"]', "friday: []", "hours.week.friday", "Öffnungszeiten", "08:00-18:00", "nichts"),
    ('    friday: ["08:00-18:00"]\n', "", "hours.week.friday", "Öffnungszeiten", "08:00-18:00", None),
    ("subdivision: NI", "subdivision: NW", "hours.holidays.subdivision", "Feiertage", "NI", "NW"),
    (
        "reason: Silvester}",
        'reason: Silvester, hours: "12:00-18:00"}',
        "hours.closures.31.12.2026 Silvester.hours",
        "Schließzeiten",
        None,
        "12:00-18:00",
    ),
    (
        "    - {from: 2026-12-31, every_year: true, reason: Silvester}\n",
        "",
        "hours.closures.31.12.2026 Silvester",
        "Schließzeiten",
        "from: 31.12.2026; every_year: ja; reason: Silvester",
        None,
    ),
    (
        "\nmenu:\n",
        '\nemergency: {text: Sturm, until: "2026-11-23T12:00"}\nmenu:\n',
        "emergency",
        "Notfallansage",
        None,
        "text: Sturm; until: 23.11.2026 12:00",
    ),
    ("name: Rinteln}", "name: Rinteln Nord}", "offices.rinteln.name", "Geschäftsstellen", "Rinteln", "Rinteln Nord"),
    (
        "full_name: Anna Ahrens",
        "full_name: Anna Acker",
        "agents.anna.full_name",
        "Mitarbeitende",
        "Anna Ahrens",
        "Anna Acker",
    ),
    (
        'stammdaten, wohnen], extension: "12"',
        'stammdaten], extension: "12"',
        "agents.ben.skills",
        "Mitarbeitende",
        "allgemein, stammdaten, wohnen",
        "allgemein, stammdaten",
    ),
    (
        f"  - {BEN}\n",
        "",
        "agents.ben",
        "Mitarbeitende",
        "full_name: Ben Brinkmann; office: stadthagen; skills: allgemein, stammdaten, wohnen; extension: 12",
        None,
    ),
    ("label: Mietkosten", "label: Miete", "request_types.rent.label", "Anliegen", "Mietkosten", "Miete"),
    (
        "label: Neue Krankenkasse, required: true",
        "label: Neue Krankenkasse",
        "request_types.insurance.fields.insurer.required",
        "Anliegen",
        "ja",
        "nein",
    ),
    (
        "papers: [Schreiben des Vermieters, Abr",
        "papers: [Abr",
        "request_types.rent.papers",
        "Anliegen",
        "Schreiben des Vermieters | Abrechnung der Nebenkosten",
        "Abrechnung der Nebenkosten",
    ),
    ("letters: L-Z", "letters: L-Y", "case_workers.Herr Günther.letters", "Sachbearbeitung", "L-Z", "L-Y"),
    (
        "deputy: guenther@",
        "absences: [{from: 2026-12-21, to: 2027-01-01}], deputy: guenther@",
        "case_workers.Frau Falke.absences.21.12.2026",
        "Sachbearbeitung",
        None,
        "from: 21.12.2026; to: 01.01.2027",
    ),
    (
        "  greeting: Guten Tag, hier",
        "  greeting: Hallo, hier",
        "texts.greeting",
        "Ansagen",
        "Guten Tag, hier ist das Jobcenter Schaumburg.",
        "Hallo, hier ist das Jobcenter Schaumburg.",
    ),
    ("security: none", "security: none\n  link_days: 20\n #", "mail.link_days", "E-Mail", "30", "20"),
    ("speed: 0.95", "speed: 1.0", "voice.speed", "Stimme", "0.95", "1.0"),
    ("{Jobcenter: Jobzenter}", "{Jobcenter: Jobzenter, Amt: Ammt}", "voice.spoken_as.Amt", "Stimme", None, "Ammt"),
]


@pytest.mark.parametrize(("old", "new", "path", "section", "before", "after"), CASES)
def test_one_change_is_told_once(
    shipped_text: str, old: str, new: str, path: str, section: str, before: str | None, after: str | None
) -> None:
    if "link_days" in path:
        shipped_text = shipped_text.replace("  link_days: 30\n", "")
        old, new = "security: none", "security: none\n  link_days: 20"
    assert between(shipped_text, (old, new)) == [Change(path, section, before, after)]


def test_another_order_is_one_change(shipped_text: str) -> None:
    (found,) = between(
        shipped_text, ("name: anna", "name: xx"), ("name: ben", "name: anna"), ("name: xx", "name: ben")
    )[-1:]
    assert found.path == "agents"
    assert found.old == "Reihenfolge: anna, ben, carla, david, elif"
    assert found.new == "Reihenfolge: ben, anna, carla, david, elif"


def test_several_entries_of_one_person_are_told_apart(shipped_text: str) -> None:
    second = "  - {name: Frau Falke, email: falke@jobcenter.example, offices: [rinteln]}\n  - {name: Herr Immig,"
    twice = shipped_text.replace("  - {name: Herr Immig,", second, 1)
    (found,) = between(twice, ("offices: [rinteln]}", "offices: [rinteln], letters: A-C}"))
    assert (found.path, found.new) == ("case_workers.Frau Falke (2).letters", "A-C")


def test_changes_come_in_the_order_of_the_sections(shipped_text: str) -> None:
    found = between(
        shipped_text, ("speed: 0.95", "speed: 1.0"), ("retries: 1", "retries: 2"), ("name: Rinteln", "name: R")
    )
    assert [change.section for change in found] == ["Geschäftsstellen", "Menü", "Stimme"]


def test_a_default_that_is_written_out_and_comments_are_no_difference(shipped_text: str) -> None:
    assert between(shipped_text, ("  retries: 1", "  retries: 1  # one")) == []
    assert between(shipped_text, ("kind: date, required", "kind: date, choices: [], required")) == []


def test_every_section_has_a_german_name() -> None:
    assert set(HotlineConfig.model_fields) <= set(SECTIONS)


@settings(max_examples=10)
@given(data=st.data())
def test_what_is_told_one_way_is_told_the_other_way_too(shipped_text: str, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES[:16]))
    one = parse(shipped_text, "old")
    other = parse(shipped_text.replace(case[0], case[1], 1), "new")
    back = {(change.path, change.new, change.old) for change in differences(other, one)}
    assert back == {(change.path, change.old, change.new) for change in differences(one, other)}
