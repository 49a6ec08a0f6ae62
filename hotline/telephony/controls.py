"""What the service makes Asterisk do from outside a caller's AGI session, by AMI actions."""

import structlog

from hotline.errors import AmiError
from hotline.telephony.ami import AmiClient

log = structlog.get_logger()

ANSWER_SECONDS = 5.0


class AmiControls:
    """Small commands whose failure is never fatal: the channel may be gone before they arrive."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    async def hang_up(self, channel: str) -> None:
        """End that channel; a channel already gone is fine."""
        await self._try("Hangup", Channel=channel, Cause="16")

    async def stop_prompt(self, channel: str) -> None:
        """End CONTROL STREAM FILE on that channel; no prompt playing is fine."""
        await self._try("ControlPlayback", Channel=channel, Control="stop")

    async def press(self, channel: str, key: str) -> None:
        """Let Asterisk believe that the caller pressed this key, which ends WAIT FOR DIGIT."""
        await self._try("PlayDTMF", Channel=channel, Digit=key, Receive="true", Duration="50")

    async def _try(self, action: str, **fields: str) -> None:
        try:
            await self._ami.action(action, timeout=ANSWER_SECONDS, **fields)
        except AmiError as error:
            log.info("asterisk did not carry out an action", action=action, why=str(error))
