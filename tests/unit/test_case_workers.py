"""The responsible case worker is found as an office sorts its files; what no rule covers goes to the team."""

from datetime import date
from typing import Any

import pytest

from config.schema import Absence, CaseWorker, HotlineConfig
from routing.case_workers import TEAM, Choice, absent, choices, chosen, deputy, initial, responsible

TUESDAY = date(2026, 11, 24)

RULES = [
    ("stadthagen", "Ahrens", "rent", "Frau Falke"),
    ("stadthagen", "Krüger", "rent", "Frau Falke"),
    ("stadthagen", "Lange", "rent", "Herr Günther"),
    ("stadthagen", "zimmermann", "income", "Herr Günther"),
    ("stadthagen", "Ärmel", "rent", "Frau Falke"),
    ("stadthagen", "Özdemir", "rent", "Herr Günther"),
    ("stadthagen", "von der Leyen", "rent", "Herr Günther"),
    ("rinteln", "Bauer", "rent", "Frau Heine"),
    ("rinteln", "Bauer", "income", "Herr Immig"),
    ("rinteln", "Neumann", "rent", "Herr Immig"),
    ("rinteln", "Нечай", "rent", "Herr Immig"),
    ("rinteln", "", "rent", "Herr Immig"),
]


@pytest.mark.parametrize(("office", "name", "request_type", "worker"), RULES)
def test_the_first_rule_that_matches_decides(
    config: HotlineConfig, office: str, name: str, request_type: str, worker: str
) -> None:
    found = responsible(config, office, name, request_type, TUESDAY)
    assert (found.name, found.team) == (worker, False)


NOBODY = [("stadthagen", "Нечай", "rent"), ("stadthagen", " ", "rent"), ("bueckeburg", "Ahrens", "rent")]


@pytest.mark.parametrize(("office", "name", "request_type"), NOBODY)
def test_what_no_rule_covers_goes_to_the_team(config: HotlineConfig, office: str, name: str, request_type: str) -> None:
    found = responsible(config, office, name, request_type, TUESDAY)
    assert (found.team, found.email) == (True, config.mail.team_mailbox)
    assert "Keine Regel passt" in found.rule


def test_the_rule_is_told_in_one_german_line(config: HotlineConfig) -> None:
    assert (
        responsible(config, "stadthagen", "Ahrens", "rent", TUESDAY).rule
        == "Stadthagen, Buchstaben A bis K, alle Anliegen"
    )
    assert responsible(config, "rinteln", "Ahrens", "rent", TUESDAY).rule == (
        "Rinteln, Buchstaben A bis M, Geplanter Umzug, Mietkosten"
    )
    assert "Buchstabe A, Mietkosten" in responsible(config, "bueckeburg", "Ahrens", "rent", TUESDAY).rule


def test_a_rule_does_not_repeat_the_name_of_the_client(config: HotlineConfig) -> None:
    assert "Ahrens" not in responsible(config, "bueckeburg", "Ahrens", "rent", TUESDAY).rule


def test_a_single_letter_and_an_umlaut_span_match(config: HotlineConfig) -> None:
    workers = [
        CaseWorker(name="S", email="s@x.example", offices=["rinteln"], letters="S"),
        CaseWorker(name="Ä", email="a@x.example", offices=["rinteln"], letters="Ä-C"),
    ]
    changed = config.model_copy(update={"case_workers": workers})
    found = [
        responsible(changed, "rinteln", name, "rent", TUESDAY).name for name in ("Schmidt", "Arnold", "Čapek", "Tamm")
    ]
    assert found == ["S", "Ä", "Ä", "Team-Postfach"]


INITIALS = [
    ("Meier", "M"),
    ("  meier ", "M"),
    ("Ümit", "U"),
    ("ßmann", "S"),
    ("Łukasz", "L"),
    ("Øster", "O"),
    ("İnce", "I"),
    ("Åberg", "A"),
    ("Dr. Meier", "M"),
    ("Dr. von Bülow", "B"),
    ("von der Leyen", "L"),
    ("Von Der Leyen", "L"),
    ("VON BÜLOW", "B"),
    ("zu Guttenberg", "G"),
    ("van den Berg", "B"),
    ("de Maizière", "M"),
    ("De Luca", "D"),
    ("von", "V"),
    ("Du", "D"),
    ("O'Neill", "O"),
    ("'t Hooft", "T"),
    ("Müller-Lüdenscheidt", "M"),
    ("Al-Ahmad", "A"),
    ("王", ""),
    ("123", ""),
    ("-", ""),
    ("", ""),
]


@pytest.mark.parametrize(("name", "letter"), INITIALS)
def test_names_are_sorted_as_in_a_german_office(name: str, letter: str) -> None:
    assert initial(name) == letter


# --- absences and deputies ---------------------------------------------------------------------


def away(*days: tuple[int, int]) -> list[Absence]:
    """Absent from one day of November 2026 to another."""
    return [Absence(start=date(2026, 11, first), end=date(2026, 11, last)) for first, last in days]


def people(config: HotlineConfig, **changes: dict[str, Any]) -> HotlineConfig:
    """The example with changed case workers, by the name before the "@"."""
    workers = [
        worker.model_copy(update=changes.get(worker.email.partition("@")[0], {})) for worker in config.case_workers
    ]
    return config.model_copy(update={"case_workers": workers})


GUENTHER, HEINE = "guenther@jobcenter.example", "heine@jobcenter.example"
AWAY = {"absences": away((23, 24))}


def test_whoever_is_away_on_the_due_day_is_stood_in_for_and_the_rule_says_so(config: HotlineConfig) -> None:
    found = responsible(people(config, falke=AWAY), "stadthagen", "Ahrens", "rent", TUESDAY)
    assert (found.name, found.email, found.team) == ("Herr Günther", GUENTHER, False)
    assert found.rule == (
        "Stadthagen, Buchstaben A bis K, alle Anliegen: Frau Falke ist am 24.11. nicht da, Vertretung: Herr Günther"
    )


@pytest.mark.parametrize(
    ("day", "name"), [(22, "Frau Falke"), (23, "Herr Günther"), (24, "Herr Günther"), (25, "Frau Falke")]
)
def test_absence_counts_from_its_first_to_its_last_day(config: HotlineConfig, day: int, name: str) -> None:
    changed = people(config, falke=AWAY)
    assert responsible(changed, "stadthagen", "Ahrens", "rent", date(2026, 11, day)).name == name


def test_absence_without_an_end_is_one_day(config: HotlineConfig) -> None:
    changed = people(config, falke={"absences": [Absence(start=TUESDAY)]})
    assert absent(changed, "falke@jobcenter.example", TUESDAY)
    assert not absent(changed, "falke@jobcenter.example", date(2026, 11, 25))


def test_deputy_who_is_away_too_is_stood_in_for_in_turn(config: HotlineConfig) -> None:
    changed = people(config, falke=AWAY, guenther={**AWAY, "deputy": HEINE})
    assert responsible(changed, "stadthagen", "Ahrens", "rent", TUESDAY).name == "Frau Heine"


@pytest.mark.parametrize("last", [None, "falke@jobcenter.example", "nobody@jobcenter.example"])
def test_chain_that_ends_or_goes_round_leads_to_the_team(config: HotlineConfig, last: str | None) -> None:
    changed = people(config, falke=AWAY, guenther={**AWAY, "deputy": last})
    found = responsible(changed, "stadthagen", "Ahrens", "rent", TUESDAY)
    assert (found.team, found.email, found.key) == (True, config.mail.team_mailbox, TEAM)
    assert "hat keine Vertretung" in found.rule


def test_absence_of_a_person_with_two_entries_holds_for_both(config: HotlineConfig) -> None:
    second = CaseWorker(
        name="Frau Falke", email="falke@jobcenter.example", offices=["rinteln"], absences=away((24, 24))
    )
    changed = config.model_copy(update={"case_workers": [*config.case_workers, second]})
    assert responsible(changed, "stadthagen", "Ahrens", "rent", TUESDAY).name == "Herr Günther"
    assert deputy(changed, "falke@jobcenter.example", TUESDAY) == changed.case_workers[1]


def test_choices_are_every_person_once_and_the_team_last(config: HotlineConfig) -> None:
    second = CaseWorker(name="Frau F.", email="falke@jobcenter.example", offices=["rinteln"])
    changed = people(config.model_copy(update={"case_workers": [*config.case_workers, second]}), heine=AWAY)
    found = choices(changed, TUESDAY)
    assert [choice.name for choice in found] == [
        "Frau Falke",
        "Herr Günther",
        "Frau Heine",
        "Herr Immig",
        "Team-Postfach",
    ]
    assert found[2] == Choice(HEINE, "Frau Heine", absent=True)
    team = chosen(changed, TEAM, "so")
    assert team is not None
    assert (team.email, team.rule, team.team) == (config.mail.team_mailbox, "so", True)
    assert chosen(changed, "nobody@x", "so") is None
