"""How one step of a call is written: kind, agent and codes, never a name or a number of a person."""

from datetime import datetime
from typing import Any

Code = str | int | float | bool | None


def step(
    hotline_id: str, call_id: str, at: datetime, kind: str, agent: str | None, codes: dict[str, Code]
) -> dict[str, Any]:
    """A row of `call_events`. It must always be storable: one bad row would hold back all that wait with it."""
    if at.tzinfo is None:
        raise ValueError("a time without its zone cannot be stored")
    return {
        "hotline_id": hotline_id,
        "call_id": call_id,
        "at": at,
        "kind": kind[:40],
        "agent": agent,
        "codes": {name: storable(value) for name, value in codes.items()},
    }


def storable(value: Code) -> Code:
    """The value without what PostgreSQL or UTF-8 cannot hold; TypeError when it is no code."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"a code is a text or a number, not {type(value).__name__}")
