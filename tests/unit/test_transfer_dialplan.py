"""Where agents' legs go, and where what their telephones dial leads: to the service, and nowhere else."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.schema import HotlineConfig
from dialplan.render import render
from dialplan.transfers import AGENT_LEG_CONTEXT, CONSULT_EXTENSION, GATE, LONGEST, PHONE_CONTEXT, RECORD_CODE, SHORTEST
from hotline.state import EXAMPLE
from tests.unit.test_render import FACTS


def extensions(**transfers: Any) -> str:
    raw: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text("utf-8"))
    raw["transfers"] = transfers
    return render(HotlineConfig.model_validate(raw), FACTS)["extensions.conf"]


SHIPPED = extensions(gateway="haus")


def context(name: str, text: str = SHIPPED) -> str:
    return text.split(f"[{name}]\n")[1].partition("\n[")[0]


def dialled(pattern: str, digits: str) -> bool:
    """Whether Asterisk's pattern matches: X is one digit, everything else stands for itself."""
    return re.fullmatch(pattern.removeprefix("_").replace("X", "[0-9]"), digits, re.DOTALL) is not None


DIALLED = re.findall(r"exten => ([^,]+),1,", context(PHONE_CONTEXT))
PATTERNS = [pattern for pattern in DIALLED if pattern != RECORD_CODE]


@pytest.mark.parametrize("length", range(1, 20))
def test_phone_may_dial_extensions_and_whole_numbers(length: int) -> None:
    matching = [pattern for pattern in PATTERNS if dialled(pattern, "1" * length)]
    assert len(matching) == (1 if SHORTEST <= length <= LONGEST else 0)


def test_patterns_of_phones_match_digits_only() -> None:
    """`.` and `!` would match line breaks, n, x and z are wildcards too, and `h` would throw a caller out."""
    assert all(re.fullmatch("_X+", pattern) for pattern in PATTERNS)


def test_code_for_recording_a_prompt_is_no_pattern_and_no_number() -> None:
    assert DIALLED.count(RECORD_CODE) == 1
    assert re.fullmatch(r"\*[0-9]{2}", RECORD_CODE)


@given(st.text(min_size=1, max_size=20))
def test_nothing_but_digits_is_matched(text: str) -> None:
    if any(dialled(pattern, text) for pattern in PATTERNS):
        assert re.fullmatch(r"[0-9]{2,17}", text, re.ASCII)


def test_whatever_a_phone_dials_leads_to_the_service() -> None:
    assert "AGI(agi://127.0.0.1:4573/inside)" in context(PHONE_CONTEXT)
    assert not re.search("Dial|Goto(?!\\(hotline-inside,over,1\\))", context(PHONE_CONTEXT))


def test_caller_sent_by_a_phone_is_not_taken_for_done_when_the_service_dies() -> None:
    for block in context(PHONE_CONTEXT).split("exten => ")[1:]:
        assert block.index("Set(HL_NEXT=queue)") < block.index("AGI(")


def test_gate_after_the_session_exists() -> None:
    name, extension, _ = GATE.split(",")
    assert f"exten => {extension},1," in context(name)
    assert f"?bye:{GATE})" in context("hotline-inside")


def test_only_the_service_sends_a_leg_to_consult() -> None:
    others = SHIPPED.replace(context(AGENT_LEG_CONTEXT), "")
    assert others.count(AGENT_LEG_CONTEXT) == 1  # the name of the context itself
    assert f"exten => {CONSULT_EXTENSION},1," in context(AGENT_LEG_CONTEXT)


def test_consulting_outside_presents_our_number_and_no_name() -> None:
    assert "Set(CALLERID(all)=<057219824>)" in context(AGENT_LEG_CONTEXT)


def test_without_a_way_outside_no_number_is_presented() -> None:
    assert "CALLERID" not in context(AGENT_LEG_CONTEXT, extensions())


def test_waiting_legs_are_hung_up_when_nobody_fetches_them() -> None:
    assert "exten => alone,1,MusicOnHold(hotline,30)\n same => n,Hangup()" in context(AGENT_LEG_CONTEXT)
