"""The machine's own mirror, from both kinds of apt sources."""

from pathlib import Path

import pytest

from hotline.setup.apt_sources import mirrors

CASES = {
    "deb822": (
        "debian.sources",
        "Types: deb deb-src\n# a remark\nURIs: http://one.example/debian\nSuites: bookworm bookworm-updates\n"
        "Components: main\nSigned-By: /k.gpg\n\nTypes: deb\nURIs: http://one.example/debian-security\n"
        "Suites: bookworm-security\nComponents: main\n",
        ["http://one.example/debian"],
    ),
    "deb822 over several lines": (
        "debian.sources",
        "Types: deb\nURIs:\n http://one.example/debian/\n http://two.example/debian\nSuites: sid\nComponents: main\n",
        ["http://one.example/debian", "http://two.example/debian"],
    ),
    "deb822 switched off": (
        "debian.sources",
        "Enabled: no\nTypes: deb\nURIs: http://one.example/debian\nSuites: sid\nComponents: main\n",
        [],
    ),
    "deb822 with sources only": (
        "debian.sources",
        "Types: deb-src\nURIs: http://one.example/debian\nSuites: sid\nComponents: main\n",
        [],
    ),
    "one line": ("a.list", "deb http://one.example/debian bookworm main contrib # x\n", ["http://one.example/debian"]),
    "one line with options": (
        "a.list",
        "deb [arch=amd64 signed-by=/k.gpg] https://one.example/debian bookworm main\n",
        ["https://one.example/debian"],
    ),
    "commented out": ("a.list", "# deb http://one.example/debian bookworm main\n", []),
    "security only": ("a.list", "deb http://one.example/debian-security bookworm-security main\n", []),
    "another component": ("a.list", "deb http://one.example/node nodistro extra\n", []),
    "compact disc": ("a.list", "deb cdrom:[Debian] bookworm main\n", []),
    "unfinished": ("a.list", "deb\ndeb http://one.example\ndeb [arch=amd64\n", []),
    "not read by apt": ("a.list.disabled", "deb http://one.example/debian bookworm main\n", []),
}


@pytest.mark.parametrize("case", CASES)
def test_mirror_is_found_where_apt_finds_it(tmp_path: Path, case: str) -> None:
    name, text, expected = CASES[case]
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / name).write_text(text)
    assert mirrors(tmp_path) == expected


def test_main_file_comes_first_and_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").touch()
    (tmp_path / "sources.list.d" / "b.list").write_text("deb http://two.example/debian sid main\n")
    (tmp_path / "sources.list.d" / "a.list").write_text(
        "deb http://one.example/debian sid main\ndeb http://two.example/debian sid main\n"
    )
    assert mirrors(tmp_path) == ["http://one.example/debian", "http://two.example/debian"]


def test_machine_without_apt_has_no_mirror(tmp_path: Path) -> None:
    assert mirrors(tmp_path / "nothing") == []
