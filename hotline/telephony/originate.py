"""Makes Asterisk ring an agent's own telephone in order to call somebody from there, by AMI's Originate."""

from dialplan import variables
from dialplan.outgoing import CALLER_EXTENSION, OUTGOING_CONTEXT
from hotline.telephony.ami import AmiClient
from hotline.telephony.controls import interface

OWN_RING_SECONDS = 20
"""So long the agent's own telephone rings."""
SHOWN = "Rueckruf <0>"
"""What the agent's telephone shows: never the caller's number, which Asterisk would write into every AMI event."""
ANSWER_SECONDS = 5.0


class Originator:
    """Asterisk refuses a second channel with the same unique id: so one `ring_id` never rings twice."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    @property
    def connected(self) -> bool:
        return self._ami.connected

    async def ring(self, ring_id: str, agent: str, dial: str, seconds: int) -> None:
        """Ring the agent on a channel with that unique id, then dial for so many seconds.

        AmiRefused: nothing rings. AmiUnavailable: it may ring all the same.
        """
        await self._ami.action(
            "Originate",
            timeout=ANSWER_SECONDS,
            Channel=interface(agent),
            ChannelId=ring_id,
            Context=OUTGOING_CONTEXT,
            Exten=CALLER_EXTENSION,
            Priority="1",
            Timeout=str(OWN_RING_SECONDS * 1000),
            CallerID=SHOWN,
            Async="true",
            Variable=[
                f"__{variables.CALL_ID}={ring_id}",
                f"{variables.TARGET}={dial}",
                f"{variables.RING}={seconds}",
            ],
        )
