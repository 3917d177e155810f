"""Capacity and cost, small to global, and where a naive table breaks. Your own numbers: see docs/capacity.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from legal_intake_capacity import document, inputs, naive, steps, tables
from legal_intake_capacity.errors import CapacityError
from legal_intake_capacity.sampling import SAMPLES, SEED, Spread, drawn, points


def main(arguments: list[str] | None = None) -> int:
    """Print the tables, or write docs/capacity.md; 1 and one line when something that was given is wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.write and (options.input or options.users):
        parser.error("--write writes the pages of what is shipped: leave --input and --users out")
    try:
        if options.write:
            document.TARGET.write_text(document.text(), encoding="utf-8")
            steps.TARGET.write_text(document.guide(), encoding="utf-8")
        else:
            _print(inputs.load(options.input, tuple(options.users)), options.samples, options.seed)
    except CapacityError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _print(given: inputs.Inputs, samples: int, seed: int) -> None:
    sets = drawn(given.known, samples, seed)
    spreads = [Spread(users, sets) for users in given.users]
    sys.stdout.write(f"The middle of {samples} draws (nine of ten draws are no higher), seed {seed}.\n\n")
    sys.stdout.write(tables.sizes(spreads) + "\n")
    point = points(given.known)
    found = [naive.judge(row, sets, point) for row in naive.read(inputs.FOLDER / "naive.yml")]
    sys.stdout.write("A naive table, and in how many draws each cell is enough:\n\n" + tables.verdicts(found) + "\n")
    sys.stdout.write("At which assumption it becomes true:\n\n" + tables.truths(found, point) + "\n")
    sys.stdout.write("\n".join(tables.summary(found, given.known)) + "\n\n")
    sys.stdout.write(tables.movers(given.middle, given.known))
    assumed = sum(one.kind == "assumed" for one in given.known.values())
    sys.stdout.write(f"\n{assumed} of {len(given.known)} numbers are assumed, prices among them: docs/capacity.md\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="capacity", description=__doc__)
    parser.add_argument("--input", type=Path, metavar="MY.YAML", help="your own numbers and prices")
    parser.add_argument("--users", type=_count, nargs="+", default=[], metavar="N", help="for how many users")
    parser.add_argument("--samples", type=_count, default=SAMPLES, help=f"draws ({SAMPLES})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the draws ({SEED})")
    parser.add_argument("--write", action="store_true", help="write both pages of docs")
    return parser


def _count(text: str) -> int:
    count = int(text.replace(",", "").replace("_", ""))
    if count < 1:
        raise argparse.ArgumentTypeError("a whole number from 1 on")
    return count


if __name__ == "__main__":
    sys.exit(main())
