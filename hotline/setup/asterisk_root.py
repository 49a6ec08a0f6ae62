"""How the private root of Asterisk is made: Debian's packages unpacked into one directory, whole or not at all."""

import os
import platform
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline.errors import SetupError
from hotline.locks import exclusive
from hotline.setup import asterisk
from hotline.setup.apt_sources import mirrors
from hotline.setup.asterisk import Asterisk

SUITES = ("sid", "forky", "trixie")
"""Debian's releases tried in this order; Debian 12 itself has no Asterisk, bullseye's is too old."""
Progress = Callable[[str], None]


def find_or_install(progress: Progress) -> Asterisk:
    """A suitable Asterisk, installed if there is none. SetupError that says what to do."""
    try:
        return asterisk.find()
    except SetupError:
        progress("There is no suitable Asterisk on this machine yet.")
    return install(asterisk.cached_root(), progress)


def install(root: Path, progress: Progress) -> Asterisk:
    """Make the private root, or wait for another process that is making it."""
    root.parent.mkdir(parents=True, exist_ok=True)
    lock = root.with_name(root.name + ".lock")
    with exclusive(lock, lambda: progress("Another process installs Asterisk, waiting for it …")):
        try:
            return asterisk.in_root(root)
        except SetupError:
            return _make(root, progress)


def _make(root: Path, progress: Progress) -> Asterisk:
    tried = []
    for mirror in _mirrors():
        for suite in SUITES:
            progress(f"Installing Asterisk from Debian {suite} into {root} (under a minute) …")
            try:
                return _from_suite(root, mirror, suite, progress)
            except SetupError as problem:
                tried.append(f"{suite}: {problem}")
                progress(f"Debian {suite} did not work.")
    raise SetupError(
        "Asterisk could not be installed. Install version 18 to 22 yourself, or give its directory by "
        f"{asterisk.ROOT_VARIABLE}. Tried: " + " ".join(tried)
    )


def _mirrors() -> list[str]:
    if shutil.which("mmdebstrap") is None:
        raise SetupError("The program mmdebstrap is missing: install it with `apt-get install mmdebstrap`.")
    found = mirrors()
    if not found:
        raise SetupError("The apt sources of this machine name no Debian archive: install Asterisk 18 to 22 yourself.")
    return found


def _from_suite(root: Path, mirror: str, suite: str, progress: Progress) -> Asterisk:
    with _draft(root) as draft:
        _unpack(draft, mirror, suite, progress)
        _disarm(draft)
        found = asterisk.in_root(draft)
        _remove(root)
        draft.rename(root)
    progress(f"{found.release} is installed.")
    return asterisk.in_root(root)


@contextmanager
def _draft(root: Path) -> Iterator[Path]:
    """A directory beside the root that never outlives a failure, nor an earlier process that was killed."""
    for old in root.parent.glob(f"{root.name}.draft-*"):
        _remove(old)
    draft = root.with_name(f"{root.name}.draft-{os.getpid()}")
    try:
        yield draft
    finally:
        _remove(draft)


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


def _disarm(root: Path) -> None:
    """Take the set-user-id bits away: a copy of `passwd` or `su` that nobody updates must never act as root."""
    for directory, _, names in os.walk(root):
        for path in (Path(directory, name) for name in names):
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
                path.chmod(stat.S_IMODE(mode) & ~(stat.S_ISUID | stat.S_ISGID))


def _unpack(draft: Path, mirror: str, suite: str, progress: Progress) -> None:
    """`extract`: the packages are only unpacked, nothing of them runs; so it works without a chroot."""
    command = [
        "mmdebstrap",
        "--variant=extract",
        "--include=asterisk",
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Check-Valid-Until "false"',
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        suite,
        str(draft),
        f"deb {mirror} {suite} main",
    ]
    last = ""
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last = line.strip() or last
            if line.startswith("I: "):
                progress(f"  {line[3:].strip()}")
    if process.returncode:
        raise SetupError(f"mmdebstrap ended with {process.returncode} on {platform.machine()} ({last}).")
