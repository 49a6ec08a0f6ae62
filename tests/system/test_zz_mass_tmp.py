import asyncio, random, time
import pytest
from contextlib import AsyncExitStack
from tests.system.test_return import *  # noqa
from tests.system.sip import Call as Raw, UdpPhone

@pytest.mark.timeout(500)
async def test_mass(chain):
    anna = await chain.agent("anna")
    talking = await chain.caller(THREE, "4")
    annas = await _take(anna)
    await chain.go_away(anna)
    async with AsyncExitStack() as stack:
        for i in range(60):
            phone = await stack.enter_async_context(UdpPhone(chain.asterisk.sip_port))
            a = await Raw(phone, sender=f"<sip:0572177{i:04d}@127.0.0.1>").invite()
            assert a.status == 200
            await asyncio.sleep(0.02)
        await chain.happened(happenings.QUEUED, 60)
        t = time.monotonic()
        await chain.start_service(chain.clock)
        t1 = time.monotonic()
        await anna.open_page()
        await anna.until(lambda s: s["hotline"]["waiting"] == 60)
        print("service up", t1 - t, "all back", time.monotonic() - t)
        order = []
        for i in range(6):
            await _finish(anna, annas) if i == 0 else None
            shown = await anna.until(lambda s: s["state"] == "offered" and s["call"]["caller"] not in order)
            order.append(shown["call"]["caller"])
            ring = await anna.phone.incoming(); await ring.answer(); await anna.until_state("talking")
            await ring.hang_up(); await anna.until_state("wrap_up"); await anna.dispose("settled")
        print(order)
        assert order == sorted(order)
    ledger = await chain.ledger()
    async with ledger._db.read() as c:
        n = (await c.execute(select(calls.c.id))).all()
    print("calls", len(n))
    assert len(n) == 61
