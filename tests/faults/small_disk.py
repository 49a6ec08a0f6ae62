"""A small disk in memory, which a test can fill without filling the machine's."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SMALL = 64
"""MB; a state directory needs about ten."""


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[None]:
    """Mounted there inside the block."""
    _mount(directory, megabytes)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], check=False, capture_output=True)


def can_mount(directory: Path) -> bool:
    """Whether this user on this machine may."""
    try:
        with small_disk(directory, 1):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def _mount(directory: Path, megabytes: int) -> None:
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "hotline-tests", directory]
    subprocess.run(words, check=True, capture_output=True)
