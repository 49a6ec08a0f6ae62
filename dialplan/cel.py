"""Which happenings Asterisk writes down by itself (dialplan/happenings.py): our own events, and no others."""

from dialplan import conf, happenings

BUSY_MILLISECONDS = 5000
"""So long Asterisk waits to write while the service takes rows away."""
_VALUES = {
    "event": "${eventtype}",
    "at": "${eventtime}",
    "channel": "${CHANNEL(channame)}",
    "uniqueid": "${CHANNEL(uniqueid)}",
    "linkedid": "${CHANNEL(linkedid)}",
    "extra": "${eventextra}",
}


def cel_files() -> dict[str, str]:
    """cel.conf and cel_sqlite3_custom.conf."""
    general: dict[str, conf.Value] = {"enable": True, "apps": "", "events": "USER_DEFINED"}
    master: dict[str, conf.Value] = {
        "table": happenings.TABLE,
        "columns": ", ".join(happenings.COLUMNS),
        "values": ",".join(f"'{_VALUES[column]}'" for column in happenings.COLUMNS),
        "busy_timeout": BUSY_MILLISECONDS,
    }
    return {
        "cel.conf": conf.text(conf.section("general", general)),
        "cel_sqlite3_custom.conf": conf.text(conf.section("master", master)),
    }
