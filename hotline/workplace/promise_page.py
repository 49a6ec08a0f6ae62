"""What the case worker's page shows of a promise, as JSON values: the request, what happened so far, the choices."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agents.answers import WAYS, delays, others
from agents.forms import in_words
from agents.promises import german_moment
from config.schema import FormField, HotlineConfig
from hotline.storage.promise_events import (
    BY_CASE_WORKER,
    CORRECTED,
    ESCALATED,
    HANDED_ON,
    KEPT_STEP,
    MADE,
    NOT_REACHED,
    OPEN,
    POSTPONED,
    REMINDED,
    PromiseStep,
)
from hotline.storage.promises import PromiseRow
from routing.case_workers import label
from routing.numbers import NumberPlan

STEPS = {
    CORRECTED: "Angaben vom Telefonservice berichtigt",
    NOT_REACHED: "Nicht erreicht",
    POSTPONED: "Dauert länger",
    HANDED_ON: "Weitergegeben",
    KEPT_STEP: "Beantwortet",
    REMINDED: "Erinnerung verschickt",
    ESCALATED: "Als überfällig gemeldet",
}
"""What the case worker reads of each step; other steps are not shown."""
CHOSEN = "Vom Telefonservice an Sie gerichtet"
NOBODY = "die zuständige Stelle"
"""Who is to answer, when that name has been erased."""


def page_view(row: PromiseRow, steps: list[PromiseStep], config: HotlineConfig, now: datetime) -> dict[str, Any]:
    """The keys are described in `hotline.web.services.Promises.page`."""
    due = row.due_at.astimezone(ZoneInfo(config.hotline.timezone))
    open_now = row.status == OPEN
    return {
        "receipt": row.receipt,
        "type": label(config, row.request_type),
        "due": row.due_at.isoformat(),
        "overdue": open_now and row.due_at <= now,
        "person": " ".join(part for part in (row.given_name, row.family_name) if part),
        "lines": [*_contact(row, config), *_form_lines(_fields(config, row.request_type), row.form or {})],
        "note": row.note or "",
        "status": row.status,
        "holder": holder_of(row),
        "kept_at": row.kept_at.isoformat() if row.kept_at else None,
        "kept_how": row.how,
        "tries": row.tries,
        "steps": [_step_view(step, config) for step in steps if _is_shown(step)],
        "days": [end.date().isoformat() for end in delays(config, row.due_at, now)] if open_now else [],
        "people": [
            {"key": other.key, "name": other.name, "absent": other.absent}
            for other in others(config, row.responsible_email, due.date())
        ],
        "once": secrets.token_hex(8),
    }


def holder_of(row: PromiseRow) -> str:
    """The name of who is to answer."""
    return row.responsible_name or NOBODY


def reported(steps: list[PromiseStep], config: HotlineConfig) -> list[str]:
    """The case worker's own words, for agents: "24.11.2026, 10:12 Uhr, Nicht erreicht: Mailbox"; none without words."""
    zone = ZoneInfo(config.hotline.timezone)
    return [
        f"{step.at.astimezone(zone):%d.%m.%Y, %H:%M} Uhr, {_words(step, config)}: {step.text}"
        for step in steps
        if step.kind in BY_CASE_WORKER and step.text
    ]


def _is_shown(step: PromiseStep) -> bool:
    return step.kind in STEPS or (step.kind == MADE and bool(step.text))


def _step_view(step: PromiseStep, config: HotlineConfig) -> dict[str, str]:
    return {"at": step.at.isoformat(), "words": _words(step, config), "text": step.text or ""}


def _words(step: PromiseStep, config: HotlineConfig) -> str:
    words = STEPS.get(step.kind, CHOSEN)
    if step.kind == POSTPONED:
        due = datetime.fromisoformat(str(step.codes.get("due", "")))
        return f"{words}, bis {german_moment(due, config.hotline.timezone)}"
    if step.kind == KEPT_STEP:
        return f"{words}: {WAYS.get(str(step.codes.get('how')), '')}"
    return words


def _contact(row: PromiseRow, config: HotlineConfig) -> list[dict[str, str]]:
    plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
    lines = []
    if row.household_number:
        lines.append({"label": "Nummer der Bedarfsgemeinschaft", "value": row.household_number})
    if row.phone:
        lines.append({"label": "Telefon", "value": plan.display(row.phone), "tel": row.phone})
    if row.best_time:
        lines.append({"label": "Am besten erreichbar", "value": row.best_time})
    return lines


def _fields(config: HotlineConfig, request_type: str) -> list[FormField]:
    try:
        return config.request_type(request_type).fields
    except KeyError:
        return []


def _form_lines(fields: list[FormField], form: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"label": field.label, "value": in_words(field, form[field.key])} for field in fields if field.key in form]
