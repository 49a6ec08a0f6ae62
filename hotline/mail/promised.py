"""The mail about a promise, ready for the outbox: receipt, type, due time and a link made for this recipient."""

from agents.promises import Occasion, Promised, mail_for
from config.schema import HotlineConfig
from hotline.links import Links
from hotline.mail.message import new_message_id
from hotline.storage.outbox import NewMail


class PromiseMails:
    """Writes them for one hotline."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def write(
        self,
        config: HotlineConfig,
        recipient: str,
        promise_id: str,
        promised: Promised,
        occasion: Occasion,
        holder: int = 0,
    ) -> NewMail:
        """`holder` is how often the promise has been handed on: a link made before that opens it no more."""
        subject, body = mail_for(promised, self._links.link(promise_id, holder), config, occasion)
        return NewMail(new_message_id(config.mail.sender), recipient, subject, body)
