"""How calls are distributed and how long callers wait: the numbers of the configuration, each with unit and meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from agents.forms import FormError
from config.editing import Edit, Kind
from config.schema import HotlineConfig, SameAgent
from hotline.web.admin_basis import change, everyday, mapping_in, posted, tells_outdated
from hotline.web.admin_numbers import GROUPS, NUMBERS, SWITCHES, THEN, Number
from hotline.web.reading import text

_SAME_AGENT = ("distribution", "same_agent")
_KNOWN = "distribution.same_agent"
"""The field that says whether anybody is preferred at all."""
_NOBODY = "Das ist ausgeschaltet, diese Zahlen gelten nicht. Steht hier ein Haken, laden Sie die Seite bitte neu."


@dataclass(frozen=True, slots=True)
class _Wish:
    path: tuple[str, ...]
    value: Any
    """None takes the key away."""


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/distribution"""

    def values(config: HotlineConfig) -> Mapping[str, Any]:
        return {"groups": GROUPS, "then": THEN, "known": _KNOWN, "value_of": lambda field: _value(config, field.path)}

    return await everyday(request, "admin/distribution.html", values)


@tells_outdated
async def save(request: web.Request) -> web.StreamResponse:
    """POST /admin/distribution {values: {"line.longest_wait_seconds": "900", "line.expected_wait": "on", …}}

    Those that were changed; what is not ticked any more is "".
    """
    body = await posted(request)
    given = mapping_in(body, "values", 100)

    def edits(config: HotlineConfig) -> Sequence[Edit]:
        wishes = _wishes(given)
        changed = [wish for wish in wishes if wish.value != _value(config, ".".join(wish.path))]
        if _comes_or_goes(config, given):
            own = {wish.path[-1]: wish.value for wish in wishes if wish.path[:2] == _SAME_AGENT}
            changed = [wish for wish in changed if wish.path[:2] != _SAME_AGENT]
            changed += [_Wish(_SAME_AGENT, SameAgent().model_dump() | own if given[_KNOWN] else None)]
        elif config.distribution.same_agent is None:
            changed = _without_anybody(changed, given)
        return [_edit(wish) for wish in changed]

    paths = [field.path for fields in GROUPS.values() for field in fields]
    return await change(request, body, edits, {path: path for path in paths})


def _wishes(given: Mapping[str, Any]) -> list[_Wish]:
    """What the form says; FormError with a sentence for each field."""
    findings: dict[str, str] = {}
    result = []
    for field in NUMBERS:
        if field.path not in given or (field.path.startswith(_KNOWN) and not given.get(_KNOWN, "on")):
            continue
        try:
            result.append(_Wish(tuple(field.path.split(".")), _number(field, text(given, field.path, 12).strip())))
        except ValueError as error:
            findings[field.path] = str(error)
    for switch in (one for one in SWITCHES if one.path in given):
        given_value = text(given, switch.path, 12)
        if switch.choices and given_value not in switch.choices:
            findings[switch.path] = "Bitte wählen Sie, was dann geschieht."
        wanted = given_value if switch.choices else bool(given_value)
        result.append(_Wish(tuple(switch.path.split(".")), wanted))
    if findings:
        raise FormError(findings)
    return [wish for wish in result if wish.path != _SAME_AGENT]


def _number(field: Number, written: str) -> float | int | None:
    """None for an empty field that may be empty. ValueError with a German sentence."""
    if not written and field.optional:
        return None
    try:
        value = float(written.replace(",", ".")) if field.decimal else int(written)
    except ValueError:
        raise ValueError(
            "Bitte geben Sie eine Zahl an." if field.decimal else "Bitte geben Sie eine ganze Zahl an."
        ) from None
    if not field.least <= value <= field.most:
        raise ValueError(f"Erlaubt sind {field.least:g} bis {field.most:g}.".replace("0.1", "0,1"))
    return value


def _comes_or_goes(config: HotlineConfig, given: Mapping[str, Any]) -> bool:
    """The section about the same agent does, as a whole."""
    return _KNOWN in given and bool(given[_KNOWN]) == (config.distribution.same_agent is None)


def _without_anybody(changed: Sequence[_Wish], given: Mapping[str, Any]) -> list[_Wish]:
    """Nobody is preferred: FormError when the numbers of that were changed all the same."""
    others = [wish for wish in changed if wish.path[:2] != _SAME_AGENT]
    if len(others) != len(changed) and _KNOWN not in given:
        raise FormError({_KNOWN: _NOBODY})
    return others


def _edit(wish: _Wish) -> Edit:
    return Edit(Kind.REMOVE, wish.path) if wish.value is None else Edit(Kind.SET, wish.path, wish.value)


def _value(config: HotlineConfig, path: str) -> Any:
    """What holds now; the defaults of a section that is left out."""
    found: Any = config
    for part in path.split("."):
        found = getattr(SameAgent() if found is None else found, part)
    return found
