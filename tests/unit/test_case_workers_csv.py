"""Case workers from a table: as people keep it, with findings by line when something cannot be read."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.case_workers_csv import MAX_ROWS, edits, read
from config.editing import edited
from config.loading import parse
from config.schema import HotlineConfig

HEADING = "Name;E-Mail;Standorte;Buchstaben;Arten;Telefon;Vertretung;Abwesend von;Abwesend bis\n"
FALKE = {"name": "Frau Falke", "email": "f@x.example", "offices": ["stadthagen"]}

TABLES: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("one row", HEADING + "Frau Falke;f@x.example;Stadthagen;;;;;;\n", [FALKE]),
    (
        "all columns",
        HEADING
        + "Frau Falke;f@x.example;Stadthagen, Rinteln;A-K;Mietkosten, move;30;g@x.example;21.12.2026;2027-01-01",
        [
            {
                **FALKE,
                "offices": ["stadthagen", "rinteln"],
                "letters": "A-K",
                "types": ["rent", "move"],
                "phone": "30",
                "deputy": "g@x.example",
                "absences": [{"from": date(2026, 12, 21), "to": date(2027, 1, 1)}],
            }
        ],
    ),
    ("English headings, commas", 'name,email,office\n"Frau Falke",f@x.example,stadthagen\n', [FALKE]),
    ("a mark at the beginning", "\ufeffName;E-Mail;Standort\nFrau Falke;f@x.example;STADTHAGEN\n", [FALKE]),
    ("lines from Windows", "Name;E-Mail;Standort\r\nFrau Falke;f@x.example;Stadthagen\r\n\r\n", [FALKE]),
    ("from a spreadsheet", "sep=;\nName;E-Mail;Standort;;\nFrau Falke;f@x.example;Stadthagen;;\n;;;;\n", [FALKE]),
    ("tabs", "Name\tE-Mail\tStandort\nFrau Falke\tf@x.example\tStadthagen\n", [FALKE]),
    (
        "umlauts and quotes",
        'Name;E-Mail;Geschäftsstelle\n"Frau ""F"" Öz;ü";f@x.example;Rinteln',
        [{"name": 'Frau "F" Öz;ü', "email": "f@x.example", "offices": ["rinteln"]}],
    ),
    (
        "letters as people write them",
        HEADING + "Frau Falke;f@x.example;Stadthagen;a – k;;;;;",
        [{**FALKE, "letters": "A-K"}],
    ),
    (
        "several spans are several rules",
        HEADING + "Frau Falke;f@x.example;Stadthagen;A bis C, X;alle;;;;",
        [{**FALKE, "letters": "A-C"}, {**FALKE, "letters": "X"}],
    ),
    (
        "several rows are several rules",
        HEADING + "Frau Falke;f@x.example;Stadthagen;A;;;;;\nFrau Falke;f@x.example;Stadthagen;B;;;;;",
        [{**FALKE, "letters": "A"}, {**FALKE, "letters": "B"}],
    ),
    (
        "rows that differ in their absences only are one",
        HEADING
        + "Frau Falke;f@x.example;Stadthagen;;;;;1.7.2026;1.7.2026\n"
        + "Frau Falke;f@x.example;Stadthagen;;;;;3.8.26;\n"
        + "Frau Falke;f@x.example;;;;;;2026-09-01;2.9.2026",
        [
            {
                **FALKE,
                "absences": [
                    {"from": date(2026, 7, 1)},
                    {"from": date(2026, 8, 3)},
                    {"from": date(2026, 9, 1), "to": date(2026, 9, 2)},
                ],
            }
        ],
    ),
]


@pytest.mark.parametrize(("what", "text", "entries"), TABLES)
def test_table_is_read(config: HotlineConfig, what: str, text: str, entries: list[dict[str, Any]]) -> None:
    table = read(text, config)
    assert (table.findings, table.entries) == ([], entries)


WRONG = [
    ("", "Die Tabelle ist leer."),
    ("\n\n", "Die Tabelle ist leer."),
    (HEADING, "In der Tabelle steht niemand."),
    ("Name;E-Mail\nx;y", "Zeile 1: Es fehlt die Spalte Standorte."),
    ("Name;Mehl;Standort\n", "Zeile 1: Die Spalte „Mehl“ ist nicht bekannt; möglich sind Name, E-Mail,"),
    ("Name;E-Mail;Mail;Standort\n", "Zeile 1: Die Spalte „Mail“ steht zweimal da."),
    (
        HEADING + "\nFrau Falke;f@x.example;Bückeburg;;;;;;",
        "Zeile 3: Standorte: „Bückeburg“ gibt es nicht; möglich sind Stad",
    ),
    (
        HEADING + "Frau Falke;f@x.example;Stadthagen;;Miete;;;;",
        "Zeile 2: Arten: „Miete“ gibt es nicht; möglich sind Adress",
    ),
    (HEADING + "Frau Falke;f@x.example;Stadthagen;A-KK;;;;;", "Zeile 2: Buchstaben: „A-KK“ ist nicht zu lesen"),
    (HEADING + "Frau Falke;;Stadthagen;;;;;;", "Zeile 2: E-Mail fehlt."),
    (HEADING + ";;Stadthagen;;;;;;", "Zeile 2: Es fehlen Name und E-Mail."),
    (HEADING + "Frau Falke;f@x.example;;A;;;;;", "Zeile 2: Standorte fehlt."),
    (HEADING + "Frau Falke;f@x.example;Stadthagen;;;;;31.2.2026;", "Zeile 2: Abwesend von: „31.2.2026“ ist kein Tag"),
    (HEADING + "Frau Falke;f@x.example;Stadthagen;;;;;;1.2.2026", "Zeile 2: Abwesend bis ohne Abwesend von."),
    (
        HEADING + "Frau Falke;f@x.example;Stadthagen;;;;;2.2.2026;1.2.2026",
        "Zeile 2: Abwesend bis liegt vor Abwesend von.",
    ),
    (
        HEADING + 'Frau Falke;f@x.example;"Stadt\nhagen";;;;;;\nHerr X;x@x.example;Nirgends;;;;;;',
        "Zeile 4: Standorte: „Nirgends“",
    ),
    (HEADING + "Frau Falke;f@x.example;Stadthagen;;;;;;;;x", "Zeile 2: Es sind 11 Felder, aber nur 9 Spalten."),
    (HEADING + '"Frau Falke;f@x.example;Stadthagen', "Die Tabelle ist nicht lesbar"),
    (HEADING + ";;;;;;;;x\n" * (MAX_ROWS + 1), "zu viele Zeilen"),
    ("x" * 1_000_001, "zu groß"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_cannot_be_read_is_named_by_its_line(config: HotlineConfig, text: str, message: str) -> None:
    table = read(text, config)
    assert table.entries == []
    assert any(message in str(finding) for finding in table.findings), table.findings


def test_all_findings_come_at_once(config: HotlineConfig) -> None:
    table = read(HEADING + "A;a@x.example;X;;Y;;;;\nB;;Rinteln;1;;;;z;\n", config)
    assert [finding.line for finding in table.findings] == [2, 2, 3, 3, 3]


def test_the_table_takes_the_place_of_the_section_and_the_rest_of_the_file_stays(
    shipped_text: str, config: HotlineConfig
) -> None:
    rows = [
        "Frau Falke;falke@jobcenter.example;Stadthagen;A-K;;30;guenther@jobcenter.example;;",
        "Herr Günther;guenther@jobcenter.example;Stadthagen;L-Z;;05721 9830;;21.12.2026;",
        "Frau Neu;neu@jobcenter.example;Rinteln;;;;;;",
    ]
    table = read(HEADING + "\n".join(rows), config)
    result = edited(shipped_text, edits(table))
    before, after = shipped_text.splitlines(), result.splitlines()
    assert [line for line in after if line not in before] == [
        "  - {name: Herr Günther, email: guenther@jobcenter.example, offices: [stadthagen], letters: L-Z, "
        'phone: "05721 9830", absences: [{from: 2026-12-21}]}',
        "  - {name: Frau Neu, email: neu@jobcenter.example, offices: [rinteln]}",
    ]
    assert len([line for line in before if line not in after]) == 3
    assert [worker.name for worker in parse(result, "x").case_workers] == ["Frau Falke", "Herr Günther", "Frau Neu"]


cells = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["Rinteln", "A-K", "1.2.2026", "x@x", '"', ";"]
)


@settings(max_examples=80)
@given(rows=st.lists(st.lists(cells, max_size=10), max_size=5), comma=st.sampled_from(";,\t"))
def test_no_table_at_all_ends_in_anything_but_entries_or_findings(
    config: HotlineConfig, rows: list[list[str]], comma: str
) -> None:
    table = read(HEADING.replace(";", comma) + "\n".join(comma.join(row) for row in rows), config)
    assert bool(table.entries) != bool(table.findings)
