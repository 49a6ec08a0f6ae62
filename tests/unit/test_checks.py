"""What does not fit together in a configuration is named by the place where it stands."""

import pytest

from config.loading import ConfigurationError, parse

HAUS = '    called_numbers: ["9824", "05721 9824", "0049 5721 9824", "+49 5721 9824"]'
SECOND = '\n  - {name: zwei, addresses: [%s], port: 5070, called_numbers: ["9824"]}'

MISFITS = [
    # (what stands there, what is written instead, path of the finding, part of the message)
    ("{key: rinteln, name", "{key: stadthagen, name", "offices.1.key", "may be used once"),
    ("name: ben,", "name: anna,", "agents.1.name", "agents.0.name"),
    (HAUS, HAUS + SECOND.replace("zwei", "haus") % "10.0.0.1", "gateways.1.name", '"haus" is already'),
    ("key: rent\n", "key: address\n", "request_types.3.key", "request_types.0.key"),
    ("key: rent\n", "key: unclear\n", "unclear.key", "request_types.3.key"),
    ('press: "4"', 'press: "1"', "request_types.3.press", "may be used once"),
    ('press: "4"', 'press: "0"', "unclear.press", "request_types.3.press"),
    ("office: rinteln", "office: rintel", "agents.2.office", 'did you mean "rinteln"'),
    (
        "offices: [rinteln], letters: A-M",
        "offices: [x], letters: A-M",
        "case_workers.2.offices.0",
        "allowed: stadthagen",
    ),
    ("types: [move, rent]", "types: [move, rents]", "case_workers.2.types.1", 'did you mean "rent"'),
    ("skill: allgemein", "skill: wissen", "unclear.skill", 'no agent has the skill "wissen"'),
    ("skill: leistung", "skill: leistungen", "request_types.5.skill", 'did you mean "leistung"'),
    ("skills: [allgemein, stammdaten, wohnen]", "skills: [allgemein, wonen]", "agents.1.skills.1", 'mean "wohnen"'),
    ("{key: from_date, label: Gültig ab", "{key: new_address, label: G", "request_types.0.fields.1.key", "may be used"),
    (
        "{key: person, label",
        "{key: note, label",
        "request_types.1.fields.0.key",
        "on the page of every request already",
    ),
    ("choices: [zieht ein, zieht aus, Geburt, Tod], ", "", "request_types.1.fields.1", "a choice without choices"),
    ("kind: money", "choices: [a]", "request_types.2.fields.2.choices", "only a field of the kind choice"),
    ("[zieht ein, zieht aus, Geb", "[zieht ein, zieht ein, Geb", "request_types.1.fields.1.choices.1", "each choice"),
    ("letters: L-Z", "letters: Z-L", "case_workers.1.letters", 'write "L-Z"'),
    ("letters: L-Z", "letters: Ö-Ä", "case_workers.1.letters", "runs backwards"),
    ("deputy: guenther@", "deputy: gunther@", "case_workers.0.deputy", 'did you mean "guenther@jobcenter.example"'),
    ("deputy: guenther@", "deputy: falke@", "case_workers.0.deputy", "themselves"),
    ("L-Z, ", "L-Z, deputy: falke@jobcenter.example, ", "case_workers.0.deputy", "round in a circle (falke@"),
    (
        "letters: A-M,",
        "letters: A-M, absences: [{from: 2026-12-02, to: 2026-12-01}],",
        "case_workers.2.absences.0.to",
        "must not be before the first",
    ),
    (
        "{name: Herr Immig,",
        "{name: Frau Falke, email: falke@jobcenter.example, offices: [rinteln], deputy: heine@jobcenter.example}\n"
        "  - {name: Herr Immig,",
        "case_workers.3.deputy",
        "at case_workers.0.deputy; name the same one",
    ),
    ("{key: new_address, label", "{key: responsible, label", "request_types.0.fields.0.key", "on the page of every"),
    ('number: "05721 9824"', 'number: "05721"', "hotline.number", "not a valid telephone number"),
    ('country_code: "49"', 'country_code: "999"', "hotline.number", "country code 999"),
    ("min_digits: 6", "min_digits: 13", "line.household_number.min_digits", "more than max_digits (12)"),
    ("timezone: Europe/Berlin", "timezone: Europe/Berln", "hotline.timezone", 'did you mean "Europe/Berlin"'),
    ("timezone: Europe/Berlin", "timezone: ../../etc/passwd", "hotline.timezone", "there is no time zone"),
    ("timezone: Europe/Berlin", "timezone: Europe", "hotline.timezone", "there is no time zone"),
    ('friday: ["08:00-18:00"]', 'friday: ["18:00-08:00"]', "hours.week.friday.0", "ends before it begins"),
    ('friday: ["08:00-18:00"]', 'friday: ["08:00-08:00"]', "hours.week.friday.0", "ends before it begins"),
    (
        'friday: ["08:00-18:00"]',
        'friday: ["08:00-13:00", "12:00-18:00"]',
        "hours.week.friday.1",
        "overlaps 08:00-13:00",
    ),
    ("from: 2026-12-24,", "from: 2026-12-24, to: 2026-12-23,", "hours.closures.0.to", "must not be before the first"),
    ("from: 2026-12-24,", "from: 2026-12-24, to: 2027-12-24,", "hours.closures.0.to", "shorter than a year"),
    ("from: 2026-12-24,", 'from: 2026-12-24, hours: "14:00-12:00",', "hours.closures.0.hours", "ends before it begins"),
    ("country: DE", "country: QQ", "hours.holidays.country", "no holidays are known"),
    ("subdivision: NI", "subdivision: XX", "hours.holidays.subdivision", "NI, NW"),
    ("rtp: {from: 16384, to: 18383}", "rtp: {from: 18383, to: 16384}", "network.rtp", "runs backwards"),
    ("rtp: {from: 16384, to: 18383}", "rtp: {from: 16384, to: 16482}", "network.rtp", "at least 100"),
    ("rtp: {from: 16384, to: 18383}", "rtp: {from: 5000, to: 6000}", "network.sip.port", "within the RTP ports"),
    ("ami: {host: 127.0.0.1, port: 5038}", "ami: {host: 127.0.0.1, port: 8080}", "network.ami.port", "already taken"),
    ("ami: {host: 127.0.0.1, port: 5038}", "ami: {host: localhost, port: 8080}", "network.ami.port", "already taken"),
    ("ami: {host: 127.0.0.1, port: 5038}", "ami: {host: 0.0.0.0, port: 8080}", "network.ami.port", "already taken"),
    ("  port: 2525", "  port: 8080", "mail.port", "already taken"),
    ('addresses: ["127.0.0.1"]', "addresses: []", "gateways.0", "needs addresses or a registration"),
    ('addresses: ["127.0.0.1"]', 'addresses: ["127.0.0.300"]', "gateways.0.addresses.0", "not an address"),
    ('addresses: ["127.0.0.1"]', 'addresses: ["10.0.0.0/99"]', "gateways.0.addresses.0", "not an address"),
    ('addresses: ["127.0.0.1"]', 'addresses: ["0.0.0.0/0"]', "gateways.0.addresses.0", "whole internet"),
    (HAUS, HAUS + SECOND % '"127.0.0.1"', "gateways.1.addresses.0", 'of the gateway "haus"'),
    (HAUS, HAUS + "\n    srtp: true", "gateways.0.srtp", "transport: tls"),
    (HAUS, HAUS + "\n    transport: tls", "gateways.0.transport", "add network.tls"),
    (
        HAUS,
        HAUS + "\n    nat: {external_address: h, local_networks: [10.0.0.0/33]}",
        "gateways.0.nat.local_networks.0",
        "not an address",
    ),
    ("    port: 5062", "    port: 5060", "gateways.0.port", "our own SIP port"),
    ('["9824", "05721', '["9824", "98X4", "05721', "gateways.0.called_numbers.1", 'the same numbers as "9824"'),
    ('["9824", "05721', '["XX24", "98XX", "05721', "gateways.0.called_numbers.1", "same numbers"),
    ('["9824", "05721', '["05721/9824", "05721', "gateways.0.called_numbers.1", "same numbers"),
    ("  host: 127.0.0.1\n", "  host: mail.example\n", "mail.demo_mailbox", "needs host: 127.0.0.1"),
    ("security: none", "security: starttls", "mail.security", "knows no encryption"),
    (
        "  host: 127.0.0.1\n  port: 2525\n  security: none\n",
        "  host: mail.example\n  security: none\n",
        "mail.security",
        "only to a mail server on this machine",
    ),
    ("  port: 2525", "  port: 2525\n  user: hotline", "mail.user", "needs a secret_file"),
    ("  port: 2525", "  port: 2525\n  secret_file: mail.secret", "mail.secret_file", "needs a user"),
]


@pytest.mark.parametrize(("old", "new", "path", "message"), MISFITS)
def test_each_misfit_is_named_where_it_stands(shipped_text: str, old: str, new: str, path: str, message: str) -> None:
    assert old in shipped_text
    text = shipped_text.replace(old, new, 1)
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "x.yaml")
    found = next(finding for finding in caught.value.findings if finding.path == path)
    assert message in found.message


def test_a_misfit_is_shown_with_the_line_and_column_of_its_value(shipped_text: str) -> None:
    text = shipped_text.replace("office: rinteln", "office: rintel", 1)
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "x.yaml")
    (found,) = caught.value.findings
    assert text.splitlines()[found.line - 1][found.col - 1 :].startswith("rintel,")


def test_a_week_without_hours_never_opens(shipped_text: str) -> None:
    with pytest.raises(ConfigurationError, match="never opens"):
        parse(shipped_text.replace('["08:00-18:00"]', "[]"), "x.yaml")


ALLOWED = [
    ('friday: ["08:00-18:00"]', 'friday: ["08:00-12:00", "12:00-18:00"]'),
    ('friday: ["08:00-18:00"]', 'friday: ["14:00-18:00", "08:00-12:00"]'),
    ("from: 2026-12-24,", "from: 2026-12-24, to: 2027-01-02,"),
    ("ami: {host: 127.0.0.1, port: 5038}", "ami: {host: 127.0.0.1, port: 5060}"),
    ("ami: {host: 127.0.0.1, port: 5038}", "ami: {host: 127.0.0.2, port: 8080}"),
    (HAUS, '    called_numbers: ["9824", "98240", "+49X", "X49X", "05721 98XX"]'),
    ("rtp: {from: 16384, to: 18383}", "rtp: {from: 16384, to: 16483}"),
    ('addresses: ["127.0.0.1"]', 'addresses: ["10.0.0.0/8", "fd00::1", "pbx.house.example"]'),
    ("letters: A-K", "letters: Ä-K"),
    ("types: [move, rent]", "types: [unclear]"),
    ("  demo_mailbox: true", "  demo_mailbox: false"),
]


@pytest.mark.parametrize(("old", "new"), ALLOWED)
def test_what_looks_odd_but_works_is_allowed(shipped_text: str, old: str, new: str) -> None:
    assert old in shipped_text
    parse(shipped_text.replace(old, new, 1), "x.yaml")


def test_tcp_on_a_gateway_makes_the_sip_port_a_tcp_listener(shipped_text: str) -> None:
    text = shipped_text.replace(HAUS, HAUS + "\n    transport: tcp").replace("port: 5038", "port: 5060")
    with pytest.raises(ConfigurationError, match=r"network\.ami\.port: port 5060 is already taken"):
        parse(text, "x.yaml")
