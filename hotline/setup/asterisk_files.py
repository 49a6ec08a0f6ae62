"""Writes Asterisk's directories and configuration into the state directory, and the script that runs it there."""

import os
import shlex
from pathlib import Path

from config.schema import HotlineConfig, Tls
from dialplan.render import AsteriskFacts, Directories, render
from hotline.clock import Clock
from hotline.errors import SetupError
from hotline.setup import happenings_file
from hotline.setup.asterisk import Asterisk
from hotline.state import Secrets, StateDirectory

AMI_USER = "hotline"
ANY_VERSION = (22, 0)
_LONGEST_SOCKET = 100
"""Asterisk cuts a longer path of its control socket off without a word (the system allows 107 bytes)."""


def facts_for(
    config: HotlineConfig,
    state: StateDirectory,
    asterisk: Asterisk,
    secrets: Secrets,
    clock: Clock | None = None,
) -> AsteriskFacts:
    """What the rendering needs; without a clock, business time is real time.

    SetupError when a gateway's password cannot be read or a path cannot be used.
    """
    own, clock = state.asterisk, clock or Clock()
    try:
        directories = Directories(
            **{name: own / name for name in ("etc", "run", "lib", "db", "spool", "log")},
            modules=asterisk.modules,
            data=asterisk.data,
            prompts=state.prompts,
            music=state.music,
        )
    except ValueError as error:
        raise SetupError(f"{error}. Choose another directory with --state.") from None
    _require_readable(config.network.tls, state.config_file.parent)
    return AsteriskFacts(
        directories,
        asterisk.version,
        secrets.system_name,
        AMI_USER,
        secrets.ami_secret,
        secrets.phone_secrets,
        clock.real_now(),
        state.config_file.parent,
        gateway_secrets(config, state.config_file),
        round(clock.offset.total_seconds()),
        asterisk.further_modules,
    )


def _require_readable(tls: Tls | None, directory: Path) -> None:
    """Asterisk would only log that it cannot read a certificate, and be unreachable by TLS."""
    for name in (tls.certificate_file, tls.key_file, tls.ca_file) if tls is not None else ():
        if name is not None and not os.access(directory / name, os.R_OK):
            raise SetupError(f"{directory / name} cannot be read: put the file there, or correct network.tls.")


def gateway_secrets(config: HotlineConfig, config_file: Path) -> dict[str, str]:
    """Passwords of the gateways we register at, read from the files the configuration names."""
    found = {}
    for gateway in config.gateways:
        if gateway.registration is not None:
            found[gateway.name] = _secret(config_file.parent / gateway.registration.secret_file, gateway.name)
    return found


def write(config: HotlineConfig, facts: AsteriskFacts, asterisk: Asterisk) -> Path:
    """Write everything anew; the script that runs this Asterisk, which an administrator may use too."""
    own = Path(facts.directories.etc).parent
    if len(str(own / "run" / "asterisk.ctl")) > _LONGEST_SOCKET:
        raise SetupError(f"The path {own} is too long for Asterisk's control socket: choose a shorter --state.")
    files = _rendered(config, facts)
    _make_directories(facts.directories)
    for name, content in files.items():
        write_private(Path(facts.directories.etc) / name, content)
    happenings_file.make(Path(facts.directories.log))
    return _write_script(own / "asterisk", Path(facts.directories.etc), asterisk)


def write_changed(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """Write each file whose content is another one, whole or not at all; all of them as they are now. SetupError."""
    files = _rendered(config, facts)
    for name, content in files.items():
        path = Path(facts.directories.etc) / name
        if not path.exists() or path.read_text("utf-8") != content:
            write_private(path, content)
    return files


def require_usable(config: HotlineConfig, state: StateDirectory) -> None:
    """SetupError when Asterisk could not be set up by this configuration, as with a password that is missing."""
    anywhere = Asterisk(ANY_VERSION, "", state.path, state.path, state.path)
    secrets = Secrets("-", "-", "-", "-", {agent.name: "-" for agent in config.agents})
    _rendered(config, facts_for(config, state, anywhere, secrets))


def rerender(config: HotlineConfig, facts: AsteriskFacts) -> bool:
    """Write the dialplan anew, whole or not at all; True when it has changed. SetupError, OSError.

    A running Asterisk takes it over by `dialplan reload`; calls in progress go on.
    """
    path = Path(facts.directories.etc) / "extensions.conf"
    content = _rendered(config, facts)[path.name]
    if path.exists() and path.read_text("utf-8") == content:
        return False
    write_private(path, content)
    return True


def rewrite_phones(config: HotlineConfig, facts: AsteriskFacts) -> None:
    """Write what Asterisk knows of telephones and gateways anew, whole or not at all. SetupError, OSError."""
    path = Path(facts.directories.etc) / "pjsip.conf"
    write_private(path, _rendered(config, facts)[path.name])


def _rendered(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    try:
        return render(config, facts)
    except ValueError as error:
        raise SetupError(f"Asterisk cannot be set up like this: {error}.") from None


def _secret(path: Path, gateway: str) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(
            f"The password of gateway {gateway} cannot be read from {path} ({type(error).__name__}): "
            "write it there, or correct gateways.registration.secret_file."
        ) from None


def _make_directories(own: Directories) -> None:
    for directory in (own.etc, own.run, own.lib, own.db, own.spool, own.log, own.lib / "keys"):
        Path(directory).mkdir(parents=True, exist_ok=True, mode=0o700)


def write_private(path: Path, content: str) -> None:
    """Whole or not at all: Asterisk may be reading."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)


def _write_script(script: Path, etc: Path, asterisk: Asterisk) -> Path:
    words = [*asterisk.command(argv0=script), "-C", str(etc / "asterisk.conf")]
    script.write_text(
        "#!/bin/sh\n"
        "# The Asterisk of this hotline; for example  asterisk -rx 'core show channels'  asks the running one.\n"
        f'exec {shlex.join(words)} "$@"\n',
        "utf-8",
    )
    script.chmod(0o700)
    return script
