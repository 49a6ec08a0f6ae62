"""The telephone of test calls against a real Asterisk: what one says, the other hears; and no process stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hotline.phone import Dtmf, Phone, PhoneError
from hotline.setup.asterisk import Asterisk, find
from tests.ports import free_ports

MODULES = """
pbx_config res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_crypto res_http_websocket
res_pjproject res_statsd res_geolocation res_pjsip res_pjsip_session res_pjsip_authenticator_digest
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_registrar res_pjsip_caller_id
res_pjsip_sdp_rtp res_pjsip_dtmf_info res_pjsip_rfc3326 res_pjsip_dlg_options res_pjsip_header_funcs res_pjsip_pubsub
chan_pjsip res_rtp_asterisk codec_alaw codec_ulaw codec_g722 codec_resample bridge_simple bridge_native_rtp
bridge_builtin_features app_dial app_echo app_read app_verbose func_callerid func_channel func_logic func_strings
"""
PJSIP = r"""
[global]
type=global
endpoint_identifier_order=username,ip
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{port}
[tcp]
type=transport
protocol=tcp
bind=127.0.0.1:{port}
[trunk]
type=endpoint
context=in
disallow=all
allow=alaw,ulaw,g722
identify_by=ip
direct_media=no
rtp_symmetric=yes
[trunk]
type=identify
endpoint=trunk
match=127.0.0.1
[anna]
type=endpoint
context=in
disallow=all
allow=alaw
identify_by=username
auth=anna
aors=anna
direct_media=no
[anna]
type=auth
auth_type=userpass
username=anna
password=geheim\;1
[anna]
type=aor
max_contacts=1
remove_existing=yes
"""
DIALPLAN = """
[in]
exten => echo,1,Answer()
 same => n,Verbose(0,FROM ${PJSIP_HEADER(read,From)})
 same => n,Verbose(0,ASSERTED ${PJSIP_HEADER(read,P-Asserted-Identity)})
 same => n,Verbose(0,PRIVACY ${PJSIP_HEADER(read,Privacy)})
 same => n,Echo()
exten => _keys-.,1,Set(PJSIP_DTMF_MODE()=${EXTEN:5})
 same => n,Answer()
 same => n,Read(KEYS,,3,,1,5)
 same => n,Verbose(0,KEYS ${EXTEN:5} ${KEYS})
 same => n,Hangup()
exten => busy,1,Hangup(17)
exten => mute,1,Wait(30)
exten => anna,1,Dial(PJSIP/anna,20)
 same => n,Verbose(0,DIAL ${DIALSTATUS})
exten => h,1,NoOp()
"""


class Provider:
    """A small Asterisk of our own."""

    def __init__(self, directory: Path, asterisk: Asterisk) -> None:
        (self.port,), self._log = free_ports(1), directory / "asterisk.log"
        own = {name: directory / name for name in ("etc", "run", "lib", "db", "spool", "log")}
        for path in own.values():
            path.mkdir()
        (own["lib"] / "keys").mkdir()
        directories = {
            "astetcdir": own["etc"],
            "astmoddir": asterisk.modules,
            "astvarlibdir": own["lib"],
            "astdbdir": own["db"],
            "astkeydir": own["lib"],
            "astdatadir": asterisk.data,
            "astspooldir": own["spool"],
            "astrundir": own["run"],
            "astlogdir": own["log"],
        }
        files = {
            "asterisk.conf": "[directories]\n" + "".join(f"{key} = {path}\n" for key, path in directories.items()),
            "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in MODULES.split()),
            "logger.conf": "[logfiles]\nconsole = notice,warning,error,verbose\n",
            "rtp.conf": "[general]\nrtpstart=23000\nrtpend=23200\n",
            "pjsip.conf": PJSIP.format(port=self.port),
            "extensions.conf": DIALPLAN,
        }
        for name, content in files.items():
            (own["etc"] / name).write_text(content)
        command = [*asterisk.command(), "-f", "-n", "-C", str(own["etc"] / "asterisk.conf")]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def uri(self, called: str) -> str:
        return f"sip:{called}@127.0.0.1:{self.port}"

    async def said(self, words: str, seconds: float = 10.0) -> str:
        """The first line of its log that holds `words`, as soon as it is there."""
        async with asyncio.timeout(seconds):
            while True:
                assert self._process.poll() is None, self._log.read_text()
                for line in self._log.read_text(errors="replace").splitlines():
                    if words in line:
                        return line
                await asyncio.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with tempfile.TemporaryDirectory(prefix="hp-") as directory:
        running = Provider(Path(directory), find())
        try:
            asyncio.run(running.said("Asterisk Ready", 30))
            yield running
        finally:
            running.stop()


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    async with Phone() as ready:
        yield ready


@pytest.mark.parametrize("codec", ["alaw", "ulaw", "g722"])
async def test_a_tone_we_say_comes_back_from_the_echo(provider: Provider, phone: Phone, codec: str) -> None:
    call = await phone.dial(provider.uri("echo"), codecs=[codec])
    await call.answered()
    saying = asyncio.create_task(call.play_tone(440, 1.5))
    await call.sound()
    heard = await call.hear(0.6)
    await saying
    assert heard.has_tone(440)
    assert not heard.has_tone(1000)
    assert heard.tone == pytest.approx(440, abs=5)
    assert heard.loudness == pytest.approx(-15, abs=1.5)
    await call.quiet(lasting=0.4)
    await call.hang_up()
    assert (await call.ended()).by_us


async def test_a_call_over_tcp_is_answered(provider: Provider) -> None:
    async with Phone(transport="tcp") as phone:
        call = await phone.dial(provider.uri("echo") + ";transport=tcp")
        await call.answered()


@pytest.mark.parametrize("mode", list(Dtmf))
async def test_asterisk_hears_keys_in_each_mode_and_its_hang_up_is_noticed(
    provider: Provider, phone: Phone, mode: Dtmf
) -> None:
    call = await phone.dial(provider.uri(f"keys-{mode}"), dtmf=mode)
    await call.answered()
    await call.press("4*7", gap=0.2)
    assert (await provider.said(f"KEYS {mode} ")).endswith(f"KEYS {mode} 4*7")
    assert not (await call.ended()).by_us


async def test_inband_keys_can_be_said_in_any_call(provider: Provider, phone: Phone) -> None:
    call = await phone.dial(provider.uri("echo"), dtmf="rfc4733")
    await call.answered()
    hearing = asyncio.create_task(call.hear(1.0))
    await call.press("5", Dtmf.INBAND)
    heard = await hearing
    assert heard.level(770) > -30
    assert heard.level(1336) > -30
    with pytest.raises(ValueError, match="info"):
        await call.press("5", Dtmf.INFO)
    with pytest.raises(ValueError, match="keys"):
        await call.press("x")


async def test_number_name_and_headers_are_what_the_caller_wants(provider: Provider, phone: Phone) -> None:
    headers = {"P-Asserted-Identity": "<sip:+4957214711@provider.example>", "Privacy": "id"}
    call = await phone.dial(provider.uri("echo"), user="anonymous", display="Erika M", headers=headers)
    await call.answered()
    await provider.said('FROM "Erika M" <sip:anonymous@127.0.0.1>')
    await provider.said("ASSERTED <sip:+4957214711@provider.example>")
    await provider.said("PRIVACY id")


@pytest.mark.parametrize(("called", "status"), [("busy", 486), ("nobody", 404)])
async def test_a_refusal_carries_its_status(provider: Provider, phone: Phone, called: str, status: int) -> None:
    call = await phone.dial(provider.uri(called))
    with pytest.raises(PhoneError, match=str(status)) as refused:
        await call.answered()
    assert refused.value.status == status
    assert (await call.ended()).status == status


async def test_giving_up_before_the_answer_ends_the_call(provider: Provider, phone: Phone) -> None:
    call = await phone.dial(provider.uri("mute"))
    with pytest.raises(PhoneError, match="no answer"):
        await call.answered(0.3)
    await call.hang_up()
    await call.hang_up()
    assert (await call.ended()).by_us


async def test_a_desk_telephone_rings_and_talks_in_both_directions(provider: Provider, phone: Phone) -> None:
    async with Phone() as desk:
        await desk.register("anna", "geheim;1", f"127.0.0.1:{provider.port}")
        call = await phone.dial(provider.uri("anna"), user="+495721777")
        rings = await desk.incoming()
        assert "+495721777" in rings.peer
        await call.ringing()
        assert not call.is_answered
        await rings.answer()
        await asyncio.gather(rings.answered(), call.answered())
        saying = [asyncio.create_task(call.play_tone(440, 2)), asyncio.create_task(rings.play_tone(1000, 2))]
        await asyncio.gather(call.sound(), rings.sound())
        at_caller, at_desk = await asyncio.gather(call.hear(0.6), rings.hear(0.6))
        assert at_caller.has_tone(1000)
        assert at_desk.has_tone(440)
        await asyncio.gather(*saying)
        await rings.hang_up()
        assert not (await call.ended()).by_us


async def test_a_desk_telephone_refuses_and_is_rung_in_vain(provider: Provider, phone: Phone) -> None:
    async with Phone() as desk:
        await desk.register("anna", "geheim;1", f"127.0.0.1:{provider.port}")
        call = await phone.dial(provider.uri("anna"))
        await (await desk.incoming()).reject()
        assert (await call.ended()).status == 486
        call = await phone.dial(provider.uri("anna"))
        rings = await desk.incoming()
        await call.hang_up()
        assert not (await rings.ended()).by_us


async def test_a_wrong_password_is_refused_and_the_right_one_works_afterwards(provider: Provider, phone: Phone) -> None:
    with pytest.raises(PhoneError) as refused:
        await phone.register("anna", "falsch", f"127.0.0.1:{provider.port}")
    assert refused.value.status == 401
    await phone.register("anna", "geheim;1", f"127.0.0.1:{provider.port}")


async def test_one_telephone_calls_another_that_listens(phone: Phone) -> None:
    async with Phone() as other:
        await other.listen()
        call = await phone.dial(f"sip:+4957219824@127.0.0.1:{other.port}")
        rings = await other.incoming()
        await rings.answer()
        await call.answered()


async def test_closing_says_goodbye_and_being_killed_does_not(provider: Provider, phone: Phone) -> None:
    async with Phone() as other:
        await other.listen()
        for end, goodbye in ((Phone.close, True), (Phone.kill, False)):
            leaving = Phone()
            await leaving.start()
            call = await leaving.dial(f"sip:9824@127.0.0.1:{other.port}")
            rings = await other.incoming()
            await rings.answer()
            await call.answered()
            await end(leaving)
            assert call.end is not None
            if goodbye:
                assert not (await rings.ended()).by_us
            else:
                with pytest.raises(PhoneError, match="still goes on"):
                    await rings.ended(0.5)


async def test_a_telephone_keeps_to_its_address_and_a_taken_port_is_refused(phone: Phone) -> None:
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    at = {row.split()[1].partition(":")[0] for row in rows if int(row.split()[1].partition(":")[2], 16) == phone.port}
    assert at == {"0100007F"}
    with pytest.raises(PhoneError, match="another port"):
        async with Phone(phone.port):
            raise AssertionError("two telephones on one port")


@pytest.mark.parametrize("user", ['a"b', "a>b", "a\r\nb", "a;b"])
async def test_what_would_break_an_address_is_refused(phone: Phone, user: str) -> None:
    with pytest.raises(ValueError, match="address"):
        await phone.dial("sip:1@127.0.0.1", user=user)


async def test_the_telephone_dies_with_its_parent_and_leaves_no_files(tmp_path: Path) -> None:
    program = (
        "import asyncio\n"
        "from hotline.phone import Phone\n"
        "async def run():\n"
        "    phone = Phone()\n"
        "    await phone.start()\n"
        "    print(phone.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(run())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    assert Path(f"/proc/{child}").exists()
    assert list(tmp_path.iterdir()) == []
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    async with asyncio.timeout(10):
        while _lives(child):  # noqa: ASYNC110 - no event tells that a stranger's child has ended
            await asyncio.sleep(0.02)
    assert list(tmp_path.iterdir()) == []


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
