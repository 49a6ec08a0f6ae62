"""A generated password is changed before anything else is open; roles decide which pages are."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from hotline.storage import notices
from hotline.web.audit import ACTIONS
from hotline.workplace.lead import AGENT_FIGURES
from tests.unit.doubles_doors import FakeDoors
from tests.unit.doubles_web import PASSWORD, FakeUser
from tests.unit.site_web import Visitor, a_visitor, token_in  # noqa: F401 - the fixture

ROOT = Path(__file__).parents[2]
GOOD = "vier worte ohne sinn"


def doors(visitor: Visitor) -> FakeDoors:
    known = visitor.services.doors
    assert isinstance(known, FakeDoors)
    return known


async def with_generated_password(visitor: Visitor, name: str = "anna") -> None:
    visitor.accounts.users[name] = replace(visitor.accounts.users[name], must_change=True)
    answer = await visitor.log_in(name)
    assert (answer.status, answer.headers["Location"]) == (303, "/account/password")


async def change(visitor: Visitor, old: str = PASSWORD, new: str = GOOD, again: str | None = None) -> tuple[int, str]:
    page = await (await visitor.get("/account/password")).text()
    form = {"form_token": token_in(page), "old": old, "new": new, "again": new if again is None else again}
    answer = await visitor.client.post("/account/password", data=form, allow_redirects=False)
    return answer.status, answer.headers.get("Location") or await answer.text()


@pytest.mark.parametrize("path", ["/agent", "/account", "/login", "/"])
async def test_generated_password_opens_nothing_but_the_page_that_changes_it(visitor: Visitor, path: str) -> None:
    await with_generated_password(visitor)
    answer = await visitor.get(path)
    assert (answer.status, answer.headers["Location"]) == (302, "/account/password")


async def test_scripts_get_a_sentence_until_the_password_is_changed(visitor: Visitor) -> None:
    await with_generated_password(visitor)
    answer = await visitor.post("/agent/presence", {"intent": "ready"})
    assert (answer.status, (await answer.json())["message"]) == (403, "Bitte wählen Sie zuerst ein eigenes Passwort.")
    assert visitor.desk.asked == []


async def test_script_is_at_its_page_one_step_after_the_login(visitor: Visitor) -> None:
    await with_generated_password(visitor)
    assert await change(visitor) == (303, "/agent")
    assert doors(visitor).changed == {"anna": GOOD}
    assert (await visitor.get("/agent")).status == 200


async def test_this_browser_goes_on_with_a_new_session(visitor: Visitor) -> None:
    await with_generated_password(visitor)
    before = set(visitor.accounts.sessions)
    await change(visitor)
    assert set(visitor.accounts.sessions) - before


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("falsch", GOOD, GOOD, "Das ist nicht Ihr"),
        (PASSWORD, "kurz", "kurz", "mindestens 12 Zeichen"),
        (PASSWORD, GOOD, "vier worte ohne sinm", "verschieden"),
        (PASSWORD, "passwort1234", "passwort1234", "zuerst ausprobiert"),
        (PASSWORD, "anna-anna-anna", "x", "aus Ihrem Namen"),
        (PASSWORD, PASSWORD, PASSWORD, "anderes Passwort als bisher"),
        (PASSWORD, "x" * 201, "x" * 201, "höchstens 200"),
        ("", "", "", "mindestens 12 Zeichen"),
    ],
)
async def test_password_that_will_not_do_is_refused_at_its_field(
    visitor: Visitor, old: str, new: str, again: str, sentence: str
) -> None:
    await with_generated_password(visitor)
    status, page = await change(visitor, old, new, again)
    assert status == 422
    assert sentence in page
    assert 'aria-invalid="true"' in page
    assert doors(visitor).changed == {}


async def test_guessing_the_old_password_has_to_wait(visitor: Visitor) -> None:
    await visitor.log_in("anna")
    statuses = [(await change(visitor, "falsch"))[0] for _ in range(4)]
    assert statuses == [422, 422, 422, 429]


async def test_form_of_another_site_changes_no_password(visitor: Visitor) -> None:
    await visitor.log_in("anna")
    form = {"form_token": "0" * 64, "old": PASSWORD, "new": GOOD, "again": GOOD}
    answer = await visitor.client.post("/account/password", data=form, allow_redirects=False)
    assert answer.status == 403
    assert doors(visitor).changed == {}


@pytest.mark.parametrize(
    ("name", "role", "home"),
    [
        ("anna", "agent", "/agent"),
        ("anna", "lead", "/agent"),
        ("klara", "lead", "/lead"),
        ("klara", "admin", "/lead"),
        ("klara", "auditor", "/audit"),
        ("klara", "agent", "/account"),
    ],
)
async def test_login_leads_to_where_the_work_is(visitor: Visitor, name: str, role: str, home: str) -> None:
    visitor.accounts.users[name] = FakeUser(name, role)
    assert (await visitor.log_in(name)).headers["Location"] == home
    assert (await visitor.get("/login")).headers["Location"] == home
    assert (await visitor.get("/")).headers["Location"] == home


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("agent", {"/account"}),
        ("lead", {"/lead", "/account"}),
        ("admin", {"/lead", "/admin", "/audit", "/account"}),
        ("auditor", {"/audit", "/account"}),
    ],
)
async def test_each_role_sees_links_to_its_doors_only(visitor: Visitor, role: str, allowed: set[str]) -> None:
    visitor.accounts.users["klara"] = FakeUser("klara", role)
    await visitor.log_in("klara")
    page = await (await visitor.get("/account")).text()
    assert {path for path in ("/agent", "/lead", "/admin", "/audit") if f'href="{path}"' in page} == allowed - {
        "/account"
    }
    closed = {"/agent", "/lead", "/admin", "/audit"} - allowed
    assert {path: (await visitor.get(path)).status for path in closed} == dict.fromkeys(closed, 403)


async def test_logout_ends_all_sessions_of_the_user_and_no_others(visitor: Visitor) -> None:
    for name in ("ben", "anna", "anna"):
        visitor.client.session.cookie_jar.clear()
        await visitor.log_in(name)
    assert len(visitor.accounts.sessions) == 3
    await visitor.log_out()
    assert [user.name for user, _ in visitor.accounts.sessions.values()] == ["ben"]
    assert ("logged_out", "anna") in doors(visitor).told


async def test_logins_and_wrong_passwords_are_told(visitor: Visitor) -> None:
    await visitor.log_in("anna", "falsch")
    await visitor.log_in("anna")
    assert doors(visitor).told == [("login_failed", "anna"), ("logged_in", "anna")]


async def test_logout_from_the_account_page(visitor: Visitor) -> None:
    await visitor.log_in("prüferin")
    page = await (await visitor.get("/account")).text()
    answer = await visitor.client.post("/logout", data={"form_token": token_in(page)}, allow_redirects=False)
    assert (answer.status, visitor.accounts.sessions) == (303, {})


# --- the audit log


async def test_audit_is_shown_in_german_words(visitor: Visitor) -> None:
    await visitor.log_in("prüferin")
    page = await (await visitor.get("/audit?who=anna&day=2026-11-23")).text()
    assert "Identität geprüft, frühere Anrufe gesehen" in page
    assert "23.11.2026 09:09:00" in page
    asked = doors(visitor).asked[-1]
    assert (asked[0], asked[1], str(asked[2]), asked[3]) == ("prüferin", "anna", "2026-11-23", None)


def test_there_are_german_words_for_everything_that_is_audited() -> None:
    assert {"login", "identity_checked", "agent_paused", "message_read", "searched"} <= audited_codes() <= set(ACTIONS)


def audited_codes() -> set[str]:
    """The words in the source with which something is written into the audit log."""
    writers = {"audit_row", "record", "_record", "_audit", "_decide", "_done", "_change"}
    found = set(notices._BEGUN.values()) | set(notices._ENDED.values()) | {notices.READ, AGENT_FIGURES}
    for file in (ROOT / "hotline").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in writers:
                words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                found.update(words if "audit" in file.read_text("utf-8") else [])
    return found


async def test_wrong_passwords_of_unknown_names_are_counted_without_the_names(visitor: Visitor) -> None:
    await visitor.log_in("prüferin")
    page = await (await visitor.get("/audit")).text()
    assert "unbekannter Name" in page
    assert "3-mal" in page


async def test_older_entries_are_one_page_further(visitor: Visitor) -> None:
    doors(visitor).more = True
    await visitor.log_in("prüferin")
    page = await (await visitor.get("/audit?who=anna")).text()
    assert "/audit?who=anna&amp;before=2" in page
    await visitor.get("/audit?who=anna&before=2")
    assert doors(visitor).asked[-1][3] == 2


@pytest.mark.parametrize(
    "query",
    ["day=gestern", "day=9999-12-31", "day=0001-01-01", "before=x", "before=-1", f"before={9**40}", "who=" + "x" * 99],
)
async def test_senseless_filter_is_refused(visitor: Visitor, query: str) -> None:
    await visitor.log_in("prüferin")
    assert (await visitor.get(f"/audit?{query}")).status == 400


async def test_agents_and_leads_do_not_read_the_audit_log(visitor: Visitor) -> None:
    for name in ("anna", "leitung"):
        visitor.client.session.cookie_jar.clear()
        await visitor.log_in(name)
        assert (await visitor.get("/audit")).status == 403
