"""What was written about a call, for the page's list of today and as text to copy."""

from collections.abc import Sequence
from typing import Any

from agents.call_text import CallText, Line, RequestText
from agents.disposition import CORRECTABLE, LABELS, OUTCOMES, PERSON, UNKNOWN, Outcome
from agents.forms import in_words
from config.schema import FieldKind, FormField, HotlineConfig, RequestType
from hotline.storage.written import Written
from hotline.views import request_view, written_view
from routing.numbers import NumberPlan


def entry_view(row: Written, config: HotlineConfig) -> dict[str, Any]:
    """One entry of the list: what `written_view` has, with all that can be corrected.

    `id`, `call_id`, `at`, `corrected_at` (ISO 8601), `caller`, `note`, `status` of the promise, `values` by field as
    they are typed, `fields` of the form, and `outcomes`: the codes of what it can become.
    """
    request = _request(config, row.request_type)
    return {
        **written_view(row, config),
        "id": row.id,
        "call_id": row.call_id,
        "at": row.at.isoformat(),
        "corrected_at": row.corrected_at.isoformat() if row.corrected_at else None,
        "caller": _number(config, row.caller),
        "note": row.note or "",
        "status": row.status,
        "values": _values(row, config, request),
        "fields": request_view(request)["fields"] if request else [],
        "outcomes": [outcome.value for outcome in CORRECTABLE[Outcome(row.outcome)]],
    }


def call_text(rows: Sequence[Written], config: HotlineConfig) -> CallText:
    """All requests of one call; at least one."""
    first = rows[0]
    names = {agent.name: agent.full_name for agent in config.agents}
    writers = dict.fromkeys(names.get(row.agent, row.agent) for row in rows)
    caller = _number(config, first.caller)
    return CallText(first.called_at or first.at, ", ".join(writers), caller, [_text(row, config) for row in rows])


def _text(row: Written, config: HotlineConfig) -> RequestText:
    request = _request(config, row.request_type)
    form = row.form or {}
    callback = f" ({_number(config, row.callback_number)})" if row.callback_number else ""
    return RequestText(
        request.label if request else row.request_type,
        OUTCOMES[Outcome(row.outcome)] + callback,
        _person(row, config),
        [(field.label, in_words(field, form[field.key])) for field in _fields(request) if field.key in form],
        row.note or "",
        row.receipt,
        row.due_at or row.callback_due,
        row.responsible_name,
        row.rule,
    )


def _person(row: Written, config: HotlineConfig) -> list[Line]:
    name = " ".join(part for part in (row.given_name, row.family_name) if part)
    household = row.household_number or row.entered
    lines = [
        ("Person", name),
        (LABELS["household_number"], household),
        (LABELS["phone"], _number(config, row.phone)),
        (LABELS["best_time"], row.best_time),
    ]
    return [(label, value) for label, value in lines if value]


def _values(row: Written, config: HotlineConfig, request: RequestType | None) -> dict[str, str]:
    """What stands in the fields when it is corrected."""
    form = row.form or {}
    values = {field.key: _typed(field, form[field.key]) for field in _fields(request) if field.key in form}
    if row.promise_id is not None:
        values |= {key: getattr(row, key) or "" for key in PERSON}
        values["household_number"] = values["household_number"] or UNKNOWN
    else:
        values["household_number"] = row.entered or ""
    values["phone"] = _number(config, row.phone or row.caller) or ""
    return {**values, "note": row.note or ""}


def _typed(field: FormField, value: str) -> str:
    """As it stands in the field of the page: a date stays ISO there, money has a comma."""
    return value.replace(".", ",") if field.kind is FieldKind.MONEY else value


def _fields(request: RequestType | None) -> list[FormField]:
    return request.fields if request else []


def _request(config: HotlineConfig, key: str) -> RequestType | None:
    try:
        return config.request_type(key)
    except KeyError:
        return None


def _number(config: HotlineConfig, e164: str | None) -> str | None:
    plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
    return plan.display(e164) if e164 else None
