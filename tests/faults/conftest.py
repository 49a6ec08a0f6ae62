"""The rounds of all fault scripts that were asked for, played side by side before the first of their tests looks.

A script is a module test_*.py with a SCRIPT; its tests have the parameter `variant` and look at `rows`. What is left
out on the command line (a module, `-k killed`) is not played.
"""

from dataclasses import replace

import pytest

from tests.faults.rounds import Script, played
from tests.faults.rows import Row


@pytest.fixture(scope="session")
def rows(request: pytest.FixtureRequest) -> list[Row]:
    """What was found."""
    return played(_asked_for(request.session.items))


def _asked_for(items: list[pytest.Item]) -> list[Script]:
    wanted: dict[Script, list[str]] = {}
    for item in items:
        script = getattr(getattr(item, "module", None), "SCRIPT", None)
        call = getattr(item, "callspec", None)
        if isinstance(script, Script) and call is not None:
            wanted.setdefault(script, []).append(call.params["variant"])
    return [replace(script, variants=tuple(variants)) for script, variants in wanted.items()]
