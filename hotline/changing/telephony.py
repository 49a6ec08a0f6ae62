"""Asterisk's side of an activation: has it brought up to date, and tells what it has otherwise than it should."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog

from config.schema import HotlineConfig
from hotline.errors import SetupError
from hotline.parent.asterisk_has import Has, wanted
from hotline.parent.asterisk_side import Told

log = structlog.get_logger()

NOT_TOLD = "Asterisk wurde nicht auf die neue Version eingestellt: Die Aufsicht (hotline run) antwortet nicht."
NOT_RENDERED = "Asterisk wurde nicht auf die neue Version eingestellt: {}"
NOT_READ = "Asterisk hat nicht neu gelesen: {}."
NOT_ASKED = "Asterisk sagt nicht, was es übernommen hat: Es ist nicht erreichbar oder hängt."
OTHER_DIALPLAN = "Im Wählplan hat Asterisk noch einen anderen Stand."
MISSING_PHONE = "Asterisk kennt das Telefon von {} nicht."
STRANGE_PHONE = "Asterisk kennt noch das Telefon von {}, die Konfiguration nicht mehr."
MISSING_GATEWAY = "Asterisk kennt den Anschluss {} nicht."
STRANGE_GATEWAY = "Asterisk kennt noch den Anschluss {}, die Konfiguration nicht mehr."
MISSING_REGISTRATION = "Asterisk meldet sich beim Anschluss {} nicht an."
STRANGE_REGISTRATION = "Asterisk meldet sich noch beim Anschluss {} an, nach der Konfiguration soll es das nicht mehr."
QUEUE_NOT_ASKED = "Die Warteschlange des Notbetriebs ist nicht verglichen: Asterisk antwortet nicht."
OTHER_QUEUE = "In der Warteschlange des Notbetriebs stehen nicht die richtigen Telefone."


@dataclass(frozen=True, slots=True)
class Result:
    """`reloaded`: parts of Asterisk, in German. `differs`: German sentences."""

    reloaded: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


class Telephony:
    """`tell` says to the parent which configuration is in use (SetupError, OSError).

    `correct_queue` compares the fallback's queue with the agents and corrects it; how many differences there were,
    None when Asterisk did not say.
    """

    def __init__(
        self, tell: Callable[[str], Awaitable[Told]], correct_queue: Callable[[], Awaitable[int | None]]
    ) -> None:
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
        unread = (NOT_READ.format(part) for part in told.failed)
        differs = (*unread, *_differences(told.has, config), *await self._queue())
        return Result(told.reloaded, differs)

    async def _queue(self) -> tuple[str, ...]:
        """New telephones are put into it first."""
        differences = await self._correct_queue()
        if differences:
            differences = await self._correct_queue()
        if differences is None:
            return (QUEUE_NOT_ASKED,)
        return (OTHER_QUEUE,) if differences else ()


def _differences(has: Has, config: HotlineConfig) -> Iterator[str]:
    if not has.all_said:
        yield NOT_ASKED
    if has.dialplan is False:
        yield OTHER_DIALPLAN
    full_names = {agent.name: agent.full_name for agent in config.agents}
    for (there, names), (missing, strange) in zip(has.compared(wanted(config)), _SENTENCES, strict=True):
        known = names if there is None else set(there)
        shown = full_names if missing is MISSING_PHONE else {}
        yield from (missing.format(shown.get(name, name)) for name in sorted(names - known))
        yield from (strange.format(name) for name in sorted(known - names))


_SENTENCES = (
    (MISSING_PHONE, STRANGE_PHONE),
    (MISSING_GATEWAY, STRANGE_GATEWAY),
    (MISSING_REGISTRATION, STRANGE_REGISTRATION),
)
"""In the order of `Has.compared`."""
