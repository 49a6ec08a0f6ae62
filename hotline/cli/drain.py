"""`hotline drain`: lets the running hotline end by and by, so that no call is cut off."""

import asyncio
import contextlib
from pathlib import Path

import click

from hotline.cli.opening import state_option
from hotline.errors import HotlineError, SetupError
from hotline.locks import exclusive_or_refused
from hotline.parent import control
from hotline.state import StateDirectory

GONE_SECONDS = 20.0


@click.command()
@state_option
@click.option("--no-wait", is_flag=True, help="Only ask for it, and do not wait for the end.")
def command(state: Path, no_wait: bool) -> int:
    """Let the running hotline end when its last call is over.

    New calls are refused from now on, so that the provider sends them elsewhere; whoever is with us is served to the
    end. Ctrl-C here only ends the waiting; Ctrl-C where the hotline runs ends it at once.
    """
    directory = StateDirectory(state)
    try:
        asyncio.run(_ask(directory, wait=not no_wait))
    except KeyboardInterrupt:
        raise HotlineError("Not waited for: the hotline still ends when its last call is over.") from None
    return 0


async def _ask(state: StateDirectory, *, wait: bool) -> None:
    try:
        async with contextlib.aclosing(control.drain(control.socket_of(state))) as sentences:
            async for sentence in sentences:
                if sentence == control.DONE:
                    await _gone(state)
                    click.echo("The hotline has ended.")
                    return
                click.echo(sentence)
                if not wait:
                    return
    except OSError as error:
        raise _unreachable(state, error) from None
    raise HotlineError("The hotline was stopped before its last call was over.")


def _unreachable(state: StateDirectory, error: OSError) -> SetupError:
    if isinstance(error, PermissionError):
        return SetupError(f"The hotline in {state.path} belongs to another user: call this as that user.")
    if not state.config_file.exists():
        return SetupError(f"There is no hotline in {state.path}: name another directory with --state.")
    return SetupError(f"No hotline runs with the state in {state.path}: nothing needs to end.")


async def _gone(state: StateDirectory) -> None:
    """Until the same state may be used again."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GONE_SECONDS):
            while True:
                with (
                    contextlib.suppress(BlockingIOError),
                    exclusive_or_refused(state.path / "run.lock", lambda _: BlockingIOError()),
                ):
                    return
                await asyncio.sleep(0.05)
