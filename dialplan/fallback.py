"""What Asterisk does with a caller by itself while the service is away: says closed, queues, takes callback requests.

No lane is a dead end: each ends with somebody who answers, a callback request, or a goodbye that was said. What is
told to the service stands in `dialplan.happenings`, where a caller stands in `variables.LANE`.

Texts of the caller's device are copied without round brackets once (`_COPY`): inside a function's arguments nothing
in them can then end the argument. Near an expression they only come as a length, or filtered to digits or letters.
"""

from collections.abc import Iterator

from config.schema import HotlineConfig
from dialplan import happenings, opening, variables
from dialplan.facts import AsteriskFacts
from dialplan.media import MUSIC_CLASS
from dialplan.steps import QUIET_END, Step, context, extension, prompts

CONTEXT = "hotline-fallback"
START = f"{CONTEXT},call,1"
"""Where a caller enters the fallback, from whatever place in the dialplan."""
QUEUE = "hotline-fallback"
"""Name of the queue in queues.conf."""
QUEUE_CONTEXT = "hotline-queue"
"""Callers in the queue; key 1 leaves it."""
CALLBACK_CONTEXT = "hotline-callback"
LANE_FALLBACK, LANE_CLOSED, LANE_QUEUE, LANE_CALLBACK = "fallback", "closed", "queue", "callback"

PROMPTS = (
    "greeting",
    "please_wait",
    "connecting_unclear",
    "agent_lost",
    "closed_hours",
    "closing_now",
    "fallback_nobody",
    "callback_offer",
    "callback_number_shown",
    "callback_confirm_shown",
    "callback_enter_number",
    "callback_number_wrong",
    "callback_read_back",
    "callback_confirm_entered",
    "callback_taken",
    "technical_problem",
    "goodbye",
    *(f"number_{digit}" for digit in range(10)),
)
"""Every prompt that is played here."""

LOOK_SECONDS = 3
"""So often it is looked whether somebody is there again."""
TRIES = 3
"""Silence, wrong keys and wrong numbers together, until a caller's try to leave a number ends."""
NUMBER_DIGITS = 16
NUMBER_SECONDS = 10
HEADER_LENGTH = 400
"""Of a header, encoded at most three times as long: the module that stores it takes 2047 characters."""
CAUSE_MEDIA_LOST = 44
"""Q.850 cause that Asterisk gives both channels when a leg's RTP stops: the agent's telephone is gone."""
PRIORITY_BASE = 2_000_000_000
"""Who arrived earlier has the higher priority in the queue; counted down from this moment."""
_OWN_NUMBER = "[1-9][0-9]{5,12}"
"""A number of our own country without its prefix; whether it can be rung, the service judges."""

# The caller's channel variables of our own.
_COPY, _PRIVACY_COPY = "HL_HEADER", "HL_PRIVACY_HEADER"
_AT, _CLOSES, _UNTIL, _LEFT = "HL_AT", "HL_CLOSES", "HL_UNTIL", "HL_LEFT"
_JOINED, _ALONE, _CAUSE = "HL_JOINED", "HL_ALONE", "HL_CAUSE"
_KEY, _TRIES, _USER, _PLAIN = "HL_KEY", "HL_TRIES", "HL_USER", "HL_PLAIN"
_SHOWN, _NUMBER = "HL_SHOWN", "HL_NUMBER"
_SPELT, _POSITION = "HL_SPELT", "HL_POSITION"


def fallback_contexts(config: HotlineConfig, facts: AsteriskFacts) -> list[str]:
    """All contexts of the fallback."""
    lanes = _Lanes(config, facts)
    return [
        context(CONTEXT, *lanes.entrance(), QUIET_END),
        context(QUEUE_CONTEXT, *lanes.queue(), QUIET_END),
        context(CALLBACK_CONTEXT, *lanes.callback(), QUIET_END),
        opening.calendar_context(config, facts),
    ]


def tell(event: str, more: str = "") -> str:
    """The step that writes a happening down."""
    return f"CELGenUserEvent({event},{happenings.CALL}{more})"


def _set(name: str, value: str) -> str:
    return f"Set({name}={value})"


def _given(name: str) -> str:
    return f"${{{name}}}"


class _Lanes:
    def __init__(self, config: HotlineConfig, facts: AsteriskFacts) -> None:
        self._config, self._directory, self._offset = config, facts.directories.prompts, facts.clock_offset

    # --- entrance ----------------------------------------------------------------------------

    def entrance(self) -> Iterator[str]:
        """Tell the service who is here, then open or closed."""
        yield extension("call", *self._arrive(), "Goto(hours,1)")
        yield extension(
            "hours", *self._open_at("${EPOCH}"), *self._open_at(f"0{_given(variables.ARRIVED)}"), "Goto(closed,1)"
        )
        yield extension("open", *self._limit(), *self._welcome(), f"Goto({QUEUE_CONTEXT},enter,1)")
        yield extension(
            "closed",
            _set(variables.LANE, LANE_CLOSED),
            tell(happenings.CLOSED),
            *self._offer("closed_hours"),
            *self._end("goodbye"),
        )

    def _arrive(self) -> list[Step]:
        return [
            _set(variables.LANE, LANE_FALLBACK),
            _set(variables.NEXT, ""),
            f'ExecIf($["{_given(variables.CALL_ID)}{_given(variables.SINCE)}" = ""]?Set({variables.SINCE}=${{EPOCH}}))',
            _set(_COPY, f"${{REPLACE({variables.FROM},(),_)}}"),
            _set(_PRIVACY_COPY, f"${{REPLACE({variables.PRIVACY},(),_)}}"),
            tell(
                happenings.FALLBACK,
                f"&gateway={_given(variables.GATEWAY)}"
                f"&privacy=${{URIENCODE(${{{_PRIVACY_COPY}:0:{HEADER_LENGTH // 4}}})}}"
                f"&from=${{URIENCODE(${{{_COPY}:0:{HEADER_LENGTH}}})}}",
            ),
            "Answer()",
        ]

    def _open_at(self, moment: str) -> list[Step]:
        """Open now, or when the caller came: who waits already is not turned away at closing time."""
        return [
            _set(_AT, f"$[{moment} + {self._offset}]"),
            opening.look_up(_given(_AT)),
            _set(_CLOSES, "${GOSUB_RETVAL}"),
            f"GotoIf($[{_given(_CLOSES)} > 0]?open,1)",
        ]

    def _limit(self) -> list[Step]:
        """Real time until which the caller may wait: the longest wait, but not for long after we have closed."""
        line = self._config.line
        last = f"{_given(_CLOSES)} + {line.after_closing_seconds - self._offset}"
        return [
            _set(_UNTIL, f"$[${{EPOCH}} + {line.longest_wait_seconds}]"),
            f"ExecIf($[{last} < {_given(_UNTIL)}]?Set({_UNTIL}=$[{last}]))",
        ]

    def _welcome(self) -> list[Step]:
        """Who was with the service hears only that it goes on, so that a telephone rings soon."""
        return [
            f'GotoIf($["{_given(variables.CALL_ID)}" = ""]?new)',
            self._play("connecting_unclear"),
            f"Goto({QUEUE_CONTEXT},enter,1)",
            ("new", self._play("greeting", "please_wait")),
        ]

    # --- the queue ---------------------------------------------------------------------------

    def queue(self) -> Iterator[str]:
        """Music and ringing telephones, until somebody answers, key 1 is pressed, or waiting has no more sense."""
        yield extension(
            "enter",
            _set(variables.LANE, LANE_QUEUE),
            tell(happenings.QUEUED),
            _set(_ALONE, "0"),
            _set(_CAUSE, "${HANGUPCAUSE}"),
            _set("QUEUE_PRIO", f"$[{PRIORITY_BASE} - 0{_given(variables.ARRIVED)}]"),
            "Goto(wait,1)",
        )
        yield extension(
            "wait",
            _set(_JOINED, "${EPOCH}"),
            _set(_LEFT, f"$[{_given(_UNTIL)} - {_given(_JOINED)}]"),
            f"GotoIf($[{_given(_LEFT)} <= 0]?late,1)",
            f"Queue({QUEUE},ci,,,{_given(_LEFT)})",
            'GotoIf($["${QUEUESTATUS}" = "TIMEOUT"]?late,1)',
            'GotoIf($["${QUEUESTATUS}" = "CONTINUE"]?talked,1:alone,1)',
        )
        yield extension("alone", *self._alone(), "Goto(wait,1)")
        yield extension("talked", *self._talked())
        yield extension("1", f"Goto({CALLBACK_CONTEXT},ask,1)")
        yield extension("i", "Goto(wait,1)")  # any other key
        yield extension(
            "late",
            f"GotoIf($[${{EPOCH}} + {self._offset} < {_given(_CLOSES)}]?nobody,1)",
            *self._offer("closing_now"),
            *self._end("goodbye"),
        )
        yield extension("nobody", *self._offer("fallback_nobody"), *self._end("technical_problem", "goodbye"))

    def _alone(self) -> list[Step]:
        """Nobody is there: music for a while, because a page may only be loading anew or the service starting.

        The time counts anew for a caller who was in the queue meanwhile, because somebody was there.
        """
        queued = f"${{EPOCH}} - {_given(_JOINED)} > {LOOK_SECONDS}"
        return [
            f"ExecIf($[{queued} | {_given(_ALONE)} = 0]?Set({_ALONE}=${{EPOCH}}))",
            f"GotoIf($[${{EPOCH}} - {_given(_ALONE)} >= {self._config.line.nobody_ready_seconds}]?nobody,1)",
            f"WaitExten({LOOK_SECONDS},m({MUSIC_CLASS}))",  # Read would play silence
        ]

    def _talked(self) -> list[Step]:
        """Back to the queue when the agent's telephone was lost: then that cause is new on the caller's channel."""
        lost = f'"${{HANGUPCAUSE}}" = "{CAUSE_MEDIA_LOST}" & "{_given(_CAUSE)}" != "{CAUSE_MEDIA_LOST}"'
        return [
            f"GotoIf($[{lost}]?lost)",
            "Hangup()",
            ("lost", _set(_CAUSE, "${HANGUPCAUSE}")),
            self._play("agent_lost"),
            "Goto(wait,1)",
        ]

    # --- callback requests -------------------------------------------------------------------

    def callback(self) -> Iterator[str]:
        """To the number shown, or to one that is entered, read back and confirmed."""
        yield extension("ask", _set(variables.LANE, LANE_CALLBACK), _set(_TRIES, str(TRIES)), *self._shown_number())
        yield extension(
            "shown",
            f"Gosub(spell,1({_given(_SHOWN)}))",
            self._read(f"callback_number_shown{_given(_SPELT)}", "callback_confirm_shown"),
            f'GotoIf($["{_given(_KEY)}" = "1"]?taken,1)',
            f'GotoIf($["{_given(_KEY)}" = "2"]?enter,1)',
            *self._one_try_less(),
            "Goto(shown,1)",
        )
        yield extension("enter", *self._enter_number())
        yield extension(
            "confirm",
            f"Gosub(spell,1({_given(_NUMBER)}))",
            self._read(f"callback_read_back{_given(_SPELT)}", "callback_confirm_entered"),
            f'GotoIf($["{_given(_KEY)}" = "1"]?taken,1)',
            *self._one_try_less(),
            f'GotoIf($["{_given(_KEY)}" = "2"]?enter,1:confirm,1)',
        )
        yield extension(
            "taken", tell(happenings.CALLBACK, f"&number={_given(_NUMBER)}"), *self._end("callback_taken", "goodbye")
        )
        yield extension("give-up", *self._end("technical_problem", "goodbye"))
        yield extension("spell", *self._spell())

    def _shown_number(self) -> list[Step]:
        """As it is dialled here; none when it is withheld, not a number of our country, or not written plainly."""
        country = self._config.hotline.country_code
        written = [(f"^[+]{country}", len(country) + 1), (f"^00{country}", len(country) + 2), ("^0", 1)]
        known = [_national(start, skipped) for start, skipped in written]
        for gateway in self._config.gateways:
            if gateway.numbers_without_prefix == "international":
                known.append(
                    _national(f"^{country}", len(country), f'"{_given(variables.GATEWAY)}" = "{gateway.name}" & ')
                )
        return [
            _set(_NUMBER, ""),
            _set(_SHOWN, ""),
            _set(_PLAIN, f"${{FILTER(a-z,{_given(_PRIVACY_COPY)})}}"),
            f'GotoIf($["{_given(_PLAIN)}" != "" & "{_given(_PLAIN)}" != "none"]?enter,1)',
            _set(_USER, f"${{CUT({_COPY},@,1)}}"),
            _set(_USER, f"${{CUT({_USER},:,2)}}"),
            _set(_PLAIN, f"${{FILTER(0-9+,{_given(_USER)})}}"),
            f"GotoIf($[${{LEN({_given(_USER)})}} != ${{LEN({_given(_PLAIN)})}}]?enter,1)",
            *known,
            f'GotoIf($["{_given(_SHOWN)}" = ""]?enter,1:shown,1)',
        ]

    def _enter_number(self) -> list[Step]:
        question = prompts(self._directory, ["callback_enter_number"])
        return [
            f"Read({_NUMBER},{question},{NUMBER_DIGITS},,1,{NUMBER_SECONDS})",
            f'GotoIf(${{REGEX("^00?{_OWN_NUMBER}$" {_given(_NUMBER)})}}?confirm,1)',
            f"ExecIf($[${{LEN({_given(_NUMBER)})}} > 0]?{self._play('callback_number_wrong')})",
            *self._one_try_less(),
            "Goto(enter,1)",
        ]

    @staticmethod
    def _one_try_less() -> list[Step]:
        return [
            _set(_TRIES, f"$[{_given(_TRIES)} - 1]"),
            f"GotoIf($[{_given(_TRIES)} <= 0]?give-up,1)",
        ]

    def _spell(self) -> list[Step]:
        """The digits as prompts, to stand behind another one."""
        return [
            _set(_SPELT, ""),
            _set(_POSITION, "0"),
            ("next", f"GotoIf($[{_given(_POSITION)} >= ${{LEN(${{ARG1}})}}]?done)"),
            _set(_SPELT, f"{_given(_SPELT)}&{self._directory}/number_${{ARG1:{_given(_POSITION)}:1}}"),
            _set(_POSITION, f"$[{_given(_POSITION)} + 1]"),
            "Goto(next)",
            ("done", "Return()"),
        ]

    # --- parts -------------------------------------------------------------------------------

    def _offer(self, reason: str) -> list[Step]:
        """Say why, and offer a callback."""
        return [self._read(reason, "callback_offer"), f'GotoIf($["{_given(_KEY)}" = "1"]?{CALLBACK_CONTEXT},ask,1)']

    def _read(self, *names: str) -> str:
        seconds = self._config.menu.silence_seconds
        return f"Read({_KEY},{prompts(self._directory, names)},1,,1,{seconds})"

    def _play(self, *names: str) -> str:
        return f"Playback({prompts(self._directory, names)})"

    def _end(self, *names: str) -> list[Step]:
        return [self._play(*names), "Hangup()"]


def _national(start: str, skipped: int, condition: str = "") -> str:
    """Take a number that begins so as one of ours, with a single 0 before it."""
    fits = f'${{REGEX("{start}{_OWN_NUMBER}$" {_given(_PLAIN)})}}'
    return f"ExecIf($[{condition}{fits}]?Set({_SHOWN}=0${{{_PLAIN}:{skipped}}}))"
