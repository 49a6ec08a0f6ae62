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

GATEWAY = "HL_GATEWAY"
"""Name of the gateway in the configuration that the call came through."""

CALLED = "HL_CALLED"
"""The called number as the gateway wrote it; matched a configured pattern, so only digits and a leading "+"."""
