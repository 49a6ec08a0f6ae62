"""The channel variables that the dialplan and the service share, and the words in them, each named once.

Those that hold what a caller's device sent (FROM, PRIVACY) are raw header texts: read them with `GET VARIABLE`
only, never put them on AMI events (`channelvars`) and never into an expression.
"""

CALL_ID = "CALLID"
"""The service's id of the call, on every AMI event of the channel; the service sets it inherited (`__CALLID`)."""

NEXT = "HL_NEXT"
"""What the service is about to do, so that the dialplan knows after the AGI application whether all is done."""

NEXT_HANGUP = "hangup"
"""The service ends the call on purpose: nothing is left to do."""
NEXT_DIAL = "dial"
"""`EXEC Dial` runs: if it was answered, nothing is left to do."""
NEXT_QUEUE = "queue"
"""The caller still needs somebody, as while the variable is unset: the fallback takes over."""

FROM = "HL_FROM"
"""The caller's identity: P-Asserted-Identity of a trusted gateway, else From; a raw header, still %-encoded."""

PRIVACY = "HL_PRIVACY"
"""The Privacy header; `id` means that the caller withholds the number."""

FROM_COPY, PRIVACY_COPY = "HL_FROM_COPY", "HL_PRIVACY_COPY"
"""The same texts in the fallback, each round bracket replaced by `_`: as hostile as they are."""

GATEWAY = "HL_GATEWAY"
"""Name of the gateway in the configuration that the call came through."""

CALLED = "HL_CALLED"
"""The called number as the gateway wrote it; matched a configured pattern, so only digits and a leading "+"."""

SINCE = "HL_SINCE"
"""When the caller came to the fallback without ever reaching the service: seconds since 1970, real time."""

ARRIVED = "HL_ARRIVED"
"""When the caller's channel came to us: seconds since 1970, real time."""

LANE = "HL_LANE"
"""Where a caller in the fallback stands (`fallback`, `closed`, `queue`, `callback`); unset while with the service."""

ALIVE = "HL_ALIVE"
"""Global: when the service last said that it serves AGI, seconds since 1970, real time; the service sets it."""
ALIVE_EVERY = 2
"""Seconds between two signs of life."""
ALIVE_PATIENCE = 6
"""Seconds without a sign of life after which no caller is sent to the service any more."""

ANNOUNCEMENT = "HL_ANNOUNCEMENT"
"""Global: the announcement of the fallback and its end (dialplan/announcement.py); the service sets it."""

TARGET = "HL_TARGET"
"""Whom an agent's leg is to dial when the service has moved it for a consultation, as Dial wants it."""
RING = "HL_RING"
"""For how many seconds."""

DRAIN = "HL_DRAIN"
"""Global: `1` while this hotline ends by and by: new calls are refused (503) for another place to take them."""
