"""Reference numbers: short, read out over the telephone without doubt, no words by accident."""

from __future__ import annotations

import secrets
from typing import Final

from intake.models import Intake

# Without vowels, and without what is mistaken for something else: 0 O, 1 I L, B 8, S 5, Z 2, N M, U V.
ALPHABET: Final = "23456789CDFGHJKPQRTWXY"
_LENGTH: Final = 8


def new_reference() -> str:
    """A free reference of this firm, such as `7KQ2-X9RD`. 5 * 10^10 are possible."""
    while True:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
        reference = f"{letters[:4]}-{letters[4:]}"
        if not Intake.objects.filter(reference=reference).exists():
            return reference
