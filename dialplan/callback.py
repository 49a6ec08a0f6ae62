"""How Asterisk alone takes a callback request by keypad: to the number shown, or to one entered and read back.

The same questions as the service asks (ivr/callback.py). Whether the number can be rung, the service judges later.
"""

from collections.abc import Iterator

from config.schema import HotlineConfig
from dialplan import happenings, variables
from dialplan.facts import AsteriskFacts
from dialplan.steps import QUIET_END, Step, context, extension, given, set_to
from dialplan.voice import Voice, pressed

CONTEXT = "hotline-callback"
START = f"{CONTEXT},ask,1"
LANE = "callback"
TRIES = 3
"""Silence, wrong keys and wrong numbers together, until a caller's try to leave a number ends."""
NUMBER_DIGITS = 16
NUMBER_SECONDS = 10
_WITHOUT_PREFIX = "[1-9][0-9]{5,12}"
"""A number of our own country behind its 0 or country code."""
_TRIES, _USER, _PLAIN, _SHOWN, _NUMBER = "HL_TRIES", "HL_USER", "HL_PLAIN", "HL_SHOWN", "HL_NUMBER"
_SPELT, _POSITION = "HL_SPELT", "HL_POSITION"


def callback_context(config: HotlineConfig, facts: AsteriskFacts) -> str:
    """The context that START leads into; it ends each call."""
    return context(CONTEXT, *_extensions(config, Voice.of(config, facts)), QUIET_END)


def _extensions(config: HotlineConfig, voice: Voice) -> Iterator[str]:
    yield extension(
        "ask",
        set_to(variables.LANE, LANE),
        set_to(_TRIES, str(TRIES)),
        set_to(_NUMBER, ""),
        *_number_shown(config),
        f'GotoIf($["{given(_SHOWN)}" = ""]?unusable,1:shown,1)',
    )
    yield extension("unusable", voice.say("callback_number_unusable"), "Goto(enter,1)")
    yield extension(
        "shown",
        f"Gosub(spell,1({given(_SHOWN)}))",
        voice.ask(f"callback_number_shown{given(_SPELT)}", "callback_confirm_shown"),
        f"GotoIf({pressed('1')}?taken,1)",
        f"GotoIf({pressed('2')}?enter,1)",
        *_one_try_less(),
        "Goto(shown,1)",
    )
    yield extension(
        "enter",
        voice.ask_number(_NUMBER, "callback_enter_number", NUMBER_DIGITS, NUMBER_SECONDS),
        f'GotoIf(${{REGEX("^00?{_WITHOUT_PREFIX}$" {given(_NUMBER)})}}?confirm,1)',
        f"ExecIf($[${{LEN({given(_NUMBER)})}} > 0]?{voice.say('callback_number_wrong')})",
        *_one_try_less(),
        "Goto(enter,1)",
    )
    yield extension(
        "confirm",
        f"Gosub(spell,1({given(_NUMBER)}))",
        voice.ask(f"callback_read_back{given(_SPELT)}", "callback_confirm_entered"),
        f"GotoIf({pressed('1')}?taken,1)",
        *_one_try_less(),
        f"GotoIf({pressed('2')}?enter,1:confirm,1)",
    )
    noted = happenings.tell(happenings.CALLBACK, f"&number={given(_NUMBER)}")
    yield extension("taken", noted, *voice.end("callback_taken", "goodbye"))
    yield extension("give-up", *voice.end("technical_problem", "goodbye"))
    yield extension("spell", *_spell(voice))


def _number_shown(config: HotlineConfig) -> Iterator[Step]:
    """As it is dialled here; empty when it is withheld, not a number of our country, or not written plainly."""
    yield set_to(_SHOWN, "")
    yield set_to(_PLAIN, f"${{FILTER(a-z,{given(variables.PRIVACY_COPY)})}}")
    yield f'GotoIf($["{given(_PLAIN)}" != "" & "{given(_PLAIN)}" != "none"]?unusable,1)'
    yield set_to(_USER, f"${{CUT({variables.FROM_COPY},@,1)}}")
    yield set_to(_USER, f"${{CUT({_USER},:,2)}}")
    yield set_to(_PLAIN, f"${{FILTER(0-9+,{given(_USER)})}}")
    yield f"GotoIf($[${{LEN({given(_USER)})}} != ${{LEN({given(_PLAIN)})}}]?unusable,1)"
    country = config.hotline.country_code
    yield _if_it_begins(f"[+]{country}", len(country) + 1)
    yield _if_it_begins(f"00{country}", len(country) + 2)
    yield _if_it_begins("0", 1)
    for gateway in config.gateways:
        if gateway.numbers_without_prefix == "international":
            yield _if_it_begins(country, len(country), f'"{given(variables.GATEWAY)}" = "{gateway.name}" & ')


def _if_it_begins(prefix: str, length: int, condition: str = "") -> str:
    """Take a number that begins so as one of ours, with a single 0 before it."""
    fits = f'${{REGEX("^{prefix}{_WITHOUT_PREFIX}$" {given(_PLAIN)})}}'
    return f"ExecIf($[{condition}{fits}]?Set({_SHOWN}=0${{{_PLAIN}:{length}}}))"


def _one_try_less() -> list[Step]:
    return [set_to(_TRIES, f"$[{given(_TRIES)} - 1]"), f"GotoIf($[{given(_TRIES)} <= 0]?give-up,1)"]


def _spell(voice: Voice) -> list[Step]:
    """The digits as prompts, to stand behind another one."""
    return [
        set_to(_SPELT, ""),
        set_to(_POSITION, "0"),
        ("next", f"GotoIf($[{given(_POSITION)} >= ${{LEN(${{ARG1}})}}]?done)"),
        set_to(_SPELT, f"{given(_SPELT)}&{voice.directory}/number_${{ARG1:{given(_POSITION)}:1}}"),
        set_to(_POSITION, f"$[{given(_POSITION)} + 1]"),
        "Goto(next)",
        ("done", "Return()"),
    ]
