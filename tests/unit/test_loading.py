"""Every mistake in a configuration is named with line and column, all at once, in words a person understands."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config.schema
from config.loading import MAX_BYTES, ConfigurationError, Finding, load, parse
from config.messages import PATTERNS, allowed_keys


def findings(text: str) -> list[Finding]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "x.yaml")
    return caught.value.findings


def findings_if_any(text: str) -> list[Finding]:
    try:
        parse(text, "x.yaml")
    except ConfigurationError as error:
        return error.findings
    return []


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def at(text: str, finding: Finding) -> str:
    """What stands in the text where the finding points."""
    return text.splitlines()[finding.line - 1][finding.col - 1 :]


def test_shipped_configuration_has_no_finding(shipped_text: str) -> None:
    assert parse(shipped_text, "hotline.yaml").hotline.number == "057219824"


SLIPS = [
    # (what stands there, what is written instead, path, what the position points at, part of the message)
    ("  silence_seconds: 5", "  silense_seconds: 5", "menu.silense_seconds", "silense_seconds", "did you mean"),
    ("  silence_seconds: 5", "  quiet: 5", "menu.quiet", "quiet", "allowed: silence_seconds, retries"),
    ("office: stadthagen, skills", "ofice: stadthagen, skills", "agents.0.ofice", "ofice", 'mean "office"'),
    ("- {from: 2026-12-24", "- {form: 2026-12-24", "hours.closures.0.form", "form", "allowed: from, to, hours"),
    ("  greeting: Guten", "  Greeting: Guten", "texts.greeting", "Greeting", "missing"),
    ('number: "05721 9824"', "number: 057219824", "hotline.number", "057219824", "quotes"),
    ('press: "4"', "press: 4", "request_types.3.press", "4", "quotes"),
    ('press: "4"', 'press: "44"', "request_types.3.press", '"44"', '"44": one key'),
    ('["9824", "05721', '[9824, "05721', "gateways.0.called_numbers.0", "9824", "leading zeros"),
    ('monday: ["08:00-18:00"]', 'monday: ["8-18"]', "hours.week.monday.0.start", '"8-18"', "two digits"),
    ('monday: ["08:00-18:00"]', 'monday: ["08:00"]', "hours.week.monday.0", '"08:00"', "write an interval"),
    ('monday: ["08:00-18:00"]', 'monday: ["08:00-25:00"]', "hours.week.monday.0.end", '"08:00-25', 'no time "25:00"'),
    ('monday: ["08:00-18:00"]', 'monday: "08:00-18:00"', "hours.week.monday", '"08:00', "a list is allowed"),
    ('monday: ["08', 'montag: ["08', "hours.week.montag", "montag", "allowed: monday, tuesday"),
    ("from: 2026-12-24", "from: 2026-02-30", "hours.closures.0.from", "2026-02-30", "there is no day 2026-02-30"),
    ("from: 2026-12-24", "from: 24.12.2026", "hours.closures.0.from", "24.12.2026", "year-month-day"),
    ("from: 2026-12-24", "from: 2026", "hours.closures.0.from", "2026", "year-month-day"),
    ("every_year: true", "every_year: vielleicht", "hours.closures.0.every_year", "vielleicht", "true or false"),
    ("  retries: 1", "  retries: 9", "menu.retries", "9", "at most 3"),
    ("  retries: 1", "  retries: -1", "menu.retries", "-1", "at least 0"),
    ("  retries: 1", "  retries: 1.5", "menu.retries", "1.5", "whole number"),
    ("  retries: 1", "  retries: true", "menu.retries", "true", "a number"),
    ("  retries: 1", '  retries: "1"', "menu.retries", '"1"', "without quotes"),
    ("  retries: 1", "  retries:", "menu.retries", "", "nothing is written here"),
    ("screen_seconds: 1.0", "screen_seconds: .nan", "distribution.screen_seconds", ".nan", "a number is allowed"),
    ("kind: date", "kind: datum", "request_types.0.fields.1.kind", "datum", "allowed: text, date, money"),
    ("language: de-DE", "language: en", "voice.language", "en", "allowed: de-DE"),
    ("label: Mietkosten", "label: 2026-01-01", "request_types.3.label", "2026-01-01", "in quotes"),
    ("label: Mietkosten", 'label: ""', "request_types.3.label", '""', "at least 1 character"),
    ("label: Mietkosten", f"label: {'x' * 601}", "request_types.3.label", "xxx", "at most 600"),
    ("label: Mietkosten", r'label: "a\x07b"', "request_types.3.label", '"a', "control characters"),
    ("label: Mietkosten", r'label: "a\ud800"', "request_types.3.label", '"a', "text is allowed"),
    ("skill: wohnen", "skill: Wohnen", "request_types.2.skill", "Wohnen", "only lower-case letters"),
    ("letters: A-K", "letters: A-Ks", "case_workers.0.letters", "A-Ks", 'as "S" or "A-K"'),
    ("    port: 5062", "    port: 70000", "gateways.0.port", "70000", "at most 65535"),
    ("menu:", "menu: 5\nmenu_old:", "menu", "5", "a mapping is allowed"),
    ("mail:\n", "mail: !private\n", "mail", "!private", "the tag !private is not allowed"),
    ("menu:\n", "menu:\n  <<: {retries: 2}\n", "menu", "<<", "not supported"),
    ("menu:\n", "menu:\n  [1, 2]: {retries: 2}\n", "menu", "[1, 2]", "a single word"),
]


@pytest.mark.parametrize(("old", "new", "path", "pointed_at", "message"), SLIPS)
def test_each_slip_is_named_where_it_stands(
    shipped_text: str, old: str, new: str, path: str, pointed_at: str, message: str
) -> None:
    text = changed(shipped_text, old, new)
    found = next(finding for finding in findings(text) if finding.path == path)
    assert message in found.message
    if path != "texts.greeting":
        assert at(text, found).startswith(pointed_at)


def test_missing_key_points_at_the_mapping_it_is_missing_from(shipped_text: str) -> None:
    text = changed(shipped_text, "    skill: wohnen\n", "")
    (found,) = findings(text)
    assert (found.path, found.message) == ("request_types.2.skill", "this key is missing; it must be given")
    assert at(text, found).startswith("key: move")


def test_finding_reads_file_line_column_path_message(shipped_text: str) -> None:
    text = changed(shipped_text, "  retries: 1", "  retries: 9")
    line = text[: text.index("retries: 9")].count("\n") + 1
    assert [str(found) for found in findings(text)] == [f'x.yaml:{line}:12: menu.retries: "9": at most 3 is allowed']


def test_all_slips_come_at_once_in_the_order_of_the_file(shipped_text: str) -> None:
    text = changed(shipped_text, "  retries: 1", "  retries: 9\n  retries: 2\n  colour: red")
    text = changed(text, "office: rinteln", "office: rintel")
    text = changed(text, "team_mailbox: team-telefon@jobcenter.example", "team_mailbox: team")
    found = findings(text)
    assert [finding.path for finding in found] == ["menu.retries", "menu.retries", "menu.colour", "mail.team_mailbox"]
    assert found == sorted(found, key=lambda finding: finding.line)


def test_a_slip_in_a_key_with_a_default_does_not_hide_the_cross_rules(shipped_text: str) -> None:
    text = changed(shipped_text, "  retries: 1", "  retries: 9\n  colour: red")
    text = changed(text, "office: rinteln", "office: rintel")
    assert [finding.path for finding in findings(text)] == ["menu.retries", "menu.colour", "agents.2.office"]


def test_an_unquoted_number_does_not_hide_the_cross_rules(shipped_text: str) -> None:
    text = changed(shipped_text, 'press: "4"', "press: 1")
    text = changed(text, '["9824", "05721', '[9824, "05721')
    text = changed(text, "office: rinteln", "office: rintel")
    paths = ["request_types.3.press", "agents.2.office", "gateways.0.called_numbers.0"]
    assert [finding.path for finding in findings(text)] == paths


@pytest.mark.parametrize("depth", [50, 100, 150, 200, 300, 500])
def test_deep_nesting_is_a_finding_at_any_depth(shipped_text: str, depth: int) -> None:
    assert findings(changed(shipped_text, "menu:", f"deep: {'[' * depth}{']' * depth}\nmenu:"))


def test_cross_rules_are_silent_about_what_the_schema_has_already_found(shipped_text: str) -> None:
    text = changed(shipped_text, 'addresses: ["127.0.0.1"]', "addresses: 127.0.0.1")
    assert [finding.path for finding in findings(text)] == ["gateways.0.addresses"]


def test_every_duplicate_key_is_found_with_its_first_line(shipped_text: str) -> None:
    text = changed(shipped_text, "  retries: 1", "  retries: 1\n  retries: 2\n  retries: 3")
    found = findings(text)
    first = text[: text.index("retries: 1")].count("\n") + 1
    assert [finding.line for finding in found] == [first + 1, first + 2]
    assert all(f"first in line {first}" in finding.message for finding in found)


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)
)
NOT_READABLE = [
    ("", 1, 1, "the file is empty"),
    ("# only a comment\n", 1, 1, "the file is empty"),
    ("- a\n- b\n", 1, 1, "must be a mapping"),
    ("just words", 1, 1, "must be a mapping"),
    ("null", 1, 1, "must be a mapping"),
    ("a: [1, 2", 1, 9, "this is not YAML"),
    ("a: 1\nb:\n\tc: 1", 3, 1, "a tab is not allowed here"),
    ("a: 1\n b: 2", 2, 3, "this is not YAML"),
    ("a: *nowhere", 1, 4, "undefined alias"),
    ("a: 1\n---\nb: 1", 2, 1, "only one document"),
    ("a: 1\nb: \x00", 2, 4, "U+0000"),
    ("a: &x [*x]", 1, 4, "an alias stands inside"),
    ("a: " + "[" * 5000, 1, 1, "nested too deeply"),
    (LAUGHS, 1, 26, "far too many values"),
]


@pytest.mark.parametrize(("text", "line", "col", "message"), NOT_READABLE)
def test_text_that_is_no_configuration_gives_one_plain_finding(text: str, line: int, col: int, message: str) -> None:
    found = findings(text)
    assert [(finding.line, finding.col, finding.path) for finding in found] == [(line, col, "yaml")]
    assert message in found[0].message


def test_anchors_and_aliases_may_be_used(shipped_text: str) -> None:
    text = changed(shipped_text, 'monday: ["08:00-18:00"]', 'monday: &long ["08:00-18:00"]')
    text = changed(text, 'tuesday: ["08:00-18:00"]', "tuesday: *long")
    assert parse(text, "x").hours.week["tuesday"] == parse(shipped_text, "x").hours.week["tuesday"]


def test_a_finding_is_one_line_whatever_the_file_holds(shipped_text: str) -> None:
    text = changed(shipped_text, "menu:\n", 'menu:\n  "a\\nb\\e[2J\\ud800": 1\n')
    lines = [str(finding) for finding in findings(text)]
    assert len(lines) == 1
    assert lines[0].isprintable()


UNREADABLE = [(None, "no such file"), (b"a: \xff\n", "not UTF-8"), (b"#" * (MAX_BYTES + 1), "larger than")]


@pytest.mark.parametrize(("content", "message"), UNREADABLE)
def test_file_that_cannot_be_read_is_one_finding(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "hotline.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        load(path)
    assert len(caught.value.findings) == 1
    assert str(caught.value).startswith(str(path))


def test_directory_instead_of_a_file_is_one_finding(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="this is a directory"):
        load(tmp_path)


def test_a_byte_that_is_not_utf8_is_named_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "hotline.yaml"
    path.write_bytes("ä: 1\nname: Gr".encode() + b"\xfc\xdfe")
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert (caught.value.findings[0].line, caught.value.findings[0].col) == (2, 9)


def test_a_file_from_windows_is_read(shipped_text: str, tmp_path: Path) -> None:
    path = tmp_path / "hotline.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + shipped_text.replace("\n", "\r\n").encode())
    assert load(path).hotline.id == "schaumburg"


@settings(max_examples=60)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@\n \t,?1\u00e4\x00", max_size=40))
def test_no_text_at_all_ends_in_anything_but_findings(text: str) -> None:
    assert findings(text)


@settings(max_examples=40)
@given(data=st.data())
def test_no_damaged_configuration_ends_in_anything_but_findings(shipped_text: str, data: st.DataObject) -> None:
    lines = shipped_text.splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    damage = data.draw(st.sampled_from([": ", "null", "[", "- 1", "{a: 1}", "", "true", "9" * 5000, "2026-99-99"]))
    lines[number] = lines[number].split(":")[0] + ": " + damage
    assert all(1 <= finding.line <= len(lines) + 1 for finding in findings_if_any("\n".join(lines)))


def test_every_pattern_of_the_schema_is_explained_and_no_other() -> None:
    source = Path(config.schema.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'pattern=r"([^"]*)"', source)) == set(PATTERNS)


def test_allowed_keys_are_written_as_in_the_file() -> None:
    assert allowed_keys(("hours", "closures", 3)) == ["from", "to", "hours", "every_year", "reason", "announcement"]
    assert allowed_keys(("gateways", 0, "nat")) == ["external_address", "local_networks"]


def test_text_is_measured_as_the_file_that_it_becomes() -> None:
    with pytest.raises(ConfigurationError, match="larger than"):
        parse("#" + "ü" * (MAX_BYTES // 2), "x")
