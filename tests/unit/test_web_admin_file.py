"""The whole file, trying out, putting in force and back: what the pages ask and what they are told."""

import asyncio
import io
import json
from typing import Any

import pytest

from hotline.changing.model import Activated, NewAccount
from hotline.errors import Refused, SetupError
from tests.unit.admin_visitor import ADMIN, an_admin, changing, form, sent, state  # noqa: F401 - the fixture
from tests.unit.doubles_admin import EXAMPLE, example_warning
from tests.unit.doubles_web import FakeUser
from tests.unit.site_web import Visitor, a_visitor  # noqa: F401 - the fixture

WRONG = EXAMPLE.read_text("utf-8").replace('monday: ["08:00-18:00"]', 'monday: ["18:00-08:00"]')
CALL = {"at": "2026-11-27T14:00", "press": "4", "caller": "05722 123456"}


@pytest.fixture
async def drafted(admin: Visitor) -> Visitor:
    """The goodbye is another one in the draft."""
    await sent(admin, "/admin/texts", {"de.goodbye": "Tschüss."})
    return admin


async def test_checking_tells_line_and_kind(admin: Visitor) -> None:
    changing(admin).remarks = [example_warning()]
    told = await (await admin.post("/admin/check", {"text": WRONG})).json()
    assert {(one["severity"], one["path"]) for one in told["remarks"]} == {
        ("error", "hours.week.monday.0"),
        ("warning", "hours.week.friday"),
    }
    assert all(one["line"] > 0 and one["message"] for one in told["remarks"])
    assert told["more"] == 0


async def test_a_text_is_stored_whatever_is_wrong_with_it(admin: Visitor) -> None:
    answer = await admin.post("/admin/file", {**state(admin), "text": WRONG})
    assert answer.status == 200
    assert changing(admin).kept.text == WRONG
    page = await (await admin.get("/admin/file")).text()
    assert "18:00-08:00" in page
    assert "&#34;severity&#34;: &#34;error&#34;" in page


async def test_a_large_file_is_taken_and_a_huge_one_refused_with_a_sentence(admin: Visitor) -> None:
    large = EXAMPLE.read_text("utf-8") + "# Anmerkung\n" * 20_000
    assert (await posted(admin, "/admin/file", {**state(admin), "text": large})).status == 200
    answer = await posted(admin, "/admin/check", {"text": large * 5})
    assert (answer.status, (await answer.json())["message"][:19]) == (400, "Der Text ist zu lan")
    answer = await posted(admin, "/admin/check", {"text": "x" * 3_000_000})
    assert (answer.status, (await answer.json())["message"][:17]) == (413, "Das ist zu viel T")


async def posted(visitor: Visitor, path: str, body: Any) -> Any:
    """A body of any size, as a browser sends it."""
    raw = io.BytesIO(json.dumps(body).encode())
    headers = {"X-Requested-With": "hotline", "Content-Type": "application/json"}
    return await visitor.client.post(path, data=raw, headers=headers, allow_redirects=False)


async def test_a_call_is_explained_by_what_is_in_use_and_by_the_draft(admin: Visitor) -> None:
    told = await sent(admin, "/admin/explain", CALL)
    assert told["differs"] is False
    assert "draft" not in told
    facts = {fact["label"]: fact["value"] for fact in told["active"]["facts"]}
    assert facts == {
        "Der Telefonservice ist": "geöffnet",
        "Anliegen": "Mietkosten",
        "Dafür gebrauchte Fähigkeit": "wohnen",
    }
    assert told["active"]["offered"][0] == "Anna Ahrens (1. Wahl für wohnen)"
    assert told["active"]["steps"][0]["event"].startswith("Anruf von")
    await sent(admin, "/admin/hours/week", {"friday-start": ["08:00"], "friday-end": ["12:00"]})
    told = await sent(admin, "/admin/explain", CALL)
    assert told["differs"] is True
    facts = {fact["label"]: fact["value"] for fact in told["draft"]["facts"]}
    assert facts["Der Telefonservice ist"] != "geöffnet"
    assert facts["Öffnet wieder"].endswith("Uhr")


async def test_only_those_who_are_free_are_offered_the_call(admin: Visitor) -> None:
    told = await sent(admin, "/admin/explain", CALL | {"free": ["ben", "gone"]})
    assert told["active"]["offered"] == ["Ben Brinkmann (1. Wahl für wohnen)"]
    told = await sent(admin, "/admin/explain", CALL | {"free": []})
    assert told["active"]["offered"] == []


@pytest.mark.parametrize(("change", "field"), [({"at": ""}, "at"), ({"at": "bald"}, "at"), ({"press": "abc"}, "press")])
async def test_a_call_that_cannot_be_is_told_at_its_field(admin: Visitor, change: Any, field: str) -> None:
    answer = await admin.post("/admin/explain", form(state(admin), CALL | change))
    assert (answer.status, list((await answer.json())["fields"])) == (422, [field])


async def test_calls_of_the_past_are_compared_with_the_draft(drafted: Visitor) -> None:
    told = await sent(drafted, "/admin/replay", {"days": "30"})
    assert changing(drafted).asked[-1] == ("replay", 30)
    assert (told["calls"], told["elsewhere"], told["kinds"][0]) == (
        412,
        17,
        {"words": "jetzt geschlossen", "calls": 15},
    )
    assert [call["type"] for call in told["moved"]] == ["Mietkosten", "nicht bekannt"]
    for days in ("0", "31", "x"):
        assert (await drafted.post("/admin/replay", form(state(drafted), {"days": days}))).status == 400


async def test_without_a_draft_nothing_is_compared(admin: Visitor) -> None:
    assert (await admin.post("/admin/replay", form(state(admin), {"days": "30"}))).status == 409
    assert (await admin.post("/admin/activate", form(state(admin), {"reason": "Weil."}))).status == 409


async def test_a_draft_comes_into_force_with_its_reason(drafted: Visitor) -> None:
    told = await sent(drafted, "/admin/activate", {"reason": " Neuer \n Abschied "})
    told = await finished(drafted, told)
    assert changing(drafted).asked[-1] == ("activate", ADMIN, "Neuer Abschied", 1)
    assert told["result"]["version"] == 2
    assert told["result"]["reloaded"] == ["Wählplan", "Rufnummern der Telefone"]
    assert changing(drafted).kept is None
    page = await (await drafted.get("/admin")).text()
    assert "In Kraft: Version 2" in page
    assert "Neuer Abschied" in page


async def test_a_reason_is_asked_for(drafted: Visitor) -> None:
    for path in ("/admin/activate", "/admin/history/1/rollback"):
        answer = await drafted.post(path, form(state(drafted), {"reason": "  "}))
        assert (answer.status, list((await answer.json())["fields"])) == (422, ["reason"])
        assert (await drafted.post(path, form(state(drafted), {"reason": "x" * 501}))).status == 400


async def test_a_second_one_waits_until_the_first_is_in_force_and_everybody_sees_how_far_it_is(
    drafted: Visitor,
) -> None:
    service = changing(drafted)
    service.hold = asyncio.Event()
    told = await sent(drafted, "/admin/activate", {"reason": "Weil."})
    assert (told["running"], told["step"], told["done"], told["of"]) == (True, "Die Texte werden gesprochen …", 1, 3)
    assert (await drafted.post("/admin/history/1/rollback", form(state(drafted), {"reason": "x"}))).status == 409
    assert (await (await drafted.get("/admin/activation")).json())["running"] is True
    service.hold.set()
    assert (await finished(drafted, told))["result"]["version"] == 2


async def test_first_passwords_are_shown_to_whoever_has_activated_only(drafted: Visitor) -> None:
    changing(drafted).activated = Activated(0, (), accounts=(NewAccount("frieda", "erstes-passwort"),))
    told = await finished(drafted, await sent(drafted, "/admin/activate", {"reason": "Weil."}))
    assert told["accounts"] == [{"name": "frieda", "password": "erstes-passwort"}]
    again = await (await drafted.get("/admin/activation")).json()
    assert again["accounts"] == told["accounts"], "until they are noted"
    drafted.client.session.cookie_jar.clear()
    drafted.accounts.users["karl"] = FakeUser("karl", "admin")
    await drafted.log_in("karl")
    assert "accounts" not in await (await drafted.get("/admin/activation")).json()
    await drafted.post("/admin/activation/noted", {})
    drafted.client.session.cookie_jar.clear()
    await drafted.log_in(ADMIN)
    assert "accounts" in await (await drafted.get("/admin/activation")).json(), "karl has not noted them"
    assert (await drafted.post("/admin/activation/noted", {})).status == 200
    left = await (await drafted.get("/admin/activation")).json()
    assert "accounts" not in left
    assert left["result"]["version"] == 2


async def test_first_passwords_that_are_not_noted_outlast_the_next_activation(drafted: Visitor) -> None:
    service = changing(drafted)
    service.activated = Activated(0, (), accounts=(NewAccount("frieda", "erstes-passwort"), NewAccount("gerd", "alt")))
    await finished(drafted, await sent(drafted, "/admin/activate", {"reason": "Weil."}))
    service.activated = Activated(0, (), accounts=(NewAccount("gerd", "neu"),))
    service.hold = asyncio.Event()
    running = await sent(drafted, "/admin/history/1/rollback", {"reason": "Weil."})
    assert (running["running"], len(running["accounts"])) == (True, 2)
    service.hold.set()
    told = await finished(drafted, running)
    assert told["accounts"] == [
        {"name": "frieda", "password": "erstes-passwort"},
        {"name": "gerd", "password": "neu"},
    ]


async def test_what_could_not_even_begin_leaves_what_was_told(drafted: Visitor) -> None:
    before = await finished(drafted, await sent(drafted, "/admin/activate", {"reason": "Weil."}))
    changing(drafted).refusal = Refused("Gerade nicht.")
    answer = await drafted.post("/admin/history/1/rollback", form(state(drafted), {"reason": "Weil."}))
    assert answer.status == 409
    assert await (await drafted.get("/admin/activation")).json() == before
    assert before["start"]


async def test_recordings_of_former_texts_are_told_with_what_was_put_in_force(drafted: Visitor) -> None:
    changing(drafted).activated = Activated(0, (), outdated=("greeting", "en/greeting", "type_rent"), people=("P",))
    told = await finished(drafted, await sent(drafted, "/admin/activate", {"reason": "Weil."}))
    assert told["result"]["outdated"] == ["Begrüßung (greeting)", "Begrüßung (en/greeting)", "type_rent"]
    assert told["result"]["people"] == ["P"]


async def test_a_draft_of_somebody_else_is_not_put_in_force_unseen(drafted: Visitor) -> None:
    before = state(drafted)
    changing(drafted).as_somebody_else("Tschüss.", "Ade.")
    answer = await drafted.post("/admin/activate", form(before, {"reason": "Weil."}))
    assert answer.status == 409
    assert (await answer.json())["difference"]
    assert len(changing(drafted).versions) == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(SetupError("Asterisk is gone"), "Im Dienst ist ein Fehler"), (RuntimeError("05722 123456"), "Im Dienst ist ein")],
)
async def test_what_fails_on_the_way_is_told_without_its_inside(
    drafted: Visitor, error: Exception, sentence: str
) -> None:
    service = changing(drafted)
    service._add = raising(error)  # type: ignore[method-assign]
    told = await finished(drafted, await sent(drafted, "/admin/activate", {"reason": "Weil."}))
    assert told["failed"].startswith(sentence)
    assert "05722" not in told["failed"]


async def test_history_tells_who_why_and_what(drafted: Visitor) -> None:
    await finished(drafted, await sent(drafted, "/admin/activate", {"reason": "Neuer Abschied"}))
    page = await (await drafted.get("/admin/history")).text()
    assert "Version 2" in page
    assert "Neuer Abschied" in page
    page = await (await drafted.get("/admin/history/2")).text()
    assert "<ins>Tschüss.</ins>" in page
    assert 'id="rollback-form"' not in page
    page = await (await drafted.get("/admin/history/1?with=2")).text()
    assert "<del>Tschüss.</del>" in page
    for wrong in ("/admin/history/9", "/admin/history/x", "/admin/history/1?with=9", "/admin/history/1?with=x"):
        assert (await drafted.get(wrong)).status == 404


async def test_an_earlier_version_comes_back_and_the_draft_stays(drafted: Visitor) -> None:
    await finished(drafted, await sent(drafted, "/admin/activate", {"reason": "Weil."}))
    await sent(drafted, "/admin/texts", {"de.data_protection": "Nichts wird aufgezeichnet."})
    told = await finished(drafted, await sent(drafted, "/admin/history/1/rollback", {"reason": "Zurück."}))
    assert told["result"]["version"] == 3
    assert changing(drafted).asked[-1] == ("roll_back", ADMIN, 1, "Zurück.")
    assert changing(drafted).kept is not None


async def test_going_back_unseen_from_a_version_of_somebody_else_is_refused(drafted: Visitor) -> None:
    before = state(drafted)
    changing(drafted).activate_as_somebody_else("Auf Wiederhören.", "Ade.")
    answer = await drafted.post("/admin/history/1/rollback", form(before, {"reason": "Zurück."}))
    assert answer.status == 409
    assert len(changing(drafted).versions) == 2


async def finished(visitor: Visitor, told: Any) -> Any:
    """What an activation came to."""
    for _ in range(500):
        if not told["running"]:
            return told
        await asyncio.sleep(0.01)
        told = await (await visitor.get("/admin/activation")).json()
    raise AssertionError(told)


def raising(error: Exception) -> Any:
    def fail(*_: Any) -> None:
        raise error

    return fail
