"""How the service writes its log: one readable line an event, to stdout, without personal data."""

import logging
import sys

import structlog


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
