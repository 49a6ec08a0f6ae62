"""What needs a new start is named, and stays as it was until then; everything else is in use at once."""

from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline.changing.restart import GATEWAYS, KEYS, effective, waiting


def changed(config: HotlineConfig, path: str, value: Any) -> HotlineConfig:
    data = config.model_dump(mode="json", by_alias=True)
    place: Any = data
    *parents, last = path.split(".")
    for part in parents:
        place = place[int(part) if part.isdecimal() else part]
    place[last] = value
    return HotlineConfig.model_validate(data)


CASES: dict[str, tuple[str, Any, tuple[str, ...]]] = {
    "a port of ours": ("network.agi.port", 4599, ("network",)),
    "where mails are handed over": ("mail.port", 2599, ("mail.port",)),
    "the public address": ("hotline.public_url", "https://hotline.example", ("hotline.public_url",)),
    "a gateway's transport": ("gateways.0.transport", "tcp", (GATEWAYS,)),
    "who gets what nobody is responsible for": ("mail.team_mailbox", "neu@jobcenter.example", ()),
    "a gateway's patience": ("gateways.0.silence_seconds", 30, ()),
    "ringing": ("distribution.ring_seconds", 20, ()),
    "our number alone": ("hotline.number", "05721 9825", ()),
    "a text": ("texts.goodbye", "Tschüss.", ()),
}


@pytest.mark.parametrize("case", CASES)
def test_what_waits_for_a_new_start(config: HotlineConfig, case: str) -> None:
    path, value, keys = CASES[case]
    wanted = changed(config, path, value)
    assert waiting(config, wanted) == keys
    assert (effective(config, wanted) == config) == bool(keys)
    assert keys or effective(config, wanted) == wanted


def test_every_key_exists(config: HotlineConfig) -> None:
    assert waiting(config, config) == ()
    for key in KEYS:
        section: Any = config
        for part in key.split("."):
            section = getattr(section, part)


def test_what_needs_no_new_start_is_in_use_beside_what_does(config: HotlineConfig) -> None:
    wanted = changed(changed(config, "network.agi.port", 4599), "texts.goodbye", "Tschüss.")
    used = effective(config, wanted)
    assert used.network == config.network
    assert used.texts.goodbye == "Tschüss."


def test_number_waits_with_the_codes_by_which_it_is_read(config: HotlineConfig) -> None:
    wanted = changed(changed(config, "hotline.area_code", "5751"), "hotline.number", "05751 9824")
    assert waiting(config, wanted) == ("hotline.area_code", "hotline.number")
    assert effective(config, wanted) == config


def test_gateway_that_is_not_there_yet_is_not_dialled_through(config: HotlineConfig) -> None:
    new = config.gateways[0].model_copy(update={"name": "neu", "transport": "tcp"})
    transfers = config.transfers.model_copy(update={"gateway": "neu"})
    wanted = config.model_copy(update={"gateways": [*config.gateways, new], "transfers": transfers})
    assert waiting(config, wanted) == ("transfers.gateway", GATEWAYS)
    assert effective(config, wanted) == config
