"""The parent writes Asterisk's files from the configuration in use, and has only those read that have changed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from config.loading import parse
from dialplan.extensions import stamp
from hotline.clock import Clock
from hotline.errors import SetupError
from hotline.parent import asterisk_commands, asterisk_side
from hotline.parent.asterisk_has import Has
from hotline.parent.asterisk_side import DIALPLAN, PARTS, PHONES, AsteriskSide, Told
from hotline.parent.control import ASTERISK_SECONDS, Control, socket_of, tell_asterisk
from hotline.setup import asterisk_files
from hotline.setup.asterisk import Asterisk
from hotline.state import StateDirectory


class House:
    """An Asterisk whose script writes down what it was asked; it has what is in the files, or as `says` says."""

    def __init__(self, directory: Path, text: str) -> None:
        self.state, self.text = StateDirectory(directory), text
        self.state.prepare()
        config = parse(text, "hotline.yaml")
        asterisk = Asterisk((22, 10), "Asterisk 22.10", directory, directory, directory)
        secrets = self.state.secrets(agent.name for agent in config.agents)
        asterisk_files.write(config, asterisk_files.facts_for(config, self.state, asterisk, secrets), asterisk)
        self.asked = directory / "asked"
        script, etc = directory / "script", self.state.asterisk / "etc"
        endpoints = "s/^.\\(\\(agent\\|gateway\\)-[a-z]*\\).*/ Endpoint: \\1\\/0/p"
        script.write_text(
            f'#!/bin/sh\necho "$2" >> {self.asked}\n'
            f"test -e {directory}/says && exec cat {directory}/says\n"
            f'case "$2" in\n'
            f"*show*) tac {etc}/extensions.conf | sed -n \"s/exten => \\([^,]*\\),.*/'\\1'/p;T;q\";;\n"
            f"*list*) sed -n '{endpoints}' {etc}/pjsip.conf | sort -u;;\n"
            f"*) cat {directory}/answer;;\nesac\ntest ! -e {directory}/away\n"
        )
        self.answer = directory / "answer"
        self.answer.write_text("Dialplan reloaded.\nModule 'res_pjsip.so' reloaded successfully.\n")
        script.chmod(0o700)
        self.side = AsteriskSide(self.state, config, asterisk, script, Clock())

    def commands(self) -> list[str]:
        """Those that change something."""
        said = self.asked.read_text().splitlines() if self.asked.exists() else []
        self.asked.unlink(missing_ok=True)
        return [one for one in said if "reload" in one]

    def file(self, name: str) -> str:
        return (self.state.asterisk / "etc" / name).read_text("utf-8")


@pytest.fixture
async def house(tmp_path: Path, shipped_text: str) -> House:
    one = House(tmp_path, shipped_text)
    await one.side.before_start()
    return one


async def test_nothing_is_read_anew_when_nothing_has_changed(house: House) -> None:
    told = await house.side.bring_up_to_date(house.text)
    assert (told.reloaded, told.failed, house.commands()) == ((), (), [])


async def test_asterisk_is_asked_what_it_has(house: House) -> None:
    name = stamp(house.file("extensions.conf"))
    says = house.state.path / "says"
    says.write_text(
        f"[ Context 'hotline-stamp' created by 'pbx_config' ]\n  '{name}' =>  1. NoOp()  [extensions.conf:900]\n"
        " Endpoint:  <Endpoint/CID.....................................>  <State.....>  <Channels.>\n"
        " Endpoint:  agent-ben/0                     Unavailable   0 of inf\n"
        " Endpoint:  agent-anna/0                    Not in use    0 of inf\n"
        " Endpoint:  gateway-haus/0                  Not in use    0 of inf\n"
        " gateway-provider/sip:192.0.2.9:5060        gateway-provider      Unregistered      (exp. 2s ago)\n"
    )
    has = (await house.side.bring_up_to_date(house.text)).has
    assert has == Has(True, ("anna", "ben"), ("haus",), ("provider",))
    says.write_text("-")
    assert (await house.side.bring_up_to_date(house.text)).has == Has(False, (), (), ())


async def test_what_asterisk_has_otherwise_is_read_again_at_the_next_occasion(house: House) -> None:
    (house.state.path / "says").touch()
    assert (await house.side.bring_up_to_date(house.text)).reloaded == ()
    (house.state.path / "says").unlink()
    assert (await house.side.bring_up_to_date(house.text)).reloaded == ("Wählplan", "Telefone und Anschlüsse")
    assert (await house.side.bring_up_to_date(house.text)).reloaded == ()


@pytest.mark.parametrize(
    "answer",
    [
        "The module 'res_pjsip.so' reported a reload failure\n",
        "No such module 'res_pjsip.so'\n",
        "A module reload request is already in progress; please be patient\n",
        "No such command 'moh reload' (type 'core show help moh reload' for other possible commands)\n",
    ],
)
async def test_asterisk_that_says_no_has_not_read_it(house: House, answer: str) -> None:
    house.answer.write_text(answer)
    house.commands()
    house.side._known.clear()
    told = await house.side.bring_up_to_date(house.text)
    assert "Telefone und Anschlüsse" in told.failed
    assert "Telefone und Anschlüsse" not in told.reloaded


async def test_asterisk_that_hangs_is_asked_only_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def hangs(_script: Path, command: str, _patience: float) -> str | None:
        asked.append(command)
        raise TimeoutError

    monkeypatch.setattr(asterisk_commands, "_said", hangs)
    house.side._known.clear()
    told = await house.side.bring_up_to_date(house.text)
    assert told == Told((), tuple(PARTS.values()), Has())
    assert asked == ["dialplan reload"]


async def test_command_that_hangs_is_ended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk_commands, "PATIENCE", 0.05)
    script = house.state.path / "script"
    script.write_text("#!/bin/sh\nexec sleep 600\n")
    assert await asterisk_commands.told(script, "dialplan reload") is None


def test_the_service_waits_longer_than_the_parent_may_need() -> None:
    """For the try that goes on, and for its own."""
    assert asterisk_commands.PATIENCE <= asterisk_side.BRING_SECONDS < ASTERISK_SECONDS / 2


async def test_other_hours_are_a_matter_of_the_dialplan_alone(house: House) -> None:
    before = stamp(house.file("extensions.conf"))
    text = house.text.replace("08:00-18:00", "08:00-17:00")
    told = await house.side.bring_up_to_date(text)
    assert text != house.text
    assert told.reloaded == ("Wählplan",)
    assert stamp(house.file("extensions.conf")) != before
    assert house.commands() == ["dialplan reload"]
    assert house.side.config != parse(house.text, "x")


async def test_new_agent_gets_a_telephone_with_a_password_of_its_own(house: House) -> None:
    skill = parse(house.text, "x").unclear.skill
    neu = f"{{name: neu, full_name: N. N., office: rinteln, skills: [{skill}]}}"
    text = house.text.replace("\nagents:\n", f"\nagents:\n  - {neu}\n")
    told = await house.side.bring_up_to_date(text)
    assert "Telefone und Anschlüsse" in told.reloaded
    assert "[agent-neu]" in house.file("pjsip.conf")
    assert house.state.phone_secrets()["neu"] in house.file("pjsip.conf")
    assert "module reload res_pjsip.so" in house.commands()


async def test_what_asterisk_did_not_read_is_told_and_tried_again(house: House) -> None:
    away = house.state.path / "away"
    away.touch()
    text = house.text.replace("08:00-18:00", "08:00-17:00")
    assert (await house.side.bring_up_to_date(text)).failed == ("Wählplan",)
    away.unlink()
    assert (await house.side.bring_up_to_date(text)).reloaded == ("Wählplan",)
    assert (await house.side.bring_up_to_date(text)).reloaded == ()


async def test_ports_stay_until_the_next_start(house: House) -> None:
    text = f"{house.text}\nnetwork: {{agi: {{port: 4999}}}}\n" if "\nnetwork:" not in house.text else house.text
    await house.side.bring_up_to_date(text)
    assert ":4999" not in house.file("extensions.conf")


async def test_text_that_is_no_configuration_changes_nothing(house: House) -> None:
    before = house.file("extensions.conf")
    with pytest.raises(SetupError, match="cannot be read"):
        await house.side.bring_up_to_date("x: 1\n")
    assert house.file("extensions.conf") == before


async def test_service_says_over_the_control_socket_what_is_in_use(house: House) -> None:
    path = socket_of(house.state)
    control = Control(path, lambda: "asked", house.side.bring_up_to_date)
    await control.open()
    try:
        told = await tell_asterisk(path, house.text.replace("08:00-18:00", "08:00-17:00"))
        assert told.reloaded == ("Wählplan",)
        with pytest.raises(SetupError, match="cannot be read"):
            await tell_asterisk(path, "x: 1\n")
    finally:
        await control.close(done=False)
    with pytest.raises(OSError, match="No such file"):
        await tell_asterisk(path, house.text)


async def test_what_asterisk_did_not_read_is_tried_again_by_itself(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asterisk_side, "RETRY_SECONDS", 0.01)
    away = house.state.path / "away"
    away.touch()
    await house.side.bring_up_to_date(house.text.replace("08:00-18:00", "08:00-17:00"))
    away.unlink()
    house.commands()
    running = asyncio.create_task(house.side.run())
    async with asyncio.timeout(30):
        while house.side._behind:  # noqa: ASYNC110 - nothing tells when it was taken
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})
    assert house.commands() == ["dialplan reload"]


async def test_what_cannot_be_written_now_is_what_is_written_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = house.text.replace("08:00-18:00", "08:00-17:00")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(asterisk_files, "write_private", full)
        with pytest.raises(OSError, match="No space"):
            await house.side.bring_up_to_date(text)
    before = stamp(house.file(DIALPLAN))
    house.side.render_dialplan()
    assert stamp(house.file(DIALPLAN)) != before


async def test_what_was_read_for_a_new_day_is_not_read_again(house: House) -> None:
    house.side._known.update({DIALPLAN: "of yesterday", PHONES: "of yesterday"})
    house.side.render_dialplan()
    house.side.write_phones()
    house.side.took(DIALPLAN)
    house.side.took(PHONES)
    assert (await house.side.bring_up_to_date(house.text)).reloaded == ()
