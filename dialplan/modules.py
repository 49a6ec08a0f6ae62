"""Which of Asterisk's modules are loaded: only what a call needs, each group with its reason.

`require` instead of `load`: an Asterisk that lacks one ends at once with a clear message, instead of answering
calls it cannot carry. The set-up reads `REQUIRED` to tell beforehand whether an Asterisk is suitable.
"""

from collections.abc import Collection

from dialplan import conf

GROUPS: dict[str, tuple[str, ...]] = {
    "reads the dialplan": ("pbx_config",),
    "clock of conferences, music and announcements": ("res_timing_timerfd",),
    "where PJSIP keeps its objects: files, memory, and the database for registrations": (
        "res_sorcery_config",
        "res_sorcery_memory",
        "res_sorcery_astdb",
    ),
    "certificates and WebSocket for agents' browsers": (
        "res_crypto",
        "res_http_websocket",
        "res_pjsip_transport_websocket",
        "res_srtp",
    ),
    "SIP": (
        "res_pjproject",
        "res_pjsip",
        "res_pjsip_session",
        "res_pjsip_sdp_rtp",
        "res_pjsip_nat",
        "res_pjsip_rfc3326",
        "res_pjsip_dlg_options",
        "chan_pjsip",
        "res_rtp_asterisk",
    ),
    "not used, but PJSIP does not start without them": (
        "res_geolocation",
        "res_statsd",
        "res_pjsip_pubsub",
    ),
    "who is calling: an agent by name and password, a gateway by its address; nobody anonymously": (
        "res_pjsip_authenticator_digest",
        "res_pjsip_endpoint_identifier_user",
        "res_pjsip_endpoint_identifier_ip",
        "res_pjsip_acl",
    ),
    "the name and number written on each call are ours, not the caller's": ("res_pjsip_caller_id",),
    "agents register here": ("res_pjsip_registrar",),
    "we register at a provider": (
        "res_pjsip_outbound_registration",
        "res_pjsip_outbound_authenticator_digest",
    ),
    "keys sent by SIP INFO": ("res_pjsip_dtmf_info",),
    "reads From, P-Asserted-Identity and Privacy": ("res_pjsip_header_funcs",),
    "codecs of telephones, and the conversion between them": (
        "codec_alaw",
        "codec_ulaw",
        "codec_a_mu",
        "codec_g722",
        "codec_resample",
    ),
    "prompts and music": ("format_wav", "format_sln", "format_pcm", "res_musiconhold"),
    "a conversation between two legs; several of them in a conference": (
        "bridge_simple",
        "bridge_native_rtp",
        "bridge_softmix",
        "bridge_holding",
        "bridge_builtin_features",
    ),
    "calls without the service: the queue, keys, subroutines, and what is written down": (
        "app_queue",
        "app_read",
        "app_stack",
        "app_celgenuserevent",
        "cel_sqlite3_custom",
        "func_cut",
        "func_uri",
    ),
    "agents hand callers on: by their telephone's own buttons, and what the service is told of it": (
        "res_pjsip_refer",
        "app_userevent",
    ),
    "the service's hand: AGI, and the applications it executes": (
        "res_speech",
        "res_agi",
        "app_dial",
        "app_playback",
        "app_controlplayback",  # cuts an announcement off
        "app_exec",
    ),
    "what the dialplan computes with": (
        "func_callerid",
        "func_channel",
        "func_global",
        "func_logic",
        "func_strings",
        "func_timeout",
        "func_devstate",
        "func_hangupcause",
    ),
    "states of agents' phones over AMI": ("res_manager_devicestate",),
}

REQUIRED = frozenset(name for group in GROUPS.values() for name in group)
"""Names of the modules, without `.so`, that a suitable Asterisk must have."""

FURTHER = ("res_cdrel_custom",)
"""What newer versions have taken out of `cel_sqlite3_custom` (seen in 22.10): loaded where it exists."""

MAY_FAIL = frozenset({*FURTHER, "cel_sqlite3_custom"})
"""What is no reason not to start: a damaged file of what has happened must not keep callers out."""


def modules_conf(further: Collection[str]) -> str:
    """`modules.conf`: nothing is loaded by itself. `further` are those of FURTHER that this Asterisk has."""
    lines = ["[modules]", "autoload = no", *(_loaded(name) for name in further)]
    for reason, names in GROUPS.items():
        lines.append(f"; {reason}")
        lines.extend(_loaded(name) for name in names)
    return conf.text("\n".join(lines) + "\n")


def _loaded(name: str) -> str:
    return f"{'load' if name in MAY_FAIL else 'require'} = {name}.so"
