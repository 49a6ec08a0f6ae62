"""Sound files named after what they were made from, and the prompts' own names as hard links to them.

A file of that kind never changes, so whoever was told its name hears the same to the end, whatever comes into use
meanwhile. Under a prompt's own name lies what is in force: Asterisk's fallback and the pages play that.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from hotline.setup import sound

FOLDER = "by_content"
_DIGITS = 16
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EXDEV, errno.EMLINK}
"""What a file system says that has no hard links, or none between these places."""


def name_of(fingerprint: str) -> str:
    """The name of the sound made from that, relative to the prompts' folder and without its ending."""
    return f"{FOLDER}/{fingerprint[:_DIGITS]}"


def files(directory: Path, name: str) -> Iterator[Path]:
    """One for each format."""
    return (directory / f"{name}.{extension}" for extension in sound.FORMATS)


def is_there(directory: Path, name: str) -> bool:
    """Whether a sound can be played: one with a format missing does not count."""
    return all(_size(path) for path in files(directory, name))


def seconds(directory: Path, name: str) -> float:
    """How long a sound lasts that is there."""
    return round(_size(directory / f"{name}.sln16") / 2 / sound.RATE, 3)


def is_linked(directory: Path, target: str, name: str) -> bool:
    """Whether `name` is that very sound, in every format."""
    pairs = zip(files(directory, target), files(directory, name), strict=True)
    return all(_is_same(one, other) for one, other in pairs)


def link(directory: Path, target: str, name: str) -> None:
    """Make `name` another name of the sound `target`; each format is exchanged at once. OSError."""
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    for source, path in zip(files(directory, target), files(directory, name), strict=True):
        if _is_same(source, path):
            continue  # renaming one name of a file to another one of the same does nothing
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        also_as(source, part)
        part.replace(path)


def also_as(source: Path, path: Path) -> None:
    """Another name of this file; a copy where the file system has no such names. OSError."""
    try:
        os.link(source, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        sound.write_whole(path, source.read_bytes())


def remove_unused(directory: Path, needed: set[str]) -> None:
    """Delete all sounds but these; what is half written stays. None of the others may be wanted by anybody. OSError."""
    for path in (directory / FOLDER).iterdir() if (directory / FOLDER).is_dir() else ():
        if not path.name.startswith(".") and f"{FOLDER}/{path.stem}" not in needed:
            path.unlink(missing_ok=True)


def remove_parts(directory: Path) -> None:
    """Delete what was half written when somebody was killed, here and below. Nobody may be writing. OSError."""
    for path in directory.rglob(".*.part"):
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_same(one: Path, other: Path) -> bool:
    """The same file, or a copy: see `also_as`."""
    try:
        return one.samefile(other) or (_size(one) == _size(other) and one.read_bytes() == other.read_bytes())
    except OSError:
        return False
