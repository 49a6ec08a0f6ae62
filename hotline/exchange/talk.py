"""What a caller's session does from the first ring to the end of the talk: dials, holds, bridges, and sends on.

The caller never moves: whoever is to talk with the caller is dialled from the caller's own AGI session, or was
dialled elsewhere and is bridged to it. So a transfer keeps the session, the call id and all that is known.
"""

import asyncio

import structlog

from agents.transfer import TargetKind
from config.schema import PhoneKind
from dialplan import variables
from dialplan.pjsip import NOBODYS_NUMBER
from hotline.errors import CallerGone
from hotline.exchange.calls import Call, Handover, Leg, Offer, OfferEnd, Phase, Transfer
from hotline.exchange.dialogue import MUSIC, Dialogue
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.transfers import Transfers
from hotline.telephony.agi_server import AgiSession
from ivr.events import AgentLost, AgentMissed, Event, HandedOn, TalkEnded

log = structlog.get_logger()

LEG_NEWS = 0.5
"""How long to wait for AMI's word why the agent's leg ended; AGI is often the faster of the two, seconds."""
DESK_PHONE_GRACE = 0.3
"""A desk phone's ringing waits so long for the page to show the pop, seconds (design, step 5)."""

_CALLER_ID = "CALLERID(all)"


class Talk:
    """CallerGone and AgiClosed pass through every method."""

    def __init__(
        self, session: AgiSession, call: Call, switchboard: Switchboard, transfers: Transfers, dialogue: Dialogue
    ) -> None:
        self._session = session
        self._call = call
        self._switchboard = switchboard
        self._transfers = transfers
        self._dialogue = dialogue

    async def connect(self, agent: str) -> Event:
        """Ring the agent whom the call is offered to, until nobody talks with the caller any more."""
        call, offer = self._call, self._call.offer
        if offer is not None and offer.open:
            await self._grace_for_desk_phone(offer)
        if offer is None or not offer.open:
            self._switchboard.not_taken(call, OfferEnd.GONE)
            return AgentMissed()
        await self._dial(f"PJSIP/agent-{agent}", offer.ring_seconds)
        end = await self._why_not_taken() if call.phase is not Phase.TALKING else None
        if end is None:
            return await self.go_on()
        self._switchboard.not_taken(call, end)
        return AgentMissed()

    async def go_on(self) -> Event:
        """Nobody is with the caller now: hold for a consultation, bridge, send on, or tell how the talk ended."""
        call = self._call
        while not call.referred:
            leg, call.bridge_next = call.bridge_next, None
            if leg is not None:
                await self._bridge(leg)
            elif call.transfer is None:
                break
            elif call.transfer.how is Handover.BLIND:
                return await self._send_on(call.transfer)
            elif call.transfer.how is Handover.PHONE:
                self._leave_to_phone(call.transfer)
            else:
                await self._dialogue.hold(call.transfer.decided)
        return await self._after_talk()

    def _leave_to_phone(self, transfer: Transfer) -> None:
        """The agent's telephone has ended the talk, or has put its own session in the place of ours."""
        if transfer.joined:
            raise CallerGone("the caller goes on in the telephone's own session")
        self._transfers.abandon(self._call)

    async def _send_on(self, transfer: Transfer) -> Event:
        call, target = self._call, transfer.target
        if target.kind is TargetKind.AGENT:
            self._transfers.hand_on(call, transfer)
            return HandedOn()
        self._transfers.leaves_us(call, transfer)
        await self._session.set_variable(_CALLER_ID, f"<{target.presents}>")
        await self._dial(target.dial, self._transfers.ring_seconds(call, target))
        await self._session.set_variable(_CALLER_ID, NOBODYS_NUMBER)
        if await self._session.get_variable("DIALSTATUS") != "ANSWER":
            self._transfers.not_reached_outside(call, transfer)
            return HandedOn()
        self._transfers.answered_outside(call)
        return TalkEnded()

    async def _grace_for_desk_phone(self, offer: Offer) -> None:
        if self._call.config.agent(offer.agent).phone is not PhoneKind.DESK:
            return
        try:
            async with asyncio.timeout(DESK_PHONE_GRACE):
                await offer.news.wait()
        except TimeoutError:
            log.info("desk phone rings before the page has answered", call=self._call.id, agent=offer.agent)

    async def _dial(self, whom: str, seconds: float) -> None:
        await self._session.set_variable(variables.NEXT, variables.NEXT_DIAL)
        self._dialogue.dialled()
        await self._session.execute("Dial", whom, str(round(seconds)), f"gm({MUSIC})")
        await self._session.set_variable(variables.NEXT, variables.NEXT_QUEUE)

    async def _bridge(self, leg: Leg) -> None:
        """Talk with somebody who was dialled elsewhere."""
        await self._dialogue.quiet()
        await self._session.set_variable(variables.NEXT, variables.NEXT_HANGUP)
        await self._session.execute("Bridge", leg.channel)
        await self._session.set_variable(variables.NEXT, variables.NEXT_QUEUE)

    async def _why_not_taken(self) -> OfferEnd | None:
        """How Dial ended; None when it was answered after all and only AMI's word for it is late."""
        status = await self._session.get_variable("DIALSTATUS")
        if status == "ANSWER":
            self._switchboard.answered(self._call)
            if self._call.phase is Phase.TALKING:
                return None
        if status == "BUSY":
            return OfferEnd.REJECTED
        return OfferEnd.GONE if status in {"CHANUNAVAIL", "CONGESTION"} else OfferEnd.MISSED

    async def _after_talk(self) -> Event:
        call, leg = self._call, self._call.leg
        if call.phase is not Phase.TALKING:
            return TalkEnded() if call.phase is Phase.OUTSIDE else AgentLost()
        if leg is not None:
            await self._hear_of_end(leg)
            if call.referred:
                raise CallerGone("the caller goes on in another session")
            if call.agent is not None and call.was_lost(leg, call.agent):
                self._switchboard.wishes.agent_lost(call)
                return AgentLost()
        self._switchboard.talk_ended(call)
        return TalkEnded()

    async def _hear_of_end(self, leg: Leg) -> None:
        try:
            async with asyncio.timeout(LEG_NEWS):
                await leg.over.wait()
        except TimeoutError:
            log.warning("the agent's leg did not end with the talk", call=self._call.id)
            self._switchboard.hang_up(leg)
