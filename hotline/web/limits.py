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
    """Those of one site. An office behind one address has room for all its people."""

    def __init__(self) -> None:
        self._logins = Buckets(burst=30, per_second=0.5)
        self._sessions = Buckets(burst=100, per_second=10)
        self._strangers = Buckets(burst=60, per_second=2)

    def login(self, address: str) -> bool:
        """A try to log in, right or wrong."""
        return self._logins.take(address, _now())

    def logged_in(self, address: str) -> None:
        """The try was right: only wrong ones count."""
        self._logins.give_back(address, _now())

    def post(self, session: str | None, address: str) -> bool:
        """A request that may change something."""
        if session is not None:
            return self._sessions.take(session, _now())
        return self._strangers.take(address, _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
