"""Passwords are judged by their length, and by whether they are tried first."""

import pytest

from hotline.workplace.passwords import LONGEST, new_password, objection


@pytest.mark.parametrize(
    "password",
    ["vier worte ohne sinn", "Zwölf Zeichen", "a1b2c3d4e5f6", "x1!y" * 20, "annas hund heißt otto"],
)
def test_long_passwords_will_do_whatever_they_are_made_of(password: str) -> None:
    assert objection("anna", password) is None


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("", "mindestens 12"),
        ("elf Zeichen", "mindestens 12"),
        ("  kurz       ", "mindestens 12"),
        ("x" * (LONGEST + 1), "höchstens 200"),
        ("anna12345678", "Ihrem Namen"),
        ("AnnaAnnaAnna", "Ihrem Namen"),
        ("aaaaaaaaaaaaaaa", "zuerst ausprobiert"),
        ("121212121212", "zuerst ausprobiert"),
        ("Passwort1234", "zuerst ausprobiert"),
        ("123456789012", "zuerst ausprobiert"),
    ],
)
def test_short_and_well_known_ones_will_not(password: str, word: str) -> None:
    assert word in str(objection("anna", password))


def test_generated_passwords_are_different_and_long_enough() -> None:
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    assert not [password for password in made if objection("anna", password)]
