"""People read one word for one thing: a Version is in Kraft gesetzt and zurückgenommen, never a Fassung aktiviert."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OTHER_WORDS = re.compile(r"Fassung|[Aa]ktivier|\b[Aa]ktiv(?:e[mnrs]?)?\b")
READ_BY_PEOPLE = ("hotline/**/*.py", "hotline/web/templates/**/*.html", "hotline/web/static/*.js")
READ_BY_PEOPLE += ("config/german*.py", "docs/de/*.md")


def sources() -> Iterator[Path]:
    for pattern in READ_BY_PEOPLE:
        yield from ROOT.glob(pattern)


def test_all_that_people_read_is_looked_at() -> None:
    assert {path.suffix for path in sources()} == {".py", ".html", ".js", ".md"}


@pytest.mark.parametrize("path", sorted(sources()), ids=lambda path: str(path.relative_to(ROOT)))
def test_there_is_no_other_word_for_putting_a_version_in_force(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert [line for line in lines if OTHER_WORDS.search(line)] == []
