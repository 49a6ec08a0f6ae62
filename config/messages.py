"""Says in plain English what pydantic found: what is wrong with a value, and what is allowed there."""

import re
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.schema import HotlineConfig

Loc = tuple[str | int, ...]

PATTERNS = {
    r"^AC[0-9a-f]{32}$": 'an account SID is allowed: "AC" and 32 digits or letters a-f',
    r"^(\+[1-9][0-9]{6,14}|[A-Za-z][A-Za-z0-9 ]{0,10})$": (
        'a number as "+495721982400" or a name of at most 11 letters, digits and spaces is allowed'
    ),
    r"^[a-z][a-z0-9_-]{0,30}$": (
        'only lower-case letters a-z, digits, "-" and "_" are allowed, a letter first, at most 31 characters'
    ),
    r"^[0-9]$": 'one key "0" to "9" is allowed, in quotes',
    r"^[^@\s<>,;]+@[^@\s<>,;]+$": 'one plain mail address is allowed, as "team@jobcenter.example"',
    r"^[1-9]\d{0,2}$": 'a country code is allowed, without "+" and zeros, as "49"',
    r"^[1-9]\d{0,5}$": 'an area code is allowed, without its leading zero, as "5721"',
    r"^https?://[^\s/]+$": 'an address without a path is allowed, as "http://hotline.example:8080"',
    r"^https://[A-Za-z0-9.-]+(:\d+)?(/[^\s<>]*)?$": 'an address with https is allowed, as "https://www.example.org/page"',
    r"^[A-Z]{2}$": 'a country of two capital letters is allowed, as "DE"',
    r"^[A-Z]{2,3}$": 'a state of two or three capital letters is allowed, as "NI"',
    r"^[A-ZÄÖÜ](-[A-ZÄÖÜ])?$": 'one capital letter or a span of two is allowed, as "S" or "A-K"',
    r"^[A-Za-z0-9.-]+$": 'a host name or IPv4 address is allowed, as "sip.provider.example"',
    r"^[A-Za-z0-9+._-]+$": 'letters, digits, "+", ".", "_" and "-" are allowed',
    r"^[A-Za-z0-9.:-]+$": 'a host name or address is allowed, as "127.0.0.1"',
    r"^[0-9a-fA-F.:]+/\d{1,3}$": 'a network is allowed, as "192.168.0.0/16"',
    r"^[A-Za-z0-9.:-]+(/\d{1,3})?$": 'a host name, address or network is allowed, as "192.0.2.10" or "192.0.2.0/24"',
}
"""What each pattern of the schema allows; a test keeps the two together."""


def explain(error: ErrorDetails, model: type[BaseModel] = HotlineConfig) -> str:
    """One sentence about this error, without the key's path and without a full stop."""
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind == "value_error":
        return f"{_shown(value)}{context['error']}"
    if kind == "missing":
        return "this key is missing; it must be given"
    if kind == "extra_forbidden":
        return _unknown_key(error["loc"], model)
    if value is None:
        return f"nothing is written here; {_wanted(kind, context)}, or leave the key out if it has a default"
    return f"{_shown(value)}{_wanted(kind, context)}"


def suggestion(word: str, allowed: list[str]) -> str:
    """' (did you mean "rent"?)' when one of the allowed words is close, else nothing."""
    close = get_close_matches(word, allowed, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _wanted(kind: str, context: dict[str, Any]) -> str:
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"it must match {context['pattern']}")
    if kind in ("enum", "literal_error"):
        return f"allowed: {_listed(context['expected'])}"
    for prefix, sentence in _WANTED.items():
        if kind.startswith(prefix):
            return sentence.format(**context)
    return "this is not allowed here"


_WANTED = {
    "string_too_short": "write at least {min_length} character",
    "string_too_long": "at most {max_length} characters are allowed",
    "string": 'text is allowed, in quotes where it looks like a number, a date, "true" or "null"',
    "greater_than_equal": "at least {ge} is allowed",
    "greater_than": "more than {gt} is allowed",
    "less_than_equal": "at most {le} is allowed",
    "less_than": "less than {lt} is allowed",
    "too_short": "at least {min_length} entry is needed",
    "too_long": "at most {max_length} entry is allowed",
    "int": "a whole number is allowed",
    "float": "a number is allowed",
    "finite_number": "a number is allowed",
    "bool": "true or false is allowed",
    "list": 'a list is allowed, as ["one", "two"] or lines that begin with "- "',
    "dict": 'a mapping is allowed: indented lines of the form "key: value"',
    "model": 'a mapping is allowed: indented lines of the form "key: value"',
}


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return ""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return f'"{text[:57]}…": ' if len(text) > 60 else f'"{text}": '


def _listed(expected: str) -> str:
    return ", ".join(re.findall(r"'([^']*)'", expected))


def _unknown_key(loc: Loc, model: type[BaseModel]) -> str:
    allowed = allowed_keys(loc[:-1], model)
    return f"this key does not exist here{suggestion(str(loc[-1]), allowed)}; allowed: {', '.join(allowed)}"


def allowed_keys(loc: Loc, model: type[BaseModel] = HotlineConfig) -> list[str]:
    """The keys of the mapping at `loc`, as they are written in the file."""
    kind: Any = model
    for part in loc:
        kind = _below(_plain(kind), part)
    return list(_fields(_plain(kind)))


def _below(kind: Any, part: str | int) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _fields(kind)[str(part)]
    return get_args(kind)[-1]


def _fields(kind: Any) -> dict[str, Any]:
    return {info.alias or name: info.annotation for name, info in kind.model_fields.items()}


def _plain(kind: Any) -> Any:
    """Without Annotated and Optional."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = next(arg for arg in get_args(kind) if arg is not type(None))
    return kind
