"""Reads `hotline.yaml` and says everything that is wrong with it at once, each finding with line and column."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config import tree
from config.checks import check
from config.messages import explain
from config.schema import HotlineConfig

MAX_BYTES = 1_000_000
_TOO_LARGE = f"this file is larger than {MAX_BYTES:,} bytes, so it is no configuration of a hotline"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to put right. `line` and `col` count from 1; 0 stands for the file as a whole."""

    file: str
    line: int
    col: int
    path: str
    """Keys joined with dots, as "agents.2.office"; "yaml" when the text itself is at fault."""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.col}: {self.path}" if self.line else self.file
        return _printable(f"{place}: {self.message}")


class ConfigurationError(ValueError):
    """The configuration cannot be used; `findings` holds all that is wrong, in the order of the file."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = sorted(findings, key=lambda finding: (finding.line, finding.col, finding.path))
        super().__init__("\n".join(map(str, self.findings)))


def load(path: Path) -> HotlineConfig:
    """The configuration in this file. Raises ConfigurationError, also when the file cannot be read."""
    return load_with_source(path)[0]


def load_with_source(path: Path) -> tuple[HotlineConfig, bytes]:
    """With it the bytes that it was read from."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, _why(error)) from None
    if len(raw) > MAX_BYTES:
        raise _unreadable(path, _TOO_LARGE)
    try:
        return parse(raw.decode("utf-8"), str(path)), raw
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, col = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        message = f"the byte 0x{raw[error.start]:02x} is not UTF-8; save the file in the encoding UTF-8"
        raise ConfigurationError([Finding(str(path), line, col, "yaml", message)]) from None


def parse(text: str, file: str) -> HotlineConfig:
    """The configuration in this text; `file` is what findings call it. Raises ConfigurationError."""
    if len(text) > MAX_BYTES or bytes_of(text) > MAX_BYTES:
        raise ConfigurationError([Finding(file, 0, 0, "", _TOO_LARGE)])
    read = tree.read(text)
    findings = [_finding(file, p.position, p.path, p.message) for p in read.problems]
    config = None
    if read.data is not None or not read.problems:
        config, errors = _validate(read.data)
        findings += [_schema_finding(file, read, error) for error in errors]
        findings += [_finding(file, read.position(p), p, message) for p, message in _crossed(config, errors)]
    if findings or config is None:
        raise ConfigurationError(findings)
    return config


def bytes_of(text: str) -> int:
    """How long it is in a file."""
    return len(text.encode("utf-8", "surrogatepass"))


def _crossed(config: HotlineConfig | None, errors: list[ErrorDetails]) -> list[tuple[tree.Path, str]]:
    """What the cross rules say, except about places where the schema has already found something."""
    known = {error["loc"] for error in errors}
    near = known | {loc[:-1] for loc in known}
    problems = check(config) if config else []
    return [(path, message) for path, message in problems if path not in near and path[:-1] not in known]


def _validate(data: Any) -> tuple[HotlineConfig | None, list[ErrorDetails]]:
    """The configuration, if the cross rules can be asked, and the schema's errors.

    Keys that are unknown, or wrong but have a default, are left out in a second try, and unquoted
    numbers are taken as text, so that one slip does not hide what the cross rules would say about the rest.
    """
    try:
        return HotlineConfig.model_validate(data), []
    except ValidationError as error:
        errors = error.errors()
    try:
        return HotlineConfig.model_validate(_without(data, errors)), errors
    except ValidationError:
        return None, errors


def _without(data: Any, errors: list[ErrorDetails]) -> Any:
    pruned = copy.deepcopy(data)
    for loc, kind in {_without_mark(error["loc"]): error["type"] for error in errors}.items():
        parent: Any = pruned
        for part in loc[:-1]:
            parent = parent[part] if _has(parent, part) else None
        if loc and _has(parent, loc[-1]):
            _mend(parent, loc[-1], kind)
    return pruned


def _mend(parent: Any, key: str | int, kind: str) -> None:
    """An unquoted number becomes the text that was meant; anything else is left out where that is possible."""
    if kind in ("value_error", "string_type") and type(parent[key]) is int:
        parent[key] = str(parent[key])
    elif isinstance(parent, dict):
        del parent[key]


def _without_mark(loc: tree.Path) -> tree.Path:
    """pydantic marks a wrong key of a mapping with "[key]" after it."""
    return tuple(part for part in loc if part != "[key]")


def _has(parent: Any, part: str | int) -> bool:
    return part in parent if isinstance(parent, dict) else isinstance(parent, list) and part in range(len(parent))


def _schema_finding(file: str, read: tree.Tree, error: ErrorDetails) -> Finding:
    loc = _without_mark(error["loc"])
    at_key = error["type"] == "extra_forbidden" or loc != error["loc"]
    if not loc:
        return _finding(file, read.position(()), (), 'the file must be a mapping: lines of the form "key: value"')
    position = read.position(loc[:-1]) if error["type"] == "missing" else read.position(loc, key=at_key)
    return _finding(file, position, loc, explain({**error, "loc": loc}))


def _finding(file: str, position: tree.Position, path: tree.Path, message: str) -> Finding:
    return Finding(file, *position, ".".join(map(str, path)) or "yaml", message)


def _unreadable(path: Path, message: str) -> ConfigurationError:
    return ConfigurationError([Finding(str(path), 0, 0, "", message)])


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file; give the path of a configuration, for example config/hotline.yaml"
    if isinstance(error, IsADirectoryError):
        return "this is a directory; give the path of the configuration file in it"
    if isinstance(error, PermissionError):
        return "this file may not be read by the present user; check its owner and rights"
    return f"this file cannot be read ({getattr(error, 'strerror', None) or error}); check path and disk"


def _printable(text: str) -> str:
    return "".join(_kept(char) for char in text)


def _kept(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
