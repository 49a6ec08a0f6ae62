"""Reads case workers from a table (CSV), as offices keep them, for the section `case_workers` of the configuration.

Columns by their German or English heading, in any order; those that are not known are an error, because a misspelt one
would silently be left out. A person may have several rows: each is a rule of its own, and rows that differ only in
their absences are one.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from config.editing import Edit, Kind
from config.schema import HotlineConfig

MAX_ROWS = 2_000
MAX_CHARACTERS = 1_000_000
COLUMNS = {
    "name": ("name", "sachbearbeitung", "case worker"),
    "email": ("e-mail", "email", "mail", "e-mail-adresse"),
    "offices": ("standorte", "standort", "geschäftsstellen", "geschäftsstelle", "offices", "office"),
    "letters": ("buchstaben", "buchstabe", "letters", "letter"),
    "types": ("arten", "art", "anliegen", "types", "type", "request types"),
    "phone": ("telefon", "telefonnummer", "durchwahl", "phone"),
    "deputy": ("vertretung", "deputy"),
    "from": ("abwesend von", "absent from"),
    "to": ("abwesend bis", "absent to"),
}
"""What a column may be called; capitals do not matter."""
_GERMAN = {
    "name": "Name",
    "email": "E-Mail",
    "offices": "Standorte",
    "letters": "Buchstaben",
    "types": "Arten",
    "phone": "Telefon",
    "deputy": "Vertretung",
    "from": "Abwesend von",
    "to": "Abwesend bis",
}
_NEEDED = ("name", "email", "offices")
_EVERYTHING = ("", "alle", "alles", "all", "a-z")
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowFinding:
    """What is wrong in the table, in German. `line` counts from 1; 0 for the table as a whole."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"Zeile {self.line}: {self.message}" if self.line else self.message


@dataclass(frozen=True, slots=True)
class Table:
    """`entries` are ready for the configuration, in the order of the table; empty when there are findings."""

    entries: list[Entry]
    findings: list[RowFinding]


def read(text: str, config: HotlineConfig) -> Table:
    """The case workers in this table. Offices and request types may be named by key or by label."""
    reader = _Reader(config)
    try:
        reader.read(text)
    except _UnusableError as error:
        return Table([], [RowFinding(error.line, str(error))])
    except csv.Error as error:
        return Table([], [RowFinding(0, f"Die Tabelle ist nicht lesbar ({error}).")])
    if not reader.findings and not reader.entries:
        reader.findings.append(RowFinding(0, "In der Tabelle steht niemand."))
    return Table([] if reader.findings else reader.entries, reader.findings)


def edits(table: Table) -> list[Edit]:
    """What puts them into the configuration, in place of those that are there."""
    return [Edit(Kind.SET, ("case_workers",), table.entries)]


class _UnusableError(Exception):
    """Nothing more can be said about the table."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class _Row:
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass
class _Reader:
    config: HotlineConfig
    entries: list[Entry] = field(default_factory=list)
    findings: list[RowFinding] = field(default_factory=list)

    def read(self, text: str) -> None:
        for row in _rows(text):
            if not row["name"] and not row["email"]:
                self._found(row, f"Es fehlen {_GERMAN['name']} und {_GERMAN['email']}.")
            elif self._is_absence_only(row):
                self._add_absence(self._of_person(row)[0], row)
            else:
                self._add_rules(row)

    def _is_absence_only(self, row: _Row) -> bool:
        """A further absence of somebody who stands above."""
        others = (row[column] for column in ("offices", "letters", "types", "phone", "deputy"))
        return not any(others) and bool(row["from"]) and bool(self._of_person(row))

    def _of_person(self, row: _Row) -> list[Entry]:
        return [entry for entry in self.entries if entry["email"] == row["email"]]

    def _add_rules(self, row: _Row) -> None:
        for column in _NEEDED:
            if not row[column]:
                self._found(row, f"{_GERMAN[column]} fehlt.")
        for index, letters in enumerate(self._letters(row)):
            entry = self._entry(row, letters)
            known = next((old for old in self.entries if _without_absences(old) == entry), None)
            if known is None:
                self.entries.append(entry)
            if index == 0:
                self._add_absence(known or entry, row)

    def _entry(self, row: _Row, letters: str) -> Entry:
        offices = {office.name: office.key for office in self.config.offices}
        types = {kind.label: kind.key for kind in (*self.config.request_types, self.config.unclear)}
        entry: Entry = {
            "name": row["name"],
            "email": row["email"],
            "offices": self._keys(row, "offices", offices),
            "letters": letters,
            "types": [] if row["types"].casefold() in _EVERYTHING else self._keys(row, "types", types),
            "phone": row["phone"],
            "deputy": row["deputy"],
        }
        return {key: value for key, value in entry.items() if value or key in _NEEDED}

    def _keys(self, row: _Row, column: str, keys: dict[str, str]) -> list[str]:
        known = {name.casefold(): key for name, key in keys.items()} | {key.casefold(): key for key in keys.values()}
        found: list[str] = []
        for word in _words(row[column], known):
            key = known.get(word.casefold())
            if key is None:
                self._found(row, f"{_GERMAN[column]}: „{word}“ gibt es nicht; möglich sind {', '.join(keys)}.")
            elif key not in found:
                found.append(key)
        return found

    def _letters(self, row: _Row) -> list[str]:
        """Each span by itself; "" stands for all letters."""
        if row["letters"].casefold() in _EVERYTHING:
            return [""]
        spans = [re.sub(r"\s*(?:[-–—]|bis|to)\s*", "-", part.strip()) for part in re.split("[,;|/]", row["letters"])]
        spans = [span.upper() for span in spans if span]
        wrong = [span for span in spans if not re.fullmatch("[A-ZÄÖÜ](-[A-ZÄÖÜ])?", span)]
        for span in wrong:
            self._found(row, f"{_GERMAN['letters']}: „{span}“ ist nicht zu lesen; möglich sind A, A-K oder A-C, X-Z.")
        return spans

    def _add_absence(self, entry: Entry, row: _Row) -> None:
        if not row["from"]:
            if row["to"]:
                self._found(row, f"{_GERMAN['to']} ohne {_GERMAN['from']}.")
            return
        start, end = self._day(row, "from"), self._day(row, "to") if row["to"] else None
        if start and end and end < start:
            self._found(row, f"{_GERMAN['to']} liegt vor {_GERMAN['from']}.")
        absence = {"from": start} | ({"to": end} if end and end != start else {})
        if start and absence not in entry.setdefault("absences", []):
            entry["absences"].append(absence)

    def _day(self, row: _Row, column: str) -> date | None:
        for form in ("%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"):
            try:
                return datetime.strptime(row[column], form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
        self._found(row, f"{_GERMAN[column]}: „{row[column]}“ ist kein Tag; möglich ist 21.12.2026.")
        return None

    def _found(self, row: _Row, message: str) -> None:
        self.findings.append(RowFinding(row.line, message))


def _without_absences(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key != "absences"}


def _words(cell: str, known: dict[str, str]) -> list[str]:
    """What is named in a cell: all of it when it is one name, which may hold a comma; else its parts."""
    if cell.casefold() in known:
        return [cell]
    return [word.strip() for word in re.split("[,;|/\n]", cell) if word.strip()]


def _rows(text: str) -> Iterator[_Row]:
    if len(text) > MAX_CHARACTERS:
        raise _UnusableError(0, f"Die Tabelle ist zu groß; möglich sind {MAX_CHARACTERS} Zeichen.")
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=_delimiter(text), strict=True)
    columns: list[str] | None = None
    before = 0
    for number, cells in enumerate(lines):
        line, before = before + 1, lines.line_num
        cells = [" ".join(cell.split(" ")).strip() for cell in cells]
        if not any(cells) or (columns is None and cells[0].startswith("sep=")):
            continue
        if number > MAX_ROWS:
            raise _UnusableError(line, f"Es sind zu viele Zeilen; möglich sind {MAX_ROWS}.")
        if columns is None:
            columns = _columns(cells, line)
        elif len(cells) > len(columns) and any(cells[len(columns) :]):
            raise _UnusableError(line, f"Es sind {len(cells)} Felder, aber nur {len(columns)} Spalten.")
        else:
            yield _Row(line, dict(zip(columns, cells, strict=False)))
    if columns is None:
        raise _UnusableError(0, "Die Tabelle ist leer.")


def _delimiter(text: str) -> str:
    """What stands between the cells: by the first line that holds anything."""
    heading = next((line for line in text.splitlines() if line.strip() and not line.startswith("sep=")), "")
    return max(";\t,", key=heading.count)


def _columns(cells: list[str], line: int) -> list[str]:
    names = {name: column for column, known in COLUMNS.items() for name in known}
    columns: list[str] = []
    for cell in cells:
        column = names.get(cell.casefold().strip(), "") if cell else f"empty {len(columns)}"
        if not column:
            allowed = ", ".join(_GERMAN.values())
            raise _UnusableError(line, f"Die Spalte „{cell}“ ist nicht bekannt; möglich sind {allowed}.")
        if column in columns:
            raise _UnusableError(line, f"Die Spalte „{cell}“ steht zweimal da.")
        columns.append(column)
    missing = [_GERMAN[column] for column in _NEEDED if column not in columns]
    if missing:
        raise _UnusableError(line, f"Es fehlt die Spalte {', '.join(missing)}.")
    return columns
