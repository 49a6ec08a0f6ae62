"""Whether an agent can be offered a call, and what the page says why not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.presence import Bar, Intent, Presence, State, Work

BERLIN = ZoneInfo("Europe/Berlin")
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
LATER = NINE + timedelta(minutes=42)
READY = Presence(Intent.READY, NINE, registered=True, screens=1, idle_since=NINE)


def test_ready_agent_with_phone_and_screen_is_available() -> None:
    assert READY.available
    assert READY.state is State.READY


@pytest.mark.parametrize(
    ("presence", "state", "cause"),
    [
        (Presence(Intent.HOME, NINE, registered=True, screens=1), State.HOME, "Feierabend"),
        (Presence(Intent.PAUSE, NINE, "Besprechung", registered=True, screens=1), State.PAUSE, "Besprechung"),
        (Presence(Intent.READY, NINE, screens=1), State.NOT_READY, "Telefon ist nicht angemeldet"),
        (Presence(Intent.READY, NINE, registered=True), State.NOT_READY, "keine Seite offen"),
        (READY.barred(Bar.MISSED, LATER), State.NOT_READY, "Anruf nicht angenommen, 09:42"),
        (READY.busy(Work.OFFERED, LATER), State.OFFERED, "Anruf klingelt"),
        (READY.busy(Work.TALKING, LATER), State.TALKING, "im Gespräch"),
        (READY.busy(Work.WRAP_UP, LATER), State.WRAP_UP, "Nacharbeit"),
    ],
)
def test_every_other_state_takes_no_call_and_says_why(presence: Presence, state: State, cause: str) -> None:
    assert not presence.available
    assert presence.state is state
    assert presence.cause(BERLIN) == cause


def test_intent_wins_over_a_phone_that_comes_back() -> None:
    on_break = READY.wanting(Intent.PAUSE, "Pause", LATER)
    assert on_break.sensed(LATER, registered=False).sensed(LATER, registered=True).state is State.PAUSE


def test_one_key_brings_a_barred_agent_back() -> None:
    barred = READY.busy(Work.OFFERED, NINE).barred(Bar.REJECTED, NINE)
    assert not barred.available
    assert barred.wanting(Intent.READY, None, LATER).available


def test_pressing_ready_twice_does_not_cost_the_place_among_the_idle() -> None:
    assert READY.wanting(Intent.READY, None, LATER).idle_since == NINE


def test_a_caller_who_hangs_up_while_ringing_does_not_cost_the_place_either() -> None:
    assert READY.busy(Work.OFFERED, LATER).free(LATER, keep_idle=True).idle_since == NINE


def test_since_changes_only_with_the_state() -> None:
    assert READY.sensed(LATER, screens=2).since == NINE
    assert READY.sensed(LATER, screens=0).since == LATER
