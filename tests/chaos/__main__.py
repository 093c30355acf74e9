"""``python -m tests.chaos``: the kill tests in their long form."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .schedule import Strike, schedule
from .stage import CHIGNOLIN
from .strikes import KINDS, impossible
from .table import table
from .trial import Outcome, run_trial

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
PER_CAMPAIGN = 34


def main() -> int:
    """Run campaigns until all strikes have come down; 1 when a promise was broken, 130 when ended before that."""
    options = _options()
    output = options.output or Path(tempfile.mkdtemp(prefix="steer-chaos-"))
    print(f"logs are in {output}", flush=True)
    output.mkdir(parents=True, exist_ok=True)
    for kind, reason in impossible(output).items():
        print(f"left out: {kind} ({reason})", flush=True)
        options.kinds = [each for each in options.kinds if each != kind]
    outcomes: list[Outcome] = []
    ended_early = False
    try:
        for outcome in _campaigns(options, output):
            outcomes.append(outcome)
    except (KeyboardInterrupt, SystemExit):
        ended_early = True
    print(f"\n{table(outcomes, options.kinds)}")
    broken = [text for outcome in outcomes for text in outcome.violations]
    print(f"\n{len(broken)} promises broken" + "".join(f"\n- {text}" for text in broken))
    if ended_early:
        print("ended before all strikes had come down; the table has the campaigns that had ended")
    return 1 if broken else 130 if ended_early else 0


def _campaigns(options: argparse.Namespace, output: Path) -> Iterator[Outcome]:
    """An undisturbed campaign, those that the seed fixes, and what the strikes that came too late for theirs need."""
    if options.only is not None:
        yield _campaign(output, options.only, _strikes(options, options.only), options)
        return
    left: list[Strike] = []
    yield _campaign(output, 0, [], options)
    last = -(-options.kills // PER_CAMPAIGN)
    for number in range(1, last + 1):
        outcome = _campaign(output, number, _strikes(options, number), options)
        left += outcome.left
        yield outcome
    while left:
        last += 1
        outcome = _campaign(output, last, left[:PER_CAMPAIGN], options)
        left = outcome.left + left[PER_CAMPAIGN:]
        yield outcome


def _strikes(options: argparse.Namespace, number: int) -> list[Strike]:
    count = min(PER_CAMPAIGN, options.kills - (number - 1) * PER_CAMPAIGN)
    return schedule(options.kinds, count, options.seed, number)


def _campaign(output: Path, number: int, strikes: Sequence[Strike], options: argparse.Namespace) -> Outcome:
    outcome = run_trial(
        output / f"campaign-{number:02d}",
        strikes,
        seed=options.seed + number,
        simulations=4 + len(strikes) // 3,
        refinements=2,
        sequence=options.sequence,
    )
    print(
        f"campaign {number}: {len(outcome.records)} strikes in {outcome.seconds:.0f} s, {outcome.accounts}; "
        f"restarted after an error: {', '.join(outcome.deaths) or 'nothing'}; "
        f"broken: {'; '.join(outcome.violations) or 'nothing'}",
        flush=True,
    )
    return outcome


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="disturbances in all [200]")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same disturbances [1]")
    parser.add_argument(
        "--kinds", type=_kinds, default=list(KINDS), help=f"some of: {', '.join(KINDS)} [all]"
    )
    parser.add_argument(
        "--sequence", type=_sequence, default=CHIGNOLIN, help=f"one-letter codes of the protein [{CHIGNOLIN}]"
    )
    parser.add_argument("--output", type=Path, help="folder for logs and what is left of broken campaigns")
    parser.add_argument("--only", type=int, metavar="N", help="run the Nth campaign again, and no other")
    return parser.parse_args()


def _sequence(text: str) -> str:
    if not re.fullmatch(f"[{AMINO_ACIDS}]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no chain of {AMINO_ACIDS}")
    return text


def _kinds(text: str) -> list[str]:
    kinds = [kind.strip() for kind in text.split(",")]
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise argparse.ArgumentTypeError(f"no such kind: {', '.join(unknown)}")
    return kinds


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(f"ended by signal {number}"))
    sys.exit(main())
