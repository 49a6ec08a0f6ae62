"""The responsible case worker is found as an office sorts its files; what no rule covers goes to the team."""

import pytest

from config.schema import CaseWorker, HotlineConfig
from routing.case_workers import initial, responsible

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
    found = responsible(config, office, name, request_type)
    assert (found.name, found.team) == (worker, False)


NOBODY = [("stadthagen", "Нечай", "rent"), ("stadthagen", " ", "rent"), ("bueckeburg", "Ahrens", "rent")]


@pytest.mark.parametrize(("office", "name", "request_type"), NOBODY)
def test_what_no_rule_covers_goes_to_the_team(config: HotlineConfig, office: str, name: str, request_type: str) -> None:
    found = responsible(config, office, name, request_type)
    assert (found.team, found.email) == (True, config.mail.team_mailbox)
    assert "Keine Regel passt" in found.rule


def test_the_rule_is_told_in_one_german_line(config: HotlineConfig) -> None:
    assert responsible(config, "stadthagen", "Ahrens", "rent").rule == "Stadthagen, Buchstaben A bis K, alle Anliegen"
    assert responsible(config, "rinteln", "Ahrens", "rent").rule == (
        "Rinteln, Buchstaben A bis M, Geplanter Umzug, Mietkosten"
    )
    assert "Buchstabe A, Mietkosten" in responsible(config, "bueckeburg", "Ahrens", "rent").rule


def test_a_rule_does_not_repeat_the_name_of_the_client(config: HotlineConfig) -> None:
    assert "Ahrens" not in responsible(config, "bueckeburg", "Ahrens", "rent").rule


def test_a_single_letter_and_an_umlaut_span_match(config: HotlineConfig) -> None:
    workers = [
        CaseWorker(name="S", email="s@x.example", offices=["rinteln"], letters="S"),
        CaseWorker(name="Ä", email="a@x.example", offices=["rinteln"], letters="Ä-C"),
    ]
    changed = config.model_copy(update={"case_workers": workers})
    found = [responsible(changed, "rinteln", name, "rent").name for name in ("Schmidt", "Arnold", "Čapek", "Tamm")]
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
