"""What all unit tests share: the shipped configuration, and tables to begin with."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from config.loading import load
from config.schema import HotlineConfig
from hotline.storage.migrate import upgrade

SHIPPED = Path(__file__).parents[2] / "config" / "hotline.yaml"


@pytest.fixture(scope="session")
def config() -> HotlineConfig:
    return load(SHIPPED)


@pytest.fixture(scope="session")
def shipped_text() -> str:
    return SHIPPED.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all its tables and nothing in them, made once: that takes long where much else runs."""
    file = tmp_path_factory.mktemp("tables") / "hotline.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        upgrade(connection, str(file))
    engine.dispose()
    return file


@pytest.fixture
def database_url(tables: Path, tmp_path: Path) -> str:
    """The address of a database of the test's own."""
    file = shutil.copy(tables, tmp_path / "hotline.db")
    return f"sqlite:///{file}"
