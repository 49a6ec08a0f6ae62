"""Which Asterisk is used and how a private one is made: suitable or told why not, whole or not at all."""

from pathlib import Path

import pytest

from dialplan.modules import REQUIRED
from hotline.errors import SetupError
from hotline.setup import asterisk, asterisk_root

SUITABLE = "Asterisk 22.10.1+dfsg"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def fake_root(root: Path, says: str = SUITABLE, without: str = "") -> Path:
    """A directory that looks like a private root; its loader tells the version whatever it is asked."""
    libraries = root / "usr/lib/some-linux-gnu"
    script(libraries / "ld-linux-some.so.2", f"echo '{says}'")
    script(root / "usr/sbin/asterisk", "exit 1")
    modules = libraries / "asterisk/modules"
    modules.mkdir(parents=True)
    for name in REQUIRED - {without}:
        (modules / f"{name}.so").touch()
    documentation = root / "usr/share/asterisk/documentation/core-en_US.xml"
    documentation.parent.mkdir(parents=True)
    documentation.touch()
    return root


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the private root is to be; nothing else of this machine is seen."""
    monkeypatch.setenv(asterisk.ROOT_VARIABLE, str(tmp_path / "cache" / "root"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(asterisk_root, "mirrors", lambda: ["file:///mirror"])
    return tmp_path / "cache" / "root"


def mmdebstrap(root: Path, text: str) -> Path:
    """A stand-in; its last words are suite, target and source. The file returned keeps the suites asked for."""
    bin_directory = root.parents[1] / "bin"
    words = "for word; do suite=$target; target=$source; source=$word; done"
    return script(bin_directory / "mmdebstrap", f'{words}; echo "$suite" >>{bin_directory}/suites\n{text}').with_name(
        "suites"
    )


# --- finding -------------------------------------------------------------------------------------


def test_private_root_runs_by_its_own_loader(root: Path) -> None:
    found = asterisk.in_root(fake_root(root))
    libraries = root / "usr/lib/some-linux-gnu"
    assert found.version == (22, 10)
    assert found.command(Path("/state/asterisk")) == [
        *(str(libraries / "ld-linux-some.so.2"), "--argv0", "/state/asterisk"),
        *("--library-path", str(libraries), str(root / "usr/sbin/asterisk")),
    ]


@pytest.mark.parametrize(
    "says",
    ["Asterisk 18.0.0", "Asterisk 20.6.0~dfsg", "Asterisk certified/18.9-cert9", "Asterisk certified-20.7-cert1"],
)
def test_supported_versions_are_accepted(root: Path, says: str) -> None:
    assert asterisk.in_root(fake_root(root, says)).version[0] in {18, 20}


@pytest.mark.parametrize("says", ["Asterisk 16.28.0", "Asterisk 23.0.0", "Asterisk GIT-master", ""])
def test_other_versions_are_refused_by_name(root: Path, says: str) -> None:
    with pytest.raises(SetupError, match=r"versions 18 to 22 are supported"):
        asterisk.in_root(fake_root(root, says))


def test_missing_module_is_named(root: Path) -> None:
    with pytest.raises(SetupError, match=r"lacks the modules app_controlplayback"):
        asterisk.in_root(fake_root(root, without="app_controlplayback"))


def test_asterisk_that_is_not_there_is_told_with_what_to_do(root: Path) -> None:
    with pytest.raises(SetupError, match=r"There is no Asterisk in .*root\. Run `make setup`"):
        asterisk.find()


# --- making --------------------------------------------------------------------------------------


def prepared(root: Path, name: str, **kind: str) -> Path:
    """A root to be copied by the stand-in."""
    return fake_root(root.parents[1] / name, **kind)


def test_root_is_made_once(root: Path) -> None:
    suites = mmdebstrap(root, f"cp -r {prepared(root, 'good')} $target")
    said: list[str] = []
    assert asterisk_root.find_or_install(said.append).release == SUITABLE
    assert asterisk_root.find_or_install(said.append).release == SUITABLE
    assert suites.read_text().split() == ["sid"]
    assert [path.name for path in root.parent.iterdir() if "draft" in path.name] == []


def test_next_suite_is_tried_when_one_is_too_new_or_fails(root: Path) -> None:
    new, good = prepared(root, "new", says="Asterisk 23.1.0"), prepared(root, "good")
    suites = mmdebstrap(
        root, f"case $suite in sid) cp -r {new} $target;; forky) exit 1;; *) cp -r {good} $target;; esac"
    )
    assert asterisk_root.find_or_install(lambda _: None).release == SUITABLE
    assert suites.read_text().split() == ["sid", "forky", "trixie"]


def test_failure_leaves_nothing_and_says_what_was_tried(root: Path) -> None:
    mmdebstrap(root, "mkdir -p $target/usr; echo 'E: no such package' >&2; exit 25")
    with pytest.raises(SetupError, match=r"Install version 18 to 22 yourself.*sid: mmdebstrap ended with 25"):
        asterisk_root.find_or_install(lambda _: None)
    assert [path.name for path in root.parent.iterdir()] == ["root.lock"]


def test_leftovers_of_a_killed_set_up_are_removed(root: Path) -> None:
    (root.parent / "root.draft-1" / "usr").mkdir(parents=True)
    mmdebstrap(root, f"cp -r {prepared(root, 'good')} $target")
    asterisk_root.find_or_install(lambda _: None)
    assert sorted(path.name for path in root.parent.iterdir()) == ["root", "root.lock"]


def test_private_root_holds_no_program_that_acts_as_another_user(root: Path) -> None:
    armed = "chmod 4755 $target/usr/sbin/asterisk; ln -s nowhere $target/usr/broken"
    mmdebstrap(
        root, f"cp -r {prepared(root, 'good')} $target; touch $target/usr/wall; chmod 2755 $target/usr/wall; {armed}"
    )
    asterisk_root.find_or_install(lambda _: None)
    modes = {name: oct((root / "usr" / name).stat().st_mode & 0o7777) for name in ("sbin/asterisk", "wall")}
    assert modes == {"sbin/asterisk": "0o755", "wall": "0o755"}


def test_machine_without_debian_sources_is_told_to_install_it_itself(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mmdebstrap(root, "exit 1")
    monkeypatch.setattr(asterisk_root, "mirrors", list)
    with pytest.raises(SetupError, match=r"name no Debian archive: install Asterisk 18 to 22 yourself"):
        asterisk_root.find_or_install(lambda _: None)
