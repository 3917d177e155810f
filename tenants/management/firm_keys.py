"""`firm keys rewrap|rotate`: a new master key for all, a new data key for one firm or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tenants import keys, rotation
from tenants.management.base import actor
from tenants.selectors import chosen_firms
from tenants.services import record_operator_act

if TYPE_CHECKING:
    from tenants.management.base import OperatorCommand


def add_arguments(acts: Any) -> None:
    """Their parsers."""
    parts = acts.add_parser("keys", help="encryption keys").add_subparsers(dest="part", required=True)
    parts.add_parser(
        "rewrap",
        help="wrap every firm's keys with MASTER_KEY; MASTER_KEY_PREVIOUS opens those under the old one",
    )
    rotate = parts.add_parser("rotate", help="a new data key for new writes; re-encrypts the old ones")
    rotate.add_argument("firm", nargs="?", help="one firm; all without it")
    rotate.add_argument("--batch", type=int, default=rotation.BATCH, metavar="N", help="ciphertexts a transaction")


def run(command: OperatorCommand, options: dict[str, Any]) -> None:
    """Run one of them, in public scope."""
    if options["part"] == "rewrap":
        done = keys.rewrap()
        record_operator_act(actor=actor(), action="keys.rewrap", keys=done)
        command.say(f"{done} keys wrapped with the configured master key.")
        return
    for firm in chosen_firms(options["firm"]):
        progress = rotation.rotate(ref=firm.ref, batch=max(1, options["batch"]))
        record_operator_act(
            actor=actor(), action="keys.rotate", firm=firm, resealed=progress.resealed, destroyed=progress.destroyed
        )
        line = f"{firm.name}: {progress.resealed} ciphertexts re-encrypted, {progress.destroyed} old keys destroyed"
        if progress.kept:
            minutes = max(1, round(keys.RETIRED_GRACE.total_seconds() / 60))
            line += f"; {progress.kept} kept for now: run it again in {minutes} minutes to destroy it"
        command.say(line)
