"""All of Asterisk's configuration from ours: the same configuration and facts always give the same files."""

from config.schema import HotlineConfig
from dialplan.core import core_files
from dialplan.extensions import extensions_file
from dialplan.facts import AsteriskFacts, Directories
from dialplan.manager import manager_files
from dialplan.media import media_files
from dialplan.modules import modules_conf
from dialplan.pjsip import pjsip_file

__all__ = ["AsteriskFacts", "Directories", "render"]


def render(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """File name → content. ValueError in one plain sentence for what Asterisk cannot be told."""
    return {
        **core_files(facts),
        "modules.conf": modules_conf(),
        **media_files(config, facts),
        **manager_files(config, facts),
        **pjsip_file(config, facts),
        **extensions_file(config, facts),
    }
