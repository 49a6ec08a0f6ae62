"""What a browser may send: JSON objects of short, printable texts; anything else is refused with 400."""

import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from hotline.web.problems import Problem

BODY_BYTES = 64 * 1024
TEXT_LENGTH = 4000
WORD = re.compile(r"[A-Za-z0-9._-]{1,100}")
"""Ids and keys."""
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
FIELDS_AT_MOST = 60


async def json_body(request: web.Request) -> Mapping[str, Any]:
    """The body as a JSON object; an empty body is an empty object."""
    raw = await request.read()
    if not raw:
        return {}
    try:
        value = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Problem(400, "Die Anfrage ist kein gültiges JSON.") from None
    if not isinstance(value, dict):
        raise Problem(400, "Die Anfrage muss ein JSON-Objekt sein.")
    return value


async def form_body(request: web.Request) -> Mapping[str, Any]:
    """The fields of a form; a body that is none is refused."""
    try:
        return await request.post()
    except (ValueError, LookupError, HttpProcessingError):  # a broken multipart body, an unknown character set
        raise Problem(400) from None


def text(body: Mapping[str, Any], key: str, longest: int = TEXT_LENGTH) -> str:
    """A text that may be empty; missing counts as empty."""
    return checked(body.get(key, ""), key, longest)


def optional_text(body: Mapping[str, Any], key: str, longest: int = TEXT_LENGTH) -> str | None:
    return None if body.get(key) is None else text(body, key, longest)


def word(body: Mapping[str, Any], key: str) -> str:
    """An id or a key out of a short alphabet."""
    value = body.get(key)
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise Problem(400, f"In der Anfrage fehlt „{key}“ oder ist falsch.")
    return value


def texts(body: Mapping[str, Any], key: str) -> dict[str, str]:
    """An object whose values are all texts, such as the fields of a form."""
    values = body.get(key, {})
    if not isinstance(values, dict) or len(values) > FIELDS_AT_MOST:
        raise Problem(400, f"In der Anfrage ist „{key}“ falsch.")
    return {word({"Feldname": name}, "Feldname"): checked(value, name, TEXT_LENGTH) for name, value in values.items()}


def checked(value: object, what: str, longest: int) -> str:
    """The value as a text with plain line ends, or a refusal that names it."""
    if not isinstance(value, str):
        raise Problem(400, f"In der Anfrage ist „{what}“ kein Text.")
    plain = value.replace("\r\n", "\n").replace("\r", "\n")
    if len(plain) > longest:
        raise Problem(400, f"Der Text ist zu lang, erlaubt sind {longest} Zeichen.", {what: "Dieser Text ist zu lang."})
    if UNPRINTABLE.search(plain):
        raise Problem(400, "Der Text enthält nicht erlaubte Zeichen.", {what: "Nicht erlaubte Zeichen."})
    return plain


def path_word(request: web.Request, key: str = "id") -> str:
    return word(request.match_info, key)


def screen_id(request: web.Request) -> str:
    return word(request.query, "screen")
