"""The documents say what the code does: every setting with its default, its limits and an example that is valid."""

import re
import tomllib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from annotated_types import Ge, Le
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from config.schema import HotlineConfig
from tests.browser.documentation import SCHEMES, SHOWN, Shown

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "de" / "konfiguration.md"
PICTURES = ROOT / "docs" / "images"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
REQUIRED, NOTHING = "Pflicht", "–"


@dataclass(frozen=True)
class Setting:
    """One key of `hotline.yaml`; `elsewhere` names the key under which the same sub-keys were described first."""

    path: str
    field: FieldInfo
    elsewhere: str | None

    def read(self, cell: str) -> Any:
        """The value a cell of the reference stands for; ValidationError when it is not allowed."""
        written = YAML(typ="safe", pure=True).load(cell.strip("`"))
        kind: Any = self.field.annotation
        for rule in self.field.metadata:
            kind = Annotated[kind, rule]
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        return adapter.validate_python(written)


@dataclass(frozen=True)
class Row:
    """One line of the reference's tables."""

    meaning: str
    form: str
    default: str
    example: str


def _settings() -> list[Setting]:
    seen: dict[type[BaseModel], str] = {}
    return list(_walk(HotlineConfig, "", seen))


def _walk(model: type[BaseModel], before: str, seen: dict[type[BaseModel], str]) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        path = before + (field.alias or name)
        inner, suffix = _innermost(field.annotation)
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            yield Setting(path, field, None)
        elif inner in seen:
            yield Setting(path, field, seen[inner])
        else:
            seen[inner] = path + suffix
            yield Setting(path, field, None)
            yield from _walk(inner, f"{path}{suffix}.", seen)


def _innermost(annotation: Any) -> tuple[Any, str]:
    """The type inside lists, mappings and "or nothing", and how a path is written through them."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _innermost(arguments[0])
    if origin in (Union, types.UnionType):
        return _innermost(next(one for one in arguments if one is not type(None)))
    if origin in (list, dict):
        inner, suffix = _innermost(arguments[-1])
        return inner, ("[]" if origin is list else ".*") + suffix
    return annotation, ""


def _words(annotation: Any) -> list[str]:
    """Every word a setting allows, when it allows only some."""
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [word.value for word in annotation]
    return [word for inner in get_args(annotation) for word in _words(inner)]


def _rows() -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for line in REFERENCE.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            path, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            assert path not in rows, f"{path} is documented twice"
            rows[path.strip("`")] = Row(*cells)
    return rows


SETTINGS = _settings()
ROWS = _rows()
DOCUMENTED = [(setting, ROWS[setting.path]) for setting in SETTINGS if setting.path in ROWS]


def test_every_setting_is_documented() -> None:
    assert [setting.path for setting in SETTINGS if setting.path not in ROWS] == []


def test_nothing_is_documented_that_does_not_exist() -> None:
    assert sorted(ROWS.keys() - {setting.path for setting in SETTINGS}) == []


def test_the_walk_reaches_settings_at_every_depth() -> None:
    paths = {setting.path for setting in SETTINGS}
    assert {"hotline.id", "hours.week.*[].start", "gateways[].registration.server", "texts.goodbye"} <= paths
    assert "hours.closures[].from" in paths, "keys are documented as an admin writes them"


def test_documented_defaults_are_those_in_force() -> None:
    assert [setting.path for setting, row in DOCUMENTED if not _default_agrees(setting, row.default)] == []


def _default_agrees(setting: Setting, written: str) -> bool:
    if setting.field.is_required() or written == REQUIRED:
        return setting.field.is_required() and written == REQUIRED
    value = setting.field.get_default(call_default_factory=True)
    return value is None if written == NOTHING else bool(setting.read(written) == value)


def test_documented_examples_are_accepted() -> None:
    assert [setting.path for setting, row in DOCUMENTED if not _accepted(setting, row.example)] == []


def _accepted(setting: Setting, written: str) -> bool:
    """Only what has described keys of its own may go without an example."""
    if written == NOTHING:
        inner, _ = _innermost(setting.field.annotation)
        return isinstance(inner, type) and issubclass(inner, BaseModel)
    try:
        setting.read(written)
    except ValidationError:
        return False
    return True


def test_limits_and_allowed_words_are_documented() -> None:
    assert [f"{setting.path}: {word}" for setting, row in DOCUMENTED for word in _unsaid(setting, row.form)] == []


def _unsaid(setting: Setting, form: str) -> Iterator[str]:
    for rule in setting.field.metadata:
        limit = rule.ge if isinstance(rule, Ge) else rule.le if isinstance(rule, Le) else None
        if limit is not None and f"{limit:g}" not in re.findall(r"\d+(?:\.\d+)?", form):
            yield str(limit)
    yield from (word for word in _words(setting.field.annotation) if f"`{word}`" not in form)


def test_settings_with_familiar_keys_say_where_those_are_described() -> None:
    again = [(setting, row) for setting, row in DOCUMENTED if setting.elsewhere is not None]
    assert {setting.path for setting, _ in again} >= {"unclear", "network.ami", "hours.closures[].hours"}
    assert [setting.path for setting, row in again if f"`{setting.elsewhere}`" not in row.meaning] == []


def test_a_wrong_example_would_be_noticed() -> None:
    ring_seconds = next(setting for setting in SETTINGS if setting.path == "distribution.ring_seconds")
    with pytest.raises(ValidationError):
        ring_seconds.read("`4`")


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    assert len(DECISIONS) >= 10


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_decision_tells_situation_decision_and_cost(path: Path) -> None:
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    assert headings[0].startswith(f"{int(path.name[:4])}. ")
    assert headings[1:] == ["Situation", "Decision", "What it costs"]


@pytest.mark.parametrize(
    "path", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda path: str(path.relative_to(ROOT))
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8"))
    assert [one for one in targets if "://" not in one and not (path.parent / one).exists()] == []


def test_documents_show_every_picture_that_is_made_in_both_schemes() -> None:
    """`python -m tests.browser.documentation docs/images` makes them; what is shown nowhere needs none."""
    texts = [path.read_text("utf-8") for path in (ROOT / "README.md", *(ROOT / "docs" / "de").glob("*.md"))]
    named = {name for text in texts for name in re.findall(r"images/([a-z-]+\.png)", text)}
    made = {f"{shown.name}-{scheme}.png" for shown in SHOWN for scheme in SCHEMES}
    assert named == made


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.name)
def test_picture_exists_in_both_schemes(shown: Shown) -> None:
    missing = [name for name in (f"{shown.name}-{one}.png" for one in SCHEMES) if not (PICTURES / name).is_file()]
    assert missing == [], "python -m tests.browser.documentation docs/images makes them"


def test_every_entry_of_the_glossary_has_a_german_word_and_a_meaning() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text("utf-8").splitlines()
    entries = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]
    terms = [entry[0] for entry in entries]
    assert all(len(entry) == 3 and all(entry) for entry in entries)
    assert terms == sorted(set(terms), key=str.casefold)
    basic = [
        "agent",
        "call",
        "caller",
        "closure",
        "disposition",
        "line",
        "offer",
        "pop",
        "presence",
        "promise",
        "wrap-up",
    ]
    assert [term for term in basic if term not in terms] == []


def test_publiccode_yml_has_what_the_standard_requires() -> None:
    """Version 0.4 of the standard at yml.publiccode.tools; limits in characters."""
    told = YAML(typ="safe", pure=True).load((ROOT / "publiccode.yml").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = "publiccodeYmlVersion name url platforms categories developmentStatus softwareType description legal"
    assert [key for key in f"{needed} maintenance localisation".split() if key not in told] == []
    assert told["legal"]["license"] == project["license"]
    assert told["softwareVersion"] == project["version"]
    assert told["localisation"]["availableLanguages"] == ["de"]
    for text in told["description"].values():
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert text["features"]
        assert [one for one in text.get("screenshots", []) if not (ROOT / one).exists()] == []
