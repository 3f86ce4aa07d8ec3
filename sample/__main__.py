"""Command line of the sample company: `python -m sample --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sample.company import write_company
from sample.damage import write_damages
from sample.settings import MAX_DAYS_AFTER, Request


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(prog="python -m sample", description="Writes an invented company's exports.")
    parser.add_argument("--out", type=Path, default=Path("landing"), help="landing folder (default: landing)")
    parser.add_argument("--accounts", type=int, default=2_500, help="100 to 2,500,000 (default: 2,500)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another company (default: 7)")
    parser.add_argument(
        "--days-after",
        type=int,
        default=0,
        metavar="D",
        help=f"write the exports of the D days after the history instead of the history (up to {MAX_DAYS_AFTER})",
    )
    parser.add_argument(
        "--dirty",
        nargs="?",
        const="all",
        choices=["all", "tolerated"],
        help="add damaged files: all kinds, or only those that a run tolerates",
    )
    parser.add_argument("--truth", type=Path, metavar="FILE", help="also write the hidden satisfaction, as Parquet")
    return parser.parse_args(arguments)


def main() -> int:
    """Writes the files; exit status 2 when the request is out of bounds."""
    arguments = parse()
    request = Request(arguments.accounts, arguments.seed, arguments.days_after)
    try:
        written = write_company(request, arguments.out, arguments.truth)
    except ValueError as error:
        print(f"sample: {error}", file=sys.stderr)
        return 2
    damaged = write_damages(arguments.out, refused=arguments.dirty == "all") if arguments.dirty else []
    print(f"sample: {len(written)} files and {len(damaged)} damaged ones in {arguments.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
