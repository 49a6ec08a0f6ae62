"""`hotline explain`: one call walked through the real decisions, told in words and as JSON."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from config.schema import Closure, Emergency
from hotline.cli import main
from ivr.explain import explain
from tests.unit.conversations import BERLIN, MONDAY_9, SATURDAY, changed, shipped

CONTRACT = ["open", "reason", "holiday", "next_open", "request_type", "skill", "agents", "steps"]
FILE = str(Path(__file__).parents[2] / "config" / "hotline.yaml")


def told(at=MONDAY_9, press="", caller=None, free=None, config=None):
    return explain(config or shipped(), at, press, caller, free)


def last_effect(answer) -> str:
    return answer["steps"][-1]["effects"][-1]


def everything(answer) -> str:
    return "\n".join(line for step in answer["steps"] for line in (step["event"], *step["effects"]))


@pytest.mark.parametrize(("key", "request_type"), [(r.press, r) for r in (*shipped().request_types, shipped().unclear)])
def test_each_key_gives_its_type_its_skill_and_the_agents_who_have_it(key, request_type):
    answer = told(press=key)
    assert (answer["request_type"], answer["skill"]) == (request_type.key, request_type.skill)
    assert answer["agents"] == [agent.name for agent in shipped().agents if request_type.skill in agent.skills]
    assert last_effect(answer) == "legt auf: das Gespräch ist zu Ende"


def test_only_free_agents_are_offered_in_the_order_of_the_configuration():
    assert told(press="6", free=["elif", "ben", "anna"])["agents"] == ["anna", "elif"]


@pytest.mark.parametrize("press", ["", "-", "0", "99", "9-", "****"])
def test_silence_wrong_keys_and_stars_end_with_a_person(press):
    assert told(press=press)["request_type"] == "unclear"


@pytest.mark.parametrize(
    ("at", "reason", "holiday", "next_open"),
    [
        ((2026, 11, 23, 18, 0), "outside_hours", None, "2026-11-24T08:00:00+01:00"),
        ((2026, 11, 21, 12, 0), "weekend", None, "2026-11-23T08:00:00+01:00"),
        ((2026, 5, 1, 12, 0), "holiday", "Erster Mai", "2026-05-04T08:00:00+02:00"),
        ((2026, 12, 24, 12, 0), "closure", None, "2026-12-28T08:00:00+01:00"),
    ],
)
def test_closed_says_why_and_until_when_and_nobody_is_offered_the_call(at, reason, holiday, next_open):
    answer = told(at=datetime(*at, tzinfo=BERLIN), press="4")
    assert {key: answer[key] for key in CONTRACT if key != "steps"} == {
        "open": False,
        "reason": reason,
        "holiday": holiday,
        "next_open": next_open,
        "request_type": None,
        "skill": None,
        "agents": [],
    }
    assert last_effect(answer) == "legt auf: geschlossen"


def test_open_knows_no_next_opening():
    answer = told()
    assert (answer["open"], answer["reason"], answer["holiday"], answer["next_open"]) == (True, "open", None, None)


def test_callback_on_a_saturday_to_the_number_shown():
    answer = told(at=SATURDAY, press="11", caller="+4957219999")
    assert last_effect(answer) == "legt auf: ein Rückruf ist vorgemerkt"
    assert "an die angezeigte Nummer" in everything(answer)


def test_callback_to_an_entered_number():
    answer = told(at=SATURDAY, press="1057219824#1")
    assert "merkt den Rückruf vor: +4957219824" in everything(answer)


@pytest.mark.parametrize("caller", [None, "anonymous", "+41443334455"])
def test_a_caller_who_cannot_be_rung_back_is_asked_for_a_number(caller):
    answer = told(at=SATURDAY, press="1", caller=caller)
    assert shipped().texts.callback_enter_number in everything(answer)


@pytest.mark.parametrize("number", ["110", "09001234567", "0041443334455"])
def test_a_number_that_may_not_be_rung_is_refused(number):
    answer = told(at=SATURDAY, press=f"1{number}#")
    assert shipped().texts.callback_number_wrong in everything(answer)
    assert "merkt den Rückruf vor" not in everything(answer)


def test_with_nobody_free_the_walk_shows_the_waiting_until_the_offer_of_a_callback():
    answer = told(press="4", free=[])
    assert answer["agents"] == []
    offers = [step for step in answer["steps"] if shipped().texts.callback_offer in str(step["effects"])]
    assert [step["event"] for step in offers] == ["Anrufer wartet seit 60 s"]
    assert answer["steps"][-1]["effects"] == ["Musik – hört auf Tasten, mit # am Ende, oder auf Stern"]


def test_nobody_with_the_skill_free_is_nobody_free():
    assert told(press="6", free=["ben"])["agents"] == []


def test_a_key_answers_the_next_question_not_the_music():
    answer = told(press="4-1057219824#1", free=[])
    assert "merkt den Rückruf vor: +4957219824" in everything(answer)


def test_the_household_number_is_entered_while_waiting():
    assert "notiert die Nummer der Bedarfsgemeinschaft: 123456" in everything(told(press="4123456#", free=[]))


def test_waiting_beyond_closing_time_ends():
    config = changed(line={"after_closing_seconds": 60, "nobody_ready_seconds": 3600})
    answer = told(at=datetime(2026, 11, 23, 17, 59, tzinfo=BERLIN), press="4", free=[], config=config)
    assert last_effect(answer) == "legt auf: niemand konnte den Anruf annehmen"


# --- language, place, levels, emergency -------------------------------------------------------------


def test_the_key_of_a_language_is_told_and_the_rest_is_in_that_language():
    answer = told(press="94", free=[])
    assert (answer["language"], answer["request_type"]) == ("en", "rent")
    assert "spricht ab jetzt diese Sprache: Englisch (en)" in everything(answer)
    assert shipped().languages[0].texts.please_wait in everything(answer)
    assert told(press="4")["language"] is None


def test_star_while_waiting_leads_to_a_callback_that_keeps_the_place():
    answer = told(press="4**11", caller="+4957219999", free=[])
    assert "merkt den Rückruf vor: an die angezeigte Nummer, der Platz in der Reihe bleibt" in everything(answer)
    assert last_effect(answer) == "legt auf: ein Rückruf ist vorgemerkt"


def test_star_and_a_window_of_time():
    answer = told(press="4**12", caller="+4957219999", free=[])
    assert "an die angezeigte Nummer, für den 23.11.2026 zwischen 10 und 12 Uhr" in everything(answer)


def test_keys_are_not_spent_on_the_offer_to_keep_the_place():
    assert "notiert die Nummer der Bedarfsgemeinschaft: 123456" in everything(told(press="4123456#*1", free=[]))
    assert "nimmt aus der Reihe" in everything(told(press="4123456#*1", free=[]))


def leveled(after: int = 30, **second: list[str]):
    """The agents named have these skills as their second choice, and only "allgemein" as their first."""
    agents = [
        agent.model_copy(update={"skills": ["allgemein"], "second_choice": second[agent.name]})
        if agent.name in second
        else agent
        for agent in shipped().agents
    ]
    config = changed(distribution={"second_choice_after_seconds": after})
    return config.model_copy(update={"agents": agents})


def test_second_choice_comes_after_first_choice_and_each_is_told_with_the_reason():
    answer = told(press="4", config=leveled(anna=["wohnen"]))
    assert answer["agents"] == ["ben", "david", "elif", "anna"]
    assert answer["second_choice"] == ["anna"]
    joined = next(step for step in answer["steps"] if "stellt in die Reihe" in step["effects"][0])
    assert joined["effects"][1] == "wird angeboten: Ben Brinkmann (ben), erste Wahl für wohnen"
    assert joined["effects"][4] == ("wird nach 30 s Wartezeit angeboten: Anna Ahrens (anna), zweite Wahl für wohnen")


@pytest.mark.parametrize(("after", "waited"), [(0, None), (30, "Anrufer wartet seit 20 s")])
def test_with_only_the_second_choice_free_the_caller_waits_for_it(after, waited):
    answer = told(press="4", free=["anna"], config=leveled(after, anna=["wohnen"]))
    events = [step["event"] for step in answer["steps"]]
    assert events[events.index("Anna Ahrens (anna) ist frei") - 1] == (waited or "Anrufer drückt 4")
    assert shipped().texts.nobody_ready not in everything(answer)


def test_nobody_free_is_told():
    assert "niemand ist frei" in everything(told(press="4", free=[]))


@pytest.mark.parametrize("at", [MONDAY_9, SATURDAY])
def test_emergency_announcement_is_told_first(at):
    emergency = Emergency.model_validate({"text": "In Rinteln ist heute geschlossen.", "until": "2026-11-24T00:00"})
    answer = told(at=at, config=shipped().model_copy(update={"emergency": emergency}))
    assert answer["steps"][0]["effects"][0].startswith("sagt „In Rinteln ist heute geschlossen. Guten Tag")


def test_closure_is_told_in_its_own_words():
    closure = {"from": "2026-11-23", "reason": "Umzug", "announcement": "Wir ziehen heute um."}
    answer = told(config=changed(hours={"closures": [Closure.model_validate(closure)]}))
    assert "Wir ziehen heute um." in answer["steps"][0]["effects"][0]


@pytest.mark.parametrize("press", ["4x", "ABC", "4 1", "²"])
def test_keys_no_telephone_has_are_refused(press):
    with pytest.raises(ValueError, match="is no key"):
        told(press=press)


def test_unknown_agents_are_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="anna, ben, carla, david, elif"):
        told(free=["otto"])


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["hotline", "explain", *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        out, err = capsys.readouterr()
        return int(stopped.value.code or 0), out, err

    return run


def test_the_command_prints_the_json_of_the_contract(run):
    code, out, err = run(FILE, "--at", "2026-11-23T09:00", "--press", "4", "--free", "anna,ben", "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert list(answer) == [*CONTRACT, "language", "second_choice"]
    assert answer["agents"] == ["anna", "ben"]


def test_the_command_tells_the_call_in_german(run):
    code, out, _ = run(FILE, "--at", "2026-11-21T12:00")
    assert code == 0
    assert out.startswith("geschlossen (Wochenende)\nöffnet wieder: 2026-11-23T08:00:00+01:00\n")


@pytest.mark.parametrize(
    ("at", "open_"),
    [("2026-11-23T08:00", True), ("2026-11-23T07:30Z", True), ("2026-11-23T08:30+02:00", False)],
)
def test_a_time_without_offset_is_berlin_time(run, at, open_):
    assert json.loads(run(FILE, "--at", at, "--json")[1])["open"] is open_


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--at", "2026-03-29T02:30"], "2026-03-29T02:30 does not exist in Europe/Berlin"),
        (["--at", "soon"], "soon"),
        (["--at", "2026-11-23T09:00", "--press", "4x"], '"x" is no key'),
        (["--at", "2026-11-23T09:00", "--free", "otto"], "the agents are anna, ben, carla, david, elif"),
        ([], "--at"),
    ],
)
def test_wrong_use_is_exit_2_and_says_what_is_wrong(run, words, sentence):
    code, out, err = run(FILE, *words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_free_with_no_name_means_that_nobody_is_there(run):
    assert json.loads(run(FILE, "--at", "2026-11-23T09:00", "--free", "", "--json")[1])["agents"] == []


def test_a_broken_file_gives_its_findings_and_exit_1(run, tmp_path):
    broken = tmp_path / "hotline.yaml"
    broken.write_text(Path(FILE).read_text("utf-8").replace('press: "4"', 'press: "1"'), "utf-8")
    code, out, err = run(str(broken), "--at", "2026-11-23T09:00")
    assert (code, out) == (1, "")
    assert err.startswith(f"{broken}:")


def test_a_missing_file_is_exit_1_without_traceback(run, tmp_path):
    code, _, err = run(str(tmp_path / "none.yaml"), "--at", "2026-11-23T09:00")
    assert code == 1
    assert "none.yaml" in err
    assert "Traceback" not in err
