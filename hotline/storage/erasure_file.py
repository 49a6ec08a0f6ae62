"""Which rows were erased, in a file beside the database: a backup that is restored does not know of later erasures.

One JSON object in each line, with ids and times only. Lines are added before the transaction that erases is committed,
so that no erasure can be missing here.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import structlog

from hotline.errors import SetupError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Note:
    """One erased row of the table `kind`; all times are aware.

    `made` tells rows apart whose numbers are handed out anew once a backup is restored; None where that cannot be.
    """

    kind: str
    row: str
    at: datetime
    made: datetime | None = None

    def means(self, own: datetime | None) -> bool:
        """Whether a row of that name with that time of its own is the erased one, and none written since."""
        if own is None:
            return True
        return own == self.made if self.made is not None else own <= self.at


class ErasureFile:
    """One hotline's notes. SetupError with what to do when the file cannot be read or written."""

    def __init__(self, path: Path, hotline_id: str) -> None:
        self._path = path
        self._hotline = hotline_id

    def append(self, notes: Sequence[Note]) -> None:
        """On the disk when this returns."""
        lines = "".join(json.dumps(self._plain(note)) + "\n" for note in notes)
        try:
            with os.fdopen(os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b") as file:
                self._make_private(file)
                file.write(_after_broken_line(file) + lines.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unusable(error) from None

    def notes(self) -> list[Note]:
        """Everything noted; nothing when there is no file. A line that cannot be read is passed over and reported."""
        try:
            lines = self._path.read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from None
        return [note for number, line in enumerate(lines, 1) if (note := self._read(number, line)) is not None]

    def _plain(self, note: Note) -> dict[str, str | None]:
        made = None if note.made is None else note.made.isoformat()
        return {"hotline": self._hotline, "kind": note.kind, "row": note.row, "made": made, "at": note.at.isoformat()}

    def _read(self, number: int, line: str) -> Note | None:
        try:
            told = json.loads(line)
            made = None if told["made"] is None else _aware(told["made"])
            note = Note(str(told["kind"]), str(told["row"]), _aware(told["at"]), made)
            return note if told["hotline"] == self._hotline else None
        except (ValueError, TypeError, KeyError):
            log.warning("a line of the file of erasures cannot be read", line=number)
            return None

    def _make_private(self, file: BinaryIO) -> None:
        os.fchmod(file.fileno(), 0o600)
        if os.geteuid() == 0:  # the command of an administrator; the service must read it too
            owner = self._path.parent.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)

    def _unusable(self, error: OSError) -> SetupError:
        return SetupError(
            f"The file of erasures {self._path} cannot be used ({error.strerror}): correct its owner or the disk; "
            "without it, a restored backup would show erased persons again."
        )


def _after_broken_line(file: BinaryIO) -> bytes:
    """A machine that stopped while writing has left half a line: ours begins on a new one."""
    if file.seek(0, os.SEEK_END) == 0:
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment
