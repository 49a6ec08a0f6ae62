"""Receipts by short message: only with consent, neutral, over Twilio's own client against a fake of its interface."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.http.async_http_client import AsyncTwilioHttpClient

from agents.answers import wants_receipt
from agents.forms import FormError
from agents.promises import short_message_for
from config.schema import HotlineConfig, Sms
from hotline.mail.sender import Failure
from hotline.storage.short_messages import ShortMessages
from hotline.workplace import short_messages as module
from hotline.workplace.short_messages import MOST_TRIES, ShortMessageSender
from hotline.workplace.twilio_gateway import TwilioGateway
from tests.unit.promise_office import TUESDAY_EVENING, Office, opened

pytestmark = pytest.mark.filterwarnings("ignore:(BasicAuth|The 'auth' parameter) is deprecated:DeprecationWarning")
"""By Twilio's client; what it uses is there until aiohttp 4, which we do not use."""
SMS = Sms(account="AC" + "0" * 32, secret_file="sms.secret", sender="+4915112345678")
MOBILE, TOKEN = "+4915112345679", "geheimes-kennwort"
FORM = {
    **{"family_name": "Ahrens", "given_name": "Ayşe", "household_number": "7654321", "phone": "0151 12345679"},
    **{"best_time": "vormittags", "office": "stadthagen", "new_rent": "512,50", "from_date": "1.12.2026", "sms": "yes"},
}


class FakeTwilio:
    """The one resource we use, as documented at twilio.com/docs/messaging/api/message-resource."""

    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.authorization: list[str] = []
        self.answer: tuple[int, Any] = (201, None)
        self.silent = asyncio.Event()
        self.silent.set()
        self.hangs_up = False

    async def create(self, request: web.Request) -> web.Response:
        self.authorization.append(request.headers["Authorization"])
        self.got.append({key: str(value) for key, value in (await request.post()).items()})
        if self.hangs_up and request.transport is not None:
            request.transport.abort()
        await self.silent.wait()
        status, body = self.answer
        if status == 201 and body is None:
            body = {"sid": f"SM{len(self.got):032x}", "status": "queued", "account_sid": request.match_info["account"]}
        return web.Response(status=status, text=json.dumps(body), content_type="application/json")

    def refuse(self, status: int, code: int) -> None:
        self.answer = (status, {"code": code, "message": f"no: {MOBILE}", "status": status})


class Rerouted(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Twilio's client, sent to the fake."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    async def request(self, method: str, url: str, *args: Any, **values: Any) -> Any:
        return await super().request(method, url.replace("https://api.twilio.com", self.place), *args, **values)


@pytest.fixture
async def twilio() -> AsyncIterator[tuple[FakeTwilio, TwilioGateway]]:
    fake, app = FakeTwilio(), web.Application()
    app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", fake.create)
    server = TestServer(app)
    await server.start_server()
    gateway = TwilioGateway(SMS, TOKEN, Rerouted(str(server.make_url("")).rstrip("/")))
    yield fake, gateway
    fake.silent.set()
    await gateway.close()
    await server.close()


@pytest.fixture
async def office(tmp_path: Path, config: HotlineConfig) -> AsyncIterator[Office]:
    async with opened(tmp_path, config.model_copy(update={"sms": SMS})) as office:
        yield office


Pair = tuple[FakeTwilio, TwilioGateway]


async def test_message_is_handed_to_twilio_as_documented(twilio: Pair) -> None:
    fake, gateway = twilio
    assert await gateway.send(MOBILE, "Ihre Vorgangsnummer") == f"SM{1:032x}"
    assert fake.got == [{"To": MOBILE, "From": SMS.sender, "Body": "Ihre Vorgangsnummer"}]
    assert fake.authorization[0].startswith("Basic ")


REFUSALS = [(400, 21211, True), (400, 21610, True), (401, 20003, False), (429, 20429, False), (500, 20500, False)]


@pytest.mark.parametrize(("status", "code", "lasting"), REFUSALS)
async def test_refusal_is_a_code_without_the_number(twilio: Pair, status: int, code: int, lasting: bool) -> None:
    fake, gateway = twilio
    fake.refuse(status, code)
    assert await gateway.send(MOBILE, "x") == Failure(str(code), lasting)


@pytest.mark.parametrize("status", [201, 302, 502])
@pytest.mark.parametrize("body", ["nonsense", [1], {}])
async def test_answer_that_is_none_of_twilios_may_mean_that_it_was_sent(twilio: Pair, status: int, body: Any) -> None:
    fake, gateway = twilio
    fake.answer = (status, body)
    answer = await gateway.send(MOBILE, "x")
    assert answer == module.LOST or (status, body, answer) == (201, {}, "")


async def test_nobody_there_is_a_failure_that_may_pass() -> None:
    gateway = TwilioGateway(SMS, TOKEN, Rerouted("http://127.0.0.1:9"))
    failure = await gateway.send(MOBILE, "x")
    await gateway.close()
    assert failure == Failure("no connection")


# --- from the agent's form to the telephone --------------------------------------------------------


def sender(office: Office, gateway: TwilioGateway) -> ShortMessageSender:
    return ShortMessageSender(ShortMessages(office.db, office.hotline), gateway, office.clock)


async def due(office: Office) -> int:
    return len(await ShortMessages(office.db, office.hotline).due(datetime(2100, 1, 1, tzinfo=UTC)))


async def forward(office: Office, **values: str) -> str:
    """Forward a request; returns the promise's id. From then on it is the machine's own time."""
    await office.case_work.dispose(office.call, "anna", "forwarded", FORM | values)
    [mail] = await office.mails()
    opened_link = office.links.open(mail.body.split("/promise/")[1].split()[0])
    office.time = datetime.now(UTC)
    assert opened_link.promise_id is not None
    return opened_link.promise_id


async def test_receipt_goes_to_a_caller_who_agreed(office: Office, twilio: Pair) -> None:
    fake, gateway = twilio
    promise_id = await forward(office)
    assert await sender(office, gateway).send_due() == 1
    row = await office.promises.by_id(promise_id)
    assert row is not None
    [sent] = fake.got
    assert sent["To"] == MOBILE
    assert sent["Body"] == (
        f"Ihre Vorgangsnummer: {row.receipt}. Sie erhalten eine Antwort bis Dienstag, 24. November 2026."
    )
    assert await sender(office, gateway).send_due() == 0
    assert await office.kinds(promise_id) == ["made", "sms_sent"]


def test_message_says_nothing_about_the_matter(config: HotlineConfig) -> None:
    text = short_message_for("26-4821-7300", TUESDAY_EVENING, "Europe/Berlin")
    for word in ("Jobcenter", "Miete", "Leistung", "Telefonservice"):
        assert word not in text
    assert len(text) <= 160


@pytest.mark.parametrize("consent", ["", "no", "on"])
async def test_without_consent_nothing_is_sent(office: Office, consent: str) -> None:
    await forward(office, sms=consent)
    assert await due(office) == 0


async def test_where_it_is_not_configured_nothing_is_sent(office: Office) -> None:
    office.call.config = office.config.model_copy(update={"sms": None})
    await forward(office)
    assert await due(office) == 0


async def test_what_still_waits_when_it_is_configured_no_more_is_refused(office: Office, twilio: Pair) -> None:
    """Nobody would ever send it: its number and text would wait for ever, and so never expire."""
    promise_id = await forward(office)
    assert await due(office) == 1
    messages = ShortMessages(office.db, office.hotline)
    assert await messages.refuse_waiting(office.time) == 1
    assert await due(office) == 0
    [_, refused] = await office.steps.of(promise_id)
    assert (refused.kind, refused.codes) == ("sms_refused", {"code": "not_configured"})
    assert await messages.refuse_waiting(office.time) == 0
    assert await sender(office, twilio[1]).send_due() == 0


@pytest.mark.parametrize("phone", ["05721 9824", "+33 6 12 34 56 78"])
def test_only_mobile_numbers_of_this_country_get_one(config: HotlineConfig, phone: str) -> None:
    with_sms = config.model_copy(update={"sms": SMS})
    with pytest.raises(FormError) as caught:
        wants_receipt(with_sms, {"sms": "yes"}, phone.replace(" ", ""))
    assert "Mobilnummer" in caught.value.findings["sms"]


async def test_what_may_pass_is_tried_again_later_and_given_up_in_the_end(office: Office, twilio: Pair) -> None:
    fake, gateway = twilio
    promise_id = await forward(office)
    fake.refuse(500, 20500)
    for tries in range(1, MOST_TRIES + 1):
        assert await sender(office, gateway).send_due() == 0
        assert await sender(office, gateway).send_due() == 0
        assert len(fake.got) == tries
        office.time += timedelta(hours=1)
    assert await due(office) == 0
    assert await office.kinds(promise_id) == ["made", "sms_refused"]


async def test_what_is_refused_for_good_is_not_tried_again(office: Office, twilio: Pair) -> None:
    fake, gateway = twilio
    promise_id = await forward(office)
    fake.refuse(400, 21211)
    await sender(office, gateway).send_due()
    assert await due(office) == 0
    [_, refused] = await office.steps.of(promise_id)
    assert (refused.kind, refused.codes) == ("sms_refused", {"code": "21211"})


@pytest.mark.parametrize("how", ["silent", "hangs up"])
async def test_lost_answer_is_given_up_because_it_may_have_been_sent(
    office: Office, twilio: Pair, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    fake, gateway = twilio
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2 if how == "silent" else 10)
    promise_id = await forward(office)
    fake.silent.clear()
    fake.hangs_up = how == "hangs up"
    async with asyncio.timeout(20):
        assert await sender(office, gateway).send_due() == 0
        office.time += timedelta(hours=1)
        assert await sender(office, gateway).send_due() == 0
    assert len(fake.got) == 1
    assert await due(office) == 0
    [_, refused] = await office.steps.of(promise_id)
    assert (refused.kind, refused.codes) == ("sms_refused", {"code": "unknown"})


async def test_refused_connection_is_tried_again(office: Office) -> None:
    gateway = TwilioGateway(SMS, TOKEN, Rerouted("http://127.0.0.1:9"))
    await forward(office)
    assert await sender(office, gateway).send_due() == 0
    await gateway.close()
    assert await due(office) == 1
