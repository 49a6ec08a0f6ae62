"""After every login to Asterisk: whatever either side did while it could not hear the other is brought together again.

The order: nobody who does not want to is rung; talks and ends are found; callers come back. Each difference is logged
with its cause where it is found (hotline/mirror.py, restoring.py, returning.py, asterisk_events.py).
"""

from hotline.channels import Channels
from hotline.logs import log_failure
from hotline.mirror import Mirror
from hotline.restoring import Restorer
from hotline.returning import Returner


class Resync:
    def __init__(self, mirror: Mirror, restorer: Restorer, returner: Returner) -> None:
        self._mirror = mirror
        self._restorer = restorer
        self._returner = returner

    async def connected(self, channels: Channels) -> None:
        """`channels` is Asterisk's answer after the login. One part that fails does not keep the others from theirs."""
        for what, part in (("mirror", self._mirror.check()), ("talks and ends", self._restorer.adopt(channels))):
            try:
                await part
            except Exception as error:
                log_failure(f"after a login this was not brought together: {what}", "", error)
        self._returner.look_soon()
