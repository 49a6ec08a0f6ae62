"""Logging in and out, and what keeps strangers away."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.web.backoff import FREE_TRIES, LONGEST, Backoff
from tests.unit.doubles_web import PASSWORD
from tests.unit.site_web import Visitor, a_visitor  # noqa: F401 - the fixtures

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize("path", ["/", "/agent"])
async def test_stranger_is_sent_to_the_login(visitor: Visitor, path: str) -> None:
    answer = await visitor.get(path)
    assert (answer.status, answer.headers["Location"]) == (302, "/login")


@pytest.mark.parametrize("path", ["/agent/events?screen=a", "/agent/softphone"])
async def test_stranger_gets_401_from_what_scripts_ask_for(visitor: Visitor, path: str) -> None:
    answer = await visitor.get(path)
    assert answer.status == 401
    assert "angemeldet" in (await answer.json())["message"]


async def test_right_password_opens_the_agents_page(visitor: Visitor) -> None:
    answer = await visitor.log_in("anna")
    assert (answer.status, answer.headers["Location"]) == (303, "/agent")
    page = await visitor.get("/agent")
    assert page.status == 200
    assert "Anna Ahrens" in await page.text()


async def test_session_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    cookie = (await visitor.log_in("anna")).cookies["hotline"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")


async def test_with_https_the_cookie_is_secure_and_bound_to_the_host(visitor: Visitor) -> None:
    await visitor.restart(public_url="https://hotline.example")
    answer = await visitor.log_in("anna")
    assert answer.cookies["__Host-hotline"]["secure"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(("name", "password"), [("anna", "falsch"), ("niemand", PASSWORD), ("anna", ""), ("", "")])
async def test_wrong_name_and_wrong_password_sound_the_same(visitor: Visitor, name: str, password: str) -> None:
    answer = await visitor.log_in(name, password)
    assert answer.status == 401
    assert "Name oder Passwort stimmen nicht." in await answer.text()
    assert "hotline" not in answer.cookies


async def test_password_is_not_even_checked_while_a_name_must_wait(visitor: Visitor) -> None:
    for _ in range(FREE_TRIES):
        assert (await visitor.log_in("anna", "falsch")).status == 401
    answer = await visitor.log_in("anna", PASSWORD)
    assert answer.status == 429
    assert visitor.accounts.verified == ["anna"] * FREE_TRIES
    assert (await visitor.log_in("ben", PASSWORD)).status == 303


def test_wait_doubles_up_to_its_bound_and_ends_with_success() -> None:
    backoff, waits, now = Backoff(), [], NOW
    for _ in range(FREE_TRIES + 8):
        wait = backoff.begin("anna", now)
        if wait:
            waits.append(wait)
            now += wait
            assert backoff.begin("anna", now) == timedelta()
    assert waits[:3] == [timedelta(seconds=seconds) for seconds in (2, 4, 8)]
    assert max(waits) == LONGEST
    backoff.succeeded("anna")
    assert backoff.begin("anna", now) == timedelta()


def test_clock_that_is_set_back_makes_nobody_wait_longer() -> None:
    backoff = Backoff()
    for _ in range(FREE_TRIES + 1):
        backoff.begin("anna", NOW)
    assert backoff.begin("anna", NOW - timedelta(hours=1)) <= LONGEST


def test_tries_in_parallel_count_from_their_start() -> None:
    backoff = Backoff()
    allowed = [backoff.begin("anna", NOW) == timedelta() for _ in range(10)]
    assert allowed.count(True) == FREE_TRIES


async def test_login_form_of_another_site_is_refused(visitor: Visitor) -> None:
    answer = await visitor.client.post("/login", data={"name": "anna", "password": PASSWORD}, allow_redirects=False)
    assert answer.status == 403
    assert visitor.accounts.verified == []


async def test_form_token_made_without_a_cookie_is_worth_nothing(visitor: Visitor) -> None:
    from hotline.web.security import form_token

    form = {"name": "anna", "password": PASSWORD, "form_token": form_token("", "login")}
    assert (await visitor.client.post("/login", data=form, allow_redirects=False)).status == 403


async def test_logout_ends_the_session_and_sends_the_agent_home(visitor: Visitor) -> None:
    await visitor.log_in("anna")
    answer = await visitor.log_out()
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert visitor.accounts.sessions == {}
    assert visitor.desk.asked == [("set_intent", "anna", "home", None)]
    assert (await visitor.get("/agent")).status == 302


async def test_logout_in_a_call_leaves_the_agents_wish_alone(visitor: Visitor) -> None:
    await visitor.log_in("anna")
    visitor.desk.offer()
    await visitor.log_out()
    assert visitor.desk.asked == []


async def test_foreign_form_cannot_log_anybody_out(visitor: Visitor) -> None:
    await visitor.log_in("anna")
    assert (await visitor.client.post("/logout", data={"form_token": "x"}, allow_redirects=False)).status == 403
    assert len(visitor.accounts.sessions) == 1


async def test_session_ends_with_its_lifetime(visitor: Visitor) -> None:
    await visitor.log_in("anna")
    token, (user, _) = next(iter(visitor.accounts.sessions.items()))
    visitor.accounts.sessions[token] = (user, datetime.now(UTC) - timedelta(seconds=1))
    assert (await visitor.get("/agent")).status == 302


async def test_user_without_a_seat_gets_a_sentence_instead_of_the_page(visitor: Visitor) -> None:
    await visitor.log_in("prüferin")
    answer = await visitor.get("/agent")
    assert answer.status == 403
    assert "keinem Platz" in await answer.text()
