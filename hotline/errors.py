"""Everything that can go wrong in a way that a person should read about.

HotlineError                 one plain sentence: what happened, to what, what to do
├── SetupError               a part is missing or does not start (Asterisk, a port, the state directory)
├── ConfigurationBroken      the configuration has findings; carries them
├── AmiError
│   ├── AmiUnavailable       not connected, connection lost, or no answer in time
│   └── AmiRefused           Asterisk answered with an error
├── AgiError
│   ├── CallerGone           the channel is hung up, or taken away from this session
│   ├── AgiClosed            the connection ended
│   └── AgiRefused           Asterisk did not understand or allow a command (510, 520)
├── StorageError             the database cannot be used
│   └── ReceiptTaken         a receipt number is in use; take another one
└── Refused                  a user asked for something that cannot be done now; German text for the page
    ├── AlreadyWritten       this request of a call has its disposition; the first one counts
    └── Outdated             somebody else has changed the configuration meanwhile; nothing was overwritten
"""


class HotlineError(Exception):
    """Base of all; `str(error)` is one sentence fit for stderr."""


class SetupError(HotlineError):
    """A part is missing or does not start."""


class ConfigurationBroken(HotlineError):
    """The configuration has findings; each reads `FILE:LINE:COL: key.path: what is wrong`."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


class AmiError(HotlineError):
    """Asterisk's manager interface."""


class AmiUnavailable(AmiError):
    """Not connected, connection lost, or no answer in time."""


class AmiRefused(AmiError):
    """Asterisk answered with an error."""


class AgiError(HotlineError):
    """One FastAGI session."""


class CallerGone(AgiError):
    """The channel is hung up or was taken away from this session; only AMI `Hangup` ends the call."""


class AgiClosed(AgiError):
    """The connection ended."""


class AgiRefused(AgiError):
    """Asterisk did not understand or allow a command (510, 520)."""


class StorageError(HotlineError):
    """The database cannot be used."""


class ReceiptTaken(StorageError):
    """That receipt number already belongs to another promise: nothing was stored, try another number."""


class Refused(HotlineError):
    """A user asked for something that cannot be done now; the text is German and shown on the page."""


class AlreadyWritten(Refused):
    """This request of the call has its disposition already; the first one counts, nothing was stored."""


class Outdated(Refused):
    """Somebody else has saved or activated meanwhile; nothing was overwritten. `difference` shows what they changed."""

    def __init__(self, sentence: str, difference: str) -> None:
        super().__init__(sentence)
        self.difference = difference
