"""The calendar as dialplan: when we are open, to the second, whatever zone Asterisk's machine is in.

One extension for each UTC day with openings. They are written as seconds since 1970, so that neither a zone nor
daylight saving is computed by Asterisk.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from config.schema import HotlineConfig
from dialplan.facts import AsteriskFacts
from dialplan.steps import context, extension
from routing.hours import Calendar, Span

CONTEXT = "hotline-calendar"
DAYS = 400
"""So far ahead the hours are known; the dialplan is rendered anew each day."""
DAYS_BEFORE = 2
"""A clock that is set back a little still finds its day."""
NEVER = 9_999_999_999
"""When we close if nobody knows our hours any more: a caller is rather put through than turned away."""
_DAY = timedelta(days=1)
EVERY_DAY = "_XXXXXXXX"


def look_up(moment: str, where: str = CONTEXT) -> str:
    """The step that asks for a moment (business time, seconds since 1970).

    Afterwards `GOSUB_RETVAL` is when we close that day, in the same seconds, or 0 when we are closed.
    """
    return f"Gosub({where},${{STRFTIME({moment},UTC,%Y%m%d)}},1({moment}))"


def calendar_context(config: HotlineConfig, facts: AsteriskFacts) -> str:
    """The context that `look_up` asks."""
    start, until = horizon(facts)
    days: dict[str, list[str]] = {}
    for opening in Calendar(config).openings(start, until):
        for begins, ends in parts(opening):
            days.setdefault(f"{begins:%Y%m%d}", []).append(_term(begins, ends, opening[1]))
    known = [extension(day, f"Return($[{' + '.join(terms)}])") for day, terms in days.items()]
    return context(CONTEXT, *known, extension(EVERY_DAY, f"Return({_unknown(start, until)})"))


def horizon(facts: AsteriskFacts) -> Span:
    """From when until when the calendar is known; days of UTC, business time."""
    today = (facts.now + timedelta(seconds=facts.clock_offset)).astimezone(UTC)
    start = today.replace(hour=0, minute=0, second=0, microsecond=0) - DAYS_BEFORE * _DAY
    return start, start + (DAYS_BEFORE + DAYS + 1) * _DAY


def parts(span: Span) -> Iterator[Span]:
    """The span cut at midnight UTC."""
    begins, ends = span
    while begins < ends:
        midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        yield begins, min(ends, midnight)
        begins = midnight


def _term(begins: datetime, ends: datetime, closes: datetime) -> str:
    """The moment of closing from `begins` on and before `ends`, else 0."""
    return f"(${{ARG1}} >= {seconds(begins)} & ${{ARG1}} < {seconds(ends)}) * {seconds(closes)}"


def _unknown(start: datetime, until: datetime) -> str:
    """A day without openings: closed, unless it lies outside of what was rendered."""
    return f"$[(${{ARG1}} < {seconds(start)} | ${{ARG1}} >= {seconds(until)}) * {NEVER}]"


def seconds(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.timestamp())
