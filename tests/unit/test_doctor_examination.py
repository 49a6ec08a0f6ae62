"""The examination as a whole: it works on nothing and on broken things, changes nothing, and never fails itself."""

import asyncio
import json
import os
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.loading import load
from hotline import doctor
from hotline.cli.doctor import command
from hotline.doctor.patient import Patient, admit
from hotline.doctor.result import Result, Verdict, bad, caution, good
from hotline.doctor.threads import in_thread
from hotline.state import EXAMPLE, StateDirectory

TODAY = date(2026, 11, 21)


def part(results: list[Result], name: str) -> list[Result]:
    return [result for result in results if result.part == name]


async def test_an_empty_directory_is_examined_and_stays_empty(tmp_path: Path) -> None:
    results = await doctor.examine_state(StateDirectory(tmp_path), TODAY)
    assert part(results, "Konfiguration")[0].verdict is Verdict.BAD
    assert "läuft nicht" in part(results, "Dienst")[0].finding
    assert "make run" in part(results, "Dienst")[0].advice
    assert list(tmp_path.iterdir()) == []


async def test_a_directory_that_does_not_exist_is_examined_and_not_made(tmp_path: Path) -> None:
    results = await doctor.examine_state(StateDirectory(tmp_path / "var"), TODAY)
    assert part(results, "Platte")[0].verdict is Verdict.BAD
    assert not (tmp_path / "var").exists()


async def test_every_finding_of_a_broken_configuration_is_shown_with_its_place(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8").replace("port: 8080", "port: eins").replace("wrap_up_seconds: 60", "wrap_up: 60")
    (tmp_path / "hotline.yaml").write_text(text, "utf-8")
    results = await doctor.examine_state(StateDirectory(tmp_path), TODAY)
    findings = [result.finding for result in part(results, "Konfiguration")]
    assert any("network.web.port" in finding for finding in findings)
    assert any("wrap_up" in finding for finding in findings)
    assert all(f"{tmp_path}/hotline.yaml:" in finding for finding in findings)
    assert "AMI" in part(results, "Übriges")[0].finding


@pytest.mark.parametrize(
    "note",
    ["", "{}", "[]", '{"pid": "x"}', '{"pid": -1, "database_url": "u", "moved": false}', '{"pid": 1e99}'],
)
def test_a_broken_note_of_a_running_service_counts_as_not_running(tmp_path: Path, note: str) -> None:
    (tmp_path / "running.json").write_text(note)
    assert admit(StateDirectory(tmp_path), TODAY).running is None


def test_a_note_of_a_process_that_is_gone_counts_as_not_running(tmp_path: Path) -> None:
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)
    (tmp_path / "running.json").write_text(json.dumps({"pid": gone, "database_url": "u", "moved": False}))
    assert admit(StateDirectory(tmp_path), TODAY).running is None


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "noch nicht angelegt"), ("{", "beschädigt"), ('{"a": 1}', "beschädigt")]
)
def test_secrets_that_cannot_be_used_are_told_apart(tmp_path: Path, content: str | None, problem: str) -> None:
    if content is not None:
        (tmp_path / "secrets.json").write_text(content)
    patient = admit(StateDirectory(tmp_path), TODAY)
    assert patient.secrets is None
    assert patient.secrets_problem == problem


def patient(tmp_path: Path) -> Patient:
    return Patient(StateDirectory(tmp_path), TODAY, load(EXAMPLE), [], None)


async def test_a_check_that_breaks_or_hangs_is_a_finding_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_: Patient) -> list[Result]:
        raise RuntimeError("kaputt")

    async def hangs(_: Patient) -> list[Result]:
        await asyncio.Event().wait()
        return []

    async def works(_: Patient) -> list[Result]:
        return [good("C", "da")]

    monkeypatch.setattr(doctor, "ALWAYS", {"A": breaks, "B": hangs, "C": works})
    monkeypatch.setattr(doctor, "WITH_CONFIGURATION", {})
    monkeypatch.setattr(doctor, "SECONDS", 0.05)
    results = await doctor.examine(patient(tmp_path))
    assert [(result.part, result.verdict) for result in results] == [
        ("A", Verdict.BAD),
        ("B", Verdict.BAD),
        ("C", Verdict.GOOD),
    ]
    assert "kaputt" in results[0].finding
    assert "keine Antwort" in results[1].finding


async def test_a_hanging_thread_does_not_hold_up_its_waiter() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        asyncio.run_coroutine_threadsafe(stop.wait(), loop).result(30)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(in_thread(hang), 0.05)
    stop.set()


async def test_a_thread_hands_over_its_result_and_its_failure() -> None:
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


def test_a_line_names_verdict_part_finding_and_what_to_do() -> None:
    assert good("AMI", "angemeldet").lines() == ["gut      AMI: angemeldet"]
    assert bad("AMI", "weg", "eins\nzwei").lines() == ["Fehler   AMI: weg", " " * 11 + "eins", " " * 11 + "zwei"]
    assert caution("AMI", "x", "y").lines()[0].startswith("Achtung  AMI")


@pytest.mark.parametrize(
    ("results", "code"),
    [([good("A", "b")], 0), ([good("A", "b"), caution("B", "c", "d")], 0), ([bad("A", "b", "c"), good("B", "d")], 1)],
)
def test_the_exit_code_is_1_only_for_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, results: list[Result], code: int
) -> None:
    async def found(*_: object) -> list[Result]:
        return results

    monkeypatch.setattr("hotline.cli.doctor.examine_state", found)
    monkeypatch.setattr("hotline.cli.doctor.structlog.configure", lambda **_: None)
    done = CliRunner().invoke(command, ["--state", str(tmp_path)], standalone_mode=False)
    assert done.return_value == code
    assert all(line in done.output for result in results for line in result.lines())
