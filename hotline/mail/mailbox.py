"""The demo's mail server: keeps each mail it gets as a numbered file, so that `make run` needs no other."""

import argparse
import asyncio
import os
import signal
import sys
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST = 1_000_000
"""Bytes; a demo needs no more."""


class Mailbox:
    """aiosmtpd's handler: accepts every recipient and writes each mail whole or not at all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        file = self.keep(envelope.original_content or b"")
        print(f"Mail {int(file.stem)} kept in {file}: {subject_of(file.read_bytes())}", flush=True)
        return "250 kept"

    def keep(self, content: bytes) -> Path:
        """The new file; it appears under its name only when it is complete."""
        file = self._directory / f"{self._next():04}.eml"
        draft = file.with_suffix(".part")
        with draft.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        return draft.rename(file)

    def _next(self) -> int:
        return max((int(file.stem) for file in self._directory.glob("*.eml") if file.stem.isdecimal()), default=0) + 1


def subject_of(content: bytes) -> str:
    """The subject in one printable line."""
    subject = str(message_from_bytes(content, policy=policy.default).get("Subject", ""))
    return "".join(ch if ch.isprintable() else " " for ch in subject)


async def serve(host: str, port: int, directory: Path) -> asyncio.Server:
    """Start the server; close it with `server.close()`."""
    mailbox = Mailbox(directory)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(mailbox, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="mailbox"), host, port
    )


async def _run(host: str, port: int, directory: Path) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    server = await serve(host, port, directory)
    print(f"Mailbox listens on {host}:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m hotline.mail.mailbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("--directory", type=Path, required=True)
    options = parser.parse_args()
    try:
        asyncio.run(_run(options.host, options.port, options.directory))
    except OSError as error:
        print(f"The demo mailbox cannot start on {options.host}:{options.port}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
