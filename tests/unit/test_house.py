"""The house stays as it was laid out: whose imports are ours, what deciding rooms never do, what no file may name."""

import ast
import importlib.metadata
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hotline import errors
from hotline.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]
DECIDING = ("config", "routing", "ivr", "agents", "dialplan")
ROOMS = (*DECIDING, "hotline")
PROJECT = "jobcenter-hotline"


# Whose import is it


def test_imports_from_anywhere_reach_this_project(tmp_path: Path) -> None:
    """Asked in a process of its own elsewhere: pytest itself puts the project first, an installation does not."""
    code = f"import json; print(json.dumps([__import__(name).__file__ for name in {ROOMS!r}]))"
    asked = subprocess.run([sys.executable, "-E", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [Path(file).parent for file in json.loads(asked.stdout)] == [ROOT / name for name in ROOMS]


def test_no_other_installed_package_claims_a_room() -> None:
    """PyPI's `config` and others would overwrite ours, or be overwritten, without a word."""
    owners = importlib.metadata.packages_distributions()
    assert {name: owners[name] for name in ROOMS if set(owners.get(name, [PROJECT])) != {PROJECT}} == {}


# What deciding rooms must not do

CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter", "time_ns"}
FILES = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink"}
ACTING = {"aiohttp", "asyncio", "concurrent", "multiprocessing", "panoramisk", "secrets", "select", "signal", "smtplib"}
ACTING |= {"socket", "sqlalchemy", "sqlite3", "structlog", "subprocess", "threading", "time", "urllib"}


def _actions(source: str, *, may_read_files: bool = False) -> Iterator[str]:
    """Everything in the source that acts instead of deciding."""
    forbidden = CLOCKS if may_read_files else CLOCKS | FILES
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (f"import {name.name}" for name in names if name.name.partition(".")[0] in ACTING)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in ACTING:
                yield f"from {module}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in forbidden:
                yield f"{name}()"
            case ast.Call(func=ast.Name(id="open")) if "open" in forbidden:
                yield "open()"
            case ast.AsyncFunctionDef(name=name):
                yield f"async def {name}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import asyncio", ["import asyncio"]),
        ("from asyncio.tasks import sleep", ["from asyncio.tasks"]),
        ("from time import monotonic", ["from time"]),
        ("from datetime import time", []),
        ("datetime.now(UTC)", ["now()"]),
        ("date.today()", ["today()"]),
        ("open('x')", ["open()"]),
        ("Path('x').read_text()", ["read_text()"]),
        ("read_text(form, 'name')", []),
        ("async def wait(): ...", ["async def wait"]),
        ("calendar.opening(at).open", []),
    ],
)
def test_the_guard_knows_acting_from_deciding(source: str, found: list[str]) -> None:
    assert list(_actions(source)) == found


def test_configuration_may_read_files_but_not_the_clock() -> None:
    assert list(_actions("path.read_text(); datetime.now()", may_read_files=True)) == ["now()"]


@pytest.mark.parametrize("room", DECIDING)
def test_deciding_room_does_not_act(room: str) -> None:
    sources = {path.relative_to(ROOT): path.read_text("utf-8") for path in (ROOT / room).rglob("*.py")}
    found = {str(path): list(_actions(text, may_read_files=room == "config")) for path, text in sources.items()}
    assert sources
    assert {path: actions for path, actions in found.items() if actions} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_says_what_it_decides(room: str) -> None:
    files = [path for path in (ROOT / room).rglob("*.py") if "node_modules" not in path.parts]
    assert [str(path) for path in files if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


# What no file may name

MACHINE_PATH = re.compile(r"(?<![\w./})$-])/(?:work|root|home)/(?!\{)")
REGISTRY = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|(?:deb|ftp|security)\.debian)\.(?:org|com)\b", re.IGNORECASE
)
DOWNLOAD = re.compile(r'"resolved":|://|--(?:extra-)?index')
LOCK_FILES = ("requirements*.txt", "package-lock.json", "npm-shrinkwrap.json", "*.lock")


def _files() -> list[Path]:
    """Everything that is committed or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _lines(paths: list[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        content = path.read_bytes()
        if b"\0" not in content:
            for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
                yield f"{path.relative_to(ROOT)}:{number}", line


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout knows which files belong to the project")
def test_no_file_names_a_path_of_one_machine_or_a_package_registry() -> None:
    assert [place for place, line in _lines(_files()) if MACHINE_PATH.search(line) or REGISTRY.search(line)] == []


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout knows which files belong to the project")
def test_no_lock_file_names_where_to_download() -> None:
    """Each office fetches packages from where its machine is set up to; npm's funding links are no downloads."""
    locks = [path for path in _files() if any(path.match(pattern) for pattern in LOCK_FILES)]
    assert ROOT / "requirements.txt" in locks
    lines = [(place, line) for place, line in _lines(locks) if '"url":' not in line]
    assert [place for place, line in lines if DOWNLOAD.search(line)] == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("cd /" + "work/main", True),
        ("HOME=/" + "root/.cache", True),
        ("https://files.pythonhosted." + "org/x", True),
        ("http://deb.debian." + "org/debian", True),
        ("{root}/" + "root/etc", False),
        ("https://example.org/jobcenter-hotline.git", False),
    ],
)
def test_the_guard_knows_one_machine_from_every_machine(line: str, named: bool) -> None:
    assert bool(MACHINE_PATH.search(line) or REGISTRY.search(line)) is named


# Errors and commands


def _drawn(docstring: str) -> dict[str, str | None]:
    """Each class of the drawn tree and the class it hangs from."""
    above: list[tuple[int, str]] = []
    tree: dict[str, str | None] = {}
    for branch, name in re.findall(r"^([ │├└─]*)([A-Z]\w+)(?:  .*)?$", docstring, re.MULTILINE):
        above = [one for one in above if one[0] < len(branch)]
        tree[name] = above[-1][1] if above else None
        above.append((len(branch), name))
    return tree


def test_every_error_is_drawn_at_its_place_in_the_tree() -> None:
    classes = {
        name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__
    }
    expected = {name: kind.__mro__[1].__name__ for name, kind in classes.items() if kind is not errors.HotlineError}
    assert _drawn(errors.__doc__ or "") == {"HotlineError": None, **expected}


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_of_every_command_works(command: str) -> None:
    for words in _with_subcommands(command.split()):
        asked = CliRunner().invoke(cli, [*words, "--help"])
        assert asked.exit_code == 0, asked.exception
        assert asked.output.startswith("Usage:")


def _with_subcommands(words: list[str]) -> list[list[str]]:
    found = cli.get_command(click.Context(cli), words[0]) if words else None
    return [words, *([*words, name] for name in (found.commands if isinstance(found, click.Group) else ()))]


def test_unknown_command_is_wrong_use() -> None:
    assert CliRunner().invoke(cli, ["no-such-command"]).exit_code == 2
