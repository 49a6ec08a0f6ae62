"""How a part that ends is started again: the first time at once, then each time a little later."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from hotline.errors import SetupError

SECOND_DELAY, LONGEST_DELAY, STEADY = 0.5, 10.0, 60.0
"""Seconds before the second restart, doubled from then on; from the start again after a run of STEADY seconds."""


class Backoff:
    """How long to wait before each start."""

    def __init__(self) -> None:
        self._next = 0.0

    def after(self, ran: float) -> float:
        """Seconds to wait when the part has run for so many."""
        delay = 0.0 if ran > STEADY else self._next
        self._next = min(max(2 * delay, SECOND_DELAY), LONGEST_DELAY)
        return delay


async def keep(
    name: str,
    start: Callable[[], Awaitable[None]],
    wait: Callable[[], Awaitable[int]],
    say: Callable[[str], None],
    over: Callable[[], bool] = lambda: False,
) -> None:
    """Start a part, which runs already, again whenever it ends; return only when it has ended and `over()`.

    `start` returns when the part works, or raises SetupError or OSError; `wait` returns its code (negative: a signal)
    when it has ended.
    """
    backoff, now = Backoff(), asyncio.get_running_loop().time
    began = now()
    what = f"{name} {ending(await wait())}"
    while not over():
        delay = backoff.after(now() - began)
        say(f"{what} It starts again {f'in {delay:g} s' if delay else 'at once'}.")
        await asyncio.sleep(delay)
        began = now()
        try:
            await start()
            what = f"{name} {ending(await wait())}"
        except SetupError as error:
            what = str(error)
        except OSError as error:
            what = f"{name} cannot be started ({error.strerror})."


def ending(code: int) -> str:
    """How a part ended that should not have."""
    return f"ended unexpectedly ({f'signal {signal.Signals(-code).name}' if code < 0 else f'exit code {code}'})."
