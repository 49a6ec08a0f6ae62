"""What all unit tests share: the shipped configuration."""

from pathlib import Path

import pytest

from config.loading import load
from config.schema import HotlineConfig

SHIPPED = Path(__file__).parents[2] / "config" / "hotline.yaml"


@pytest.fixture(scope="session")
def config() -> HotlineConfig:
    return load(SHIPPED)


@pytest.fixture(scope="session")
def shipped_text() -> str:
    return SHIPPED.read_text(encoding="utf-8")
