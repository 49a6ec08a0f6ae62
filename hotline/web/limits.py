"""How much one browser may ask for in a short time: token buckets, generous for people, narrow for programs."""

import asyncio
from collections import OrderedDict

KEYS_KEPT = 10_000


class Buckets:
    """One bucket for each key: full it holds `burst` tokens, and `per_second` come back."""

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float) -> bool:
        """Take one token at that moment (seconds, monotonic); False when there is none."""
        held = self._tokens(key, now)
        enough = held >= 1
        self._keep(key, held - 1 if enough else held, now)
        return enough

    def give_back(self, key: str, now: float) -> None:
        """What was taken shall not count."""
        self._keep(key, min(self._burst, self._tokens(key, now) + 1), now)

    def _tokens(self, key: str, now: float) -> float:
        held, since = self._held.get(key, (self._burst, now))
        return min(self._burst, held + (now - since) * self._per_second)

    def _keep(self, key: str, held: float, now: float) -> None:
        self._held[key] = (held, now)
        self._held.move_to_end(key)
        while len(self._held) > KEYS_KEPT:
            self._held.popitem(last=False)


class Limits:
    """Those of one site. Behind a proxy everybody has the same address: one person must not use up what all need."""

    def __init__(self) -> None:
        self._logins = Buckets(burst=30, per_second=0.5)
        self._logins_of_address = Buckets(burst=300, per_second=5)
        self._sessions = Buckets(burst=100, per_second=10)
        self._looks = Buckets(burst=100, per_second=5)
        self._links = Buckets(burst=60, per_second=2)
        self._strangers = Buckets(burst=60, per_second=2)

    def login(self, address: str, name: str) -> bool:
        """A try to log in, right or wrong. What is refused to one name takes nothing from the other names."""
        now = _now()
        return self._logins.take(f"{address} {name}", now) and self._logins_of_address.take(address, now)

    def logged_in(self, address: str, name: str) -> None:
        """The try was right: only wrong ones count."""
        now = _now()
        self._logins.give_back(f"{address} {name}", now)
        self._logins_of_address.give_back(address, now)

    def session(self, token: str) -> bool:
        """Something that may change something, asked by somebody who is logged in."""
        return self._sessions.take(token, _now())

    def look(self, token: str) -> bool:
        """A page or a part of one, asked by somebody who is logged in: many looks are written down, each as a row.

        Too many of these stop no button.
        """
        return self._looks.take(token, _now())

    def link(self, token: str) -> bool:
        """The same, asked with the token of a mailed link; wherever from."""
        return self._links.take(token, _now())

    def stranger(self, address: str) -> bool:
        """The same, asked by anybody else."""
        return self._strangers.take(address, _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
