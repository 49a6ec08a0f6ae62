"""axe-core finds nothing on any of the admin's pages, light and dark; nothing needs scrolling sideways."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.admin_pictures import ADMIN_STAGES, log_in_admin
from tests.browser.served import Served, served
from tests.browser.test_accessibility import findings

LIMIT_MS = 30_000


@pytest.mark.parametrize("stage", ADMIN_STAGES, ids=lambda stage: stage.__name__)
def test_admins_pages_have_no_findings(chromium: Browser, stage: Callable[[Served, Page], None]) -> None:
    """One visit for both schemes and all widths."""
    with served("Probebetrieb") as site:
        page = chromium.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(LIMIT_MS)
        log_in_admin(site, page)
        stage(site, page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert findings(page) == [], scheme
        for width in (640, 390, 360):
            page.set_viewport_size({"width": width, "height": 720})
            widths = (
                "[document.documentElement, ...document.querySelectorAll('dialog[open]')].map((it) => it.scrollWidth)"
            )
            assert max(page.evaluate(f"() => {widths}")) <= width
        assert findings(page) == []
        page.close()
