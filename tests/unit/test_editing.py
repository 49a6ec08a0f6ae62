"""Edits by the pages change what they are meant to change, and nothing else in the file: no comment, no layout."""

import copy
import difflib
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from config import tree
from config.editing import MAX_EDITS, Edit, Kind, edited
from config.loading import parse
from config.rewriting import same

SET, ADD, REMOVE = Kind.SET, Kind.ADD, Kind.REMOVE


def changed_lines(old: str, new: str) -> list[str]:
    """Lines that went ("-…") and came ("+…")."""
    compared = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return [line for line in compared if line[:1] in "+-" and line[:3] not in ("+++", "---")]


ON_THE_SHIPPED_FILE: list[tuple[str, list[Edit], list[str]]] = [
    (
        "a number keeps the comment beside it",
        [Edit(SET, ("transfers", "ring_seconds"), 25)],
        ["-  ring_seconds: 20", "+  ring_seconds: 25"],
    ),
    (
        "a closure is appended in the form of the others",
        [Edit(ADD, ("hours", "closures"), {"from": "2026-11-27", "hours": "12:00-18:00", "reason": "Ausflug"})],
        ['+    - {from: 2026-11-27, hours: "12:00-18:00", reason: Ausflug}'],
    ),
    (
        "a closure is taken out",
        [Edit(REMOVE, ("hours", "closures", 0))],
        ["-    - {from: 2026-12-24, every_year: true, reason: Heiligabend}"],
    ),
    (
        "hours are set, and a new day comes in the order of the week",
        [
            Edit(SET, ("hours", "week", "saturday"), ["09:00-12:00"]),
            Edit(SET, ("hours", "week", "friday", 0), "08:00-12:00"),
        ],
        ['-    friday: ["08:00-18:00"]', '+    friday: ["08:00-12:00"]', '+    saturday: ["09:00-12:00"]'],
    ),
    (
        "a new section stands where the schema has it, set off by an empty line",
        [
            Edit(
                SET,
                ("emergency",),
                {"text": "Sturm: wir sind nicht da.", "until": datetime.fromisoformat("2026-11-23T12:00")},
            )
        ],
        ["+emergency:", '+  text: "Sturm: wir sind nicht da."', '+  until: "2026-11-23T12:00"', "+"],
    ),
    ("a skill is added", [Edit(ADD, ("agents", 1, "skills"), "leistung")], ["-...", "+..."]),
    (
        "one line of a guide is changed, one is new",
        [
            Edit(
                SET,
                ("request_types", 0, "guide"),
                [
                    "Neue Anschrift und Einzugsdatum erfragen.",
                    "Zieht jemand mit um?",
                    "Meldebestätigung und Mietvertrag nachreichen lassen.",
                    "12 Tage Zeit.",
                ],
            )
        ],
        [
            "-      - Zieht die ganze Bedarfsgemeinschaft um?",
            "+      - Zieht jemand mit um?",
            '+      - "12 Tage Zeit."',
        ],
    ),
    ("an extension stays in quotes", [Edit(SET, ("agents", 0, "extension"), "17")], ["-...", "+..."]),
    ("a key stays in quotes", [Edit(SET, ("request_types", 3, "press"), "8")], ['-    press: "4"', '+    press: "8"']),
    ("what is set to what it is already changes nothing", [Edit(SET, ("menu", "retries"), 1)], []),
    ("nothing is changed without edits", [], []),
]


@pytest.mark.parametrize(("what", "edits", "lines"), ON_THE_SHIPPED_FILE)
def test_only_the_lines_of_the_change_differ(shipped_text: str, what: str, edits: list[Edit], lines: list[str]) -> None:
    result = edited(shipped_text, edits)
    found = changed_lines(shipped_text, result)
    assert len(found) == len(lines)
    for line, wanted in zip(sorted(found), sorted(lines), strict=True):
        assert wanted.endswith("...") or line == wanted
    parse(result, "hotline.yaml")


def test_an_entry_within_a_line_leaves_the_rest_of_the_line(shipped_text: str) -> None:
    before = 'skills: [allgemein, stammdaten, wohnen], extension: "12"}'
    after = 'skills: [allgemein, stammdaten, wohnen, leistung], extension: "12"}'
    assert edited(shipped_text, [Edit(ADD, ("agents", 1, "skills"), "leistung")]) == shipped_text.replace(before, after)


SMALL: list[tuple[str, str, list[Edit], str]] = [
    # (what is shown, the text before, the edits, the text after)
    (
        "a section without anything",
        "menu:  # c\nx: 1",
        [Edit(SET, ("menu", "retries"), 1)],
        "menu:  # c\n  retries: 1\nx: 1",
    ),
    ("the last line has no end", "a: 1", [Edit(SET, ("b",), 2)], "a: 1\nb: 2"),
    ("single quotes stay", "a: 'x'  # c\n", [Edit(SET, ("a",), "it's")], "a: 'it''s'  # c\n"),
    ("double quotes stay", 'a: "x"\n', [Edit(SET, ("a",), 'y "z"')], 'a: "y \\"z\\""\n'),
    ("a bare word gets quotes where it needs them", "a: x\n", [Edit(SET, ("a",), "x: y")], 'a: "x: y"\n'),
    ("true as text gets quotes", "a: x\n", [Edit(SET, ("a",), "true")], 'a: "true"\n'),
    ("a number as text gets quotes", "a: x\n", [Edit(SET, ("a",), "017")], 'a: "017"\n'),
    ("an address that stood bare stays bare", "a: 127.0.0.1\n", [Edit(SET, ("a",), "192.0.2.7")], "a: 192.0.2.7\n"),
    ("times get quotes", "a: {}\n", [Edit(SET, ("a", "b"), time(8))], 'a:\n  b: "08:00"\n'),
    (
        "days of closures get none",
        "a: []\n",
        [Edit(ADD, ("a",), {"from": "2026-12-24"})],
        "a:\n  - {from: 2026-12-24}\n",
    ),
    ("days are written as days", "a: 1\n", [Edit(SET, ("a",), date(2026, 12, 24))], "a: 2026-12-24\n"),
    ("another text that is a day gets quotes", "a: x\n", [Edit(SET, ("a",), "2026-12-24")], 'a: "2026-12-24"\n'),
    ("line breaks are written as such", "a: x\n", [Edit(SET, ("a",), "x\ny\x07")], 'a: "x\\ny\\x07"\n'),
    (
        "the last entry leaves an empty list",
        "a:\n  # c\n  - x\nb: 1\n",
        [Edit(REMOVE, ("a", 0))],
        "a: []\n  # c\nb: 1\n",
    ),
    ("the last key leaves an empty mapping", "a:\n  b: 1  # c\nd: 1\n", [Edit(REMOVE, ("a", "b"))], "a: {}\nd: 1\n"),
    (
        "a section goes with one of its empty lines",
        "a: 1\n\nb:\n  c: 1\n\nd: 1\n",
        [Edit(REMOVE, ("b",))],
        "a: 1\n\nd: 1\n",
    ),
    ("the first key behind a dash", "- a: 1\n  b: 2\n", [Edit(REMOVE, (0, "a"))], "- b: 2\n"),
    (
        "the first two keys behind a dash",
        "- a: 1\n  b: 2\n  c: 3\n",
        [Edit(REMOVE, (0, "a")), Edit(REMOVE, (0, "b"))],
        "- c: 3\n",
    ),
    (
        "a comment behind the first key stays",
        "- a: 1\n  # c\n  b: 2\n",
        [Edit(REMOVE, (0, "a"))],
        "- \n  # c\n  b: 2\n",
    ),
    ("within brackets: the first", "a: [x, y, z]\n", [Edit(REMOVE, ("a", 0))], "a: [y, z]\n"),
    ("within brackets: the middle one", "a: [x, y, z]\n", [Edit(REMOVE, ("a", 1))], "a: [x, z]\n"),
    ("within brackets: the last", "a: [ x, y ]\n", [Edit(REMOVE, ("a", 1))], "a: [ x ]\n"),
    (
        "within brackets over several lines",
        "a: [x,  # c\n    y,\n]\n",
        [Edit(ADD, ("a",), "z")],
        "a: [x,  # c\n    y,\n    z,\n]\n",
    ),
    (
        "an entry with the comment above it",
        "a:\n  # Anna\n  - anna\n  # Ben,\n  # half days\n  - ben\n  # Carla\n  - carla\n",
        [Edit(REMOVE, ("a", 1))],
        "a:\n  # Anna\n  - anna\n  # Carla\n  - carla\n",
    ),
    (
        "the first entry with the comment above it, when others have some, too",
        "a:\n  # Anna\n  - anna\n  # Ben\n  - ben\n",
        [Edit(REMOVE, ("a", 0))],
        "a:\n  # Ben\n  - ben\n",
    ),
    (
        "a comment above the first entry alone is about all of them",
        "a:\n  # all\n  - anna\n  - ben\n",
        [Edit(REMOVE, ("a", 0))],
        "a:\n  # all\n  - ben\n",
    ),
    (
        "the last entry with the comment above it",
        "a:\n  - anna\n  # Ben\n  - ben\n",
        [Edit(REMOVE, ("a", 1))],
        "a:\n  - anna\n",
    ),
    (
        "what heads a group stays while one of the group does",
        "a:\n  - x\n  - y\n  # --- group two ---\n  - z\n  - w\n",
        [Edit(REMOVE, ("a", 2))],
        "a:\n  - x\n  - y\n  # --- group two ---\n  - w\n",
    ),
    (
        "what heads the first of two groups, too",
        "a:\n  # --- one ---\n  - x\n  - y\n  # --- two ---\n  - z\n",
        [Edit(REMOVE, ("a", 0))],
        "a:\n  # --- one ---\n  - y\n  # --- two ---\n  - z\n",
    ),
    (
        "what heads a group goes with the last of it",
        "a:\n  - x\n  # --- group two ---\n  - z\n  - w\n  # --- three ---\n  - v\n",
        [Edit(REMOVE, ("a", 1)), Edit(REMOVE, ("a", 1))],
        "a:\n  - x\n  # --- three ---\n  - v\n",
    ),
    (
        "a list in the first column is no head of the file",
        "# head\na:\n# Anna\n- anna\n# Ben\n- ben\n",
        [Edit(REMOVE, ("a", 0))],
        "# head\na:\n# Ben\n- ben\n",
    ),
    (
        "all of a list in the first column",
        "a:\n# Anna\n- anna\n# Ben\n- ben\nb: 1\n",
        [Edit(SET, ("a",), [])],
        "a: []\nb: 1\n",
    ),
    (
        "a section with its comment, also when the next one has none",
        "a: 1\n\n# about b\nb: 1\n\nc: 1\n",
        [Edit(REMOVE, ("b",))],
        "a: 1\n\nc: 1\n",
    ),
    (
        "a comment further away is not the entry's",
        "a:\n  - anna\n  # c\n\n  - ben\n  - carla\n",
        [Edit(REMOVE, ("a", 1))],
        "a:\n  - anna\n  # c\n\n  - carla\n",
    ),
    (
        "all entries with their comments",
        "a:\n  # Anna\n  - anna\n  # Ben\n  - ben\n    # too\nb: 1\n",
        [Edit(SET, ("a",), [])],
        "a: []\nb: 1\n",
    ),
    (
        "a section with the comments above and in it",
        "x: 1\n\n# about a\na:\n  y: 1\n  # z: 2\n\n# about b\nb: 1\n",
        [Edit(REMOVE, ("a",))],
        "x: 1\n\n# about b\nb: 1\n",
    ),
    ("the head of the file stays", "# head\na: 1\n# c\nb: 2\n", [Edit(REMOVE, ("a",))], "# head\n# c\nb: 2\n"),
    (
        "within brackets, each in its line: a new one gets a line, comments stay",
        "a: [\n  one,  # 1\n  two  # 2\n]\n",
        [Edit(ADD, ("a",), "three")],
        "a: [\n  one,  # 1\n  two,  # 2\n  three\n]\n",
    ),
    (
        "within brackets, each in its line: comments go with their entry",
        "a: [\n  # about one\n  one,  # 1\n  # about two\n  two,  # 2\n  three,  # 3\n]\n",
        [Edit(REMOVE, ("a", 1))],
        "a: [\n  # about one\n  one,  # 1\n  three,  # 3\n]\n",
    ),
    (
        "within brackets, each in its line: the last",
        "a: [\n  one,  # 1\n  two  # 2\n  ]\n",
        [Edit(REMOVE, ("a", 1))],
        "a: [\n  one  # 1\n  ]\n",
    ),
    (
        "within brackets, each in its line: the first",
        "a: [  # numbers\n  # about one\n  one,\n  # about two\n  two]\n",
        [Edit(REMOVE, ("a", 0))],
        "a: [  # numbers\n  # about two\n  two]\n",
    ),
    (
        "within brackets: comments of the one that is first now get lines",
        "a: [one,\n    # about two\n    two]\n",
        [Edit(REMOVE, ("a", 0))],
        "a: [\n    # about two\n    two]\n",
    ),
    (
        "within brackets: the middle one of three lines",
        "a: [one, two,\n    three, four]\n",
        [Edit(REMOVE, ("a", 1)), Edit(REMOVE, ("a", 1))],
        "a: [one, four]\n",
    ),
    (
        "within brackets: a new first one",
        "a: [\n  # about two\n  two,\n]\n",
        [Edit(SET, ("a",), ["one", "two"])],
        "a: [\n  one,\n  # about two\n  two,\n]\n",
    ),
    (
        "in braces, each in its line",
        "a: {\n  b: 1,  # b\n  c: 2  # c\n}\n",
        [Edit(SET, ("a", "d"), 3), Edit(REMOVE, ("a", "b"))],
        "a: {\n  c: 2,  # c\n  d: 3\n}\n",
    ),
    (
        "within brackets with lines from Windows",
        "a: [\r\n  one,  # 1\r\n  two\r\n]\r\n",
        [Edit(ADD, ("a",), "three")],
        "a: [\r\n  one,  # 1\r\n  two,\r\n  three\r\n]\r\n",
    ),
    ("a comment in brackets stays", "a: [x,  # c\n    y]\n", [Edit(REMOVE, ("a", 1))], "a: [x  # c\n    ]\n"),
    (
        "a key in braces",
        "a: {b: 1, c: 2}\n",
        [Edit(REMOVE, ("a", "b")), Edit(SET, ("a", "d"), "x, y")],
        'a: {c: 2, d: "x, y"}\n',
    ),
    ("a text over several lines", "a: |\n  x\n  y\nb: 1\n", [Edit(SET, ("a",), "z")], "a: z\nb: 1\n"),
    (
        "the comment behind the sign of such a text stays",
        "a: |-  # why\n  x # y\nb: > # c\n  z\n",
        [Edit(SET, ("a",), "z"), Edit(SET, ("b",), ["x" * 50, "y"])],
        f"a: z  # why\nb: # c\n  - {'x' * 50}\n  - y\n",
    ),
    (
        "after a text over several lines",
        "a: >\n  x\n  y\n\n# c\nb: 1\n",
        [Edit(SET, ("b",), 2)],
        "a: >\n  x\n  y\n\n# c\nb: 2\n",
    ),
    (
        "comments further in belong to what is above",
        "a:\n- x\n  # c\n# d\n",
        [Edit(ADD, ("a",), "y")],
        "a:\n- x\n  # c\n- y\n# d\n",
    ),
    (
        "lines from Windows",
        "a: 1\r\nb:\r\n  c: 1\r\n",
        [Edit(SET, ("b", "d"), 2)],
        "a: 1\r\nb:\r\n  c: 1\r\n  d: 2\r\n",
    ),
    ("a mark at the beginning", "\ufeffa: 1\nb: 1\n", [Edit(SET, ("a",), 2)], "\ufeffa: 2\nb: 1\n"),
    (
        "a value becomes a list",
        "a: 1  # c\n",
        [Edit(SET, ("a",), ["x" * 50, "y"])],
        f"a:  # c\n  - {'x' * 50}\n  - y\n",
    ),
    ("a list becomes a value", "a:\n  - x\n  - y\nb: 1\n", [Edit(SET, ("a",), 5)], "a: 5\nb: 1\n"),
    ("a list becomes a mapping", "a:\n  - x\nb: 1\n", [Edit(SET, ("a",), {"c": 1})], "a:\n  c: 1\nb: 1\n"),
    ("an entry becomes a mapping", "- x\n- z\n", [Edit(SET, (0,), {"c": {"d": [1]}})], "- c: {d: [1]}\n- z\n"),
    ("before all others", "a:\n  - x\n  - z\n", [Edit(SET, ("a",), ["w", "x", "z"])], "a:\n  - w\n  - x\n  - z\n"),
    (
        "what an alias repeats is written out",
        "a: &h [x]  # c\nb: *h\nc: *h\n",
        [Edit(ADD, ("b",), "z")],
        "a: [x]  # c\nb: [x, z]\nc: [x]\n",
    ),
    ("without a change anchors stay", "a: &h [x]\nb: *h\n", [Edit(SET, ("b",), ["x"])], "a: &h [x]\nb: *h\n"),
    ("nested keys are made", "a: 1\n", [Edit(SET, ("b", "c", "d"), 1)], "a: 1\nb:\n  c: {d: 1}\n"),
    ("a list is made", "a: 1\n", [Edit(ADD, ("b", "c"), "x")], "a: 1\nb:\n  c: [x]\n"),
    (
        "one after the other",
        "a: [x]\n",
        [Edit(ADD, ("a",), "z"), Edit(REMOVE, ("a", 0)), Edit(SET, ("a", 0), "w")],
        "a: [w]\n",
    ),
]


@pytest.mark.parametrize(("what", "text", "edits", "wanted"), SMALL)
def test_small_change(what: str, text: str, edits: list[Edit], wanted: str) -> None:
    assert edited(text, edits) == wanted


REFUSED: list[tuple[str, Edit, str]] = [
    ("a: 1\n", Edit(REMOVE, ("b",)), "b: this does not exist"),
    ("a: 1\n", Edit(REMOVE, ("b", "c")), "b: this does not exist"),
    ("a: {b: 1}\n", Edit(SET, ("a", "b", "c"), 1), "a.b.c: this does not exist"),
    ("a: [1]\n", Edit(SET, ("a", 1), 1), "a.1: this does not exist"),
    ("a: [1]\n", Edit(SET, ("a", -1), 1), "a.-1: this does not exist"),
    ("a: [1]\n", Edit(SET, ("a", True), 1), "a.True: this does not exist"),
    ("a: [1]\n", Edit(SET, ("a", "x"), 1), "a.x: this does not exist"),
    ("a: 1\n", Edit(ADD, ("a",), 1), "a: this is no list"),
    ("a: 1\n", Edit(SET, (), 1), "yaml: the whole file"),
    ("a: 1\na: 2\n", Edit(SET, ("a",), 3), r"a: this key stands here twice .* \(line 2, column 1\)"),
    ("a: [1\n", Edit(SET, ("a",), 3), "yaml: this is not YAML"),
    ("", Edit(SET, ("a",), 3), "yaml: the file is empty"),
    ("a: 1\n", Edit(SET, ("a",), object()), "of the kind object cannot be written"),
    ("a: 1\n", Edit(SET, ("a",), {1: 2}), "the key 1 is no text"),
    ("a: [x\n  , y]\n", Edit(REMOVE, ("a", 0)), "change the text itself"),
]


@pytest.mark.parametrize(("text", "edit", "message"), REFUSED)
def test_what_cannot_be_changed_is_named(text: str, edit: Edit, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        edited(text, [edit])


def test_edits_are_bounded() -> None:
    with pytest.raises(ValueError, match="at most"):
        edited("a: 1\n", [Edit(SET, ("a",), 1)] * (MAX_EDITS + 1))


# Whatever is edited, exactly that is different afterwards, and all comments are there

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-99, 10**6) | words | st.dates() | st.sampled_from([1.5, 0.95, 1e20])
keys = st.sampled_from(["from", "key", "name", "reason", "zz", "ä b", "1", "true", "a: b", "-"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=8,
)


def paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [found for key, value in inner for found in ((*path, key), *paths(value, (*path, key)))]


def comments(text: str) -> list[str]:
    return sorted(line[line.index("#") :] for line in text.splitlines() if line.lstrip().startswith("#"))


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def drawn_edit(data: st.DataObject, held: Any) -> Edit:
    """An edit that can be made to what is held, which is changed by the way."""
    path = data.draw(st.sampled_from(paths(held)))
    kind = data.draw(st.sampled_from(list(Kind)))
    value = data.draw(values)
    parent, last = at(held, path[:-1]), path[-1]
    if kind is Kind.REMOVE:
        del parent[last]
    elif kind is Kind.ADD:
        assume(isinstance(parent[last], list))
        parent[last].append(copy.deepcopy(value))
    elif isinstance(parent, dict) and data.draw(st.booleans()):
        last = data.draw(keys)
        parent[last] = copy.deepcopy(value)
    else:
        parent[last] = copy.deepcopy(value)
    return Edit(kind, (*path[:-1], last), value)


def as_read(value: Any, key: object = None) -> Any:
    """A day under "from" is a day, however it was given."""
    if isinstance(value, dict):
        return {name: as_read(inner, name) for name, inner in value.items()}
    return [as_read(inner) for inner in value] if isinstance(value, list) else value


@settings(max_examples=15)
@given(data=st.data())
def test_an_edit_of_the_shipped_file_changes_exactly_that(shipped_text: str, data: st.DataObject) -> None:
    held = tree.read(shipped_text).data
    edits = [drawn_edit(data, held) for _ in range(data.draw(st.integers(1, 3)))]
    assume(isinstance(held, dict) and held)
    result = edited(shipped_text, edits)
    assert same(tree.read(result).data, held)
    assert edited(result, []) == result


@settings(max_examples=10)
@given(data=st.data())
def test_comments_survive_whatever_value_is_set(shipped_text: str, data: st.DataObject) -> None:
    held = tree.read(shipped_text).data
    leaves = [path for path in paths(held) if not isinstance(at(held, path), dict | list)]
    edits = [Edit(SET, data.draw(st.sampled_from(leaves)), data.draw(scalars)) for _ in range(3)]
    result = edited(shipped_text, edits)
    assert comments(result) == comments(shipped_text)
    assert len(result.splitlines()) == len(shipped_text.splitlines())
    assert len(changed_lines(shipped_text, result)) <= 2 * len(edits)


LAYOUTS = [
    "# c1\na:\n- x   # c2\n- {k: 1, l: [2, 3]}\n# c3\nb:\n    c: 'q'\n    # c4\n"
    "    d:\n\n      - e: 1\n        # c5\n        f: |\n          t\n"
    "          u\n\n      -   g: 2\n",
    'a: {b: 1,\n    c: [x, "y"],  # c1\n    d: {}}\n\n\ne: []\n# c2\nf: >-\n'
    "  folded\n  text\ng:\n  -\n  - - h\n    - i\n  - j\n",
    "---\na: 1\nb:\n  - &n {x: 1}\n  - *n\n  - *n\nc: *n\n",
]


@settings(max_examples=100)
@given(layout=st.sampled_from(LAYOUTS), data=st.data())
def test_an_edit_in_any_layout_changes_exactly_that(layout: str, data: st.DataObject) -> None:
    held = copy.deepcopy(tree.read(layout).data)
    edits = [drawn_edit(data, held) for _ in range(data.draw(st.integers(1, 2)))]
    assume(isinstance(held, dict) and held)
    assert same(tree.read(edited(layout, edits)).data, held)
