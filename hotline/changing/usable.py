"""Whether the hotline could work with a configuration: files it names must be there, Asterisk must be set up by it.

And its own file must be one that can be replaced.
"""

from config.schema import HotlineConfig
from hotline.changing.config_file import replaceable
from hotline.errors import Refused, SetupError
from hotline.setup import asterisk_files
from hotline.state import StateDirectory

NOT_REPLACEABLE = (
    "Die Konfiguration liegt in {}, wo die Hotline nicht schreiben darf: Bitte erlauben Sie ihr das, oder ersetzen Sie "
    "den Verweis auf die Datei durch die Datei selbst."
)


def require_usable(config: HotlineConfig, state: StateDirectory) -> None:
    """SetupError when the next start would fail, as with a password that is missing; Refused where the configuration
    lies so that it cannot be changed."""
    if not replaceable(state.config_file):
        raise Refused(NOT_REPLACEABLE.format(state.config_file.resolve().parent))
    asterisk_files.require_usable(config, state)
    named = {"mail.secret_file": config.mail.secret_file}
    if config.sms is not None:
        named["sms.secret_file"] = config.sms.secret_file
    for key, file in named.items():
        if file is not None:
            _require_readable(state, file, key)


def _require_readable(state: StateDirectory, file: str, key: str) -> None:
    try:
        (state.config_file.parent / file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise SetupError(f"The file of {key} ({file}) cannot be read ({why}): correct its path or owner.") from None
