"""`hotline bounce`: takes in what a mail server reports about a mail of ours that it could not deliver."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click

from hotline.cli.opening import opened, state_option
from hotline.errors import StorageError
from hotline.mail.bounce import LARGEST, Report, read_report
from hotline.storage.outbox import Outbox

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: mail servers keep the report and deliver it again later."""
CHUNK = 65_536


@click.command()
@state_option
def command(state: Path) -> int:
    """Read a delivery status notification from standard input and mark the mail as undelivered.

    Meant for the mail server, which hands over what comes back to mail.sender; in /etc/aliases, for example:

      telefonservice: "|/opt/hotline/.venv/bin/hotline bounce --state /var/lib/hotline", mailbox@jobcenter.example

    Anything else, as an answer somebody wrote, is left alone, with exit code 0. When the database cannot be reached,
    exit code 75 lets the mail server try again.
    """
    report = read_report(_read(sys.stdin.buffer))
    if report is None or not report.failed:
        click.echo("No report about a mail that could not be delivered: nothing to do.")
        return 0
    try:
        known = asyncio.run(_mark(state, report))
    except StorageError as error:
        click.echo(str(error), err=True)
        return TRY_AGAIN
    click.echo(f"Marked as undelivered ({report.status})." if known else "Not about a mail of ours that is new to us.")
    return 0


def _read(source: BinaryIO) -> bytes:
    """As much as matters; the rest is taken too, so that the mail server can finish writing."""
    kept = b""
    while chunk := source.read(CHUNK):
        kept += chunk[: LARGEST - len(kept)]
    return kept


async def _mark(state: Path, report: Report) -> int:
    async with opened(state) as (database, hotline_id):
        return await Outbox(database, hotline_id).bounced(report.message_ids, datetime.now(UTC), report.status)
