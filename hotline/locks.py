"""Who may work on a file or directory alone: an advisory lock that ends with the process holding it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock; while another process has it, say so once through `waiting`, and wait."""
    descriptor = _open(path)
    try:
        if not _taken(descriptor):
            if waiting is not None:
                waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_or_refused(path: Path, refusal: Callable[[str], Exception]) -> Iterator[None]:
    """Hold the lock, or raise `refusal(process id of the holder)`."""
    descriptor = _open(path)
    try:
        if not _taken(descriptor):
            raise refusal(os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
