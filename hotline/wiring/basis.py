"""What every part of the service is built from."""

from dataclasses import dataclass, field

from config.schema import HotlineConfig
from hotline.changing.live import Live
from hotline.clock import Clock
from hotline.errors import SetupError
from hotline.exchange.journal import Journal
from hotline.state import Secrets, StateDirectory
from hotline.storage.database import Database


@dataclass(frozen=True)
class Basis:
    """One hotline: its configuration, database, secrets and clock."""

    database: Database
    config: HotlineConfig
    """As the hotline was started with it: for what changes with the next start only (hotline/changing/restart.py)."""
    live: Live
    """As new calls begin with it."""
    state: StateDirectory
    secrets: Secrets
    clock: Clock
    journal: Journal = field(default_factory=Journal)

    @property
    def place(self) -> tuple[Database, str]:
        """Where its rows are: the arguments of everything in hotline/storage."""
        return self.database, self.config.hotline.id

    def configuration(self) -> tuple[int, HotlineConfig]:
        """Version and configuration now in use."""
        return self.live()

    def prompt(self, name: str) -> str:
        """The file of that sound, without its extension; by a prompt's own name, of the one in force."""
        return str(self.state.prompts / name)

    def secret(self, file: str, key: str) -> str:
        """What stands in a file beside the configuration; SetupError when it cannot be read."""
        try:
            return (self.state.config_file.parent / file).read_text("utf-8").strip()
        except OSError as error:
            why = f"The file of {key} ({file}) cannot be read ({error.strerror}): correct its path or owner."
            raise SetupError(why) from None
