"""axe-core finds nothing on any page and state, light and dark; everything can be reached at 200 % zoom."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pictures
from tests.browser.served import LIMIT, Served, served
from tests.browser.softphone import use_fake_softphone
from tests.unit.doubles_promises import TOKEN

MODULES = Path(os.environ.get("HOTLINE_NODE_MODULES", Path(__file__).parents[2] / "node_modules"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def findings(page: Page) -> list[str]:
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("(tags) => axe.run({runOnly: {type: 'tag', values: tags}})", RULES)
    return [
        f"{v['id']}: {v['help']}: {[n['html'] + n['failureSummary'] for n in v['nodes']]}" for v in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stage", pictures.STAGES, ids=lambda stage: stage.__name__)
def test_agents_page_has_no_findings(chromium: Browser, stage: Callable[[Served, Page], None], scheme: str) -> None:
    with served("Probebetrieb") as site:
        context = chromium.new_context(viewport={"width": 1280, "height": 720}, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(LIMIT * 1000)
        use_fake_softphone(context)
        page = context.new_page()
        pictures.log_in(page, site.url)
        stage(site, page)
        assert findings(page) == []
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/login", f"/promise/{TOKEN}", "/promise/expired"])
def test_public_pages_have_no_findings(chromium: Browser, path: str, scheme: str) -> None:
    with served("Probebetrieb") as site:
        context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(site.url + path)
        assert findings(page) == []
        context.close()


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
@pytest.mark.parametrize("width", [640, 360], ids=["1280 at 200 %", "telephone"])
def test_nothing_needs_scrolling_sideways(chromium: Browser, stage: Callable[[Served, Page], None], width: int) -> None:
    with served() as site:
        context = chromium.new_context(viewport={"width": width, "height": 720})
        use_fake_softphone(context)
        page = context.new_page()
        pictures.log_in(page, site.url)
        stage(site, page)
        widths = "[document.documentElement, ...document.querySelectorAll('dialog[open]')].map((it) => it.scrollWidth)"
        assert max(page.evaluate(f"() => {widths}")) <= width
        context.close()
