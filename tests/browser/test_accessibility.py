"""axe-core finds nothing on any page and state, light and dark; everything can be reached at 200 % zoom.

A state is made once and looked at in both schemes and widths: making it costs more than looking."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pictures
from tests.browser.served import LIMIT, Served, served
from tests.browser.softphone import use_fake_softphone
from tests.unit.doubles_promises import TOKEN

MODULES = Path(os.environ.get("HOTLINE_NODE_MODULES", Path(__file__).parents[2] / "node_modules"))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LAPTOP, ZOOMED, TELEPHONE = 1024, 640, 360
"""A small laptop, a page 1280 pixels wide at 200 %, and a telephone."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def findings(page: Page) -> list[str]:
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("(tags) => axe.run({runOnly: {type: 'tag', values: tags}})", RULES)
    return [
        f"{v['id']}: {v['help']}: {[n['html'] + n['failureSummary'] for n in v['nodes']]}" for v in found["violations"]
    ]


def findings_light_and_dark(page: Page) -> list[str]:
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {finding}" for finding in findings(page)]
    return found


@pytest.mark.parametrize("stage", pictures.STAGES, ids=lambda stage: stage.__name__)
def test_agents_page_has_no_findings(chromium: Browser, stage: Callable[[Served, Page], None]) -> None:
    with served("Probebetrieb") as site:
        context = chromium.new_context(viewport={"width": 1280, "height": 720})
        context.set_default_timeout(LIMIT * 1000)
        use_fake_softphone(context)
        page = context.new_page()
        pictures.log_in(page, site.url)
        stage(site, page)
        assert findings_light_and_dark(page) == []
        context.close()


@pytest.mark.parametrize("path", ["/login", f"/promise/{TOKEN}", "/promise/expired"])
def test_public_pages_have_no_findings(chromium: Browser, path: str) -> None:
    with served("Probebetrieb") as site:
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.goto(site.url + path)
        assert findings_light_and_dark(page) == []
        context.close()


def widest(page: Page) -> int:
    """Pixels that the page, or a dialog on it, needs."""
    widths = "[document.documentElement, ...document.querySelectorAll('dialog[open]')].map((it) => it.scrollWidth)"
    return int(max(page.evaluate(f"() => {widths}")))


NARROW = [
    pictures.wrap_up,
    pictures.further,
    pictures.correcting,
    pictures.responsible,
    pictures.choosing,
    pictures.asking,
    pictures.consulted,
    pictures.orphan_talking,
    *pictures.BESIDE,
]


@pytest.mark.parametrize("stage", NARROW, ids=lambda stage: stage.__name__)
def test_nothing_needs_scrolling_sideways(chromium: Browser, stage: Callable[[Served, Page], None]) -> None:
    with served() as site:
        context = chromium.new_context(viewport={"width": ZOOMED, "height": 720})
        use_fake_softphone(context)
        page = context.new_page()
        pictures.log_in(page, site.url)
        stage(site, page)
        for width in (LAPTOP, ZOOMED, TELEPHONE):
            page.set_viewport_size({"width": width, "height": 720})
            assert widest(page) <= width
        context.close()


def test_login_that_was_refused_has_no_findings(site: Served, page: Page) -> None:
    page.goto(f"{site.url}/login")
    page.fill("#name", "anna")
    page.fill("#password", "falsch")
    page.click("button.primary")
    page.wait_for_selector("[role=alert]")
    assert findings_light_and_dark(page) == []


OUTLINE = """() => {
  const at = document.activeElement, style = getComputedStyle(at.closest(".choice") ?? at);
  if (at === document.body) return ["", "", 0];
  const name = at.id || at.textContent.trim().slice(0, 20) || at.name;
  return [name, style.outlineStyle, parseFloat(style.outlineWidth)];
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_focus_is_visible_on_whatever_the_tabulator_reaches(site: Served, anna: Page, scheme: Any) -> None:
    anna.emulate_media(color_scheme=scheme)
    pictures.talking(site, anna)
    anna.evaluate("document.activeElement.blur()")
    reached: list[str] = []
    for _ in range(80):
        anna.keyboard.press("Tab")
        name, style, width = anna.evaluate(OUTLINE)
        if name in reached[:1]:
            break
        if not name:  # from the last one to the first
            continue
        reached.append(name)
        assert style != "none", name
        assert width >= 2, name
    assert {"mute", "field-note", "dispose"} <= set(reached)
