"""Asterisk's files from our configuration: nobody gets in by them who should not, and no value becomes a setting."""

import configparser
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.schema import HotlineConfig
from dialplan import conf, happenings, variables
from dialplan.manager import EVENTS
from dialplan.modules import FURTHER, MAY_FAIL, REQUIRED
from dialplan.render import AsteriskFacts, Directories, render

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "hotline.yaml"
PROVIDER: dict[str, Any] = {
    "name": "provider",
    "registration": {"server": "sip.provider.example", "user": "495721982", "secret_file": "provider.secret"},
    "transport": "tls",
    "srtp": True,
    "codecs": ["alaw", "g722"],
    "dtmf": "info",
    "nat": {"external_address": "203.0.113.7", "local_networks": ["192.168.0.0/16"]},
    "trust_asserted_identity": True,
    "called_numbers": ["+49 5721 982X", "+49 5721 9824"],
}
OWN = PurePosixPath("/state")
FACTS = AsteriskFacts(
    Directories(
        **{name: OWN / name for name in ("etc", "run", "lib", "db", "spool", "log", "prompts", "music")},
        modules=PurePosixPath("/asterisk/modules"),
        data=PurePosixPath("/asterisk/data"),
    ),
    version=(22, 10),
    system_name="stamp",
    ami_user="hotline",
    ami_secret="ami",
    phone_secrets={name: f"phone-{name}" for name in ("anna", "ben", "carla", "david", "elif")},
    now=datetime(2026, 11, 22, 12, tzinfo=UTC),
    gateway_secrets={"provider": "secret;#"},
)


def shipped(*gateways: dict[str, Any], **network: Any) -> HotlineConfig:
    raw = YAML(typ="safe").load(EXAMPLE.read_text("utf-8"))
    raw["gateways"] += gateways
    raw["network"] |= network
    return HotlineConfig.model_validate(raw)


def sections(text: str, name: str) -> list[dict[str, str]]:
    """All sections of that name; a repeated key keeps its values, one a line."""
    found: list[dict[str, str]] = []
    for block in re.split(r"^(?=\[)", text, flags=re.MULTILINE):
        head, _, body = block.partition("\n")
        if head == f"[{name}]":
            settings: dict[str, str] = {}
            for key, value in re.findall(r"^(\S+) = (.*)$", body, re.MULTILINE):
                value = value.replace("\\;", ";")
                settings[key] = f"{settings[key]}\n{value}" if key in settings else value
            found.append(settings)
    return found


def pjsip(config: HotlineConfig, name: str, kind: str) -> dict[str, str]:
    return next(one for one in sections(render(config, FACTS)["pjsip.conf"], name) if one["type"] == kind)


def context(config: HotlineConfig, name: str) -> str:
    found = re.search(rf"^\[{name}\]\n(.*?)(?=^\[|\Z)", render(config, FACTS)["extensions.conf"], re.DOTALL | re.M)
    assert found is not None, name
    return found[1]


# --- callers -------------------------------------------------------------------------------------


def test_only_the_gateways_own_numbers_lead_anywhere() -> None:
    numbers = re.findall(r"^exten => ([^,]+),", context(shipped(), "gateway-haus"), re.M)
    assert numbers == ["9824", "057219824", "004957219824", "+4957219824"]


def test_x_makes_a_pattern_of_digits_and_nothing_else_does() -> None:
    numbers = re.findall(r"^exten => ([^,]+),", context(shipped(PROVIDER), "gateway-provider"), re.M)
    assert numbers == ["_+495721982X", "+4957219824"]


def test_number_written_twice_stands_once_in_the_dialplan() -> None:
    twice = {"name": "twice", "addresses": ["192.0.2.1"], "called_numbers": ["9824", "98 24"]}
    assert context(shipped(twice), "gateway-twice").count("exten =>") == 1


def test_no_gateway_may_dial_out() -> None:
    text = render(shipped(PROVIDER), FACTS)["extensions.conf"]
    dialling = ("hotline-agent", "hotline-outgoing")  # reached by the service's AMI actions alone
    assert [context(shipped(PROVIDER), name).count("Dial(") for name in dialling] == [1, 1]
    assert text.count("Dial(") == len(dialling)
    gateways = "".join(context(shipped(PROVIDER), f"gateway-{name}") for name in ("haus", "provider"))
    assert not any(name in gateways for name in dialling)
    assert text.count("hotline-outgoing") == 1, "nothing else of the dialplan leads there"
    assert re.findall("include.*", text) == ["include announcement.conf"], "a file that sets one global variable"


def test_asserted_identity_is_read_from_a_trusted_gateway_only() -> None:
    config = shipped(PROVIDER)
    assert "Goto(hotline-in,from,1)" in context(config, "gateway-haus")
    assert "Goto(hotline-in,asserted,1)" in context(config, "gateway-provider")


def test_header_text_never_comes_near_an_expression() -> None:
    """A quote in a header would break `$[ ]`; only the length of the text may stand there."""
    for name in ("hotline-in", "hotline-over"):
        for expression in re.findall(r"\$\[.*\]", context(shipped(), name)):
            bare = expression.replace(f"${{LEN(${{{variables.FROM}}})}}", "1")
            assert variables.FROM not in bare
            assert variables.PRIVACY not in bare


def test_new_calls_are_refused_before_anything_else_while_the_hotline_ends() -> None:
    first, *others = re.findall(
        r"^exten => service,1,.*|(?<=same => n,).*|(?<=same => n\(refused\),).*", _service(), re.M
    )
    assert first.endswith("?refused)")
    assert others[-1] == "Hangup(34)"


def test_every_caller_gets_a_handler_that_writes_the_end_down() -> None:
    assert "Set(CHANNEL(hangup_handler_push)=hotline-over,s,1)" in _service()
    assert "CELGenUserEvent(hl_end,call=${CALLID}&lane=${HL_LANE}&cause=${HANGUPCAUSE}" in context(
        shipped(), "hotline-over"
    )


def test_service_is_asked_only_while_it_is_not_known_to_be_silent() -> None:
    silent = re.search(r"GotoIf\((.*)\?hotline-fallback,call,1\)\n same => n,AGI", _service())
    assert silent is not None
    alive = f"${{GLOBAL({variables.ALIVE})}}"
    assert silent[1] == f'$["{alive}" != "" & ${{EPOCH}} - 0{alive} > {variables.ALIVE_PATIENCE}]'


def _service() -> str:
    found = re.search(r"^exten => service,1,.*?(?=^exten)", context(shipped(), "hotline-in"), re.DOTALL | re.M)
    assert found is not None
    return found[0]


def test_every_gateway_hides_what_the_caller_says_of_himself() -> None:
    config = shipped(PROVIDER)
    for gateway in config.gateways:
        endpoint = pjsip(config, f"gateway-{gateway.name}", "endpoint")
        assert endpoint["callerid"] == "trunk <0>"
        assert endpoint["trust_id_inbound"] == "no"


@pytest.mark.parametrize("name", ["haus", "provider"])
def test_every_gateway_keeps_sound_with_us_and_notices_silence(name: str) -> None:
    endpoint = pjsip(shipped(PROVIDER), f"gateway-{name}", "endpoint")
    assert (endpoint["direct_media"], endpoint["rtp_symmetric"]) == ("no", "yes")
    assert int(endpoint["rtp_timeout"]) > 0
    assert int(endpoint["rtp_timeout_hold"]) > 0
    assert endpoint["allow_transfer"] == "no"
    assert endpoint["identify_by"] == "ip"


def test_gateway_is_rendered_as_configured() -> None:
    endpoint = pjsip(shipped(PROVIDER), "gateway-provider", "endpoint")
    assert endpoint["transport"] == "transport-tls"
    assert endpoint["media_encryption"] == "sdes"
    assert endpoint["allow"] == "alaw,g722"
    assert endpoint["dtmf_mode"] == "info"


def test_registration_is_tried_for_ever_and_tells_a_number_of_ours() -> None:
    registration = pjsip(shipped(PROVIDER), "gateway-provider", "registration")
    assert registration["server_uri"] == "sip:sip.provider.example:5060;transport=tls"
    assert registration["contact_user"] == "+4957219824"
    assert registration["auth_rejection_permanent"] == "no"
    assert int(registration["max_retries"]) * int(registration["retry_interval"]) > 10 * 365 * 86_400


def test_number_told_at_registration_is_one_that_is_answered() -> None:
    only_patterns = PROVIDER | {"called_numbers": ["+49 5721 98XX"]}
    config = shipped(only_patterns)
    told = pjsip(config, "gateway-provider", "registration")["contact_user"]
    assert f"exten => {told},1," in context(config, "gateway-provider")


def test_calls_may_come_from_a_registrar_and_from_each_address() -> None:
    config = shipped(PROVIDER | {"addresses": ["192.0.2.0/24"]})
    assert pjsip(config, "gateway-provider", "identify")["match"] == "192.0.2.0/24\nsip.provider.example"


def test_outer_address_counts_for_the_provider_and_not_for_the_house() -> None:
    udp = PROVIDER | {"transport": "udp", "srtp": False}
    config = shipped(udp, {"name": "pbx", "addresses": ["10.0.0.9"], "called_numbers": ["9824"]})
    transport = pjsip(config, "transport-udp", "transport")
    assert transport["external_media_address"] == "203.0.113.7"
    assert transport["local_net"].split("\n") == ["127.0.0.0/8", "192.168.0.0/16", "127.0.0.1/32", "10.0.0.9/32"]


def test_certificates_are_found_beside_the_configuration() -> None:
    tls = {"certificate_file": "sip.crt", "key_file": "/etc/keys/sip.key", "ca_file": "ca.pem"}
    transport = pjsip(shipped(PROVIDER, tls=tls), "transport-tls", "transport")
    named = {key: transport[key] for key in ("cert_file", "priv_key_file", "ca_list_file")}
    assert named == {"cert_file": "/sip.crt", "priv_key_file": "/etc/keys/sip.key", "ca_list_file": "/ca.pem"}
    assert "ca_list_path" not in transport


def test_two_outer_addresses_are_refused() -> None:
    other = PROVIDER | {"name": "second", "nat": {"external_address": "203.0.113.8", "local_networks": []}}
    with pytest.raises(ValueError, match=r"gateways provider, second: nat\.external_address differs"):
        render(shipped(PROVIDER, other), FACTS)


# --- agents --------------------------------------------------------------------------------------


def test_agent_is_known_by_name_and_password_only() -> None:
    endpoint = pjsip(shipped(), "agent-anna", "endpoint")
    assert endpoint["identify_by"] == "username"
    assert pjsip(shipped(), endpoint["auth"], "auth")["password"] == "phone-anna"
    assert pjsip(shipped(), "global", "global")["endpoint_identifier_order"] == "username,ip"


def test_browser_speaks_webrtc_and_desk_phone_does_not() -> None:
    raw = YAML(typ="safe").load(EXAMPLE.read_text("utf-8"))
    raw["agents"][1]["phone"] = "desk"
    config = HotlineConfig.model_validate(raw)
    assert pjsip(config, "agent-anna", "endpoint")["webrtc"] == "yes"
    assert "webrtc" not in pjsip(config, "agent-ben", "endpoint")


def test_agent_has_one_phone_and_the_newest_wins() -> None:
    aor = pjsip(shipped(), "agent-anna", "aor")
    assert (aor["max_contacts"], aor["remove_existing"]) == ("1", "yes")


def test_what_an_agents_phone_dials_leads_to_the_service_only() -> None:
    reached = context(shipped(), pjsip(shipped(), "agent-anna", "endpoint")["context"])
    assert {step.rpartition(",")[2].partition("(")[0] for step in re.findall(r"=> (\S+?\()", reached)} == {
        "Set",
        "AGI",
        "Goto",
    }


def test_agent_without_a_generated_password_is_never_rendered() -> None:
    with pytest.raises(KeyError, match="anna"):
        render(shipped(), replace(FACTS, phone_secrets={}))


# --- AMI and the rest ----------------------------------------------------------------------------


def test_ami_shows_what_is_needed_and_lets_nobody_run_anything() -> None:
    account = sections(render(shipped(), FACTS)["manager.conf"], "hotline")[0]
    assert account["write"] == "call,agent,reporting,originate"
    assert account["permit"] == "127.0.0.0/255.0.0.0\n::1/128"
    assert [key for key in account if key.startswith("eventfilter")] == [
        f"eventfilter(action(include),name({name}))" for name in EVENTS
    ]


def test_older_asterisk_gets_the_filter_it_understands() -> None:
    account = sections(render(shipped(), replace(FACTS, version=(20, 9)))["manager.conf"], "hotline")[0]
    patterns = [re.compile(line.replace("[[:cntrl:]]", r"[\r\n]")) for line in account["eventfilter"].split("\n")]
    assert len(patterns) == len(EVENTS)
    assert any(pattern.match("Event: Hangup\r\nChannel: x") for pattern in patterns)
    assert not any(pattern.match("Event: HangupRequest\r\n") for pattern in patterns)


@pytest.mark.parametrize(
    ("host", "more"),
    [("0.0.0.0", []), ("::1", []), ("192.0.2.5", ["192.0.2.5/32"]), ("2001:db8::5", ["2001:db8::5/128"])],
)
def test_ami_is_for_this_machine_only(host: str, more: list[str]) -> None:
    config = shipped(ami={"host": host, "port": 5038})
    account = sections(render(config, FACTS)["manager.conf"], "hotline")[0]
    assert account["permit"].split("\n") == ["127.0.0.0/255.0.0.0", "::1/128", *more]


def test_no_header_is_ever_put_on_an_ami_event() -> None:
    general = sections(render(shipped(), FACTS)["manager.conf"], "general")[0]
    assert general["channelvars"] == "CALLID"


def test_only_named_modules_are_loaded() -> None:
    text = render(shipped(), FACTS)["modules.conf"]
    assert "autoload = no" in text
    assert set(re.findall(r"^(?:require|load) = (\w+)\.so$", text, re.M)) == REQUIRED
    assert set(re.findall(r"^load = (\w+)\.so$", text, re.M)) == MAY_FAIL - set(FURTHER)
    assert not {"app_system", "func_shell", "res_config_curl", "func_env", "app_originate"} & REQUIRED


def test_module_that_only_newer_versions_have_is_loaded_where_it_exists() -> None:
    text = render(shipped(), replace(FACTS, further_modules=FURTHER))["modules.conf"]
    assert set(re.findall(r"^(?:require|load) = (\w+)\.so$", text, re.M)) == REQUIRED | set(FURTHER)
    assert text.index(FURTHER[0]) < text.index("cel_sqlite3_custom")


def test_time_of_rendering_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(FACTS, now=datetime(2026, 11, 22, 12))  # noqa: DTZ001 - the mistake meant


# --- the queue of the fallback, and what is written down -------------------------------------------


def test_whoever_is_paused_or_away_counts_as_nobody_and_is_never_rung_first_for_ever() -> None:
    queue = sections(render(shipped(), FACTS)["queues.conf"], "hotline-fallback")[0]
    assert queue["leavewhenempty"] == "paused,unavailable,invalid,unknown"
    assert queue["strategy"] == "rrmemory"
    assert (queue["ringinuse"], queue["autopause"]) == ("no", "no")
    assert (queue["timeout"], queue["wrapuptime"]) == ("12", "60")


def test_members_are_kept_by_asterisk_and_not_in_the_file() -> None:
    text = render(shipped(), FACTS)["queues.conf"]
    assert sections(text, "general")[0]["persistentmembers"] == "yes"
    assert "member =" not in text


def test_only_our_own_happenings_are_written_down_and_in_the_tables_order() -> None:
    files = render(shipped(), FACTS)
    general = sections(files["cel.conf"], "general")[0]
    assert (general["enable"], general["events"], general["apps"]) == ("yes", "USER_DEFINED", "")
    stored = sections(files["cel_sqlite3_custom.conf"], "master")[0]
    assert stored["table"] == happenings.TABLE
    assert stored["columns"] == ", ".join(happenings.COLUMNS)
    assert len(stored["values"].split(",")) == len(happenings.COLUMNS)


def test_rtp_begins_on_an_even_port() -> None:
    config = shipped(rtp={"from": 20001, "to": 20100})
    assert "rtpstart = 20002" in render(config, FACTS)["rtp.conf"]


def test_everything_lies_in_directories_of_our_own() -> None:
    directories = sections(render(shipped(), FACTS)["asterisk.conf"], "directories")[0]
    assert {value for value in directories.values() if not value.startswith("/state/")} == {
        "/asterisk/modules",
        "/asterisk/data",
    }


def test_rendering_is_the_same_every_time() -> None:
    assert render(shipped(PROVIDER), FACTS) == render(shipped(PROVIDER), FACTS)


@pytest.mark.parametrize("path", ["/a,b", "/a&b", "/a;b", "/${X}", "/a\nb", "relative"])
def test_directory_that_asterisk_would_misread_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"director(y|ies)"):
        replace(FACTS.directories, prompts=PurePosixPath(path))


@given(value=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Co", "Cn", "Cf", "Zs"]), min_size=1))
def test_a_value_stays_one_value(value: str) -> None:
    """Read back as Asterisk reads it: a `;` without backslash begins a comment."""
    text = conf.section("one", {"password": value})
    reader = configparser.RawConfigParser(comment_prefixes=("@@",), delimiters=("=",), strict=True)
    reader.read_string(text)
    assert reader.sections() == ["one"]
    assert list(reader["one"]) == ["password"]
    written = reader["one"]["password"]
    assert not re.search(r"(?<!\\);", written)
    assert written.replace("\\;", ";") == value


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\x00b", "a\x1bb"])
def test_line_break_in_a_value_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        conf.section("one", {"password": value})


def test_passwords_are_not_shown_by_accident() -> None:
    assert "phone-anna" not in repr(FACTS)
    assert "secret" not in repr(FACTS).replace("ami_secret", "")
