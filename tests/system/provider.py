"""A second Asterisk that plays the provider: takes our registration and passes telephones' calls on to the hotline.

It shares only the installation with ours: its SIP, dialplan and AMI are its own, on another address of this machine.
Telephones dial it and say by headers what it shall do: P-Asserted-Identity and Privacy are passed on as they are,
`X-Withheld: yes` makes it withhold the number as providers do.
"""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.schema import Endpoint
from dialplan.cel import cel_files
from dialplan.core import core_files
from dialplan.facts import AsteriskFacts, Directories
from dialplan.modules import modules_conf
from hotline.parent.asterisk_process import AsteriskProcess
from hotline.setup import asterisk_files
from hotline.setup.asterisk import Asterisk
from tests.ports import free_ports
from tests.system.manager import Ami

ADDRESS = "127.0.0.2"
AMI_USER, AMI_SECRET = "observer", "only-in-tests"
RTP_PORTS = 100
ENTRY_IN_AMI = f"""
[{AMI_USER}]
secret = {AMI_SECRET}
read = all
write = all
"""
"""An AMI account that sees and may do everything."""


def patch(monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str) -> None:
    """Replace text in one of the files that are rendered for our Asterisk, in this test."""
    render = asterisk_files.render

    def patched(*known: Any) -> dict[str, str]:
        files = render(*known)
        assert old in files[file], f"{file} has no {old!r}"
        return {**files, file: files[file].replace(old, new)}

    monkeypatch.setattr(asterisk_files, "render", patched)


@dataclass(frozen=True)
class Certificate:
    """Self-signed, so it is its own authority."""

    key: Path
    file: Path


@dataclass(frozen=True)
class Trunk:
    """The hotline's line at the provider."""

    user: str = "495721982"
    password: str = "s3cret;word#"
    transport: str = "udp"
    dtmf: str = "rfc4733"
    codecs: str = "alaw,g722"
    srtp: bool = False
    asserts: bool = False
    """Adds P-Asserted-Identity to every call by itself, and Privacy when the number is withheld."""
    hotline: str = ""
    """Address and port where calls are sent; "" when the hotline has to register first."""


class Provider:
    """`async with provider:` runs it; `stop`, `kill` and `start` again as often as wanted, each time without memory."""

    def __init__(
        self, installation: Asterisk, directory: Path, trunk: Trunk, certificate: Certificate | None = None
    ) -> None:
        self.port, self.tls_port, self._ami_port, rtp = free_ports(4)
        self._rtp = min(rtp + rtp % 2, 65534 - RTP_PORTS)
        self.trunk = trunk
        self.lines: list[str] = []
        self._installation, self._directory, self._certificate = installation, directory, certificate
        self._process: AsteriskProcess | None = None

    @property
    def signalling_port(self) -> int:
        """Where the hotline reaches it over the trunk's transport."""
        return self.tls_port if self.trunk.transport == "tls" else self.port

    def uri(self, number: str = "9824") -> str:
        """What a telephone dials."""
        return f"sip:{number}@{ADDRESS}:{self.port}"

    def ami(self) -> Ami:
        return Ami(self._ami_port, AMI_USER, AMI_SECRET)

    def gateway(self, secret_file: Path | None = None, **changes: Any) -> dict[str, Any]:
        """How our configuration describes it; with a file for the password it is one that we register at."""
        numbers = ["9824", "05721 9824", "0049 5721 9824", "+49 5721 9824"]
        shared = {"name": "provider", "transport": self.trunk.transport, "called_numbers": numbers}
        if secret_file is None:
            return {**shared, "addresses": [ADDRESS], "port": self.signalling_port, **changes}
        secret_file.write_text(f"{self.trunk.password}\n", "utf-8")
        registration = {
            "server": ADDRESS,
            "port": self.signalling_port,
            "user": self.trunk.user,
            "secret_file": str(secret_file),
            "expires_seconds": 20,
            "retry_seconds": 1,
        }
        return {**shared, "registration": registration, **changes}

    # --- life --------------------------------------------------------------------------------

    async def __aenter__(self) -> "Provider":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        script = self._write()
        ami = Endpoint(host="127.0.0.1", port=self._ami_port)
        self._process = AsteriskProcess(script, ami, AMI_USER, AMI_SECRET, self.lines.append)
        await self._process.start()

    async def stop(self) -> None:
        """As for maintenance: calls are hung up, what is in memory is gone."""
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    async def kill(self) -> None:
        """As by a power cut."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.wait()

    # --- its files ---------------------------------------------------------------------------

    def _write(self) -> Path:
        own = {name: self._directory / name for name in ("etc", "run", "lib", "db", "spool", "log", "prompts", "music")}
        for directory in (*own.values(), own["lib"] / "keys"):
            directory.mkdir(parents=True, exist_ok=True)
        for remembered in own["db"].iterdir():
            remembered.unlink()
        there = self._installation
        directories = Directories(**own, modules=there.modules, data=there.data)
        facts = AsteriskFacts(directories, there.version, "provider", AMI_USER, AMI_SECRET, {}, datetime.now(UTC))
        for name, content in {**core_files(facts), **self._files()}.items():
            (own["etc"] / name).write_text(content, "utf-8")
        script = self._directory / "asterisk"
        words = [*there.command(argv0=script), "-C", str(own["etc"] / "asterisk.conf")]
        script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
        script.chmod(0o700)
        return script

    def _files(self) -> dict[str, str]:
        manager = f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = {self._ami_port}\n{ENTRY_IN_AMI}"
        return {
            "modules.conf": modules_conf(self._installation.further_modules),
            "queues.conf": "",
            **cel_files(),
            "manager.conf": manager,
            "http.conf": "[general]\nenabled = no\n",
            "rtp.conf": f"[general]\nrtpstart = {self._rtp}\nrtpend = {self._rtp + RTP_PORTS}\n",
            "musiconhold.conf": "",
            "pjsip.conf": self._pjsip(),
            "extensions.conf": DIALPLAN.format(user=self.trunk.user),
        }

    def _pjsip(self) -> str:
        trunk, certificate = self.trunk, self._certificate
        kind = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
        text = PJSIP.format(
            address=ADDRESS,
            port=self.port,
            user=trunk.user,
            password=trunk.password.replace(";", "\\;"),
            codecs=trunk.codecs,
            dtmf=trunk.dtmf,
            encryption="sdes" if trunk.srtp else "no",
            asserts="yes" if trunk.asserts else "no",
            contact=f"contact = sip:{trunk.hotline}{kind}".replace(";", "\\;") if trunk.hotline else "max_contacts = 1",
        )
        if certificate is not None:
            text += TLS.format(address=ADDRESS, port=self.tls_port, key=certificate.key, file=certificate.file)
        return text


PJSIP = """
[global]
type = global
endpoint_identifier_order = username,ip

[transport-udp]
type = transport
protocol = udp
bind = {address}:{port}

[transport-tcp]
type = transport
protocol = tcp
bind = {address}:{port}

[phones]
type = endpoint
context = phones
identify_by = ip
disallow = all
allow = alaw,g722
direct_media = no
rtp_symmetric = yes
media_address = {address}
bind_rtp_to_media_address = yes

[phones]
type = identify
endpoint = phones
match = 127.0.0.1

[{user}]
type = endpoint
context = nowhere
identify_by = username
auth = {user}
aors = {user}
disallow = all
allow = {codecs}
dtmf_mode = {dtmf}
media_encryption = {encryption}
direct_media = no
rtp_symmetric = yes
rewrite_contact = yes
send_pai = {asserts}
trust_id_outbound = {asserts}
media_address = {address}
bind_rtp_to_media_address = yes

[{user}]
type = auth
auth_type = userpass
username = {user}
password = {password}

[{user}]
type = aor
remove_existing = yes
minimum_expiration = 10
{contact}
"""

TLS = """
[transport-tls]
type = transport
protocol = tls
method = tlsv1_2
bind = {address}:{port}
cert_file = {file}
priv_key_file = {key}
"""

DIALPLAN = """
[nowhere]

[phones]
exten => _[+0-9].,1,Set(__ASSERTED=${{PJSIP_HEADER(read,P-Asserted-Identity)}})
 same => n,Set(__PRIVACY=${{PJSIP_HEADER(read,Privacy)}})
 same => n,ExecIf($["${{PJSIP_HEADER(read,X-Withheld)}}"="yes"]?Set(CALLERID(pres)=prohib))
 same => n,Dial(PJSIP/${{EXTEN}}@{user},60,b(passed-on^headers^1))
 same => n,Hangup(${{HANGUPCAUSE}})

[passed-on]
exten => headers,1,GotoIf($[${{LEN(${{ASSERTED}})}} = 0]?privacy)
 same => n,Set(PJSIP_HEADER(add,P-Asserted-Identity)=${{ASSERTED}})
 same => n(privacy),GotoIf($[${{LEN(${{PRIVACY}})}} = 0]?done)
 same => n,Set(PJSIP_HEADER(add,Privacy)=${{PRIVACY}})
 same => n(done),Return()
"""
