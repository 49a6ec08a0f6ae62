"""The keys of the agent's page: what the help lists, what the script hears, and what the buttons say are the same."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "hotline" / "web"
TEMPLATES = [*WEB.joinpath("templates").glob("agent*.html"), *WEB.joinpath("templates", "agent").glob("*.html")]
SCRIPT = WEB.joinpath("static", "shortcuts.js").read_text("utf-8")
ENTRY = re.compile(r"^  Key([A-Z]): (.*),$", re.MULTILINE)
TAG = re.compile(r"<[a-z]+ [^>]*aria-keyshortcuts=\"Alt\+([A-Z])\"[^>]*>")


def handled() -> list[str]:
    """Keys, as the script names them."""
    return [key for key, _ in ENTRY.findall(SCRIPT)]


def listed() -> list[str]:
    """Keys, as the help has them."""
    side = WEB.joinpath("templates", "agent", "side.html").read_text("utf-8")
    return re.findall(r"<dt><kbd>Alt\+([A-Z])</kbd></dt>", side.partition('class="keys"')[2])


def marked() -> Iterator[tuple[str, str]]:
    """Key and id of every part of the page that names a key."""
    for template in TEMPLATES:
        for found in TAG.finditer(template.read_text("utf-8")):
            yield found[1], re.search(r' id="([^"]+)"', found[0])[1]


def test_the_help_lists_every_key_that_is_heard_once_and_no_other():
    assert len(handled()) > 5
    assert sorted(listed()) == sorted(handled())


def test_no_key_has_two_meanings():
    assert len(set(handled())) == len(handled())


@pytest.mark.parametrize(("key", "part"), sorted(set(marked())))
def test_a_button_that_names_a_key_is_pressed_by_it(key, part):
    what = dict(ENTRY.findall(SCRIPT))[key]
    assert f'"{part}"' in what or "focus" in what


def test_every_button_that_a_key_presses_names_the_key():
    pressed = {(key, part) for key, what in ENTRY.findall(SCRIPT) for part in re.findall(r'"([^"]+)"', what)}
    assert pressed <= set(marked())
