"""Asterisk's log as shown: no caller's number, no name, no control character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.parent.asterisk_log import readable, relay

CASES = {
    "short": (
        "[2026-11-21 23:59:00] WARNING[1]: res_pjsip_x.c:1250 retry: No response from 'sip:192.0.2.1:5060'",
        "warning: No response from 'sip:192.0.2.1:5060' (res_pjsip_x.c)",
    ),
    "with a call": (
        "[2026-11-21 23:59:00] ERROR[1][C-0000001f]: app_dial.c:2 dial: Nobody there",
        "error: Nobody there (app_dial.c)",
    ),
    "caller's address": (
        "[2026-11-21 23:59] NOTICE[1]: res.c:1 f: Request from '\"Eva Muster\" <sip:+4917612345678@192.0.2.1>' failed",
        "notice: Request from '<sip:…@192.0.2.1>' failed (res.c)",
    ),
    "called number": (
        "[2026-11-21 23:59:00] NOTICE[1]: res.c:1 f: Call to extension '01761234567' rejected",
        "notice: Call to extension '…' rejected (res.c)",
    ),
    "tel": ("Identity tel:+49-5721-1234;x", "Identity tel:…;x"),
    "line break made visible": ("forged\rline\x1b[2J", "forged?line?[2J"),
    "not of its usual form": ("Asterisk Ready.", "Asterisk Ready."),
    "of no use": ("PBX UUID: b45d7a5d-7a85-44fe-9825-ec4a5eda096d", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_line_is_shown_without_persons(case: str) -> None:
    line, shown = CASES[case]
    assert readable(line) == shown


@given(st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True), st.text(max_size=20))
def test_no_telephone_number_survives(number: str, around: str) -> None:
    assert number.lstrip("+") not in readable(f"{around} <sip:{number}@h> tel:{number} '{number}' {around}")


@given(st.text())
def test_nothing_shown_can_move_the_cursor(line: str) -> None:
    assert readable(line).isprintable()


def test_notices_are_shown_only_after_the_start() -> None:
    shown: list[str] = []
    take = relay(shown.append)
    notice = "[2026-11-21 23:59:00] NOTICE[1]: loader.c:1 f: 76 modules will be loaded."
    take(notice)
    take("[2026-11-21 23:59:00] WARNING[1]: x.c:1 f: odd")
    take("Asterisk Ready.")
    take(notice)
    assert shown == ["warning: odd (x.c)", "Asterisk Ready.", "notice: 76 modules will be loaded. (loader.c)"]
    take("Asterisk is now restarting...")
    take(notice)
    assert shown[3:] == ["Asterisk is now restarting..."]
