"""Whether an agent can be offered a call, and what the page says why not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.presence import Bar, Cause, Intent, Presence, State, Work

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
        (READY.barred(Bar.REJECTED, LATER), State.NOT_READY, "Anruf abgelehnt, 09:42"),
        (READY.barred(Bar.STALE_SCREEN, LATER), State.NOT_READY, "Bildschirm hat nicht reagiert, 09:42"),
        (READY.barred(Bar.PHONE_GONE, LATER), State.NOT_READY, "Telefon war nicht erreichbar, 09:42"),
        (READY.sensed(LATER, engaged=True), State.NOT_READY, "Telefon ist besetzt"),
        (READY.wanting(Intent.PAUSE, None, LATER, "lena"), State.PAUSE, "durch Leitung (lena)"),
        (READY.wanting(Intent.HOME, None, LATER, "lena"), State.HOME, "durch Leitung (lena)"),
        (READY.busy(Work.LOST, LATER), State.LOST, "Gespräch unterbrochen"),
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


def test_every_bar_is_a_cause_of_the_same_code() -> None:
    assert [READY.barred(bar, LATER).why.value for bar in Bar] == [bar.value for bar in Bar]


def test_a_state_that_rests_on_somebodys_will_is_told_apart_from_what_calls_and_machines_cause() -> None:
    assert READY.decided
    assert READY.wanting(Intent.PAUSE, "Pause", LATER).decided
    assert not READY.barred(Bar.MISSED, LATER).decided
    assert not READY.busy(Work.TALKING, LATER).decided


def test_an_own_press_takes_the_place_of_what_the_lead_has_decided() -> None:
    sent = READY.wanting(Intent.PAUSE, None, NINE, "lena")
    assert sent.why is Cause.LEAD
    assert sent.wanting(Intent.PAUSE, "Besprechung", LATER).why is Cause.PAUSE


def test_what_is_wanted_during_a_talk_does_not_make_the_talk_younger() -> None:
    talking = READY.busy(Work.TALKING, NINE)
    assert talking.wanting(Intent.PAUSE, "Pause", LATER).since == NINE


def test_desk_phone_that_is_configured_so_needs_no_screen() -> None:
    alone = Presence(Intent.READY, NINE, registered=True, needs_screen=False)
    assert alone.available
    assert alone.on_duty
    assert alone.sensed(LATER, registered=False).why is Cause.NOT_REGISTERED
