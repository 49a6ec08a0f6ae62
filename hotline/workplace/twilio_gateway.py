"""Hands short messages to Twilio; the package `twilio` is an extra and is loaded only when it is needed."""

import importlib
import logging
from typing import Any

from aiohttp import ClientConnectorError

from config.schema import Sms
from hotline.errors import SetupError
from hotline.mail.sender import Failure
from hotline.workplace.short_messages import LOST

REFUSED = 400
"""What is wrong with this very message; any other status may pass or concerns all of them."""
SERVER_ERROR = 500


class TwilioGateway:
    """To be made in the event loop; `http` (an AsyncTwilioHttpClient) only by tests.

    Twilio's client ignores the time limit it is given: whoever calls `send` sets one.
    """

    def __init__(self, sms: Sms, token: str, http: Any = None) -> None:
        logging.getLogger("twilio").setLevel(logging.WARNING)  # below, it writes down numbers and texts
        self._sender = sms.sender
        self._http = http or _load("twilio.http.async_http_client").AsyncTwilioHttpClient()
        self._client = _load("twilio.rest").Client(sms.account, token, http_client=self._http)
        self._refusal: type[Exception] = _load("twilio.base.exceptions").TwilioException

    async def send(self, number: str, text: str) -> str | Failure:
        try:
            message = await self._client.messages.create_async(to=number, from_=self._sender, body=text)
        except self._refusal as error:
            return _refused(getattr(error, "status", 0), getattr(error, "code", None))
        except ClientConnectorError:
            return Failure("no connection")
        except Exception:  # no answer, or one its client stumbles over: nothing that may end the service
            return LOST
        return str(message.sid or "")

    async def close(self) -> None:
        await self._http.close()


def _refused(status: int, code: int | None) -> Failure:
    """Without a code of Twilio's own a server in between has answered, which may have handed it on."""
    between = code is None or code == status
    if between and not REFUSED <= status < SERVER_ERROR:
        return LOST
    return Failure(str(code or status), lasting=status == REFUSED)


def _load(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SetupError(
            "Short messages are configured (sms), but the package twilio is missing: "
            'install "jobcenter-hotline[twilio]", or remove the section sms.'
        ) from error
