"""Prints a table.

``python -m tests.fuzz --messages 1000000 --configs 10000 --structures 20000 --journals 5000 --seed 1``
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.configs import CampaignFiles
from fuzz.frames import FrameMessages
from fuzz.journals import JournalFiles
from fuzz.outcome import Tally, run
from fuzz.structures import StructureFiles


def main() -> int:
    """Run; 1 when there is a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000, help="frame messages")
    parser.add_argument("--configs", type=int, default=1_000, help="campaign files")
    parser.add_argument("--structures", type=int, default=2_000, help="PDB and mmCIF files")
    parser.add_argument("--journals", type=int, default=500, help="journals with their second account")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.getLogger("steer").setLevel(logging.ERROR)
    with TemporaryDirectory() as name:
        folder = Path(name)
        plan = [
            (FrameMessages(), options.messages),
            (CampaignFiles(folder), options.configs),
            (StructureFiles(folder), options.structures),
            (JournalFiles(folder), options.journals),
        ]
        print(f"{'input':<16}{'count':>10}{'accepted':>10}{'refused':>10}{'crash':>7}{'hang':>6}{'silent':>8}"
              f"{'slowest':>10}{'took':>9}")  # fmt: skip
        tallies = [_told(run(target, count, options.seed), count) for target, count in plan]
    for tally in tallies:
        for finding in tally.findings:
            print(
                f"{tally.name}: {finding.kind} at {finding.where}: {finding.detail}\n  {finding.item!r:.400}"
            )
    return int(any(tally.findings for tally in tallies))


def _told(tally: Tally, count: int) -> Tally:
    found = "".join(
        f"{tally.found(kind):>{width}}" for kind, width in (("crash", 7), ("hang", 6), ("silent", 8))
    )
    print(f"{tally.name:<16}{count:>10}{tally.accepted:>10}{tally.refused:>10}{found}"
          f"{tally.slowest:>8.2f} s{tally.seconds:>7.0f} s", flush=True)  # fmt: skip
    return tally


if __name__ == "__main__":
    sys.exit(main())
