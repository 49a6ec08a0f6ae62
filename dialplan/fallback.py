"""What Asterisk does with a caller by itself while the service is away: says closed, or puts into its own queue.

No lane is a dead end: each ends with somebody who answers, a callback request, or a goodbye that was said. What is
told to the service stands in `dialplan.happenings`, where a caller stands in `variables.LANE`.

Texts of the caller's device are copied without round brackets once (`_arrive`): inside a function's arguments nothing
in them can then end the argument. Near an expression they only come as a length, or filtered to digits or letters.
"""

from collections.abc import Iterator

from config.schema import HotlineConfig
from dialplan import announcement, callback, happenings, opening, own_words, variables
from dialplan.facts import AsteriskFacts
from dialplan.media import MUSIC_CLASS
from dialplan.steps import QUIET_END, Step, context, extension, given, set_to
from dialplan.voice import Voice, pressed

CONTEXT = "hotline-fallback"
START = f"{CONTEXT},call,1"
"""Where a caller enters the fallback, from whatever place in the dialplan."""
QUEUE = "hotline-fallback"
"""Name of the queue in queues.conf."""
QUEUE_CONTEXT = "hotline-queue"
"""Callers in the queue; key 1 leaves it."""
CALLBACK_CONTEXT = callback.CONTEXT
LANE_FALLBACK, LANE_CLOSED, LANE_QUEUE = "fallback", "closed", "queue"

LOOK_SECONDS = 3
"""So often it is looked whether somebody is there again."""
HEADER_LENGTH, PRIVACY_LENGTH = 400, 100
"""Of a header, encoded at most three times as long: the module that stores it takes 2047 characters in all."""
CAUSE_MEDIA_LOST = 44
"""Q.850 cause that Asterisk gives both channels when a leg's RTP stops: the agent's telephone is gone."""
PRIORITY_BASE = 2_000_000_000
"""Who arrived earlier has the higher priority in the queue; counted down from this moment."""
_AT, _CLOSES, _UNTIL, _LEFT = "HL_AT", "HL_CLOSES", "HL_UNTIL", "HL_LEFT"
_JOINED, _ALONE, _CAUSE = "HL_JOINED", "HL_ALONE", "HL_CAUSE"
_NEW = "HL_NEW"
"""1 for a caller who has heard nothing of us yet."""


def fallback_contexts(config: HotlineConfig, facts: AsteriskFacts) -> list[str]:
    """All contexts of the fallback."""
    lanes = _Lanes(config, facts)
    return [
        context(CONTEXT, *lanes.entrance(), QUIET_END),
        context(QUEUE_CONTEXT, *lanes.queue(), QUIET_END),
        callback.callback_context(config, facts),
        opening.calendar_context(config, facts),
        own_words.closures_context(config, facts),
    ]


class _Lanes:
    def __init__(self, config: HotlineConfig, facts: AsteriskFacts) -> None:
        self._line, self._offset = config.line, facts.clock_offset
        self._emergency = list(own_words.say_emergency(config, facts, given(_NEW)))
        self._voice = Voice.of(config, facts)

    # --- entrance ----------------------------------------------------------------------------

    def entrance(self) -> Iterator[str]:
        """Tell the service who is here, then open or closed.

        Open now, or when the caller came: who waits already is not turned away at closing time.
        """
        came = f"0{given(variables.ARRIVED)}"
        yield extension("call", *self._arrive(), "Goto(hours,1)")
        yield extension("hours", *self._open_at("${EPOCH}"), *self._open_at(came), "Goto(closed,1)")
        yield extension("open", *self._limit(), *self._welcome(), f"Goto({QUEUE_CONTEXT},enter,1)")
        yield extension(
            "closed",
            set_to(variables.LANE, LANE_CLOSED),
            happenings.tell(happenings.CLOSED),
            own_words.ask_why(f"$[${{EPOCH}} + {self._offset}]"),
            self._voice.ask_files(f"${{GOSUB_RETVAL}}&{self._voice.file('callback_offer')}"),
            self._taken_by_1(),
            *self._voice.end("goodbye"),
        )

    def _arrive(self) -> list[Step]:
        never_met = f'$["{given(variables.CALL_ID)}{given(variables.SINCE)}" = ""]'
        header, privacy = variables.FROM_COPY, variables.PRIVACY_COPY
        return [
            set_to(variables.LANE, LANE_FALLBACK),
            set_to(variables.NEXT, ""),
            set_to(_NEW, never_met),
            f"ExecIf({given(_NEW)}?Set({variables.SINCE}=${{EPOCH}}))",
            set_to(header, f"${{REPLACE({variables.FROM},(),_)}}"),
            set_to(privacy, f"${{REPLACE({variables.PRIVACY},(),_)}}"),
            happenings.tell(
                happenings.FALLBACK,
                f"&gateway={given(variables.GATEWAY)}"
                f"&privacy=${{URIENCODE(${{{privacy}:0:{PRIVACY_LENGTH}}})}}"
                f"&from=${{URIENCODE(${{{header}:0:{HEADER_LENGTH}}})}}",
            ),
            "Answer()",
            *self._emergency,
        ]

    def _open_at(self, moment: str) -> list[Step]:
        """Go to `open` if we were open at that moment (real time); then we know when we close."""
        return [
            set_to(_AT, f"$[{moment} + {self._offset}]"),
            opening.look_up(given(_AT)),
            set_to(_CLOSES, "${GOSUB_RETVAL}"),
            f"GotoIf($[{given(_CLOSES)} > 0]?open,1)",
        ]

    def _limit(self) -> list[Step]:
        """Real time until which the caller may wait: the longest wait, but not for long after we have closed."""
        last = f"{given(_CLOSES)} + {self._line.after_closing_seconds - self._offset}"
        return [
            set_to(_UNTIL, f"$[${{EPOCH}} + {self._line.longest_wait_seconds}]"),
            f"ExecIf($[{last} < {given(_UNTIL)}]?Set({_UNTIL}=$[{last}]))",
        ]

    def _welcome(self) -> list[Step]:
        """Who was with the service hears only that it goes on, so that a telephone rings soon.

        Everybody else hears the announcement where the service has it: after the greeting, and only while we are open.
        """
        return [
            f'GotoIf($["{given(variables.CALL_ID)}" = ""]?new)',
            self._voice.say("connecting_unclear"),
            f"Goto({QUEUE_CONTEXT},enter,1)",
            ("new", self._voice.say("greeting")),
            *announcement.say_if_on(self._voice.directory, self._offset),
            self._voice.say("please_wait"),
        ]

    def _offer(self, reason: str) -> list[Step]:
        """Say why, and offer a callback."""
        return [self._voice.ask(reason, "callback_offer"), self._taken_by_1()]

    @staticmethod
    def _taken_by_1() -> str:
        return f"GotoIf({pressed('1')}?{callback.START})"

    # --- the queue ---------------------------------------------------------------------------

    def queue(self) -> Iterator[str]:
        """Music and ringing telephones, until somebody answers, key 1 is pressed, or waiting has no more sense."""
        voice = self._voice
        yield extension(
            "enter",
            set_to(variables.LANE, LANE_QUEUE),
            happenings.tell(happenings.QUEUED),
            set_to(_ALONE, "0"),
            set_to(_CAUSE, "${HANGUPCAUSE}"),
            set_to("QUEUE_PRIO", f"$[{PRIORITY_BASE} - 0{given(variables.ARRIVED)}]"),
            "Goto(wait,1)",
        )
        yield extension(
            "wait",
            set_to(_JOINED, "${EPOCH}"),
            set_to(_LEFT, f"$[{given(_UNTIL)} - {given(_JOINED)}]"),
            f"GotoIf($[{given(_LEFT)} <= 0]?late,1)",
            f"Queue({QUEUE},ci,,,{given(_LEFT)})",
            'GotoIf($["${QUEUESTATUS}" = "TIMEOUT"]?late,1)',
            'GotoIf($["${QUEUESTATUS}" = "CONTINUE"]?talked,1:alone,1)',
        )
        yield extension("alone", *self._alone(), "Goto(wait,1)")
        yield extension("talked", *self._talked())
        yield extension("1", f"Goto({callback.START})")
        yield extension("i", "Goto(wait,1)")  # any other key
        still_open = f"$[${{EPOCH}} + {self._offset} < {given(_CLOSES)}]"
        yield extension("late", f"GotoIf({still_open}?nobody,1)", *self._offer("closing_now"), *voice.end("goodbye"))
        yield extension("nobody", *self._offer("fallback_nobody"), *voice.end("technical_problem", "goodbye"))

    def _alone(self) -> list[Step]:
        """Nobody is there: music for a while, because a page may only be loading anew or the service starting.

        The time counts anew for a caller who was in the queue meanwhile, because somebody was there.
        """
        queued = f"${{EPOCH}} - {given(_JOINED)} > {LOOK_SECONDS}"
        return [
            f"ExecIf($[{queued} | {given(_ALONE)} = 0]?Set({_ALONE}=${{EPOCH}}))",
            f"GotoIf($[${{EPOCH}} - {given(_ALONE)} >= {self._line.nobody_ready_seconds}]?nobody,1)",
            f"WaitExten({LOOK_SECONDS},m({MUSIC_CLASS}))",  # Read would play silence
        ]

    def _talked(self) -> list[Step]:
        """Back to the queue when the agent's telephone was lost: then that cause is new on the caller's channel."""
        lost = f'"${{HANGUPCAUSE}}" = "{CAUSE_MEDIA_LOST}" & "{given(_CAUSE)}" != "{CAUSE_MEDIA_LOST}"'
        return [
            f"GotoIf($[{lost}]?lost)",
            "Hangup()",
            ("lost", set_to(_CAUSE, "${HANGUPCAUSE}")),
            self._voice.say("agent_lost"),
            "Goto(wait,1)",
        ]
