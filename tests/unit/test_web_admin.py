"""The admin's pages: who may enter, what reaches the draft, and that nothing of another admin is overwritten."""

import re
from typing import Any

import pytest

from agents.forms import FormError
from tests.unit.admin_visitor import ADMIN, an_admin, changing, form, state  # noqa: F401 - the fixture
from tests.unit.doubles_admin import example_warning
from tests.unit.doubles_web import refusing
from tests.unit.site_web import Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures

PAGES = [
    *("/admin", "/admin/hours", "/admin/agents", "/admin/texts", "/admin/case-workers", "/admin/distribution"),
    *("/admin/file", "/admin/try", "/admin/history", "/admin/history/1", "/admin/activation"),
]
POSTS = [
    *("/admin/draft/discard", "/admin/draft/rebase", "/admin/activate", "/admin/hours/week", "/admin/hours/holidays"),
    "/admin/activation/noted",
    *("/admin/hours/closures", "/admin/hours/closures/x/remove", "/admin/hours/emergency"),
    *("/admin/hours/emergency/remove", "/admin/agents", "/admin/skills", "/admin/agents/anna"),
    *("/admin/agents/anna/remove", "/admin/texts", "/admin/case-workers", "/admin/case-workers/x"),
    *("/admin/case-workers/x/remove", "/admin/case-workers-csv", "/admin/distribution", "/admin/file"),
    *("/admin/check", "/admin/explain", "/admin/replay", "/admin/history/1/rollback"),
]


@pytest.mark.parametrize("name", ["anna", "leitung", "prüferin"])
async def test_each_page_and_button_is_for_the_admin_only(visitor: Visitor, name: str) -> None:
    for path in PAGES:
        assert (await visitor.get(path)).status in {302, 401}
    await visitor.log_in(name)
    for path in PAGES:
        answer = await visitor.get(path)
        assert answer.status == 403
        assert "Diese Seite ist für die Verwaltung" in await answer.text()
    for path in POSTS:
        assert (await visitor.post(path, {})).status == 403
    assert changing(visitor).asked == []


async def test_the_admin_gets_each_page(admin: Visitor) -> None:
    for path in PAGES:
        answer = await admin.get(path)
        assert answer.status == 200, await answer.text()
    changing(admin).as_somebody_else("Auf Wiederhören.", "Tschüss.")
    for path in PAGES:
        assert (await admin.get(path)).status == 200


async def test_a_foreign_form_can_do_nothing(admin: Visitor) -> None:
    for path in POSTS:
        assert (await admin.client.post(path, data={}, allow_redirects=False)).status == 403
        assert (await admin.post(path, {}, Origin="https://fremd.example")).status == 403
    assert changing(admin).asked == []


@pytest.mark.parametrize("body", [[], {"values": []}, {"values": 7, "revision": "1"}, {"revision": True}, {"text": 5}])
async def test_a_body_of_the_wrong_shape_is_refused_with_a_sentence(admin: Visitor, body: Any) -> None:
    for path in set(POSTS) - {"/admin/check", "/admin/activation/noted"}:  # any text can be checked, also none
        answer = await admin.post(path, body)
        told = await answer.json()
        assert answer.status in {400, 409, 422}, path
        assert told["message"]
    assert changing(admin).kept is None


async def test_scripts_and_styles_stand_in_files_only(admin: Visitor) -> None:
    changing(admin).as_somebody_else("Auf Wiederhören.", "Tschüss.")
    for path in PAGES:
        page = await (await admin.get(path)).text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|\sstyle=", page), path


async def test_pages_lead_to_each_other_and_to_the_lead(admin: Visitor) -> None:
    page = await (await admin.get("/admin/hours")).text()
    assert '<a href="/admin/hours" aria-current="page">' in page
    assert '<a href="/lead">' in page
    assert '<a href="/admin">' in await (await admin.get("/lead")).text()


async def test_the_overview_tells_what_is_in_use_and_what_the_draft_changes(admin: Visitor) -> None:
    page = await (await admin.get("/admin")).text()
    assert "In Kraft: Version 1" in page
    assert "<dd>Konfigurationsdatei</dd>" in page
    assert "Kein Entwurf" in page
    changing(admin).as_somebody_else("Auf Wiederhören.", "Tschüss.")
    page = await (await admin.get("/admin")).text()
    assert "Zuletzt gespeichert von berta" in page
    assert "<del>Auf Wiederhören.</del>" in page
    assert "<ins>Tschüss.</ins>" in page
    assert 'id="activate-form"' in page


async def test_the_version_before_is_one_press_away(admin: Visitor) -> None:
    assert 'id="rollback-form"' not in await (await admin.get("/admin")).text()
    changing(admin).activate_as_somebody_else("Auf Wiederhören.", "Tschüss.")
    page = await (await admin.get("/admin")).text()
    assert "<button>Zurück zu Version 1</button>" in page
    assert 'data-number="1"' in page
    assert '<a href="/admin/history/2">' in page


async def test_what_a_text_says_is_never_markup(admin: Visitor) -> None:
    changing(admin).as_somebody_else("Auf Wiederhören.", "<script>alert(1)</script>")
    for path in PAGES:
        assert "<script>alert" not in await (await admin.get(path)).text(), path


async def test_a_draft_with_errors_cannot_be_put_in_force_and_says_why(admin: Visitor) -> None:
    changing(admin).as_somebody_else("office: rinteln, skills", "office: berlin, skills")
    page = await (await admin.get("/admin")).text()
    assert "1 Fehler" in page
    assert "agents.2.office" in page
    assert 'id="activate-form"' not in page


async def test_pages_of_a_draft_without_shape_lead_to_the_file(admin: Visitor) -> None:
    changing(admin).as_somebody_else("agents:", "agents: 7\nold:")
    for path in ("/admin/hours", "/admin/agents", "/admin/texts", "/admin/case-workers", "/admin/distribution"):
        page = await (await admin.get(path)).text()
        assert "Fehler in der Datei ansehen" in page
    assert (await admin.get("/admin")).status == 200
    answer = await admin.post("/admin/hours/emergency/remove", state(admin))
    assert answer.status == 409


async def test_warnings_are_to_be_seen_before(admin: Visitor) -> None:
    changing(admin).remarks = [example_warning()]
    changing(admin).as_somebody_else("Auf Wiederhören.", "Tschüss.")
    page = await (await admin.get("/admin")).text()
    assert "1 Hinweis: Ist das so gewollt?" in page
    assert 'name="seen"' in page


async def test_a_version_that_came_between_is_shown_and_can_be_passed(admin: Visitor) -> None:
    changing(admin).as_somebody_else("Auf Wiederhören.", "Tschüss.")
    changing(admin).activate_as_somebody_else("Wir zeichnen nichts auf.", "Nichts wird aufgezeichnet.")
    page = await (await admin.get("/admin")).text()
    assert "Inzwischen ist Version 2 in Kraft" in page
    assert "<ins>Nichts wird aufgezeichnet.</ins>" in page
    assert 'id="activate-form"' not in page
    assert (await admin.post("/admin/draft/rebase", state(admin))).status == 200
    page = await (await admin.get("/admin")).text()
    assert "Inzwischen ist" not in page
    assert "<del>Nichts wird aufgezeichnet.</del>" in page


async def test_the_draft_is_thrown_away_in_the_admins_name(admin: Visitor) -> None:
    changing(admin).as_somebody_else("Auf Wiederhören.", "Tschüss.")
    assert (await admin.post("/admin/draft/discard", state(admin))).status == 200
    assert changing(admin).asked[-1] == ("discard", ADMIN, 1)
    assert (await admin.post("/admin/draft/discard", state(admin))).status == 409


async def test_whoever_comes_second_gets_the_difference_and_overwrites_nothing(admin: Visitor) -> None:
    before = state(admin)
    changing(admin).as_somebody_else("Auf Wiederhören.", "Tschüss.")
    answer = await admin.post("/admin/texts", form(before, {"de.goodbye": "Auf Wiederhören und danke."}))
    told = await answer.json()
    assert answer.status == 409
    assert told["difference"] == ["Texte, texts.goodbye: Auf Wiederhören. → Tschüss."]
    assert "goodbye: Tschüss." in changing(admin).kept.text
    again = form({"revision": told["revision"], "version": told["version"]}, {"de.goodbye": "Auf Wiederhören, danke."})
    assert (await admin.post("/admin/texts", again)).status == 200
    assert "goodbye: Auf Wiederhören, danke." in changing(admin).kept.text


async def test_a_page_of_an_older_version_overwrites_nothing(admin: Visitor) -> None:
    before = state(admin)
    changing(admin).activate_as_somebody_else("Auf Wiederhören.", "Tschüss.")
    for path, body in (
        ("/admin/texts", form(before, {"de.goodbye": "Ade."})),
        ("/admin/file", {**before, "text": "alles: anders"}),
    ):
        answer = await admin.post(path, body)
        assert answer.status == 409
        assert (await answer.json())["difference"]
    assert changing(admin).kept is None


async def test_comments_of_the_file_survive_an_edit(admin: Visitor) -> None:
    await admin.post("/admin/texts", form(state(admin), {"de.goodbye": "Ade."}))
    text = changing(admin).kept.text
    assert "# The telephone service of the Jobcenter Schaumburg" in text
    assert "# through which case workers are called" in text


async def test_refusals_and_findings_of_the_service_reach_the_page(admin: Visitor) -> None:
    changing(admin).refusal = refusing("Der Dienst endet gerade.")
    answer = await admin.post("/admin/texts", form(state(admin), {"de.goodbye": "Ade."}))
    assert (answer.status, (await answer.json())["message"]) == (409, "Der Dienst endet gerade.")
    changing(admin).refusal = FormError({"texts.goodbye": "Zu kurz.", "agents.2": "Fehlt."})
    answer = await admin.post("/admin/texts", form(state(admin), {"de.goodbye": "Ade."}))
    told = await answer.json()
    assert (answer.status, told["fields"]) == (422, {"de.goodbye": "Zu kurz."})
    assert "agents.2: Fehlt." in told["message"]


async def test_an_edit_that_changes_nothing_begins_no_draft(admin: Visitor) -> None:
    answer = await admin.post("/admin/texts", form(state(admin), {"de.goodbye": "Auf Wiederhören."}))
    assert (await answer.json())["unchanged"] is True
    assert changing(admin).kept is None
