"""Telephones that keep what they hear: hotline.phone, with the process of tests/faults/telephone.py."""

import asyncio
import base64
import os
import sys
from pathlib import Path

from hotline.phone.call import PhoneCall, PhoneError
from hotline.phone.client import LINE_LIMIT, START_SECONDS, Phone
from tests.faults.listening import Recording

ROOT = Path(__file__).resolve().parents[2]


class RecordingPhone(Phone):
    """`async with RecordingPhone() as phone`; any number of calls at once."""

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tests.faults.telephone"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LINE_LIMIT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._reader = asyncio.create_task(self._read(), name="phone")
        try:
            async with asyncio.timeout(2 * START_SECONDS):
                self.port = (await self._start_listening())["port"]
        except BaseException:
            await self.kill()
            raise

    async def recorded(self, call: PhoneCall) -> Recording:
        """All that this call has heard; nothing when the telephone is gone."""
        try:
            answer = await self.do("recorded", call=call._number)
        except PhoneError:
            return Recording([], 8000)
        return Recording([(at, base64.b64decode(pcm)) for at, pcm in answer["pieces"]], answer["rate"])

    async def hum(self, call: PhoneCall, frequency: int) -> None:
        """Say that tone until the call ends."""
        await self.do("hum", call=call._number, frequency=frequency)
