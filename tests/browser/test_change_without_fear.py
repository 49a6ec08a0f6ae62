"""A new admin changes the routing of the real service with its real Asterisk, while people talk and wait."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from hotline.phone.call import PhoneCall
from tests.browser.real import Real, real
from tests.faults.house import PROMPT_TONE
from tests.system.chain import AgentAtWork, hear_each_other

MONDAY, FRIDAY, THURSDAY = "2026-11-23T09:00", "2026-11-27T14:00", "2026-11-26T10:00"
"""When business time begins, and when calls are explained."""
ONE, TWO, THREE, FOUR = (f"+4957217770{number:02}" for number in range(1, 5))
RENT = "4"
PATIENCE = 30_000
"""Bound of every wait for a page, milliseconds."""
BERLIN = ZoneInfo("Europe/Berlin")
LAST_WEEK = {
    datetime(2026, 11, 16, 9, 30, tzinfo=BERLIN): "rent",
    datetime(2026, 11, 17, 10, 30, tzinfo=BERLIN): "address",
    datetime(2026, 11, 18, 11, 30, tzinfo=BERLIN): "rent",
    datetime(2026, 11, 19, 12, 30, tzinfo=BERLIN): "move",
    datetime(2026, 11, 20, 13, 30, tzinfo=BERLIN): "income",
}
"""Calls, and what they were about."""
GREETING = "Guten Tag, Sie sprechen mit dem Jobcenter Schaumburg."
GOODBYE = "Auf Wiederhören und einen schönen Tag."
REASON = "Betriebsversammlung, und Carla übernimmt Mietkosten"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=None)


@pytest.fixture
def hotline() -> Iterator[Real]:
    with real(MONDAY) as running:
        running.had_calls(LAST_WEEK)
        yield running


def test_admin_closes_adds_a_skill_changes_a_text_sees_it_activates_and_rolls_back(
    hotline: Real, page: Page, chromium: Browser
) -> None:
    log_in_for_the_first_time(hotline, page, "klara")
    expect(page.get_by_role("heading", name="Kein Entwurf")).to_be_visible()
    close_next_friday_afternoon(page)
    add_a_skill(page)
    change_a_text_while_another_admin_does(hotline, page, chromium)
    as_it_was = see_it_explained(page)
    see_it_replayed(page)

    anna, carla = hotline.agent("anna"), hotline.agent("carla")
    talks, at_anna = talk(hotline, anna)
    waits = hotline.calls(TWO, RENT)
    assert seen_by(hotline, carla, waiting=1) == "ready"
    hotline.do(on_break(carla))
    before = states(anna, carla)
    put_in_force(page)
    reach_the_new_version(hotline, anna)
    assert hotline.version_of(ONE) == hotline.version_of(TWO) == 1
    assert states(anna, carla) == before
    assert (talks.end, waits.end) == (None, None)
    hotline.do(hear_each_other(talks, at_anna))
    hotline.do(carla.ready())
    at_carla = hotline.answers(carla)
    hotline.do(hear_each_other(waits, at_carla))
    assert "# star while waiting: a callback that keeps the place" in hotline.text

    read_the_history(page)
    hotline.do(written_up(carla, at_carla))
    roll_back(page)
    assert explain(page, FRIDAY)["active"] == as_it_was.replace("Version 1", "Version 3")
    hotline.calls(FOUR, RENT)
    assert seen_by(hotline, carla, waiting=1) == "ready"
    assert hotline.version_of(FOUR) == 3
    assert (talks.end, at_anna.end) == (None, None)


# --- what the admin does --------------------------------------------------------------------


def log_in_for_the_first_time(hotline: Real, page: Page, name: str) -> None:
    page.set_default_timeout(PATIENCE)
    first, own = hotline.add_admin(name), f"das eigene von {name}"
    page.goto(hotline.url)
    page.locator("#name").fill(name)
    page.locator("#password").fill(first)
    press(page, "Anmelden")
    for field, value in (("#old", first), ("#new", own), ("#again", own)):
        page.locator(field).fill(value)
    page.locator("button.primary").click()
    page.get_by_role("link", name="Verwaltung").click()
    expect(page.locator("#active-heading")).to_have_text("In Kraft: Version 1")


def close_next_friday_afternoon(page: Page) -> None:
    open_page(page, "Öffnungszeiten")
    press(page, "Nächster Freitag")
    press(page, "Nachmittag")
    expect(page.locator("#closure-preview")).to_have_text(
        "Geschlossen: Freitag, 27. November 2026, 12:00 bis 18:00 Uhr."
    )
    press(page, "Schließzeit in den Entwurf")
    expect(page.locator("#closure-reason-error")).to_contain_text("Bitte geben Sie einen Grund an")
    expect(page.locator("#closure-reason")).to_be_focused()
    page.keyboard.type("Betriebsversammlung")
    page.keyboard.press("Enter")
    saved(page, "Die Schließzeit steht im Entwurf.")


def add_a_skill(page: Page) -> None:
    open_page(page, "Mitarbeitende")
    page.get_by_label("Carla Cordes: wohnen").select_option("1. Wahl")
    press(page, "Fähigkeiten in den Entwurf")
    saved(page, "Die Fähigkeiten stehen im Entwurf.")


def change_a_text_while_another_admin_does(hotline: Real, page: Page, chromium: Browser) -> None:
    """The second one is shown what the first has saved; both texts stand in the draft afterwards."""
    open_page(page, "Texte")
    page.locator("[name='de.greeting']").fill(GREETING)
    change_the_goodbye_as_berta(hotline, chromium)
    press(page, "Geänderte Texte in den Entwurf")
    expect(page.locator("#outdated")).to_be_focused()
    expect(page.locator("#outdated")).to_contain_text("berta")
    expect(page.locator("#outdated-difference")).to_contain_text(f"+  goodbye: {GOODBYE}")
    expect(page.locator("[name='de.greeting']")).to_have_value(GREETING)
    press(page, "Meine Angaben trotzdem übernehmen")
    saved(page, "Die Texte stehen im Entwurf.")
    expect(page.locator("[name='de.greeting']")).to_have_value(GREETING)
    expect(page.locator("[name='de.goodbye']")).to_have_value(GOODBYE)


def change_the_goodbye_as_berta(hotline: Real, chromium: Browser) -> None:
    berta = chromium.new_context().new_page()
    log_in_for_the_first_time(hotline, berta, "berta")
    open_page(berta, "Texte")
    berta.locator("[name='de.goodbye']").fill(GOODBYE)
    press(berta, "Geänderte Texte in den Entwurf")
    saved(berta, "Die Texte stehen im Entwurf.")
    berta.context.close()


def see_it_explained(page: Page) -> str:
    """Friday afternoon is closed, and on Thursday there is somebody new; returns how Friday was until now."""
    friday = explain(page, FRIDAY)
    assert "geöffnet" in friday["active"]
    assert "geschlossen (Schließzeit)" in friday["draft"]
    assert "Montag, 30. November 2026, 08:00 Uhr" in friday["draft"]
    thursday = explain(page, THURSDAY)
    assert "Carla Cordes" not in thursday["active"]
    assert "Carla Cordes (1. Wahl für wohnen)" in thursday["draft"]
    return friday["active"]


def explain(page: Page, at: str) -> dict[str, str]:
    """Both sides of the page, as they are read."""
    open_page(page, "Ausprobieren")
    page.locator("#explain-at").fill(at)
    page.get_by_label("Anliegen").select_option("4: Mietkosten")
    press(page, "Zeigen")
    expect(page.locator("#explained")).to_be_focused()
    return {side: page.locator(f"[data-side={side}]").inner_text() for side in ("active", "draft")}


def see_it_replayed(page: Page) -> None:
    press(page, "Vergleichen")
    expect(page.locator("#replay-count")).to_have_text("3 von 5 Anrufen wären anders verlaufen.")
    newest = page.locator("#replay-moved tr").first
    expect(newest).to_contain_text("19.11.2026, 12:30 Uhr")
    expect(newest).to_contain_text("Geplanter Umzug: Anna Ahrens, Ben Brinkmann, Carla Cordes")


def put_in_force(page: Page) -> None:
    open_page(page, "Übersicht")
    press(page, "In Kraft setzen")
    expect(page.locator("#reason-error")).to_contain_text("warum")
    page.get_by_label("Grund").fill(REASON)
    press(page, "In Kraft setzen")
    expect(page.locator("#activation-heading")).to_have_text("Version 2 ist in Kraft")
    told = page.locator("#activation-reloaded")
    expect(told).to_contain_text("Umgestellt wurde: Wählplan")
    expect(told).to_contain_text("Danach wurde verglichen: Alles ist, wie es sein soll.")


def read_the_history(page: Page) -> None:
    open_page(page, "Verlauf")
    row = page.get_by_role("row").filter(has_text="Version 2")
    expect(row).to_contain_text("klara")
    expect(row).to_contain_text(REASON)
    expect(row).to_contain_text(" Uhr")
    row.get_by_role("link").click()
    changes = page.locator("main")
    expect(changes).to_contain_text("Betriebsversammlung")
    expect(changes).to_contain_text(GREETING)
    expect(changes).to_contain_text("agents.carla.skills")


def roll_back(page: Page) -> None:
    open_page(page, "Übersicht")
    press(page, "Zurück zu Version 1")
    expect(page.locator("#activation-heading")).to_have_text("Version 3 ist in Kraft")
    expect(page.locator("#activation-reloaded")).to_contain_text("Alles ist, wie es sein soll.")


def open_page(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.wait_for_load_state()  # its scripts are there


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def saved(page: Page, words: str) -> None:
    expect(page.locator("#saved")).to_have_text(words)
    expect(page.locator("#saved")).to_be_focused()


# --- what happens at the telephones ----------------------------------------------------------


def talk(hotline: Real, agent: AgentAtWork) -> tuple[PhoneCall, PhoneCall]:
    """A caller hears the greeting as it was, and talks to this agent: the call at either end."""
    caller = hotline.calls(ONE)
    assert hotline.do(caller.hear(0.5)).has_tone(PROMPT_TONE)
    hotline.do(caller.press(RENT))
    return caller, hotline.answers(agent)


def reach_the_new_version(hotline: Real, anna: AgentAtWork) -> None:
    """Who calls now hears the new greeting, and goes when the line has been seen."""
    caller = hotline.calls(THREE)
    heard = hotline.do(caller.hear(1.0))
    assert not heard.silent
    assert not heard.has_tone(PROMPT_TONE)
    hotline.do(caller.press(RENT))
    seen_by(hotline, anna, waiting=2)
    assert hotline.version_of(THREE) == 2
    hotline.do(caller.hang_up())
    seen_by(hotline, anna, waiting=1)


def seen_by(hotline: Real, agent: AgentAtWork, waiting: int) -> str:
    """The agent's state when so many wait."""
    return str(hotline.do(agent.until(lambda snapshot: snapshot["hotline"]["waiting"] == waiting))["state"])


def states(*agents: AgentAtWork) -> dict[str, Any]:
    return {agent.name: [agent.snapshot[key] for key in ("state", "cause", "since")] for agent in agents}


async def on_break(agent: AgentAtWork) -> None:
    await agent.post("/agent/presence", intent="pause", reason="Pause")
    await agent.until_state("pause")


async def written_up(agent: AgentAtWork, call: PhoneCall) -> None:
    await call.hang_up()
    await agent.until_state("wrap_up")
    await agent.dispose("settled")
    await agent.until_state("ready")
