"""A call as the ledger remembers it, made a call of the running service again."""

from config.schema import HotlineConfig, RequestType
from hotline.exchange.calls import Call, Handed, Handover
from hotline.storage.open_work import OpenCall
from hotline.views import written_view


def remembered(found: OpenCall, config: HotlineConfig, version: int, channel: str, unique: str) -> Call:
    """With all that is known of the caller and the request; who talks with the caller now, Asterisk must say."""
    row = found.row
    call = Call(row.id, channel, unique, config, version, row.started_at, found.caller, row.gateway)
    call.request = _request(config, found.draft_type or row.request_type)
    call.household_number = found.household_number
    call.language = row.language
    call.joined_at = row.joined_at
    call.callback_asked = found.callback_asked
    call.written = [written_view(one, config) for one in found.written]
    call.disposed = call.written[-1] if found.disposed else None
    call.handed = _handed(config, found)
    return call


def _request(config: HotlineConfig, key: str | None) -> RequestType:
    try:
        return config.request_type(key or "")
    except KeyError:
        return config.unclear


def _handed(config: HotlineConfig, found: OpenCall) -> Handed | None:
    saved = found.handed
    if saved is None:
        return None
    by = {agent.name: agent.full_name for agent in config.agents}.get(saved.agent, saved.agent)
    return Handed(by, Handover(saved.how), saved.note, saved.values)
