"""All of Asterisk's configuration from ours: the same configuration and facts always give the same files."""

from config.schema import HotlineConfig
from dialplan.cel import cel_files
from dialplan.core import core_files
from dialplan.extensions import extensions_file
from dialplan.facts import AsteriskFacts, Directories
from dialplan.manager import manager_files
from dialplan.media import media_files
from dialplan.modules import modules_conf
from dialplan.pjsip import pjsip_file
from dialplan.queue import queue_files

__all__ = ["AsteriskFacts", "Directories", "render"]


def render(config: HotlineConfig, facts: AsteriskFacts) -> dict[str, str]:
    """File name → content. ValueError in one plain sentence for what Asterisk cannot be told."""
    return {
        **core_files(facts),
        **cel_files(),
        "modules.conf": modules_conf(facts.further_modules),
        **media_files(config, facts),
        **manager_files(config, facts),
        **pjsip_file(config, facts),
        **queue_files(config, facts),
        **extensions_file(config, facts),
    }
