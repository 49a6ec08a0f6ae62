"""What the fault scripts take for true: states of agents, ends of calls, mails, and the table they write."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.counting import LEFT, MISSING, NO_END, TALKED, TWICE, Books, Entry, kind_of_end, mail_findings
from tests.faults.rows import HOUSE, Row, append, read
from tests.faults.table import lines, page
from tests.faults.truth import Channel, Known, channels, expected, longest, registered

CONCISE = (
    "PJSIP/gateway-haus-00000000!hotline-in!service!4!Up!AGI!agi://127.0.0.1:4573/call!0!!!3!12!b1!x-1.0\n"
    "PJSIP/agent-anna-00000001!agent-phone!!1!Up!AppDial!(Outgoing Line)!0!!!3!10!b1!x-1.1\n"
    "PJSIP/agent-ben-x-00000002!agent-phone!!1!Ringing!AppDial!(Outgoing Line)!0!!!3!2!!x-1.2\n"
)
CONTACTS = """
  Contact:  agent-anna/sip:agent-anna@127.0.0.1:37592      0123456789 Avail         1.5
  Contact:  agent-ben/sip:agent-ben@127.0.0.1:37593        0123456789 Unavail       -nan
  Contact:  gateway-haus/sip:127.0.0.1:5062                f425b0eba8 NonQual       -nan
"""


def known(**changes: object) -> Known:
    values: dict[str, object] = {
        "channels": [],
        "registered": frozenset({"anna"}),
        "intents": {"anna": "ready"},
        "to_write_up": frozenset(),
    }
    return Known(**(values | changes))  # type: ignore[arg-type]


def test_channels_are_read_from_asterisks_own_listing() -> None:
    found = channels(CONCISE)
    assert [channel.agent for channel in found] == [None, "anna", "ben-x"]
    assert [channel.state for channel in found] == ["Up", "Up", "Ringing"]
    assert found[0].bridge == found[1].bridge == "b1"


def test_only_phones_that_answer_are_registered() -> None:
    assert registered(CONTACTS) == {"anna"}


@pytest.mark.parametrize(
    ("changes", "states"),
    [
        ({}, {"ready", "not_ready"}),
        ({"registered": frozenset()}, {"not_ready"}),
        ({"intents": {}}, {"home"}),
        ({"intents": {"anna": "pause"}}, {"pause"}),
        ({"to_write_up": frozenset({"anna"})}, {"wrap_up"}),
        ({"to_write_up": frozenset({"anna"}), "intents": {"anna": "pause"}}, {"wrap_up"}),
        ({"had_a_caller": frozenset({"anna"}), "registered": frozenset()}, {"wrap_up", "not_ready"}),
        ({"had_a_caller": frozenset({"anna"}), "intents": {"anna": "pause"}}, {"wrap_up", "pause"}),
        ({"channels": [Channel("PJSIP/agent-anna-1", "Ringing", "")]}, {"offered"}),
        ({"channels": [Channel("PJSIP/agent-anna-1", "Up", "")]}, {"ready", "not_ready"}),
        (
            {"channels": [Channel("PJSIP/agent-anna-1", "Up", "b"), Channel("PJSIP/gateway-haus-0", "Up", "b")]},
            {"talking"},
        ),
    ],
)
def test_what_asterisk_and_the_database_say_is_what_the_page_must_show(
    changes: dict[str, object], states: set[str]
) -> None:
    assert expected(known(**changes), "anna") == states


@pytest.mark.parametrize(
    ("how", "kind"),
    [("talked", TALKED), ("left_waiting", LEFT), (None, NO_END), ("service_restarted", "service_restarted")],
)
def test_the_ledgers_words_for_an_end_are_told_apart(how: str | None, kind: str) -> None:
    assert kind_of_end(how) == kind


def entry(number: str, how: str | None = "talked", ended: bool = True) -> Entry:
    return Entry("id", number, how, False, True, ended, True)


def books(*entries: Entry, **mails: object) -> Books:
    values: dict[str, object] = {"promised": Counter(), "promises": 0, "mailless": 0, "unsent": 0}
    return Books(entries, **(values | mails))  # type: ignore[arg-type]


def test_each_call_counts_once_and_only_with_an_end() -> None:
    found = books(entry("+491"), entry("+492", ended=False), entry("+493"), entry("+493"))
    assert [found.kind(f"+49{n}") for n in (1, 2, 3, 4)] == [TALKED, NO_END, TWICE, MISSING]


@pytest.mark.parametrize(
    ("mails", "taken", "wrong"),
    [
        ({"promises": 1, "promised": Counter(["a"])}, Counter({"a": 1}), 0),
        ({"promises": 1, "promised": Counter(["a"])}, Counter({"a": 2}), 0),
        ({"promises": 1, "promised": Counter(["a"])}, Counter(), 1),
        ({"promises": 1, "promised": Counter(["a"]), "mailless": 1}, Counter({"a": 1}), 1),
        ({"promises": 1, "promised": Counter(["a"])}, Counter({"a": 1, "b": 1}), 1),
        ({"promises": 2, "promised": Counter(["a"])}, Counter({"a": 1}), 1),
    ],
)
def test_a_repeat_with_the_same_message_id_is_fine_and_everything_else_is_found(
    mails: dict[str, object], taken: Counter[str], wrong: int
) -> None:
    assert len(mail_findings(books(**mails), taken)) == wrong


def row(number: int, state: str = "waiting", **values: object) -> Row:
    machine = {"cores": 2, "asterisk": "Asterisk 22", "python": "3.11", "kernel": "6", "code": "abc"}
    usual: dict[str, object] = {"form": "long", "at": "2026-11-23T09:00:00+00:00", "machine": machine}
    return Row("service", "killed", state, number, **(usual | values))  # type: ignore[arg-type]


def test_longest_untruth_is_of_one_page_at_a_stretch() -> None:
    looks = [
        (1.0, ["anna shows ready instead of offered"]),
        (2.0, ["anna shows ready instead of talking", "ben shows home instead of pause"]),
        (3.0, ["ben shows home instead of pause"]),
        (4.0, []),
        (5.0, ["ben: Asterisk or the database do not answer"]),
    ]
    assert longest(looks) == (1.0, "ben shows home instead of pause")
    assert longest([]) == (0.0, "")


def test_rows_are_kept_and_a_torn_line_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "below" / "rows.jsonl"
    append(file, row(0, callers_in=1, callers_out={"talked": 1}))
    with file.open("a") as out:
        out.write(json.dumps({"fault": "x"})[:8])
    assert list(read(file)) == [row(0, callers_in=1, callers_out={"talked": 1})]


def test_table_adds_up_rounds_and_shows_the_worst() -> None:
    rows = [
        row(0, callers_in=1, callers_out={"talked": 1}, worst_silence=0.5),
        row(0, HOUSE, true_state=1.0),
        row(1, callers_in=1, callers_out={"left": 1}, worst_silence=2.5, failures=["silent"]),
        row(1, HOUSE, true_state=3.0),
        row(2, HOUSE, true_state=None, failures=["no metric"]),
    ]
    waiting, house = lines(rows)
    assert (waiting.rounds, waiting.callers_in, waiting.silence) == (2, 2, 2.5)
    assert waiting.callers_out == {"talked": 1, "left": 1}
    assert (house.state, house.true_state, house.never_true) == (HOUSE, (2.0, 3.0), 1)
    text = page(rows)
    assert "3 rounds (long form), 2 callers, 2 failures" in text
    assert "| killed | waiting | 2 | 2 | 1 talked, 1 left | 2.50 s | – | 1 |" in text
    assert "- killed, the house as a whole: no metric" in text
    assert "make faults ONLY=worker" in text


def test_nothing_measured_is_said() -> None:
    assert "Nothing has been measured yet" in page([])
