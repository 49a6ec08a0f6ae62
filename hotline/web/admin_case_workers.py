"""Who answers what the telephone service cannot settle: one by one, or all at once from a CSV file."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from aiohttp import web

from agents.forms import FormError
from config import case_workers_csv
from config.case_workers_csv import MAX_CHARACTERS
from config.editing import Edit, Kind
from config.schema import CaseWorker, HotlineConfig
from hotline.web.admin_basis import change, everyday, listed, mapping_in, posted, tells_outdated
from hotline.web.admin_marks import marks, place_of
from hotline.web.reading import path_word, text

LENGTHS = {"name": 120, "email": 254, "letters": 9, "phone": 40}
_LIST = 200
_ABSENCES = 50
_FINDINGS = 12
"""So many findings of a table are told at once."""
CSV_COLUMNS = (
    "Name",
    "E-Mail",
    "Standorte",
    "Buchstaben",
    "Arten",
    "Telefon",
    "Vertretung",
    "Abwesend von",
    "Abwesend bis",
)
_ENTRY = {key: key for key in ("name", "email", "offices", "letters", "types", "phone", "deputy", "absences")}
"""Findings about one entry stand at the field of the same name."""


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/case-workers"""

    def values(config: HotlineConfig) -> Mapping[str, Any]:
        return {
            "workers": list(zip(marks(config.case_workers), config.case_workers, strict=True)),
            "offices": [(office.key, office.name) for office in config.offices],
            "kinds": [(kind.key, kind.label) for kind in (*config.request_types, config.unclear)],
            "emails": sorted({worker.email for worker in config.case_workers}),
            "lengths": LENGTHS,
            "csv_bytes": MAX_CHARACTERS,
            "csv_columns": CSV_COLUMNS,
        }

    return await everyday(request, "admin/case_workers.html", values)


@tells_outdated
async def add(request: web.Request) -> web.StreamResponse:
    """POST /admin/case-workers {values: {name, email, offices: […], letters, types: […], phone, deputy, …}}"""
    body = await posted(request)

    def edits(_: HotlineConfig) -> Sequence[Edit]:
        return [Edit(Kind.ADD, ("case_workers",), _read(mapping_in(body, "values", _LIST)))]

    return await change(request, body, edits, _ENTRY)


@tells_outdated
async def save(request: web.Request) -> web.StreamResponse:
    """POST /admin/case-workers/{mark} {values: as above}"""
    body, mark = await posted(request), path_word(request, "mark")

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        place = place_of(mark, config.case_workers)
        old = _written(config.case_workers[place])
        new = _read(mapping_in(body, "values", _LIST))
        keys = [key for key in dict.fromkeys((*new, *old)) if new.get(key) != old.get(key)]
        paths = {key: ("case_workers", place, key) for key in keys}
        return [
            Edit(Kind.SET, path, new[key]) if key in new else Edit(Kind.REMOVE, path) for key, path in paths.items()
        ]

    return await change(request, body, edits, _ENTRY)


@tells_outdated
async def remove(request: web.Request) -> web.StreamResponse:
    """POST /admin/case-workers/{mark}/remove"""
    body, mark = await posted(request), path_word(request, "mark")

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        return [Edit(Kind.REMOVE, ("case_workers", place_of(mark, config.case_workers)))]

    return await change(request, body, edits)


@tells_outdated
async def from_table(request: web.Request) -> web.StreamResponse:
    """POST /admin/case-workers-csv {values: {text}}: all entries anew, from a table."""
    body = await posted(request)
    table = text(mapping_in(body, "values", 2), "text", MAX_CHARACTERS)
    if not table.strip():
        raise FormError({"text": "Bitte wählen Sie eine Datei."})

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        found = case_workers_csv.read(table, config)
        if found.findings:
            more = len(found.findings) - _FINDINGS
            said = [str(finding) for finding in found.findings[:_FINDINGS]]
            raise FormError({"text": " ".join([*said, *([f"Und {more} weitere."] if more > 0 else [])])})
        return case_workers_csv.edits(found)

    return await change(request, body, edits, {"case_workers": "text"})


def _written(worker: CaseWorker) -> dict[str, Any]:
    """The entry as the file holds it, without what is as by default."""
    return worker.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the form, as the file holds it; FormError with all findings."""
    findings: dict[str, str] = {}
    entry: dict[str, Any] = {key: text(values, key, most).strip() for key, most in LENGTHS.items()}
    entry["letters"] = entry["letters"].upper().replace(" ", "")
    entry["offices"] = listed(values, "offices", _LIST, 40)
    entry["types"] = listed(values, "types", _LIST, 40)
    entry["deputy"] = text(values, "deputy", LENGTHS["email"]).strip()
    entry["absences"] = _absences(values, findings)
    if not entry["name"]:
        findings["name"] = "Bitte geben Sie einen Namen an."
    if not _is_address(entry["email"]):
        findings["email"] = "Bitte geben Sie eine E-Mail-Adresse an."
    if entry["deputy"] and not _is_address(entry["deputy"]):
        findings["deputy"] = "Bitte geben Sie die E-Mail-Adresse der Vertretung an."
    elif entry["deputy"] and entry["deputy"] == entry["email"]:
        findings["deputy"] = "Niemand vertritt sich selbst."
    if not entry["offices"]:
        findings["offices"] = "Bitte wählen Sie mindestens eine Geschäftsstelle."
    if entry["letters"] and not _are_letters(entry["letters"]):
        findings["letters"] = "Bitte einen Buchstaben oder einen Bereich angeben: S oder A-K."
    if findings:
        raise FormError(findings)
    if entry["letters"] == "A-Z":
        entry["letters"] = ""
    return {key: value for key, value in entry.items() if value}


def _absences(values: Mapping[str, Any], findings: dict[str, str]) -> list[dict[str, str]]:
    starts, ends = (listed(values, f"absence-{edge}", _ABSENCES, 10) for edge in ("from", "to"))
    result = []
    for start, end in zip(starts, ends, strict=False):
        if not start and not end:
            continue
        first, last = _day(start), _day(end or start)
        if first is None or last is None or last < first:
            findings["absences"] = (
                "Bitte geben Sie den ersten und den letzten Tag an; der letzte liegt nicht vor dem ersten."
            )
            continue
        result.append({"from": start} | ({"to": end} if end and end != start else {}))
    return result


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _is_address(value: str) -> bool:
    name, at, host = value.partition("@")
    return bool(name and at and "." in host.strip(".")) and not set(value) & set(" <>,;\t\n")


def _are_letters(value: str) -> bool:
    first, dash, last = value.partition("-")
    ends = (first, last) if dash else (first,)
    return all(len(end) == 1 and end in "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ" for end in ends)
