"""Whether the hotline could work with a configuration: files it names must be there, Asterisk must be set up by it."""

from config.schema import HotlineConfig
from hotline.errors import SetupError
from hotline.setup import asterisk_files
from hotline.state import StateDirectory


def require_usable(config: HotlineConfig, state: StateDirectory) -> None:
    """SetupError when the next start would fail, as with a password that is missing."""
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
