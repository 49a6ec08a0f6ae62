"""After every login to Asterisk: whatever either side did while it could not hear the other is brought together again.

The order: talks are taken up, so that nobody who talks is offered a call; the queue is as the agents want it; callers
come back. Each difference is logged
with its cause where it is found (hotline/recovery/mirror.py, restoring.py, returning.py, asterisk_events.py).
"""

from hotline.logs import log_failure
from hotline.recovery.channels import Channels
from hotline.recovery.mirror import Mirror
from hotline.recovery.restoring import Restorer
from hotline.recovery.returning import Returner


class Resync:
    def __init__(self, mirror: Mirror, restorer: Restorer, returner: Returner) -> None:
        self._mirror = mirror
        self._restorer = restorer
        self._returner = returner

    async def connected(self, channels: Channels) -> None:
        """`channels` is Asterisk's answer after the login; it is compared with our calls afterwards."""
        try:
            await self._restorer.true_ends(channels)
            self._restorer.adopt(channels)
        except Exception as error:
            log_failure("talks were not taken up after a login", "", error)
        await self._mirror.check()
        self._returner.look_soon()
