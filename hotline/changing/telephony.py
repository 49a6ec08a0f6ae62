"""Asterisk's side of an activation: has it brought up to date, and tells what it has otherwise than it should."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog

from config.schema import HotlineConfig
from hotline.errors import SetupError
from hotline.parent.asterisk_side import Told

log = structlog.get_logger()

NOT_TOLD = "Asterisk wurde nicht auf die neue Version eingestellt: Die Aufsicht (hotline run) antwortet nicht."
NOT_RENDERED = "Asterisk wurde nicht auf die neue Version eingestellt: {}"
NOT_READ = "Asterisk hat nicht neu gelesen: {}."
NOT_ASKED = "Asterisk sagt nicht, was es übernommen hat: Es ist nicht erreichbar."
OTHER_DIALPLAN = "Im Wählplan hat Asterisk noch einen anderen Stand."
MISSING_PHONE = "Asterisk kennt das Telefon von {} nicht."
STRANGE_PHONE = "Asterisk kennt noch das Telefon von {}, die Konfiguration nicht mehr."
OTHER_QUEUE = "In der Warteschlange des Notbetriebs stehen nicht die richtigen Telefone."


@dataclass(frozen=True, slots=True)
class Result:
    """`reloaded`: parts of Asterisk, in German. `differs`: German sentences."""

    reloaded: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


class Telephony:
    """`tell` says to the parent which configuration is in use (SetupError, OSError).

    `correct_queue` compares the fallback's queue with the agents and corrects it; how many differences there were.
    """

    def __init__(self, tell: Callable[[str], Awaitable[Told]], correct_queue: Callable[[], Awaitable[int]]) -> None:
        self._tell, self._correct_queue = tell, correct_queue

    async def bring_up_to_date(self, text: str, config: HotlineConfig) -> Result:
        """Never fails: what Asterisk has otherwise than it should is told, and logged."""
        result = await self._brought(text, config)
        if result.differs:
            log.warning("asterisk differs from the configuration", differences=len(result.differs))
        return result

    async def _brought(self, text: str, config: HotlineConfig) -> Result:
        try:
            told = await self._tell(text)
        except SetupError as error:
            return Result(differs=(NOT_RENDERED.format(error),))
        except OSError:
            return Result(differs=(NOT_TOLD,))
        differs = [*(NOT_READ.format(part) for part in told.failed), *_differences(told, config)]
        await self._correct_queue()
        return Result(told.reloaded, tuple([*differs, OTHER_QUEUE] if await self._correct_queue() else differs))


def _differences(told: Told, config: HotlineConfig) -> Iterator[str]:
    if told.has_dialplan is None or told.phones is None:
        yield NOT_ASKED
    if told.has_dialplan is False:
        yield OTHER_DIALPLAN
    wanted = {agent.name: agent.full_name for agent in config.agents}
    there = set(wanted if told.phones is None else told.phones)
    yield from (MISSING_PHONE.format(wanted[name]) for name in sorted(wanted.keys() - there))
    yield from (STRANGE_PHONE.format(name) for name in sorted(there - wanted.keys()))
