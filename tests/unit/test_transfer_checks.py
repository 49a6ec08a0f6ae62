"""What does not fit together in extensions, case workers' telephones and the way outside."""

import pytest

from config.loading import ConfigurationError, parse

FALKE, GUENTHER = 'phone: "30"', 'phone: "05721 9830"'
TRANSFERS = "transfers:\n  gateway: haus           # through which case workers are called\n  numbers: false"

MISFITS = [
    # (what stands there, what is written instead, path of the finding, part of the message)
    ('extension: "12"', 'extension: "11"', "agents.1.extension", 'already the extension of the agent "anna"'),
    ('extension: "12"', 'extension: "9824"', "agents.1.extension", "under which the hotline is called"),
    ('extension: "12"', 'extension: "112"', "agents.1.extension", "emergency number"),
    ('extension: "12"', 'extension: "1"', "agents.1.extension", "two to four digits"),
    ('extension: "12"', 'extension: "012"', "agents.1.extension", "leading 0"),
    ('extension: "12"', "extension: 12", "agents.1.extension", "in quotes"),
    ("gateway: haus ", "gateway: hau ", "transfers.gateway", 'did you mean "haus"'),
    ('addresses: ["127.0.0.1"]', 'addresses: ["192.0.2.0/28"]', "transfers.gateway", "cannot be dialled"),
    ("  gateway: haus  ", "  # gateway", "case_workers.0.phone", "name it in transfers.gateway"),
    (TRANSFERS, "transfers:\n  numbers: true", "transfers.numbers", "name it in transfers.gateway"),
    (FALKE, 'phone: "12"', "case_workers.0.phone", 'already the extension of the agent "ben"'),
    (FALKE, 'phone: "9824"', "case_workers.0.phone", "number of the hotline itself"),
    (FALKE, 'phone: "05721 9824"', "case_workers.0.phone", "number of the hotline itself"),
    (FALKE, 'phone: "110"', "case_workers.0.phone", "emergency number"),
    (FALKE, 'phone: "01"', "case_workers.0.phone", "no valid number"),
    (FALKE, 'phone: "0900 5 123456"', "case_workers.0.phone", "premium"),
    (FALKE, 'phone: "0033 1 42 68 53 00"', "case_workers.0.phone", "foreign"),
    (GUENTHER, "phone: 057219830", "case_workers.1.phone", "in quotes"),
    ("ring_seconds: 20", "ring_seconds: 2", "transfers.ring_seconds", "at least 5"),
]
FITS = [
    (FALKE, 'phone: "983012"'),
    (FALKE, 'phone: "0151 23456789"'),
    (FALKE, 'phone: "+49 5721 9831"'),
    ("numbers: false ", "numbers: true "),
    (', extension: "12"', ""),
]


def _findings(shipped_text: str, old: str, new: str) -> list[tuple[str, str]]:
    assert old in shipped_text
    with pytest.raises(ConfigurationError) as refused:
        parse(shipped_text.replace(old, new, 1), "hotline.yaml")
    return [(finding.path, finding.message) for finding in refused.value.findings]


@pytest.mark.parametrize(("old", "new", "path", "part"), MISFITS)
def test_misfit_is_found_where_it_stands(shipped_text: str, old: str, new: str, path: str, part: str) -> None:
    found = _findings(shipped_text, old, new)
    assert any(where == path and part in message for where, message in found), found


@pytest.mark.parametrize(("old", "new"), FITS)
def test_what_can_be_dialled_is_accepted(shipped_text: str, old: str, new: str) -> None:
    assert old in shipped_text
    parse(shipped_text.replace(old, new, 1), "hotline.yaml")


def test_extension_within_a_pattern_of_called_numbers_is_found(shipped_text: str) -> None:
    text = shipped_text.replace('called_numbers: ["9824",', 'called_numbers: ["98XX",', 1)
    with pytest.raises(ConfigurationError, match="under which the hotline is called"):
        parse(text.replace('extension: "12"', 'extension: "9811"', 1), "hotline.yaml")
