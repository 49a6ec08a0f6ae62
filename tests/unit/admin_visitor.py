"""An admin who is logged in, and what the pages of the admin send."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.doubles_admin import FakeChanging
from tests.unit.doubles_web import FakeUser
from tests.unit.site_web import Visitor

ADMIN = "klara"


@pytest.fixture(name="admin")
async def an_admin(visitor: Visitor) -> Visitor:
    visitor.accounts.users[ADMIN] = FakeUser(ADMIN, "admin")
    assert (await visitor.log_in(ADMIN)).status == 303
    return visitor


def changing(visitor: Visitor) -> FakeChanging:
    return visitor.services.changing  # type: ignore[return-value]


def state(visitor: Visitor) -> dict[str, Any]:
    """What a page that is fetched now tells about what it shows."""
    service = changing(visitor)
    return {
        "revision": None if service.kept is None else service.kept.revision,
        "version": service.versions[0].version,
    }


def form(shown: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return {**shown, "values": dict(values)}


async def sent(visitor: Visitor, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Post that form as a page does that was just fetched; it must be accepted."""
    answer = await visitor.post(path, form(state(visitor), values))
    told: dict[str, Any] = await answer.json()
    assert answer.status == 200, told
    return told


async def findings(visitor: Visitor, path: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The same; it must be refused at fields, and leave the draft as it was."""
    before = changing(visitor).kept
    answer = await visitor.post(path, form(state(visitor), values))
    told = await answer.json()
    assert answer.status == 422, told
    assert changing(visitor).kept == before
    fields: dict[str, str] = told["fields"]
    return fields
