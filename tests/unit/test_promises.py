"""Receipts and mails: what callers hear and case workers read."""

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.promises import canonical_receipt, check_digit, german_moment, mail_for, new_receipt, valid_receipt
from config.loading import load
from config.schema import HotlineConfig

receipts = st.builds(lambda seed, year: new_receipt(random.Random(seed), year), st.integers(), st.integers(2026, 2099))


@dataclass(frozen=True)
class Promise:
    receipt: str = "26-4821-7300"
    request_type: str = "rent"
    due: datetime = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def config() -> HotlineConfig:
    return load(Path(__file__).parents[2] / "config/hotline.yaml")


def test_check_digit_of_the_published_example() -> None:
    assert check_digit("572") == "4"
    assert check_digit("5724") == "0"


@given(receipts)
def test_every_new_receipt_is_valid_and_written_in_groups_of_digits(receipt: str) -> None:
    assert re.fullmatch(r"\d\d-\d{4}-\d{4}", receipt)
    assert valid_receipt(receipt)


@given(receipts, st.integers(0, 9), st.integers(1, 9))
def test_any_single_wrong_digit_is_found(receipt: str, place: int, by: int) -> None:
    digits = list(receipt.replace("-", ""))
    digits[place] = str((int(digits[place]) + by) % 10)
    assert not valid_receipt("".join(digits))


@given(receipts, st.integers(0, 8))
def test_any_swap_of_two_neighbours_is_found(receipt: str, place: int) -> None:
    digits = list(receipt.replace("-", ""))
    swapped = [*digits[:place], digits[place + 1], digits[place], *digits[place + 2 :]]
    assert valid_receipt("".join(swapped)) == (digits[place] == digits[place + 1])


@given(st.text())
def test_arbitrary_text_never_breaks_the_check(text: str) -> None:
    assert valid_receipt(text) in (True, False)


@pytest.mark.parametrize("text", ["26-4821-7300", "2648217300", "26 4821 7300", " 26–4821–7300 ", "26\u00a04821 7300"])
def test_receipt_is_understood_however_it_is_grouped(text: str) -> None:
    assert canonical_receipt(text) == "26-4821-7300"


@pytest.mark.parametrize(
    "text", ["", "26-4821-7305", "26-4821-730", "264821730000", "٢٦٤٨٢١٧٣٠٠", "26-4821-730x", "½" * 10]
)
def test_anything_else_is_no_receipt(text: str) -> None:
    assert canonical_receipt(text) is None


def test_receipts_of_a_year_begin_with_it_and_are_spread() -> None:
    source = random.Random(1)
    found = {new_receipt(source, 2027) for _ in range(1000)}
    assert {receipt[:2] for receipt in found} == {"27"}
    assert len(found) > 990


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 24, 17, 0, tzinfo=UTC), "Dienstag, 24. November 2026, 18 Uhr"),
        (datetime(2027, 3, 1, 16, 30, tzinfo=UTC), "Montag, 1. März 2027, 17:30 Uhr"),
        (datetime(2026, 7, 3, 22, 5, tzinfo=UTC), "Samstag, 4. Juli 2026, 0:05 Uhr"),
    ],
)
def test_moment_is_written_as_in_a_german_letter(at: datetime, text: str) -> None:
    assert german_moment(at, "Europe/Berlin") == text


def test_mail_says_receipt_type_due_time_and_link(config: HotlineConfig) -> None:
    subject, body = mail_for(Promise(), "https://hotline.example/p/abc", config)
    assert subject == "Rückfrage aus dem Telefonservice 26-4821-7300"
    for part in ("26-4821-7300", "Mietkosten", "Dienstag, 24. November 2026, 18 Uhr", "https://hotline.example/p/abc"):
        assert part in body


@pytest.mark.parametrize("key", ["address", "household", "move", "rent", "insurance", "income", "benefits", "unclear"])
def test_subject_is_the_same_for_every_type_and_never_tells_it(config: HotlineConfig, key: str) -> None:
    request_type = key if key != "unclear" else config.unclear.key
    subject, _ = mail_for(Promise(request_type=request_type), "https://x", config)
    assert subject == "Rückfrage aus dem Telefonservice 26-4821-7300"


def test_link_stands_on_a_line_of_its_own_so_that_mail_programs_do_not_break_it(config: HotlineConfig) -> None:
    link = "https://hotline.jobcenter.example/p/" + "a" * 90
    assert link in mail_for(Promise(), link, config)[1].splitlines()
