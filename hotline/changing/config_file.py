"""The file of the configuration: replaced whole, and what a person wrote into it kept beside it."""

import os
from pathlib import Path

import structlog

from config.loading import MAX_BYTES

log = structlog.get_logger()

BEGUN = "begun.yaml"
"""The configuration that this run was started with: what needs a new start stays as it is there."""
EDITED = "hotline.edited.yaml"
"""Beside the configuration: an edited file that cannot be the draft; later ones have a number."""
MOST_EDITED = 100
"""So many are kept; only the last of them is overwritten."""
OWNER_ONLY = 0o600


def content(file: Path) -> bytes | None:
    """None when there is no file."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def replaceable(file: Path) -> bool:
    """Whether something else can be put in its place: it may be a link to where the hotline must not write."""
    directory = file.resolve().parent
    return directory.is_dir() and os.access(directory, os.W_OK | os.X_OK)


def as_text(raw: bytes) -> str | None:
    """None for what cannot be a draft."""
    try:
        return raw.decode() if len(raw) <= MAX_BYTES and b"\0" not in raw else None
    except UnicodeDecodeError:
        return None


def write_whole(path: Path, raw: bytes, mode: int = OWNER_ONLY) -> None:
    """Replace a file at once and for good; who may read it stays as it was, `mode` is for a new one.

    A link stays one: the file it leads to is replaced.
    """
    target = path.resolve()
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        os.fchmod(file.fileno(), _mode(target, mode))
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    _made_lasting(target.parent)


def keep_beside(file: Path, raw: bytes) -> Path:
    """Where that is from now on; what was put there before stays. As private as the file itself."""
    stem, suffix = EDITED.rsplit(".", 1)
    for number in range(1, MOST_EDITED + 1):
        beside = file.with_name(EDITED if number == 1 else f"{stem}.{number}.{suffix}")
        there = content(beside)
        if there == raw:
            return beside
        if there is None:
            break
    write_whole(beside, raw, _mode(file, OWNER_ONLY))
    return beside


def put_back(file: Path, before: bytes | None) -> None:
    """What cannot be put back now is by the next start."""
    if before is None or content(file) == before:
        return
    try:
        write_whole(file, before)
    except OSError as error:
        log.error("the configuration's file is not as it was, the next start puts it right", error=type(error).__name__)


def _mode(path: Path, otherwise: int) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return otherwise


def _made_lasting(directory: Path) -> None:
    """The new name in it, too."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
