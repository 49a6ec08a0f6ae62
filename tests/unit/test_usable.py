"""What would keep the hotline from its next start is refused before it is stored."""

from pathlib import Path

import pytest

from config.schema import HotlineConfig
from hotline.changing.usable import require_usable
from hotline.errors import Refused, SetupError
from hotline.state import StateDirectory


def test_password_of_the_mail_server_has_to_be_there(config: HotlineConfig, tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    require_usable(config, state)
    mail = config.mail.model_copy(update={"secret_file": "mail.secret"})
    with pytest.raises(SetupError, match=r"mail\.secret_file"):
        require_usable(config.model_copy(update={"mail": mail}), state)
    (tmp_path / "mail.secret").write_text("geheim", "utf-8")
    require_usable(config.model_copy(update={"mail": mail}), state)


def test_configuration_where_the_hotline_must_not_write_is_told_before_anything_begins(
    config: HotlineConfig, tmp_path: Path
) -> None:
    state = StateDirectory(tmp_path)
    state.config_file.symlink_to(tmp_path / "gone" / "hotline.yaml")
    with pytest.raises(Refused, match="gone, wo die Hotline nicht schreiben darf"):
        require_usable(config, state)
