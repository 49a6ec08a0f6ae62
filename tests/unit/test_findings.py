"""Everything that schema and rules can find has an example, which is found at its place and stands in the docs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
import routing
from config.messages import PATTERNS
from tests.unit.findings import FILES, SHIPPED, page, position, the_finding
from tests.unit.findings_examples import ERRORS, WARNINGS, Example

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "de" / "pruefung.md"
EXAMPLES = [example for group in ERRORS.values() for example in group]
REMARKS = [example for group in WARNINGS.values() for example in group]
CHECKS = ("loading", "tree", "messages", "schema")
"""Modules whose sentences are findings, beside all `checks` and `review` modules."""
NEVER_SAID = {
    "it must match {}": "every pattern is explained: see test_loading.py",
    "this is not allowed here": "what pydantic finds in no other way; nothing in the schema does",
    "less than {lt} is allowed": "nothing in the schema has such a limit",
    "found another document": "what ruamel.yaml says",
    "cannot start any token": "what ruamel.yaml says",
}
WORD = re.compile(r"[A-Za-z]{2,}")


def modules() -> list[Path]:
    folder, other = Path(config.__file__).parent, Path(routing.__file__).parent
    return [*folder.glob("checks*.py"), *other.glob("review*.py"), *(folder / f"{name}.py" for name in CHECKS)]


def sentences(module: Path) -> Iterator[str]:
    """What is written in its functions, and in the tables of `messages`, in at least three words; not docstrings."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    tables = [node for node in tree.body if isinstance(node, ast.Assign) and module.stem == "messages"]
    within: set[int] = set()
    for node in (inner for outer in [*inside, *tables] for inner in ast.walk(outer)):
        if isinstance(node, ast.JoinedStr) and id(node) not in skipped:
            within |= {id(part) for part in ast.walk(node)} - {id(node)}
            yield "".join(_part(part) for part in node.values)
    for node in (inner for outer in [*inside, *tables] for inner in ast.walk(outer)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped | within:
            yield node.value


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def is_sentence(text: str) -> bool:
    return " " in text and len(WORD.findall(re.sub(r"\{\w*\}", "", text))) > 2


def pattern(sentence: str) -> re.Pattern[str]:
    """What a message looks like that is made of this sentence."""
    parts = re.split(r"\{\w*\}", sentence)
    return re.compile(".*".join(re.escape(part) for part in parts), re.S)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.path}: {example.new.strip()[:40]!r}")
def test_each_mistake_is_found_with_line_and_column(shipped_text: str, example: Example) -> None:
    finding = the_finding(example, shipped_text)
    place = position(example, shipped_text)
    assert finding.line >= 1
    assert finding.col >= 1
    assert place in (None, (finding.line, finding.col))


@pytest.mark.parametrize("example", REMARKS, ids=lambda example: f"{example.path}: {example.new.strip()[:40]!r}")
def test_each_warning_is_found_with_line_and_column(shipped_text: str, example: Example) -> None:
    finding = the_finding(example, shipped_text)
    assert position(example, shipped_text) in (None, (finding.line, finding.col))


@pytest.fixture(scope="module")
def messages(shipped_text: str) -> list[str]:
    told = [the_finding(example, shipped_text).message for example in [*EXAMPLES, *REMARKS]]
    return [*told, *(message for message, _ in FILES)]


def test_every_sentence_of_schema_and_rules_has_an_example(messages: list[str]) -> None:
    told = {
        f"{module.name}: {sentence}"
        for module in modules()
        for sentence in sentences(module)
        if is_sentence(sentence) and sentence not in {*NEVER_SAID, *PATTERNS}
    }
    missing = {one for one in told if not any(pattern(one.split(": ", 1)[1]).search(text) for text in messages)}
    assert sorted(missing) == []


def test_each_example_says_something_else(shipped_text: str) -> None:
    """Two examples of one message would hide that a third one is missing."""
    told = [(example.path, the_finding(example, shipped_text).message) for example in [*EXAMPLES, *REMARKS]]
    assert len(set(told)) == len(told)


def test_the_page_shows_all_of_them() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(SHIPPED.read_text(encoding="utf-8")), "python -m tests.unit.findings > docs/de/pruefung.md"
