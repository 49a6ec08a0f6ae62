"""Which Asterisk we use: a suitable one on PATH, otherwise a private root of our own.

Suitable means version 18 to 22 with every module of `dialplan.modules.REQUIRED`. A root is a directory with Debian's
package and its libraries; it runs by its own loader, needs no chroot, and nothing of the system is changed.
HOTLINE_ASTERISK_ROOT names one to be used before all others.
"""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dialplan.modules import FURTHER, REQUIRED
from hotline.errors import SetupError

OLDEST, NEWEST = 18, 22
ROOT_VARIABLE = "HOTLINE_ASTERISK_ROOT"
_DOCUMENTATION = Path("documentation/core-en_US.xml")


@dataclass(frozen=True, slots=True)
class Asterisk:
    """One installed Asterisk."""

    version: tuple[int, int]
    release: str
    """What it calls itself, for people."""
    program: Path
    modules: Path
    data: Path
    """Holds the documentation that Asterisk needs to start most modules."""
    loader: tuple[str, ...] = ()
    """Words before the program: the private root's own loader and library path."""

    @property
    def further_modules(self) -> tuple[str, ...]:
        """Modules that only some versions have, and need."""
        return tuple(name for name in FURTHER if (self.modules / f"{name}.so").exists())

    def command(self, argv0: Path | None = None) -> list[str]:
        """The program as a command; with `argv0` it believes to be that script, and `core restart` runs it again."""
        if not self.loader:
            return [str(self.program)]
        named = [] if argv0 is None else ["--argv0", str(argv0)]
        return [self.loader[0], *named, *self.loader[1:], str(self.program)]


def cached_root() -> Path:
    """Where the private root lies: outside the checkout, so that every clone of one user shares it."""
    chosen = os.environ.get(ROOT_VARIABLE)
    if chosen:
        return Path(chosen).absolute()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "jobcenter-hotline" / f"asterisk-root-{platform.machine()}"


def find() -> Asterisk:
    """The Asterisk to use. SetupError that says what was looked at and what to do."""
    problems = []
    for look in _places():
        try:
            return look()
        except SetupError as problem:
            problems.append(str(problem))
    raise SetupError(" ".join([*problems, "Run `make setup`, which installs a private one."]))


def in_root(root: Path) -> Asterisk:
    """The Asterisk of a private root; SetupError when it is missing or not suitable."""
    program = root / "usr/sbin/asterisk"
    loader = next(iter(sorted(root.glob("usr/lib/*/ld-linux-*.so.*"))), None)
    if loader is None or not program.exists():
        raise SetupError(f"There is no Asterisk in {root}.")
    libraries = loader.parent
    return _checked(
        program,
        libraries / "asterisk/modules",
        root / "usr/share/asterisk",
        (str(loader), "--library-path", str(libraries)),
    )


def on_path() -> Asterisk:
    """The system's own Asterisk; SetupError when it is missing or not suitable."""
    search = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which("asterisk", path=search)
    if found is None:
        raise SetupError("There is no Asterisk on PATH.")
    program = Path(found).resolve()
    prefix = program.parent.parent
    modules = _first(prefix, "lib*/*/asterisk/modules", "lib*/asterisk/modules")
    documentation = _first(prefix, f"share/asterisk/{_DOCUMENTATION}", f"../var/lib/asterisk/{_DOCUMENTATION}")
    if modules is None or documentation is None:
        raise SetupError(f"The modules or the documentation of {program} were not found.")
    return _checked(program, modules, documentation.parent.parent, ())


def _places() -> Iterator[Callable[[], Asterisk]]:
    if os.environ.get(ROOT_VARIABLE):
        yield lambda: in_root(cached_root())
        return
    yield on_path
    yield lambda: in_root(cached_root())


def _first(directory: Path, *patterns: str) -> Path | None:
    return next((path for pattern in patterns for path in sorted(directory.glob(pattern))), None)


def _checked(program: Path, modules: Path, data: Path, loader: tuple[str, ...]) -> Asterisk:
    release = _release(program, loader)
    numbers = re.match(r"Asterisk (?:certified[/-])?(\d+)\.(\d+)", release)
    version = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if not OLDEST <= version[0] <= NEWEST:
        raise SetupError(f"{program} is “{release}”, and versions {OLDEST} to {NEWEST} are supported.")
    missing = sorted(name for name in REQUIRED if not (modules / f"{name}.so").exists())
    if missing:
        raise SetupError(f"{program} ({release}) lacks the modules {', '.join(missing)}.")
    if not (data / _DOCUMENTATION).exists():
        raise SetupError(f"{program} ({release}) lacks its documentation {data / _DOCUMENTATION}.")
    return Asterisk(version, release, program, modules, data, loader)


def _release(program: Path, loader: tuple[str, ...]) -> str:
    try:
        asked = subprocess.run([*loader, program, "-V"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError(f"{program} does not run ({type(error).__name__}).") from None
    return asked.stdout.strip()
