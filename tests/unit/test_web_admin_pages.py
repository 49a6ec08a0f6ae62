"""The everyday pages of the admin: each form becomes edits of the draft, or a sentence at the field."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from config.editing import Edit, Kind
from config.loading import parse
from config.schema import HotlineConfig, Texts
from hotline.web.admin_numbers import NUMBERS, SWITCHES
from hotline.web.admin_words import GROUPS, TEXT_WORDS
from tests.unit.admin_visitor import an_admin, changing, findings, form, sent, state  # noqa: F401 - the fixture
from tests.unit.site_web import Visitor, a_visitor  # noqa: F401 - the fixture

FRIDAY = "2027-11-26"
WEEK: dict[str, list[str]] = {f"{day}-{edge}": [] for day in ("saturday", "sunday") for edge in ("start", "end")} | {
    f"{day}-{edge}": [time]
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    for edge, time in (("start", "08:00"), ("end", "18:00"))
}
PERSON = {
    "full_name": "Anna Ahrens",
    "office": "stadthagen",
    "phone": "browser",
    "screen": "required",
    "extension": "11",
}
WORKER = {
    "name": "Frau Jonas",
    "email": "jonas@jobcenter.example",
    "letters": "a - k",
    "phone": "",
    "offices": ["rinteln"],
    "types": ["rent"],
    "deputy": "immig@jobcenter.example",
    "absence-from": ["2027-01-04", ""],
    "absence-to": ["2027-01-08", ""],
}
CLOSURE = {
    "from": FRIDAY,
    "to": "",
    "start": "12:00",
    "end": "18:00",
    "reason": "Betriebsversammlung",
    "every_year": "",
}


def draft(visitor: Visitor) -> HotlineConfig:
    kept = changing(visitor).kept
    assert kept is not None
    return parse(kept.text, "draft")


def edits(visitor: Visitor) -> list[Edit]:
    return list(changing(visitor).asked[-1][2])


async def test_a_lunch_break_is_two_intervals_and_only_that_day_changes(admin: Visitor) -> None:
    week = WEEK | {"friday-start": ["13:00", "08:00", ""], "friday-end": ["16:00", "12:00", ""]}
    await sent(admin, "/admin/hours/week", week)
    assert edits(admin) == [Edit(Kind.SET, ("hours", "week", "friday"), ["08:00-12:00", "13:00-16:00"])]
    assert len(draft(admin).hours.week["friday"]) == 2


async def test_what_another_admin_has_changed_in_the_same_form_stays(admin: Visitor) -> None:
    """A page sends what was changed on it, also after somebody else has saved the rest of the form."""
    await sent(admin, "/admin/hours/week", {"monday-start": ["09:00"], "monday-end": ["18:00"]})
    await sent(admin, "/admin/hours/week", {"tuesday-start": [], "tuesday-end": []})
    await sent(admin, "/admin/distribution", {"distribution.ring_seconds": "20"})
    await sent(admin, "/admin/distribution", {"distribution.wrap_up_seconds": "30", "line.keep_place": ""})
    await sent(admin, "/admin/agents/anna", {"office": "rinteln"})
    await sent(admin, "/admin/agents/anna", {"extension": ""})
    config = draft(admin)
    assert [span.start.hour for span in config.hours.week["monday"]] == [9]
    assert config.hours.week["tuesday"] == []
    assert len(config.hours.week["wednesday"]) == 1
    assert (config.distribution.ring_seconds, config.distribution.wrap_up_seconds) == (20, 30)
    assert (config.line.keep_place, config.line.expected_wait) == (False, True)
    assert (config.agent("anna").office, config.agent("anna").extension) == ("rinteln", None)
    assert config.agent("anna").full_name == "Anna Ahrens"


async def test_numbers_about_the_same_agent_are_not_lost_without_a_word(admin: Visitor) -> None:
    same = "distribution.same_agent"
    await sent(admin, "/admin/distribution", {same: ""})
    assert "ausgeschaltet" in (await findings(admin, "/admin/distribution", {f"{same}.wait_seconds": "25"}))[same]
    await sent(admin, "/admin/distribution", {same: "on", f"{same}.wait_seconds": "25"})
    told = draft(admin).distribution.same_agent
    assert told is not None
    assert (told.wait_seconds, told.number_days, told.promise) == (25, 7, True)


async def test_a_day_without_times_is_closed_and_another_one_opens(admin: Visitor) -> None:
    week = WEEK | {"monday-start": [], "monday-end": [], "saturday-start": ["09:00"], "saturday-end": ["12:00:30"]}
    await sent(admin, "/admin/hours/week", week)
    assert draft(admin).hours.week["monday"] == []
    assert draft(admin).hours.week["saturday"][0].end.second == 30


@pytest.mark.parametrize(
    ("starts", "ends", "sentence"),
    [
        (["08:00"], [""], "Anfang und Ende"),
        (["08:00"], [], "Anfang und Ende"),
        (["12:00"], ["08:00"], "nach dem Anfang"),
        (["12:00"], ["12:00"], "nach dem Anfang"),
        (["08:00", "11:00"], ["12:00", "13:00"], "überschneiden"),
        (["8 Uhr"], ["12:00"], "Anfang und Ende"),
        (["25:00"], ["26:00"], "Anfang und Ende"),
    ],
)
async def test_times_that_cannot_be_are_told_at_their_day(
    admin: Visitor, starts: list[str], ends: list[str], sentence: str
) -> None:
    found = await findings(admin, "/admin/hours/week", WEEK | {"friday-start": starts, "friday-end": ends})
    assert sentence in found["friday"]


async def test_an_afternoon_is_closed_with_an_announcement(admin: Visitor) -> None:
    said = {"announcement": "Heute Nachmittag ist unser Telefon nicht besetzt."}
    await sent(admin, "/admin/hours/closures", CLOSURE | said)
    closure = draft(admin).hours.closures[-1]
    assert closure.start == date(2027, 11, 26)
    assert closure.end is None
    assert closure.hours is not None
    assert (closure.hours.start.hour, closure.hours.end.hour) == (12, 18)
    assert closure.announcement == said["announcement"]
    page = await (await admin.get("/admin/hours")).text()
    assert "Freitag, 26. November 2027, 12:00 bis 18:00 Uhr" in page


async def test_days_of_every_year_and_several_days(admin: Visitor) -> None:
    whole = CLOSURE | {"start": "", "end": ""}
    await sent(admin, "/admin/hours/closures", whole | {"from": "2020-12-24", "to": "2020-12-26", "every_year": "on"})
    closure = draft(admin).hours.closures[-1]
    assert (closure.every_year, closure.hours, closure.end) == (True, None, date(2020, 12, 26))
    assert "jedes Jahr am 24.12. bis 26.12." in await (await admin.get("/admin/hours")).text()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from": ""}, "from"),
        ({"from": "2027-02-30"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"from": "2020-11-27"}, "from"),
        ({"to": "2027-11-25"}, "to"),
        ({"to": "bald"}, "to"),
        ({"start": ""}, "start"),
        ({"start": "18:00", "end": "12:00"}, "start"),
        ({"reason": "  "}, "reason"),
    ],
)
async def test_a_closure_that_cannot_be_is_told_at_its_field(
    admin: Visitor, change: dict[str, str], field: str
) -> None:
    assert set(await findings(admin, "/admin/hours/closures", CLOSURE | change)) == {field}


async def test_the_entry_that_was_shown_is_removed_and_no_other(admin: Visitor) -> None:
    await sent(admin, "/admin/hours/closures", CLOSURE)
    page = await (await admin.get("/admin/hours")).text()
    mark = page.split("<br>Betriebsversammlung")[1].split("/admin/hours/closures/")[1].split("/remove")[0]
    changing(admin).as_somebody_else("    - {from: 2026-12-24, every_year: true, reason: Heiligabend}\n", "")
    await sent(admin, f"/admin/hours/closures/{mark}/remove", {})
    assert [closure.reason for closure in draft(admin).hours.closures] == ["Silvester"]
    answer = await admin.post(f"/admin/hours/closures/{mark}/remove", state(admin))
    assert answer.status == 409
    assert "gibt es nicht mehr" in (await answer.json())["message"]


async def test_the_emergency_announcement_has_an_end_that_is_still_to_come(admin: Visitor) -> None:
    until = f"{datetime.now(UTC).date() + timedelta(days=2)}T12:00"
    await sent(admin, "/admin/hours/emergency", {"text": "Stromausfall.", "until": until})
    assert draft(admin).emergency is not None
    assert "Stromausfall." in await (await admin.get("/admin/hours")).text()
    await sent(admin, "/admin/hours/emergency/remove", {})
    assert draft(admin).emergency is None
    for wrong in ("", "2020-01-01T12:00", "12:00", "übermorgen"):
        answer = await admin.post("/admin/hours/emergency", form(state(admin), {"text": "", "until": wrong}))
        assert answer.status in {400, 422}, wrong
    assert set(await findings(admin, "/admin/hours/emergency", {"text": "", "until": ""})) == {"text", "until"}


async def test_the_emergency_announcement_is_given_in_the_second_language_too(admin: Visitor) -> None:
    until = f"{datetime.now(UTC).date() + timedelta(days=2)}T12:00"
    german = {"text": "Stromausfall.", "until": until}
    await sent(admin, "/admin/hours/emergency", {**german, "text-en": "Power cut."})
    assert draft(admin).languages[0].emergency == "Power cut."
    assert "Power cut." in await (await admin.get("/admin/hours")).text()
    await sent(admin, "/admin/hours/emergency", {**german, "text-en": " "})
    assert draft(admin).languages[0].emergency is None
    await sent(admin, "/admin/hours/emergency", {**german, "text-en": "Power cut."})
    await sent(admin, "/admin/hours/emergency/remove", {})
    assert (draft(admin).emergency, draft(admin).languages[0].emergency) == (None, None)


async def test_another_state_has_other_holidays(admin: Visitor) -> None:
    await sent(admin, "/admin/hours/holidays", {"subdivision": "BY"})
    assert draft(admin).hours.holidays.subdivision == "BY"
    assert await findings(admin, "/admin/hours/holidays", {"subdivision": "XX"})


async def test_a_skill_is_added_as_second_choice_and_another_becomes_first(admin: Visitor) -> None:
    await sent(admin, "/admin/skills", {"ben.leistung": "second", "carla.wohnen": "first", "anna.wohnen": ""})
    config = draft(admin)
    assert config.agent("ben").second_choice == ["leistung"]
    assert config.agent("carla").skills == ["allgemein", "stammdaten", "leistung", "wohnen"]
    assert config.agent("anna").skills == ["allgemein", "stammdaten", "leistung"]
    await sent(admin, "/admin/skills", {"ben.leistung": ""})
    assert draft(admin).agent("ben").second_choice == []


async def test_somebody_without_first_choice_is_told_by_name(admin: Visitor) -> None:
    gone = {f"ben.{skill}": "" for skill in ("allgemein", "stammdaten", "wohnen")}
    found = await findings(admin, "/admin/skills", gone | {"ben.leistung": "second"})
    assert found == {"ben": "Ben Brinkmann braucht mindestens eine 1. Wahl."}
    for values, status in (({"ben.leistung": "dritte"}, 400), ({"ben.kochen": "first"}, 409), ({"x.wohnen": ""}, 409)):
        assert (await admin.post("/admin/skills", form(state(admin), values))).status == status


async def test_a_person_changes_office_phone_and_extension(admin: Visitor) -> None:
    new = PERSON | {"office": "rinteln", "phone": "desk", "screen": "optional", "extension": ""}
    await sent(admin, "/admin/agents/anna", new)
    anna = draft(admin).agent("anna")
    assert (anna.office, anna.phone, anna.screen, anna.extension) == ("rinteln", "desk", "optional", None)
    assert anna.skills == ["allgemein", "stammdaten", "wohnen", "leistung"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"full_name": ""}, "full_name"),
        ({"office": "berlin"}, "office"),
        ({"phone": "fax"}, "phone"),
        ({"screen": "optional"}, "screen"),
        ({"screen": ""}, "screen"),
        ({"extension": "1"}, "extension"),
        ({"extension": "011"}, "extension"),
        ({"extension": "12"}, "extension"),
    ],
)
async def test_what_a_person_cannot_have_is_told_at_its_field(
    admin: Visitor, change: dict[str, str], field: str
) -> None:
    found = await findings(admin, "/admin/agents/anna", PERSON | change)
    assert set(found) == {field}


async def test_somebody_new_comes_and_somebody_goes(admin: Visitor) -> None:
    new = PERSON | {"name": "Frieda", "full_name": "Frieda Fuchs", "extension": "", "skill": "wohnen"}
    await sent(admin, "/admin/agents", new)
    frieda = draft(admin).agent("frieda")
    assert (frieda.full_name, frieda.skills, frieda.phone) == ("Frieda Fuchs", ["wohnen"], "browser")
    await sent(admin, "/admin/agents/ben/remove", {})
    assert [agent.name for agent in draft(admin).agents] == ["anna", "carla", "david", "elif", "frieda"]
    assert (await admin.post("/admin/agents/ben/remove", state(admin))).status == 409


@pytest.mark.parametrize("name", ["", "anna", "9a", "fr.ieda", "frieda fuchs", "änne", "-a"])
async def test_a_login_name_that_cannot_be_is_told(admin: Visitor, name: str) -> None:
    found = await findings(admin, "/admin/agents", PERSON | {"extension": "", "name": name, "skill": ""})
    assert set(found) == {"name", "skill"}


async def test_each_text_has_a_name_for_admins_and_a_place(config: HotlineConfig) -> None:
    assert set(TEXT_WORDS) == set(Texts.model_fields)
    placed = [key for keys in GROUPS.values() for key in keys]
    assert sorted(placed) == sorted({*Texts.model_fields, "language_offer"})


async def test_texts_menu_and_second_language_are_changed_where_they_stand(admin: Visitor) -> None:
    values = {
        "de.goodbye": " Auf \n Wiederhören! ",
        "de.type.rent": "Für die Miete die 4.",
        "de.type.unclear": "Sonst die 0.",
    }
    await sent(admin, "/admin/texts", values)
    config = draft(admin)
    assert config.texts.goodbye == "Auf Wiederhören!"
    assert config.request_type("rent").prompt == "Für die Miete die 4."
    assert config.unclear.prompt == "Sonst die 0."
    if config.languages:
        await sent(admin, "/admin/texts", {"en.goodbye": "Bye.", "en.offer": "For English, press 9!"})
        assert draft(admin).languages[0].texts.goodbye == "Bye."
        assert draft(admin).languages[0].offer == "For English, press 9!"


async def test_a_text_is_never_empty_too_long_or_unknown(admin: Visitor) -> None:
    assert set(await findings(admin, "/admin/texts", {"de.goodbye": " "})) == {"de.goodbye"}
    assert set(await findings(admin, "/admin/texts", {"de.nichts": "x"})) == {"de.nichts"}
    answer = await admin.post("/admin/texts", form(state(admin), {"de.goodbye": "x" * 601}))
    assert (answer.status, list((await answer.json())["fields"])) == (400, ["de.goodbye"])


async def test_a_case_worker_comes_changes_and_goes(admin: Visitor) -> None:
    await sent(admin, "/admin/case-workers", WORKER)
    worker = draft(admin).case_workers[-1]
    assert (worker.name, worker.letters, worker.offices, worker.types) == ("Frau Jonas", "A-K", ["rinteln"], ["rent"])
    assert [(away.start.day, away.end and away.end.day) for away in worker.absences] == [(4, 8)]
    mark = last_mark(await (await admin.get("/admin/case-workers")).text())
    changed = WORKER | {
        "letters": "A-Z",
        "types": [],
        "phone": "31",
        "absence-from": [],
        "absence-to": [],
        "deputy": "",
    }
    await sent(admin, f"/admin/case-workers/{mark}", changed)
    worker = draft(admin).case_workers[-1]
    assert (worker.letters, worker.types, worker.phone, worker.absences, worker.deputy) == ("A-Z", [], "31", [], None)
    mark = last_mark(await (await admin.get("/admin/case-workers")).text())
    await sent(admin, f"/admin/case-workers/{mark}/remove", {})
    assert "Frau Jonas" not in [one.name for one in draft(admin).case_workers]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "jonas"}, "email"),
        ({"email": "jonas@a.example, b@c.example"}, "email"),
        ({"offices": []}, "offices"),
        ({"letters": "1-9"}, "letters"),
        ({"letters": "A-"}, "letters"),
        ({"deputy": "niemand"}, "deputy"),
        ({"deputy": "jonas@jobcenter.example"}, "deputy"),
        ({"absence-to": ["2027-01-01", ""]}, "absences"),
        ({"absence-from": ["", ""]}, "absences"),
        ({"phone": "abc"}, "phone"),
        ({"offices": ["berlin"]}, "offices"),
    ],
)
async def test_what_a_case_worker_cannot_have_is_told_at_its_field(
    admin: Visitor, change: dict[str, Any], field: str
) -> None:
    assert set(await findings(admin, "/admin/case-workers", WORKER | change)) == {field}


async def test_numbers_reach_the_draft_with_their_sections(admin: Visitor) -> None:
    shown = distribution(admin)
    new = {"line.longest_wait_seconds": "600", "line.most_waiting": "12", "distribution.screen_seconds": "1,5"}
    await sent(admin, "/admin/distribution", shown | new | {"line.nobody_ready_then": "end", "line.keep_place": ""})
    config = draft(admin)
    assert (config.line.longest_wait_seconds, config.line.most_waiting) == (600, 12)
    assert (config.distribution.screen_seconds, config.line.nobody_ready_then, config.line.keep_place) == (
        1.5,
        "end",
        False,
    )
    assert len(edits(admin)) == 5


async def test_the_same_agent_comes_and_goes_as_a_whole(admin: Visitor) -> None:
    same = "distribution.same_agent"
    here = {same: "on", f"{same}.wait_seconds": "15", f"{same}.number_days": "3", f"{same}.promise": ""}
    await sent(admin, "/admin/distribution", distribution(admin) | {same: ""})
    await sent(admin, "/admin/distribution", distribution(admin) | here)
    told = draft(admin).distribution.same_agent
    assert told is not None
    assert (told.wait_seconds, told.number_days, told.promise) == (15, 3, False)
    await sent(admin, "/admin/distribution", distribution(admin) | here | {f"{same}.wait_seconds": "20"})
    assert edits(admin) == [Edit(Kind.SET, ("distribution", "same_agent", "wait_seconds"), 20)]
    await sent(admin, "/admin/distribution", distribution(admin) | {same: ""})
    assert draft(admin).distribution.same_agent is None


async def test_numbers_out_of_bounds_are_told_with_what_is_allowed(admin: Visitor) -> None:
    wrong = {"distribution.ring_seconds": "4", "line.most_waiting": "viele", "distribution.screen_seconds": "9"}
    found = await findings(admin, "/admin/distribution", distribution(admin) | wrong | {"line.longest_wait_then": "x"})
    assert found == {
        "distribution.ring_seconds": "Erlaubt sind 5 bis 60.",
        "line.most_waiting": "Bitte geben Sie eine ganze Zahl an.",
        "distribution.screen_seconds": "Erlaubt sind 0,1 bis 5.",
        "line.longest_wait_then": "Bitte wählen Sie, was dann geschieht.",
    }


def test_bounds_on_the_page_are_those_of_the_schema() -> None:
    schema = HotlineConfig.model_json_schema()
    for number in NUMBERS:
        least, most = bounds(schema, number.path)
        assert (number.least, number.most) in {(least, most), (0.1, most)}, number.path


def distribution(visitor: Visitor) -> dict[str, str]:
    """The form of that page as it is shown for the draft, or for what is in use."""
    service = changing(visitor)
    config = parse(service.kept.text if service.kept else service.texts[service.versions[0].version], "shown")
    values = {one.path: value_of(config, one.path) for one in (*NUMBERS, *SWITCHES)}
    return {path: written(value) for path, value in values.items()}


def written(value: Any) -> str:
    """As it stands in the field: a tick is "on", what is left out is empty."""
    if value is None or value is False:
        return ""
    return "on" if value is True else str(value)


def value_of(config: HotlineConfig, path: str) -> Any:
    found: Any = config
    for part in path.split("."):
        found = getattr(found, part, None)
    if hasattr(found, "value"):
        return found.value
    return True if hasattr(found, "model_dump") else found


def bounds(schema: Any, path: str) -> tuple[Any, Any]:
    found = schema
    for part in path.split("."):
        found = next((one for one in found.get("anyOf", []) if "$ref" in one), found)
        if "$ref" in found:
            found = schema["$defs"][found["$ref"].split("/")[-1]]
        found = found["properties"][part]
    found = next((one for one in found.get("anyOf", []) if one.get("type") != "null"), found)
    return found.get("ge", found.get("gt")), found["le"]


def last_mark(page: str) -> str:
    return page.split("/remove")[-2].rsplit("/", 1)[-1]


async def test_case_workers_come_from_a_table_or_their_faults_are_told_by_line(admin: Visitor) -> None:
    table = "Name;E-Mail;Standorte;Buchstaben\nFrau Jonas;jonas@jobcenter.example;Rinteln;A-K\n"
    rest = "Herr Kurz;kurz@jobcenter.example;Rinteln;L-Z\n"
    await sent(admin, "/admin/case-workers-csv", {"text": table + rest})
    assert [worker.name for worker in draft(admin).case_workers] == ["Frau Jonas", "Herr Kurz"]
    found = await findings(admin, "/admin/case-workers-csv", {"text": table + "Herr Kurz;kurz;Berlin;L-Z\n"})
    assert "Zeile 3" in found["text"]
    assert set(await findings(admin, "/admin/case-workers-csv", {"text": " "})) == {"text"}
