"""The dialplan without the service: it leads nowhere into nothing, plays only prompts that exist, trusts no header."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from config.schema import HotlineConfig
from dialplan import happenings, variables
from dialplan.announcement import FOLDER
from dialplan.fallback import CALLBACK_CONTEXT, CONTEXT, QUEUE, QUEUE_CONTEXT
from dialplan.render import render
from dialplan.voice import PROMPTS
from ivr.prompts import catalogue
from tests.unit.test_render import EXAMPLE, FACTS, PROVIDER, shipped

FALLBACK_CONTEXTS = (CONTEXT, QUEUE_CONTEXT, CALLBACK_CONTEXT)
HEADERS = (variables.FROM, variables.PRIVACY, variables.FROM_COPY, variables.PRIVACY_COPY, "HL_USER")
Places = dict[str, dict[str, list[tuple[str, str]]]]
"""Context → extension → its steps, each with its label."""


def dialplan(config: HotlineConfig | None = None) -> Places:
    places: Places = {}
    steps: list[tuple[str, str]] = []
    for line in render(config or shipped(), FACTS)["extensions.conf"].splitlines():
        if head := re.fullmatch(r"\[([\w-]+)\]", line):
            extensions = places.setdefault(head[1], {})
        elif step := re.fullmatch(r"exten => ([^,]+),1(?:\((\w+)\))?,(.*)", line):
            steps = extensions.setdefault(step[1], [])
            steps.append((step[2] or "", step[3]))
        elif step := re.fullmatch(r" same => n(?:\((\w+)\))?,(.*)", line):
            steps.append((step[1] or "", step[2]))
    return places


def every_step(places: Places, *contexts: str) -> Iterator[tuple[str, str, str]]:
    for context in contexts or places:
        for extension, steps in places[context].items():
            yield from ((context, extension, application) for _, application in steps)


def targets(application: str) -> Iterator[str]:
    """Where this step may lead."""
    if application.startswith("GotoIf("):
        where = application.removesuffix(")").rpartition("?")[2]
        yield from where.split(":")
    elif application.startswith("Goto("):
        yield application[5:-1]
    elif gosub := re.match(r"Gosub\(((?:[\w-]+,)?[\w-]+,1)\(", application):
        yield gosub[1]


def exists(places: Places, context: str, extension: str, target: str) -> bool:
    words = target.split(",")
    if len(words) == 1:
        return target in {label for label, _ in places[context][extension]}
    if len(words) == 2:
        words = [context, *words]
    return words[1] in places.get(words[0], {}) and words[2] == "1"


def test_every_jump_leads_to_a_step_that_exists() -> None:
    places, jumps = dialplan(shipped(PROVIDER)), 0
    for context, extension, application in every_step(places):
        for target in targets(application):
            jumps += 1
            assert exists(places, context, extension, target), f"{context},{extension}: {application}"
    assert jumps > 40


def test_every_extension_ends_by_itself() -> None:
    """Asterisk would hang up without a word where the steps run out."""
    places = dialplan(shipped(PROVIDER))
    for context in FALLBACK_CONTEXTS:
        for extension, steps in places[context].items():
            last = steps[-1][1]
            ends = re.match(r"(Goto|Hangup|Return)\(", last) or re.fullmatch(r"GotoIf\(.*\?.+:.+\)", last)
            assert ends or extension == "h", f"{context},{extension}: {last}"


def test_every_hangup_of_the_fallback_comes_after_a_goodbye_or_a_talk() -> None:
    places = dialplan()
    for context in FALLBACK_CONTEXTS:
        for extension, steps in places[context].items():
            applications = [application for _, application in steps]
            for before, application in pairwise(applications):
                if application.startswith("Hangup("):
                    assert before.endswith("/goodbye)") or extension == "talked", f"{context},{extension}"


def test_only_prompts_that_exist_are_played_and_each_that_is_named_is_used() -> None:
    text = render(shipped(), FACTS)["extensions.conf"] + render(shipped(), FACTS)["queues.conf"]
    played = set(re.findall(rf"{FACTS.directories.prompts}/(\w+)", text))
    digits = {name for name in PROMPTS if name.startswith("number_")}
    assert played - {"number_", FOLDER} == set(PROMPTS) - digits
    assert set(PROMPTS) <= set(catalogue(shipped()))
    assert len(digits) == 10


def test_text_of_a_header_is_never_part_of_an_expression_or_of_anything_that_runs() -> None:
    """Near `$[ ]` only its length; elsewhere it is copied, cut, filtered or encoded, each time alone."""
    harmless = re.compile(r"Set\((HL_FROM_COPY|HL_PRIVACY_COPY|HL_USER|HL_PLAIN)=\$\{(REPLACE|CUT|FILTER)\(.*\)\}\)")
    seen = 0
    for _, _, application in every_step(dialplan(shipped(PROVIDER)), *FALLBACK_CONTEXTS):
        used = [name for name in HEADERS if re.search(rf"\b{name}\b", application)]
        seen += bool(used)
        for expression in re.findall(r"\$\[.*\]", application):
            assert not re.search(rf"\b({'|'.join(HEADERS)})\b", re.sub(r"\$\{LEN\(\$\{\w+\}\)\}", "1", expression))
        if used and not application.startswith("GotoIf($[${LEN("):
            encoded = re.sub(r"\$\{URIENCODE\(\$\{\w+:0:\d+\}\)\}", "", application)
            untouched = not re.search(rf"\b({'|'.join(HEADERS)})\b", encoded)
            assert harmless.fullmatch(application) or (application.startswith("CELGenUserEvent(") and untouched)
    assert seen >= 6


def test_nothing_is_dialled_and_nothing_of_the_machine_is_touched() -> None:
    for _, _, application in every_step(
        dialplan(), *FALLBACK_CONTEXTS, "hotline-in", "hotline-over", "hotline-answered"
    ):
        assert not re.search(r"\b(Dial|System|TrySystem|SHELL|EVAL|Exec|AGI\(\w+\.|CURL|Originate)\(", application) or (
            application.startswith("AGI(agi://127.0.0.1:")
        )


def test_every_happening_is_one_that_the_service_knows_and_begins_with_the_call() -> None:
    told = [step for _, _, step in every_step(dialplan()) if step.startswith("CELGenUserEvent(")]
    events = {re.split(r"[(,]", step)[1] for step in told}
    assert events == set(happenings.EVENTS)
    for step in told:
        assert happenings.CALL in step or f"({happenings.ANSWERED}," in step


def test_key_one_leaves_the_queue_for_a_callback_and_no_other_key_ends_the_call() -> None:
    queue = dialplan()[QUEUE_CONTEXT]
    assert queue["1"] == [("", f"Goto({CALLBACK_CONTEXT},ask,1)")]
    assert queue["i"] == [("", "Goto(wait,1)")]
    assert [name for name in queue if name.isdecimal()] == ["1"]


def test_order_in_the_queue_is_by_arrival() -> None:
    steps = [step for _, step in dialplan()[QUEUE_CONTEXT]["enter"]]
    assert f"Set(QUEUE_PRIO=$[2000000000 - 0${{{variables.ARRIVED}}}])" in steps


@pytest.mark.parametrize(("offset", "limit"), [(0, "1200"), (500, "700"), (5000, "-3800")])
def test_limit_after_closing_is_told_in_real_time(offset: int, limit: str) -> None:
    text = render(shipped(), replace(FACTS, clock_offset=offset))["extensions.conf"]
    assert f"$[${{HL_CLOSES}} + {limit} < ${{HL_UNTIL}}]" in text
    assert f"Set(HL_AT=$[${{EPOCH}} + {offset}])" in text


def test_number_without_prefix_counts_as_ours_only_where_the_gateway_writes_it_so() -> None:
    steps = [
        step
        for _, step in dialplan(shipped(PROVIDER | {"numbers_without_prefix": "international"}))[CALLBACK_CONTEXT][
            "ask"
        ]
    ]
    (only,) = [step for step in steps if variables.GATEWAY in step]
    assert '"${HL_GATEWAY}" = "provider" &' in only
    assert "HL_PLAIN:2" in only


def test_queue_is_the_one_in_queues_conf() -> None:
    assert f"[{QUEUE}]" in render(shipped(), FACTS)["queues.conf"]
    steps = [step for _, step in dialplan()[QUEUE_CONTEXT]["wait"]]
    assert f"Queue({QUEUE},ci,,,${{HL_LEFT}})" in steps, "the first five arguments are the same in 18 to 22"


def test_configuration_without_the_new_text_still_loads() -> None:
    raw: dict[str, Any] = YAML(typ="safe").load(Path(EXAMPLE).read_text("utf-8"))
    del raw["texts"]["fallback_nobody"]
    assert HotlineConfig.model_validate(raw).texts.fallback_nobody
