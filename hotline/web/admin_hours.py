"""When the hotline is open: the week, holidays, closures, and the announcement for emergencies."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from aiohttp import web

from agents.forms import FormError
from config.editing import Edit, Kind
from config.schema import WEEKDAYS, Closure, HotlineConfig, Interval
from hotline.web.admin_basis import change, everyday, listed, mapping_in, posted, tells_outdated
from hotline.web.admin_marks import marks, place_of
from hotline.web.keys import site
from hotline.web.pages import day_in_words
from hotline.web.reading import path_word, text

DAYS = dict(
    zip(WEEKDAYS, ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"), strict=True)
)
STATES = {
    "BW": "Baden-Württemberg",
    "BY": "Bayern",
    "BE": "Berlin",
    "BB": "Brandenburg",
    "HB": "Bremen",
    "HH": "Hamburg",
    "HE": "Hessen",
    "MV": "Mecklenburg-Vorpommern",
    "NI": "Niedersachsen",
    "NW": "Nordrhein-Westfalen",
    "RP": "Rheinland-Pfalz",
    "SL": "Saarland",
    "SN": "Sachsen",
    "ST": "Sachsen-Anhalt",
    "SH": "Schleswig-Holstein",
    "TH": "Thüringen",
}
NOON = time(12)
TEXT_LENGTH = 600
REASON_LENGTH = 120
_SPANS = 8
"""Intervals of one day, at most."""
_EMPTY = "Bitte geben Sie Anfang und Ende an, zum Beispiel 08:00 bis 12:00."
_DAY = "Bitte geben Sie einen Tag an."


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/hours"""
    today = _today(request)

    def values(config: HotlineConfig) -> Mapping[str, Any]:
        closures = zip(marks(config.hours.closures), config.hours.closures, strict=True)
        return {
            "days": DAYS,
            "states": STATES,
            "spelled": spelled,
            "closures": [{"mark": mark, **_shown(closure, today)} for mark, closure in closures],
            "today": today,
            "soon": _soon(today),
            "ends": {day: _last(config, day) for day in WEEKDAYS},
            "text_length": TEXT_LENGTH,
            "reason_length": REASON_LENGTH,
        }

    return await everyday(request, "admin/hours.html", values)


@tells_outdated
async def week(request: web.Request) -> web.StreamResponse:
    """POST /admin/hours/week {values: {"monday-start": […], "monday-end": […], …}}: the days that were changed"""
    body = await posted(request)
    given = mapping_in(body, "values", 2 * len(WEEKDAYS))
    findings: dict[str, str] = {}
    changed = [day for day in WEEKDAYS if {f"{day}-start", f"{day}-end"} & given.keys()]
    wanted = {day: _spans(given, day, findings) for day in changed}
    if findings:
        raise FormError(findings)

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        old = {day: [spelled(span) for span in config.hours.week.get(day, [])] for day in WEEKDAYS}
        return [Edit(Kind.SET, ("hours", "week", day), spans) for day, spans in wanted.items() if spans != old[day]]

    return await change(request, body, edits, {f"hours.week.{day}": day for day in WEEKDAYS})


@tells_outdated
async def holidays(request: web.Request) -> web.StreamResponse:
    """POST /admin/hours/holidays {values: {subdivision}}"""
    body = await posted(request)
    state = text(mapping_in(body, "values", 1), "subdivision", 3)
    if state not in STATES:
        raise FormError({"subdivision": "Bitte wählen Sie ein Bundesland."})

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        same = state == config.hours.holidays.subdivision
        return [] if same else [Edit(Kind.SET, ("hours", "holidays", "subdivision"), state)]

    return await change(request, body, edits)


@tells_outdated
async def close(request: web.Request) -> web.StreamResponse:
    """POST /admin/hours/closures {values: {from, to, start, end, every_year, reason, announcement}}"""
    body = await posted(request)
    entry = _closure(mapping_in(body, "values", 10), _today(request))
    return await change(request, body, lambda _: [Edit(Kind.ADD, ("hours", "closures"), entry)])


@tells_outdated
async def reopen(request: web.Request) -> web.StreamResponse:
    """POST /admin/hours/closures/{mark}/remove"""
    body, mark = await posted(request), path_word(request, "mark")

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        return [Edit(Kind.REMOVE, ("hours", "closures", place_of(mark, config.hours.closures)))]

    return await change(request, body, edits)


@tells_outdated
async def emergency(request: web.Request) -> web.StreamResponse:
    """POST /admin/hours/emergency {values: {text, until, text-en}}; further languages by their key, empty for none"""
    body = await posted(request)
    values = mapping_in(body, "values", 4)
    said, until = text(values, "text", TEXT_LENGTH).strip(), text(values, "until", 16).strip()
    findings = {} if said else {"text": "Bitte schreiben Sie, was die Anrufenden hören sollen."}
    if not _is_later(until, request):
        findings["until"] = "Bitte geben Sie Tag und Uhrzeit an, die noch kommen."
    if findings:
        raise FormError(findings)
    entry = {"text": said, "until": until}

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        translated: dict[str, str] = {
            one.key: text(values, f"text-{one.key}", TEXT_LENGTH).strip() for one in config.languages
        }
        return [Edit(Kind.SET, ("emergency",), entry), *_emergency_in(config, translated)]

    return await change(request, body, edits)


@tells_outdated
async def end_emergency(request: web.Request) -> web.StreamResponse:
    """POST /admin/hours/emergency/remove"""
    body = await posted(request)

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        if config.emergency is None:
            return []
        return [Edit(Kind.REMOVE, ("emergency",)), *_emergency_in(config, {})]

    return await change(request, body, edits)


def _emergency_in(config: HotlineConfig, wanted: Mapping[str, str]) -> Sequence[Edit]:
    """The announcement in each further language as `wanted` by its key; where nothing is wanted, none."""
    edits = []
    for index, language in enumerate(config.languages):
        path, said = ("languages", index, "emergency"), wanted.get(language.key, "")
        if said and said != language.emergency:
            edits.append(Edit(Kind.SET, path, said))
        elif not said and language.emergency is not None:
            edits.append(Edit(Kind.REMOVE, path))
    return edits


def spelled(span: Interval) -> str:
    """ "08:00-18:00" """
    return f"{_clock(span.start)}-{_clock(span.end)}"


def _clock(moment: time) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _spans(given: Mapping[str, Any], day: str, findings: dict[str, str]) -> list[str]:
    """The intervals of that day as the file writes them; lines without any time are left out."""
    starts, ends = (listed(given, f"{day}-{edge}", _SPANS, 8) for edge in ("start", "end"))
    pairs = [pair for pair in zip(starts, ends, strict=False) if any(pair)]
    spans = sorted((start, end) for one, other in pairs if (start := _time(one)) and (end := _time(other)))
    if len(starts) != len(ends) or len(spans) != len(pairs):
        findings[day] = _EMPTY
    elif any(end <= start for start, end in spans):
        findings[day] = "Das Ende muss nach dem Anfang liegen."
    elif any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        findings[day] = "Diese Zeiten überschneiden sich."
    return [f"{_clock(start)}-{_clock(end)}" for start, end in spans]


def _time(value: str) -> time | None:
    try:
        moment = time.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.tzinfo or moment.microsecond else moment


def _closure(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The entry as the file holds it; FormError with all that is wrong."""
    findings: dict[str, str] = {}
    yearly = text(values, "every_year", 5) != ""
    first = _day(values, "from", findings)
    last = _day(values, "to", findings) if text(values, "to", 10) else None
    entry: dict[str, Any] = {"from": first and first.isoformat()}
    if first is None:
        findings.setdefault("from", _DAY)
    elif last is not None and last < first:
        findings["to"] = "Der letzte Tag liegt vor dem ersten."
    elif not yearly and (last or first) < today:
        findings["from"] = "Dieser Tag ist schon vorbei."
    if last is not None and last != first:
        entry["to"] = last.isoformat()
    if hours := _part_of_day(values, findings):
        entry["hours"] = hours
    if yearly:
        entry["every_year"] = True
    entry["reason"] = text(values, "reason", REASON_LENGTH).strip()
    if not entry["reason"]:
        findings["reason"] = "Bitte geben Sie einen Grund an, zum Beispiel: Betriebsversammlung."
    if announcement := text(values, "announcement", TEXT_LENGTH).strip():
        entry["announcement"] = announcement
    if findings:
        raise FormError(findings)
    return entry


def _part_of_day(values: Mapping[str, Any], findings: dict[str, str]) -> str | None:
    start, end = text(values, "start", 8), text(values, "end", 8)
    if not start and not end:
        return None
    begin, finish = _time(start), _time(end)
    if begin is None or finish is None:
        findings["start"] = _EMPTY
        return None
    if finish <= begin:
        findings["start"] = "Das Ende muss nach dem Anfang liegen."
    return f"{_clock(begin)}-{_clock(finish)}"


def _day(values: Mapping[str, Any], key: str, findings: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(text(values, key, 10))
    except ValueError:
        findings[key] = _DAY
        return None
    if not 2000 <= day.year <= 2200:
        findings[key] = "Bitte prüfen Sie das Jahr."
    return day


def _is_later(until: str, request: web.Request) -> bool:
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        return False
    now = site(request).clock.now().astimezone(site(request).zone).replace(tzinfo=None)
    return moment.tzinfo is None and moment > now


def _today(request: web.Request) -> date:
    """By business time."""
    return site(request).clock.now().astimezone(site(request).zone).date()


def _shown(closure: Closure, today: date) -> dict[str, Any]:
    """A line of the list, in words."""
    last = closure.end or closure.start
    if closure.every_year:
        days = f"jedes Jahr am {closure.start.day}.{closure.start.month}."
        days += f" bis {last.day}.{last.month}." if last != closure.start else ""
    else:
        days = day_in_words(closure.start) + (f" bis {day_in_words(last)}" if last != closure.start else "")
    hours = f", {_clock(closure.hours.start)} bis {_clock(closure.hours.end)} Uhr" if closure.hours else ""
    return {
        "days": days + hours,
        "reason": closure.reason,
        "announcement": closure.announcement,
        "over": not closure.every_year and last < today,
    }


def _soon(today: date) -> list[dict[str, str]]:
    """The days that are closed most often at short notice."""
    friday = today + timedelta(days=(4 - today.weekday()) % 7 or 7)
    days = {"Heute": today, "Morgen": today + timedelta(days=1), "Nächster Freitag": friday}
    return [{"label": label, "day": day.isoformat()} for label, day in days.items()]


def _last(config: HotlineConfig, day: str) -> str:
    """When that weekday ends by the week plan; empty when it never opens."""
    spans = config.hours.week.get(day, [])  # type: ignore[call-overload]
    return _clock(max(span.end for span in spans)) if spans else ""
