"""How a call gets its id: by the service when it answers, or from Asterisk's channel when the service was away."""

import hashlib
import secrets

LENGTH = 16


def new_call_id() -> str:
    """The id of a call that reaches the service: 16 random hex digits."""
    return secrets.token_hex(LENGTH // 2)


def id_of_channel(uniqueid: str) -> str:
    """The id of a call that never met the service, from its channel's unique id.

    Whoever enters such a call into the ledger, the import or the reception, comes to the same id. Asterisk's unique
    ids begin with the secret system name, so a hash keeps it secret.
    """
    return hashlib.sha256(uniqueid.encode()).hexdigest()[:LENGTH]
