"""The configuration's own announcements in the fallback: that of an emergency, and why we are closed today.

As in the calendar, all moments are rendered as seconds since 1970, business time.
"""

from collections.abc import Iterator

from config.schema import HotlineConfig
from dialplan.facts import AsteriskFacts
from dialplan.opening import EVERY_DAY, horizon, look_up, parts, seconds
from dialplan.steps import Step, context, extension
from dialplan.voice import Voice
from routing.announcing import closure_prompt, emergency_ends, emergency_prompts
from routing.hours import Calendar

CONTEXT = "hotline-closures"


def say_emergency(config: HotlineConfig, facts: AsteriskFacts, condition: str) -> Iterator[Step]:
    """The step that plays the announcement until its end, if there is one and the condition holds."""
    ends = emergency_ends(config)
    if ends is not None:
        say = Voice.of(config, facts).say(*emergency_prompts(config))
        yield f"ExecIf($[{condition} & ${{EPOCH}} + {facts.clock_offset} < {seconds(ends)}]?{say})"


def ask_why(moment: str) -> str:
    """The step that asks why we are closed at a moment: `GOSUB_RETVAL` is the sound file that says it."""
    return look_up(moment, CONTEXT)


def closures_context(config: HotlineConfig, facts: AsteriskFacts) -> str:
    """The context that `ask_why` asks: one extension for each UTC day with a closure.

    Of several closures the first of the configuration counts, also if it has no words of its own.
    """
    voice, days = Voice.of(config, facts), dict[str, list[str]]()
    for span, closure in Calendar(config).closed_by(*horizon(facts)):
        name = "closed_hours" if closure.announcement is None else closure_prompt(closure.announcement)
        for begins, ends in parts(span):
            inside = f"$[${{ARG1}} >= {seconds(begins)} & ${{ARG1}} < {seconds(ends)}]"
            days.setdefault(f"{begins:%Y%m%d}", []).append(f"ExecIf({inside}?Return({voice.file(name)}))")
    usual = f"Return({voice.file('closed_hours')})"
    known = [extension(day, *steps, usual) for day, steps in days.items()]
    return context(CONTEXT, *known, extension(EVERY_DAY, usual))
