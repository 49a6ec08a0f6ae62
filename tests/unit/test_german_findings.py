"""The pages say each finding in German; the sentences of the command line are what they are made of."""

import html
import re
from datetime import UTC, datetime

import pytest

from agents.forms import FormError
from config import tree
from config.editing import Edit, Kind, edited
from config.german import TABLES, german, pattern
from config.german_text import SYNTAX
from config.messages import _WANTED, PATTERNS
from hotline.changing.model import Remark, Severity
from hotline.changing.remarks import judged
from hotline.web.admin_basis import at_fields
from hotline.web.admin_file import told
from tests.unit.findings import FILES, SHIPPED
from tests.unit.findings_examples import ERRORS, WARNINGS

EXAMPLES = [example for groups in (ERRORS, WARNINGS) for group in groups.values() for example in group]
PAGE = SHIPPED.parents[1] / "docs" / "de" / "pruefung.md"
SENTENCES = {english: sentence for table in TABLES for english, sentence in table.items()}
TEXT = SHIPPED.read_text(encoding="utf-8")
PLACE = re.compile(r"\{(\w+)\}")
NOT_GERMAN = re.compile(
    r"\b(allowed|must|may|is|are|be|the|there|this|write|key|value|not|and|or|with|than|least|missing|already|take|"
    r"leave|name it|each|used|number|of|at most|nobody|callers|agent)\b"
)
DROPPED = {"context", "found"}
"""What the reader of YAML was about, and what it met: the place tells."""
RARE = [
    *PATTERNS.values(),
    *(sentence.format(min_length=1, max_length=5, ge=1, gt=2, le=3, lt=4) for sentence in _WANTED.values()),
    *(message for message, _ in FILES),
    "it must match ^[a-z]$",
    "this is not allowed here",
    "this is not YAML: something that nobody has met",
    "1001 edits at once; at most 1000 are allowed",
    "agents.0: cannot be changed here, because of how this part is laid out; change the text itself",
    "yaml: more than 100 aliases; write the values out before single ones are changed",
    "a value of the kind bytes cannot be written",
    "the key 5 is no text",
    "callbacks that keep the place are dialled through a gateway: name it in transfers.gateway",
    '"b" is already the name of the agents at agents.0.name; each name of the agents may be used once',
    '"b" is already the name of the gateways at gateways.0.name; each name of the gateways may be used once',
    '"a" is already the second choice at agents.0.second_choice.0; each second choice may be used once',
]
"""What no example of the docs says."""
EDITS = [
    Edit(Kind.SET, (), {}),
    Edit(Kind.SET, ("agents", 99, "office"), "a"),
    Edit(Kind.ADD, ("menu", "retries"), 1),
]
BROKEN = [
    "a: b: c",
    "a: - b",
    'a: "x',
    'a: "x\n---\n',
    "a: [1",
    "a: {b: 1",
    "a:\n  - 1\n b: 2",
    'a: "\\q"',
    "a: @x",
    "a: *",
    "a: *x",
    "a: !x!y z",
    "a: 1\nb\nc: 2",
]


@pytest.fixture(scope="module")
def messages() -> list[str]:
    """Every sentence that can be made to be said, and those that are written out here."""
    return list(dict.fromkeys([*in_the_docs(), *RARE, *map(why_not, EDITS), *map(why_unreadable, BROKEN)]))


def in_the_docs() -> list[str]:
    """What the examples of `findings.py` say: test_findings.py keeps the page in step with them."""
    rows = [row for row in PAGE.read_text(encoding="utf-8").split("\n") if row.startswith("| `")]
    cells = [re.split(r"(?<!\\)\|", row)[3].strip() for row in rows]
    return [html.unescape(re.sub(r"\\([|*_])", r"\1", cell)) for cell in cells]


def why_not(edit: Edit) -> str:
    with pytest.raises(ValueError, match=r".") as raised:
        edited(TEXT, [edit])
    return str(raised.value)


def why_unreadable(text: str) -> str:
    return tree.read(text).problems[0].message


def without_values(sentence: str) -> str:
    """Without quotations, paths, lists and keys of the file."""
    for quoted in (r"„[^“]*“", r"'[^']*'", r"\([^()]*\)", r"\b\w+(?:[._]\w+)+", r"Möglich( sind)?: .*", r"sind: .*"):
        sentence = re.sub(quoted, "", sentence, flags=re.DOTALL)
    return sentence


def test_no_example_is_left_out() -> None:
    assert len(in_the_docs()) == len(EXAMPLES)


def test_every_finding_has_a_german_sentence(messages: list[str]) -> None:
    same = [message for message in messages if german(message) == message]
    assert not same


def test_nothing_english_is_left_in_them(messages: list[str]) -> None:
    left = {message: said for message in messages if NOT_GERMAN.search(without_values(said := german(message)))}
    assert not left


def test_they_are_whole_sentences(messages: list[str]) -> None:
    odd = [said for message in messages if not german(message).endswith((".", "“", ")")) for said in [german(message)]]
    assert not odd


def test_every_sentence_of_the_tables_is_said(messages: list[str]) -> None:
    values = [re.sub(r'^".*?": ', "", message, flags=re.DOTALL) for message in messages]
    every = [*messages, *values]
    never = [english for english in SENTENCES if not any(pattern(english).fullmatch(message) for message in every)]
    assert not never


def test_every_sentence_about_yaml_is_said(messages: list[str]) -> None:
    said = "\n".join(map(german, messages))
    assert [sentence for sentence in SYNTAX.values() if PLACE.split(sentence)[0] not in said] == []


def test_no_message_fits_two_sentences_but_the_shorter_form_of_one(messages: list[str]) -> None:
    for message in messages:
        fitting = [english for english in SENTENCES if pattern(english).fullmatch(message)]
        assert len(fitting) < 2 or fitting[-1] == "this is not YAML: {syntax}", message


@pytest.mark.parametrize("english", [*SENTENCES, *SYNTAX])
def test_what_is_put_in_is_put_in_again(english: str) -> None:
    sentence = SENTENCES.get(english) or SYNTAX[english]
    assert set(PLACE.findall(english)) - DROPPED == set(PLACE.findall(sentence))


@pytest.mark.parametrize(
    "value", ["9", "", 'a "quoted" word', 'x": at most 4 is allowed', "zwei\nZeilen", "{value}", "\\1"]
)
def test_value_is_kept_whatever_it_holds(value: str) -> None:
    assert german(f'"{value}": at most 3 is allowed') == f"„{value}“: Der größte mögliche Wert ist 3."


def test_names_are_kept() -> None:
    message = 'there is no office "rintel" (did you mean "rinteln"?); allowed: stadthagen, rinteln'
    said = "Die Geschäftsstelle „rintel“ gibt es nicht (meinten Sie „rinteln“?). Möglich: stadthagen, rinteln."
    assert german(message) == said


def test_nothing_written_is_told_with_what_is_wanted() -> None:
    said = german("nothing is written here; a whole number is allowed, or leave the key out if it has a default")
    assert said.startswith("Hier steht nichts. Erlaubt ist eine ganze Zahl. Oder lassen Sie")


def test_words_between_values_become_german_too() -> None:
    day = "08:00-18:00 is never in effect within a year: closures cover each Monday"
    assert german(day).endswith("An jedem Montag ist Schließzeit.")
    keys = german('the announcement names the key 3, but the key is 1 and 2: "Drücken Sie die 3."')
    assert "die Taste ist aber 1 und 2: „Drücken" in keys


def test_unknown_yaml_problem_is_quoted() -> None:
    assert "„something new“" in german("this is not YAML: something new")


def test_problem_that_keeps_a_text_from_being_changed_is_german_with_its_place() -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        edited("a: 1\n\tb: 2\n", [Edit(Kind.SET, ("a",), 2)])
    said = german(str(raised.value))
    assert said == "yaml: Hier steht ein Tabulator. Rücken Sie mit Leerzeichen ein. (Zeile 2, Spalte 1)"


@pytest.mark.parametrize(
    "message", ["", "Das ist schon deutsch.", "something else", '"x": something else', "y" * 50_000]
)
def test_unknown_message_stays_as_it_is(message: str) -> None:
    assert german(message) == message


def test_long_message_without_end_is_no_trouble() -> None:
    message = '"' + 'x": ' * 4_000
    assert german(message) == message


def test_pages_tell_remarks_in_german_and_the_command_line_does_not() -> None:
    _, remarks = judged(TEXT.replace("  retries: 1", "  retries: 9"), datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert remarks[0].message == '"9": at most 3 is allowed'
    assert told(remarks)[0]["message"] == "„9“: Der größte mögliche Wert ist 3."


def test_remark_that_is_german_already_is_told_as_it_is() -> None:
    assert Remark(Severity.ERROR, 0, 0, "", "Der Text ist zu lang.").german == "Der Text ist zu lang."


def test_findings_without_a_field_are_told_as_sentences() -> None:
    problem = at_fields(FormError({"a.b": "Das fehlt.", "c": "Das auch."}), {})
    assert problem.message == "a.b: Das fehlt. c: Das auch."
