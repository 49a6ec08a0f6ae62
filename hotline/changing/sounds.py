"""The prompts of the next configuration: made beside those in use, and put in force once it is active.

So an activation that fails has changed nothing that callers hear. Each call plays the sounds of the configuration it
began with (`heard_by_name`), whatever comes into force meanwhile; what nobody needs any more is removed behind each
change, and by the next start of the hotline.
"""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from config.schema import HotlineConfig
from hotline.changing.live import Live, heard_by_name
from hotline.changing.recordings import heard_as
from hotline.changing.unheard import HeardNow, clear
from hotline.errors import SetupError
from hotline.logs import log_failure
from hotline.setup import by_content
from hotline.setup.prompts import are_in_force, make, planned, put_in_force, read_manifest
from hotline.state import StateDirectory
from ivr.prompts import catalogue

log = structlog.get_logger()


class Sounds:
    def __init__(self, state: StateDirectory, heard_now: HeardNow) -> None:
        self._prompts, self._recordings, self._heard_now = state.prompts, state.recordings, heard_now

    async def prepare(self, config: HotlineConfig, progress: Callable[[int, int], None]) -> Mapping[str, str]:
        """Make what is missing; what calls of this configuration hear, as `heard_by_name` has it.

        SetupError when it cannot be made, OSError.
        """
        loop = asyncio.get_running_loop()

        def tell(done: int, of: int) -> None:
            loop.call_soon_threadsafe(progress, done, of)

        return await asyncio.to_thread(self._prepare, config, tell)

    async def publish(self, config: HotlineConfig) -> None:
        """What was prepared is in force. OSError."""
        await asyncio.to_thread(self._publish, config)
        await clear(self._prompts, self._heard_now)

    async def begin(self, live: Live) -> None:
        """At a start: put right what an interrupted activation has left, and tell what calls are to hear.

        A failure costs new texts at most: usable sounds lie there from before.
        """
        try:
            if await asyncio.to_thread(self._put_right, live.config):
                log.warning("an activation was interrupted, its prompts are put right")
        except (SetupError, OSError) as error:
            log_failure("prompts are not as they should be", "", error)
        try:
            live.hear(await asyncio.to_thread(self._heard, live.config))
        except (SetupError, OSError) as error:
            log_failure("prompts are heard under their own names only", "", error)
        try:
            await asyncio.to_thread(by_content.remove_parts, self._recordings)
        except OSError as error:
            log_failure("half-written recordings were not removed", "", error)

    async def outdated(self, config: HotlineConfig) -> tuple[str, ...]:
        """Names of the prompts whose own recording reads another text aloud than this configuration's."""
        return await asyncio.to_thread(self._outdated, config)

    def _outdated(self, config: HotlineConfig) -> tuple[str, ...]:
        said = catalogue(config).items()
        return tuple(name for name, text in said if heard_as(self._recordings / f"{name}.wav", None).outdated(text))

    def _prepare(self, config: HotlineConfig, progress: Callable[[int, int], None]) -> Mapping[str, str]:
        prompts = planned(config, self._recordings)
        make(prompts, self._prompts, progress)
        return heard_by_name(prompts)

    def _publish(self, config: HotlineConfig) -> None:
        put_in_force(planned(config, self._recordings), self._prompts)

    def _put_right(self, config: HotlineConfig) -> bool:
        """Whether anything had to be. Before the first rendering, which is not ours, nothing has."""
        prompts = planned(config, self._recordings)
        if not read_manifest(self._prompts) or are_in_force(prompts, self._prompts):
            return False
        try:
            make(prompts, self._prompts, lambda _done, _of: None)
        except (SetupError, OSError) as error:
            log_failure("some prompts cannot be made, what was heard before stays", "", error)
        put_in_force(prompts, self._prompts)
        return True

    def _heard(self, config: HotlineConfig) -> Mapping[str, str]:
        prompts = planned(config, self._recordings)
        return heard_by_name(one for one in prompts if by_content.is_there(self._prompts, one.content))
