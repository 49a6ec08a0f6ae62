"""What the agent's page may ask for, what is refused, and in which words."""

import json
from typing import Any

import pytest

from agents.forms import FormError
from hotline.errors import AmiUnavailable
from tests.unit.doubles_web import FakeUser, refusing
from tests.unit.site_web import SCRIPT, Visitor, a_visitor, an_agent  # noqa: F401 - the fixtures

REQUESTS: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("/agent/presence", {"intent": "ready", "reason": None}, ("set_intent", "anna", "ready", None)),
    ("/agent/presence", {"intent": "pause", "reason": "Pause"}, ("set_intent", "anna", "pause", "Pause")),
    ("/agent/offers/offer-1/shown", {}, ("offer_shown", "anna", "offer-1")),
    ("/agent/offers/offer-1/reject", None, ("reject", "anna", "offer-1")),
    ("/agent/hangup", {}, ("hang_up", "anna")),
    ("/agent/calls/c1/type", {"request_type": "move"}, ("correct_type", "anna", "c1", "move")),
    ("/agent/calls/c1/type", {"request_type": "unclear"}, ("correct_type", "anna", "c1", "unclear")),
    ("/agent/calls/c1/identity", {"how": "called_back"}, ("identity_checked", "anna", "c1", "called_back")),
    (
        "/agent/calls/c1/disposition",
        {"outcome": "settled", "values": {"note": "Alles geklärt.\r\nDanke"}},
        ("dispose", "anna", "c1", "settled", {"note": "Alles geklärt.\nDanke"}, None, False),
    ),
    (
        "/agent/calls/c1/transfer",
        {"how": "consult", "kind": "agent", "value": "ben", "note": "Bitte", "values": {"new_rent": "612,50"}},
        ("transfer", "anna", "c1", "consult", "agent", "ben", "Bitte", {"new_rent": "612,50"}),
    ),
    (
        "/agent/calls/c1/transfer",
        {"how": "blind", "kind": "number", "value": " +49 (5721) 98-31 ", "note": "", "values": {}},
        ("transfer", "anna", "c1", "blind", "number", "+49 (5721) 98-31", "", {}),
    ),
    (
        "/agent/calls/c1/transfer",
        {"how": "blind", "kind": "case_worker", "value": "falke@jobcenter.example"},
        ("transfer", "anna", "c1", "blind", "case_worker", "falke@jobcenter.example", "", {}),
    ),
    ("/agent/calls/c1/transfer/complete", {}, ("complete_transfer", "anna", "c1")),
    ("/agent/calls/c1/transfer/back", None, ("take_back", "anna", "c1")),
    ("/agent/wrap-up/extend", {}, ("extend_wrap_up", "anna")),
    ("/agent/callbacks/7/take", {}, ("take_callback", "anna", "7")),
    (
        "/agent/callbacks/7/finish",
        {"outcome": "reached", "note": "erledigt"},
        ("finish_callback", "anna", "7", "reached", "erledigt"),
    ),
]

WISH = {"how": "consult", "kind": "agent", "value": "ben", "note": "", "values": {}}


@pytest.mark.parametrize(("path", "body", "asked"), REQUESTS)
async def test_each_button_reaches_the_desk(anna: Visitor, path: str, body: Any, asked: tuple[Any, ...]) -> None:
    anna.desk.offer()
    answer = await anna.post(path, body)
    assert answer.status == 200, await answer.text()
    assert anna.desk.asked == [asked]


@pytest.mark.parametrize(("path", "body", "asked"), REQUESTS)
async def test_a_refusal_is_shown_in_its_own_words(anna: Visitor, path: str, body: Any, asked: tuple[Any, ...]) -> None:
    anna.desk.offer()
    anna.desk.refusal = refusing("Das geht gerade nicht.")
    answer = await anna.post(path, body)
    assert (answer.status, await answer.json()) == (409, {"message": "Das geht gerade nicht.", "fields": {}})


async def test_missing_fields_are_named_one_by_one(anna: Visitor) -> None:
    anna.desk.refusal = FormError({"family_name": "Bitte den Familiennamen eintragen."})
    answer = await anna.post("/agent/calls/c1/disposition", {"outcome": "forwarded", "values": {}})
    assert answer.status == 422
    assert (await answer.json())["fields"] == {"family_name": "Bitte den Familiennamen eintragen."}


async def test_receipt_comes_back_to_be_read_out(anna: Visitor) -> None:
    anna.desk.offer()
    values = {
        key: "31402123" for key in ("family_name", "given_name", "household_number", "phone", "best_time", "office")
    }
    values |= {"new_rent": "612,50", "from_date": "2026-12-01"}
    answer = await anna.post("/agent/calls/c1/disposition", {"outcome": "forwarded", "values": values})
    assert (await answer.json())["receipt"] == "26-4821-7305"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/agent/presence", {"intent": "asleep"}, "intent"),
        ("/agent/calls/c1/type", {"request_type": "pizza"}, "request_type"),
        ("/agent/calls/c1/identity", {"how": "gut-feeling"}, "how"),
        ("/agent/calls/c1/disposition", {"outcome": "", "values": {}}, "outcome"),
        ("/agent/calls/c1/disposition", {"outcome": "settled", "values": {"note": "x" * 2001}}, "note"),
        ("/agent/callbacks/7/finish", {"outcome": "maybe", "note": ""}, "outcome"),
        ("/agent/calls/c1/transfer", WISH | {"how": "loudly"}, "how"),
        ("/agent/calls/c1/transfer", WISH | {"kind": "pigeon"}, "how"),
        ("/agent/calls/c1/transfer", WISH | {"value": ""}, "value"),
        ("/agent/calls/c1/transfer", WISH | {"value": "anna"}, "value"),
        ("/agent/calls/c1/transfer", WISH | {"value": "nobody"}, "value"),
        ("/agent/calls/c1/transfer", WISH | {"kind": "case_worker", "value": " "}, "value"),
        ("/agent/calls/c1/transfer", WISH | {"kind": "number", "value": "anna"}, "value"),
        ("/agent/calls/c1/transfer", WISH | {"kind": "number", "value": "+-"}, "value"),
        ("/agent/calls/c1/transfer", WISH | {"kind": "number", "value": "\u0661\u0662"}, "value"),
        ("/agent/calls/c1/transfer", WISH | {"kind": "number", "value": "0" * 50}, "value"),
        ("/agent/calls/c1/transfer", WISH | {"note": "x" * 2001}, "note"),
        ("/agent/calls/c1/transfer", WISH | {"values": {"note": "x" * 2001}}, "note"),
    ],
)
async def test_unknown_choice_is_refused_at_its_field(anna: Visitor, path: str, body: Any, field: str) -> None:
    answer = await anna.post(path, body)
    assert answer.status == 422
    assert list((await answer.json())["fields"]) == [field]
    assert anna.desk.asked == []


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"x"',
        b"[" * 60_000,
        b'{"outcome": 5}',
        b'{"outcome": "settled", "values": []}',
        b'{"outcome": "settled", "values": {"note": 1}}',
        b'{"outcome": "settled", "values": {"note": null}}',
        b'{"outcome": "settled", "values": {"note": "\\u0000"}}',
        b'{"outcome": "settled", "values": {"note": "\\ud800"}}',
        b'{"outcome": "settled", "values": {"bad key!": "x"}}',
        json.dumps({"outcome": "settled", "values": {"note": "x" * 4001}}).encode(),
        json.dumps({"outcome": "settled", "values": {f"f{i}": "" for i in range(61)}}).encode(),
    ],
)
async def test_garbage_is_refused_and_reaches_nobody(anna: Visitor, raw: bytes) -> None:
    headers = SCRIPT | {"Content-Type": "application/json"}
    answer = await anna.client.post("/agent/calls/c1/disposition", data=raw, headers=headers)
    assert answer.status == 400, await answer.text()
    assert (await answer.json())["message"]
    assert anna.desk.asked == []


async def test_more_than_64_kilobytes_are_refused(anna: Visitor) -> None:
    answer = await anna.post("/agent/calls/c1/disposition", {"outcome": "settled", "values": {"note": "x" * 70_000}})
    assert answer.status == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Requested-With": "XMLHttpRequest"}, 403),
        (SCRIPT | {"Origin": "https://evil.example"}, 403),
        (SCRIPT | {"Origin": "null"}, 403),
        (SCRIPT | {"Sec-Fetch-Site": "cross-site"}, 403),
        (SCRIPT | {"Sec-Fetch-Site": "same-site"}, 403),
        (SCRIPT | {"Content-Type": "text/plain"}, 400),
        (SCRIPT | {"Origin": "http://127.0.0.1:8080"}, 200),
        (SCRIPT | {"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_only_the_pages_own_scripts_may_post(anna: Visitor, headers: dict[str, str], status: int) -> None:
    headers = {"Content-Type": "application/json"} | headers
    answer = await anna.client.post("/agent/presence", data=b'{"intent": "home"}', headers=headers)
    assert answer.status == status
    assert len(anna.desk.asked) == (status == 200)


async def test_asterisk_gone_is_said_without_a_traceback(anna: Visitor) -> None:
    anna.desk.refusal = AmiUnavailable("not connected to 127.0.0.1:5038")
    answer = await anna.post("/agent/hangup")
    assert answer.status == 503
    assert "5038" not in await answer.text()


async def test_defect_is_logged_without_what_a_caller_said(anna: Visitor, capsys: pytest.CaptureFixture[str]) -> None:
    anna.desk.refusal = RuntimeError("Sabine Kruse, 05722 123456")
    answer = await anna.post("/agent/hangup")
    assert answer.status == 500
    logged = capsys.readouterr().out + await answer.text()
    assert "RuntimeError" in logged
    assert "hang_up" in logged
    assert "Kruse" not in logged


@pytest.mark.parametrize(("role", "doors"), [("agent", []), ("lead", ["/lead"]), ("admin", ["/lead", "/admin"])])
async def test_page_leads_to_the_other_pages_of_this_user(visitor: Visitor, role: str, doors: list[str]) -> None:
    visitor.accounts.users["anna"] = FakeUser("anna", role)
    await visitor.log_in("anna")
    page = await (await visitor.get("/agent")).text()
    assert [door for door in ("/lead", "/admin") if f'<a href="{door}"' in page] == doors


async def test_softphone_account_is_handed_to_the_browser_phone_only(anna: Visitor) -> None:
    assert (await (await anna.client.get("/agent/softphone")).json())["user"] == "agent-anna"
    anna.desk.desk_phone = True
    assert await (await anna.client.get("/agent/softphone")).json() is None
    assert "jssip" not in await (await anna.get("/agent")).text()


async def test_page_may_connect_to_the_softphones_websocket_and_nowhere_else(anna: Visitor) -> None:
    policy = (await anna.get("/agent")).headers["Content-Security-Policy"]
    assert "connect-src 'self' ws://127.0.0.1:9;" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["/login", "/agent", "/health", "/static/agent.js", "/nirgends", "/agent/softphone"])
async def test_every_answer_carries_the_protective_headers(anna: Visitor, path: str) -> None:
    headers = (await anna.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static") else "no-store")


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/vendor/"])
async def test_only_static_files_are_served_as_files(visitor: Visitor, path: str) -> None:
    answer = await visitor.get(path)
    assert answer.status in {403, 404}
    assert "def " not in await answer.text()


async def test_health_is_told_to_anybody(visitor: Visitor) -> None:
    assert await (await visitor.client.get("/health")).json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/login", "/agent", "/promise/gueltig.token", "/promise/falsch", "/nirgends"])
async def test_trial_is_marked_on_every_page(visitor: Visitor, path: str) -> None:
    await visitor.restart(trial="Probebetrieb: <b>Montag</b>")
    if path == "/agent":
        await visitor.log_in("anna")
    assert "Probebetrieb: &lt;b&gt;Montag&lt;/b&gt;" in await (await visitor.get(path)).text()


async def test_page_has_no_inline_scripts_or_styles(anna: Visitor) -> None:
    text = await (await anna.get("/agent")).text()
    assert "<style" not in text
    assert "style=" not in text
    assert " on" not in "".join(part for part in text.split("<") if "onclick" in part or "onload" in part)
    assert all("src=" in part for part in text.split("<script")[1:])
