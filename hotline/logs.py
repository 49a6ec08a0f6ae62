"""How the service writes its log: one readable line an event, to stdout, without personal data."""

import contextlib
import logging
import sys
import traceback
from collections.abc import Iterator

import structlog
from structlog.typing import Processor


def configure_logs() -> None:
    """Lines like `2026-11-23 09:00:01 info  call arrived  call=… gateway=haus`; libraries only from warnings on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=28, sort_keys=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(name)s %(levelname)s %(message)s")


@contextlib.contextmanager
def passed_through(processor: Processor) -> Iterator[None]:
    """Inside the block every line of the log goes through `processor` too, just before it is written.

    The list is changed in place: loggers that were used before keep it.
    """
    processors: list[Processor] = structlog.get_config()["processors"]
    processors.insert(-1, processor)
    try:
        yield
    finally:
        if processor in processors:
            processors.remove(processor)


def log_failure(what: str, call_id: str, error: Exception) -> None:
    """An unexpected error: its kind and place. Its text may hold personal data and stays out of the log."""
    where = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)][-4:]
    structlog.get_logger().error(what, call=call_id, error=type(error).__name__, where=" > ".join(where))
