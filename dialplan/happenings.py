"""What Asterisk writes down by itself, so that calls handled without the service reach the ledger later.

Only these CEL user events are stored, by `cel_sqlite3_custom`, in one table of a SQLite file that the service reads.
Each `extra` is a JSON object `{"extra": …}` around a query string (`urllib.parse.parse_qs`), in which texts of callers
stand URI-encoded as a whole.
"""

from dialplan import variables

TABLE = "happenings"
FILE = "master.db"
"""In Asterisk's log directory; older versions of the module know no other name."""
ID = "AcctId"
"""The first column, an integer that only grows (AUTOINCREMENT: rows are deleted once they are imported).

The module asks for a column of this name, and from 22 on it allows no further ones.
"""
COLUMNS = ("event", "at", "channel", "uniqueid", "linkedid", "extra")
"""The columns after `ID`, in this order. `at` is seconds since 1970 with fraction, real time."""

CREATE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} ({ID} INTEGER PRIMARY KEY AUTOINCREMENT, "
    + ", ".join(f"{column} TEXT" for column in COLUMNS)
    + ")"
)

FALLBACK = "hl_fallback"
"""A caller came to the fallback: `call` (id, empty when the service never had it), `from`, `privacy`, `gateway`."""
CLOSED = "hl_closed"
"""The caller was told that we are closed: `call`."""
QUEUED = "hl_queued"
"""The caller waits in Asterisk's queue: `call`."""
ANSWERED = "hl_answered"
"""An agent has answered, on the agent's channel, whose `linkedid` is the caller's: `agent`."""
CALLBACK = "hl_callback"
"""A callback was asked for by keypad: `call`, `number` (digits as entered; empty means the number shown)."""
RETURNED = "hl_returned"
"""The service has taken the caller back: `call`."""
END = "hl_end"
"""The caller's channel is gone; written for every call: `call`, `lane` (variables.LANE), `cause` (Q.850), and how the
service's last dialling went: `next` (variables.NEXT), `dial` (DIALSTATUS), `talked` (seconds).
"""

EVENTS = (FALLBACK, CLOSED, QUEUED, ANSWERED, CALLBACK, RETURNED, END)

CALL = f"call=${{{variables.CALL_ID}}}"
"""How each `extra` begins."""


def tell(event: str, more: str = "") -> str:
    """The step of the dialplan that writes this down, as `&name=value` with `more` of it."""
    return f"CELGenUserEvent({event},{CALL}{more})"
