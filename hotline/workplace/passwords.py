"""Which passwords are good enough: long ones. Nothing else is asked for, and nobody has to change one by the calendar.

That is what NIST SP 800-63B and the BSI (ORP.4.A22, A23) advise: length, no rules about kinds of characters, and
none of the passwords that are tried first.
"""

import secrets

SHORTEST = 12
LONGEST = 200
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that look alike."""
_WORST = frozenset(
    {
        *("123456789012", "1234567890123", "qwertzuiopasdf", "qwertyuiopas", "passwortpasswort", "passwordpassword"),
        *("passwort1234", "password1234", "passwort12345", "password12345", "jobcenter1234", "jobcenterjobcenter"),
        *("telefonservice", "hotlinehotline", "willkommen123", "willkommen1234", "schaumburg123", "schaumburg1234"),
        *("qwertz123456", "qwertzqwertz", "asdfghjklöäy", "ichliebedich", "abcdefghijkl", "geheimgeheim"),
        *("sommersommer", "hallohallohallo", "deutschland123", "admin1234567", "leitung12345", "stadthagen123"),
    }
)


def new_password() -> str:
    """Four groups that can be read out and typed; 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def objection(name: str, password: str) -> str | None:
    """Why this password will not do for that user, as a German sentence; None when it will."""
    plain = password.strip().lower()
    if len(password) > LONGEST:
        return f"Das Passwort darf höchstens {LONGEST} Zeichen lang sein."
    if len(password.strip()) < SHORTEST:
        return f"Das Passwort muss mindestens {SHORTEST} Zeichen lang sein."
    if name in plain and not any(sign.isalpha() for sign in plain.replace(name, "")):
        return "Das Passwort darf nicht aus Ihrem Namen bestehen."
    if plain in _WORST or len(set(plain)) < _DIFFERENT:
        return "Dieses Passwort wird zuerst ausprobiert. Bitte wählen Sie ein anderes, zum Beispiel vier Wörter."
    return None


_DIFFERENT = 4
"""Fewer different characters are as good as one."""
