"""Where callers come in: an AGI session becomes a call in the ledger, and its conversation begins."""

import secrets
from collections.abc import Callable

import structlog

from config.schema import Gateway, HotlineConfig
from dialplan import variables
from hotline.callers import CallbackRequests, Caller
from hotline.calls import Call
from hotline.clock import Clock
from hotline.dialogue import Interrupter
from hotline.errors import AgiError
from hotline.switchboard import Switchboard
from hotline.telephony.agi_server import AgiSession
from routing.numbers import NumberPlan, header_number

log = structlog.get_logger()


class Reception:
    """Handler of the AGI server; one run per caller's session."""

    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        switchboard: Switchboard,
        interrupter: Interrupter,
        callbacks: CallbackRequests,
        clock: Clock,
        prompt_path: Callable[[str], str],
    ) -> None:
        self._configuration = configuration
        self._switchboard = switchboard
        self._interrupter = interrupter
        self._callbacks = callbacks
        self._clock = clock
        self._prompt_path = prompt_path

    async def __call__(self, session: AgiSession) -> None:
        try:
            call = await self._begin(session)
        except AgiError as error:
            log.info("session ended before the call began", why=str(error))
            return
        caller = Caller(
            session, call, self._switchboard, self._interrupter, self._callbacks, self._clock, self._prompt_path
        )
        try:
            await caller.run()
        finally:
            self._switchboard.session_over(call)

    async def _begin(self, session: AgiSession) -> Call:
        version, config = self._configuration()
        gateway = await session.get_variable(variables.GATEWAY) or ""
        call = Call(
            id=secrets.token_hex(8),
            channel=session.environment.get("agi_channel", ""),
            unique=session.environment.get("agi_uniqueid", ""),
            config=config,
            version=version,
            arrived_at=self._clock.now(),
            caller=await self._caller_number(session, config, gateway),
            gateway=gateway,
        )
        await session.set_variable(f"__{variables.CALL_ID}", call.id)
        await self._switchboard.arrived(call)
        log.info("call arrived", call=call.id, gateway=gateway, withheld=call.caller is None)
        return call

    async def _caller_number(self, session: AgiSession, config: HotlineConfig, name: str) -> str | None:
        """E.164, or None when withheld, not a number, or from a gateway the configuration does not know."""
        gateway = next((one for one in config.gateways if one.name == name), None)
        if gateway is None or await self._withheld(session):
            return None
        header = await session.get_variable(variables.FROM) or ""
        return self._canonical(header, config, gateway)

    @staticmethod
    async def _withheld(session: AgiSession) -> bool:
        privacy = await session.get_variable(variables.PRIVACY) or ""
        return bool({"id", "user", "full"} & {word.strip() for word in privacy.replace(",", ";").split(";")})

    @staticmethod
    def _canonical(header: str, config: HotlineConfig, gateway: Gateway) -> str | None:
        plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
        return plan.caller(header_number(header), gateway.numbers_without_prefix)
