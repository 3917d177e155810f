"""Everything that goes in: our files, what is deployed, what somebody gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from legal_intake_capacity import coefficients, sizes
from legal_intake_capacity.coefficients import Coefficient
from legal_intake_capacity.errors import CapacityError

FOLDER = Path(__file__).resolve().parents[1]
ROOT = FOLDER.parents[1]
USERS = (1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The numbers by name, and for how many users to count."""

    known: dict[str, Coefficient]
    users: tuple[int, ...]
    #: Your file, or empty.
    yours: str = ""

    @property
    def middle(self) -> int:
        """The users in the middle of the list."""
        return self.users[len(self.users) // 2]


def load(given: Path | None = None, users: tuple[int, ...] = (), root: Path = ROOT) -> Inputs:
    """Read it all. Raises CapacityError."""
    known = coefficients.read(FOLDER / "coefficients.yml")
    for more in (coefficients.read(FOLDER / "prices.yml"), sizes.read_sizes(root)):
        if twice := known.keys() & more.keys():
            raise CapacityError(f"{min(twice)} is given twice")
        known.update(more)
    known = sizes.from_chart(known, root)
    if given is None:
        return Inputs(known, users or USERS)
    fields, wanted = coefficients.given(given)
    return Inputs(coefficients.put_in(known, fields, str(given)), users or wanted or USERS, str(given))
