"""`hotline simulate` as an admin runs it: the table, the JSON, the picture, and one sentence for each wrong input."""

import asyncio
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import insert

from config.loading import load
from config.schema import HotlineConfig
from hotline.cli import main, simulate
from hotline.storage.database import Database
from hotline.storage.tables import calls
from tests.unit.conftest import SHIPPED

FILE = str(SHIPPED)
MONDAY = ("--from", "2026-11-23")
SHORT = (*MONDAY, "--days", "2", "--per-day", "60")
SVG = "{http://www.w3.org/2000/svg}"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], config: HotlineConfig) -> Run:
    """The shipped file is read once for all tests."""
    monkeypatch.setattr(simulate, "load", lambda file: config if file == SHIPPED else load(file))

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["hotline", "simulate", *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        out, err = capsys.readouterr()
        return int(stopped.value.code or 0), out, err

    return run


@pytest.fixture
def told(run: Run) -> Callable[..., dict[str, Any]]:
    def told(*words: str) -> dict[str, Any]:
        code, out, err = run(FILE, *words, "--json")
        assert (code, err) == (0, "")
        found: dict[str, Any] = json.loads(out)
        return found

    return told


def test_the_table_names_the_three_service_levels_in_german(run: Run) -> None:
    code, out, err = run(FILE, *SHORT)
    assert (code, err) == (0, "")
    assert out.startswith("2 days of opening from 2026-11-23 to 2026-11-24, ")
    for words in ("von allen Anrufen", "ohne kurze Aufleger", "ohne Aufleger innerhalb der Frist", "anna", "08-09"):
        assert words in out
    assert "2026-11-24" in out.splitlines()[4]


def test_the_same_seed_tells_the_same_another_seed_something_else(run: Run) -> None:
    assert run(FILE, *SHORT) == run(FILE, *SHORT) != run(FILE, *SHORT, "--seed", "2")


def test_the_json_counts_everybody(told: Callable[..., dict[str, Any]]) -> None:
    found = told(*SHORT, "--patience", "30/0.5", "--agents", "1")
    assert found["calls"] == sum(found[one] for one in ("answered", "abandoned", "callback", "turned_away"))
    assert found["abandoned"] > 0
    assert [one["day"] for one in found["by_day"]] == ["2026-11-23", "2026-11-24"]
    levels = found["service_level"]
    assert levels["of_all"]["counted"] == found["calls"] > levels["without_hang_ups_in_time"]["counted"]
    assert found["agents"][0]["load"] == pytest.approx(found["load"])
    assert found["assumed"]["patience"] == {"mean_seconds": 30.0, "share": 0.5}


def test_rates_by_weekday_and_hour(told: Callable[..., dict[str, Any]]) -> None:
    found = told(*MONDAY, "--days", "2", "--per-hour", "9=30,monday-9=0,mon-10=60", "--types", "rent=1")
    by_day = [one["calls"] for one in found["by_day"]]
    assert 40 < by_day[0] < 85
    assert 15 < by_day[1] < 50
    assert {one["hour"] for one in found["by_hour"] if one["calls"]} == {9, 10}
    assert list(found["by_type"]) == ["rent"]


def test_agents_by_name_with_shifts(told: Callable[..., dict[str, Any]]) -> None:
    shifts = ("--shift", "anna=08:00-12:00", "--shift", "ben=mo,tu/12:00-18:00")
    found = told(*SHORT, "--agents", "anna,ben", *shifts)
    hours = {one["name"]: one["duty_seconds"] / 3600 / 2 for one in found["agents"]}
    assert hours == {"anna": pytest.approx(4.0, abs=0.3), "ben": pytest.approx(6.0, abs=0.5)}


def test_how_many_agents_are_needed(run: Run, told: Callable[..., dict[str, Any]]) -> None:
    asked = (*MONDAY, "--days", "4", "--per-hour", "30", "--size", "80/20", "--ring", "0")
    code, out, _ = run(FILE, *asked)
    found = told(*asked)
    assert code == 0
    assert f"{found['agents_needed']} agents answer at least 80.0 % of all calls in time." in out
    assert found["tried"][-1]["share"] >= 0.8 > found["tried"][-2]["share"]
    assert found["aim"] == {"share": 0.8, "seconds": 20.0}


def test_the_picture_is_an_svg_without_anything_from_elsewhere(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "lauf.svg"
    assert run(FILE, *SHORT, "--plot", str(picture))[0] == 0
    text = picture.read_text("utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f".//{SVG}polyline")) == 1
    assert next(one.text for one in root.iter(f"{SVG}text") if (one.text or "").endswith(" Uhr")) == "8 Uhr"
    assert root.findtext(f"{SVG}title") == "Jobcenter Schaumburg: Probelauf der Besetzung"
    assert ("<script" in text, text.count("http")) == (False, 1)
    assert "Auslastung" in (root.findtext(f"{SVG}desc") or "")


def test_a_picture_that_cannot_be_written_is_one_sentence(run: Run, tmp_path: Path) -> None:
    code, _, err = run(FILE, *SHORT, "--plot", str(tmp_path / "nowhere" / "lauf.svg"))
    assert (code, err.count("\n")) == (1, 1)
    assert "cannot be written" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--per-day", "nan"), '"nan" is not allowed'),
        (("--per-day", "0"), "above 0"),
        (("--per-day", "many"), '"many" is not a number'),
        (("--per-day", "5", "--per-hour", "3"), "Give one of --per-day, --per-hour and --ledger"),
        (("--per-hour", "25=3"), '"25" is not an hour'),
        (("--per-hour", "sonntag-8=3"), '"sonntag" is not a weekday'),
        (("--per-hour", "8=3,8=4"), '"8" occurs twice'),
        (("--per-hour", "8=3,9"), "KEY=NUMBER"),
        (("--per-hour", "8=inf"), '"inf" is not allowed'),
        (("--per-hour", "50000"), "calls; at most"),
        (("--days", "0"), "--days"),
        (("--from", "23.11.2026"), "--from"),
        (("--from", "9999-12-31"), "2100"),
        (("--agents", "otto"), 'no agent "otto": there are anna, ben'),
        (("--agents", ""), "at least one agent"),
        (("--agents", "0"), "from 1"),
        (("--agents", "3", "--shift", "anna=08:00-12:00"), "by their names"),
        (("--shift", "anna=12:00-08:00"), "is no shift"),
        (("--shift", "anna=8-12"), "is no shift"),
        (("--shift", "anna=25:00-26:00"), "is no shift"),
        (("--shift", "otto=08:00-12:00"), 'no agent "otto"'),
        (("--agents", "ben", "--shift", "anna=08:00-12:00"), "not among the agents"),
        (("--types", "colour=3"), 'no request type "colour"'),
        (("--types", "rent=0"), "must occur"),
        (("--types", "rent=-1"), '"-1" is not allowed'),
        (("--patience", "soon"), '"soon" is not a number'),
        (("--patience", "60/2"), '"2" is not allowed'),
        (("--callbacks", "1.5"), '"1.5" is not allowed'),
        (("--ring", "12"), "counts as missed"),
        (("--size", "80"), '"80/20"'),
        (("--size", "100/20"), "less than 100"),
        (("--size", "80/20", "--agents", "3"), "leave --agents"),
        (("--colour",), "No such option"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(run: Run, words: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(FILE, *words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_findings_in_the_draft_are_told_as_check_does(run: Run, tmp_path: Path, shipped_text: str) -> None:
    broken = tmp_path / "hotline.yaml"
    broken.write_text(shipped_text.replace("  retries: 1", "  retries: 9"), encoding="utf-8")
    code, out, err = run(str(broken))
    assert (code, out) == (1, "")
    assert err.startswith(f"{broken}:")
    assert "menu.retries" in err


def test_a_draft_that_never_opens_is_one_sentence(run: Run, tmp_path: Path, shipped_text: str) -> None:
    closed = tmp_path / "hotline.yaml"
    begin, end = shipped_text.index("  week:"), shipped_text.index("  holidays:")
    closed.write_text(f"{shipped_text[:begin]}  week: {{}}\n{shipped_text[end:]}", encoding="utf-8")
    code, out, err = run(str(closed), *SHORT)
    assert (code, out) == (1, "")
    assert "open" in err


# --- from the ledger ---------------------------------------------------------------------------


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir()
    shutil.copy(FILE, directory / "hotline.yaml")
    return directory


def fill(state: Path, count: int) -> None:
    """So many calls about rent, 100 s long, at the latest times at which the hotline was open at 9 to 10."""

    async def write() -> None:
        database = Database(f"sqlite:///{state}/hotline.sqlite")
        await database.open()
        day = datetime.now(UTC).replace(hour=8, minute=30, second=0, microsecond=0)
        days = [day - timedelta(days=back) for back in range(1, 20) if (day - timedelta(days=back)).weekday() < 5]
        async with database.write() as connection:
            for number in range(count):
                at = days[number % len(days)]
                row = {"id": f"c{number}", "hotline_id": "schaumburg", "channel": "x", "gateway": "haus"}
                times = {"started_at": at, "joined_at": at, "answered_at": at + timedelta(seconds=5)}
                ends = dict.fromkeys(("talk_ended_at", "ended_at"), at + timedelta(seconds=105))
                more = {"config_version": 1, "request_type": "rent", "how": "talked"}
                await connection.execute(insert(calls).values(**row, **times, **ends, **more))
        await database.close()

    asyncio.run(write())


def test_the_ledger_tells_when_callers_come_what_for_and_how_long(run: Run, state: Path) -> None:
    fill(state, 300)
    code, out, err = run(FILE, "--days", "5", "--ledger", str(state), "--json")
    found = json.loads(out)
    assert code == 0
    assert len({one["hour"] for one in found["by_hour"] if one["calls"]}) <= 2
    assert list(found["by_type"]) == ["rent"]
    assert found["assumed"]["talk"]["rent"] == {"kind": "observed", "mean_seconds": 100.0}
    assert "too few wrap-ups: 75 s" in err
    assert found["notes"] == err.splitlines()


def test_options_win_over_the_ledger(run: Run, state: Path) -> None:
    fill(state, 300)
    given = ("--talk", "50", "--wrap-up", "0", "--patience", "off", "--types", "move=1")
    code, out, err = run(FILE, "--days", "5", "--ledger", str(state), *given, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["assumed"]["talk"]["rent"] == {"kind": "exponential", "mean_seconds": 50.0}
    assert list(found["by_type"]) == ["move"]


def test_a_young_ledger_is_used_and_said_to_be_young(run: Run, state: Path) -> None:
    fill(state, 3)
    code, out, err = run(FILE, "--days", "5", "--ledger", str(state))
    assert code == 0
    assert "Calls known: 3" in err
    assert "callers who join the line" in out


def test_an_empty_ledger_says_what_to_do(run: Run, state: Path) -> None:
    code, out, err = run(FILE, "--ledger", str(state), "--weeks", "2")
    assert (code, out) == (1, "")
    assert "knows no caller of the last 2 weeks: say how many with --per-day" in err


def test_a_ledger_that_is_not_there_is_one_sentence(run: Run, tmp_path: Path) -> None:
    code, out, err = run(FILE, "--ledger", str(tmp_path / "nothing"))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "There is no hotline in" in err
