"""`hotline testcall` beside a running hotline: a real SIP call whose way it tells step by step."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.system.chain import Chain, hotline
from tests.system.conftest import StartAsterisk

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def chain(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Chain]:
    async with hotline(start_asterisk, shipped) as chain:
        yield chain


async def _testcall(chain: Chain, *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hotline", "testcall", "--state", str(chain.asterisk.state.path), *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def test_testcall_tells_who_was_rung_and_that_both_were_heard(chain: Chain) -> None:
    anna = await chain.agent("anna")
    process = await _testcall(chain, "--press", "4", "--talk", "3")
    ringing = await anna.phone.incoming(timeout=30)
    assert anna.snapshot["call"]["request_type"]["label"] == "Mietkosten"
    await ringing.answer()
    saying = asyncio.create_task(ringing.play_tone(880, seconds=5))
    told, _ = await process.communicate()
    await asyncio.gather(saying, return_exceptions=True)
    text = told.decode()
    assert process.returncode == 0, text
    for step in ("Taste 4", "Mietkosten", "Anna Ahrens", "die andere Seite gehört"):
        assert step in text, text


async def test_testcall_without_a_hotline_says_so_in_one_sentence(tmp_path: Any) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hotline", "testcall", "--state", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    assert process.returncode == 1
    assert "make run" in complaint.decode()
    assert "Traceback" not in complaint.decode()
