"""The parent of everything, as far as no Asterisk is needed."""

from pathlib import Path

import pytest

from hotline.changing.config_file import BEGUN
from hotline.clock import Clock
from hotline.errors import SetupError
from hotline.parent.launcher import Launcher
from hotline.parent.preparation import Prepared, configuration_and_source
from hotline.setup.asterisk import Asterisk
from hotline.state import StateDirectory


async def test_what_a_run_was_begun_with_is_what_was_read_and_not_what_the_file_holds_by_now(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    state.prepare()
    config, source = configuration_and_source(state)
    assert source == state.config_file.read_bytes()
    state.config_file.write_bytes(source.replace(b"08:00-18:00", b"08:00-17:00"))
    asterisk = Asterisk((22, 10), "Asterisk 22.10", tmp_path, tmp_path, tmp_path)
    prepared = Prepared(tmp_path / "no-script", state.secrets(agent.name for agent in config.agents), asterisk)
    with pytest.raises(SetupError, match="Asterisk cannot be started"):
        await Launcher(state, config, source, Clock(), prepared, lambda _line: None).run()
    assert (tmp_path / BEGUN).read_bytes() == source
