"""Which promise a link in a mail opens, and for how long: signed, for one promise, in real time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

SALT = "hotline.promise"


class LinkState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """`promise_id` only for a valid link: an expired one opens nothing."""

    state: LinkState
    promise_id: str | None = None
    holder: int = 0
    """How often the promise had been handed on when the link was made."""


class Links:
    """Makes and reads the links of one hotline; `key` is secret and stays in the state directory."""

    def __init__(
        self, key: str, public_url: str, link_days: int, path: str = "/p/", clock: Callable[[], float] = time.time
    ) -> None:
        self._address = public_url.rstrip("/") + path
        self._seconds = timedelta(days=link_days).total_seconds()
        self._signer = _Signer(key, clock)
        self._clock = clock

    def token(self, promise_id: str, holder: int = 0) -> str:
        """The signed token; safe in a URL. `holder` counts those who had the promise before."""
        return self._signer.sign(f"{promise_id}.{holder}" if holder else promise_id).decode("ascii")

    def link(self, promise_id: str, holder: int = 0) -> str:
        """The whole address for the mail."""
        return self._address + self.token(promise_id, holder)

    def open(self, token: str) -> OpenedLink:
        """What a token from a URL stands for; anything we did not sign is broken."""
        try:
            signed = self._signer.unsign(token.encode("ascii"), max_age=int(self._seconds))
        except SignatureExpired as expired:
            if not self._is_from_the_future(expired):
                return OpenedLink(LinkState.EXPIRED)
            signed = expired.payload or b""
        except (BadSignature, UnicodeEncodeError):
            return OpenedLink(LinkState.BROKEN)
        promise_id, _, holder = signed.decode("utf-8").partition(".")
        return OpenedLink(LinkState.VALID, promise_id, int(holder or 0))

    def _is_from_the_future(self, expired: SignatureExpired) -> bool:
        """Made before the clock was set back: as good as new."""
        return expired.date_signed is not None and expired.date_signed.timestamp() > self._clock()


class _Signer(TimestampSigner):
    def __init__(self, key: str, clock: Callable[[], float]) -> None:
        super().__init__(key, salt=SALT, sep=".", key_derivation="hmac")
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())
