"""`steer benchmark`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from steer.cli.log import log_options
from steer.cli.report import OK

if TYPE_CHECKING:
    from steer.benchmark.problems import Problem
    from steer.benchmark.score import Score

__all__ = ["benchmark"]

T = TypeVar("T")


def _nothing_more(_: click.Context, __: click.Parameter, extra: tuple[str, ...]) -> None:
    if extra:
        raise click.UsageError(
            f"{extra[0]!r} stands alone: an option names one problem or arm and is repeated for another, as in "
            "--arm plain --arm dynim_wide/slow."
        )


@click.command()
@click.option("--problem", "problems", multiple=True, help="Problem to run; may be repeated [default: all].")
@click.option("--arm", "arms", multiple=True, help="Arm to run; may be repeated [default: all].")
@click.option("--seeds", type=click.IntRange(1), default=20, show_default=True, help="Runs of each arm.")
@click.option(
    "--first-seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the first run."
)
@click.option("--walkers", type=click.IntRange(1), help="Simulations at once [default: each problem's own].")
@click.option(
    "--segment", type=click.IntRange(1), help="Steps of a simulation [default: each problem's own]."
)
@click.option("--every", type=click.IntRange(1), help="Steps between frames [default: each problem's own].")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Runs at once.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("benchmark"),
    show_default=True,
    help="Folder for scores, tables and plots.",
)
@click.option("--list", "listing", is_flag=True, help="Name problems and arms, and end.")
@click.argument("extra", nargs=-1, metavar="", expose_value=False, callback=_nothing_more)
@log_options
def benchmark(
    problems: tuple[str, ...],
    arms: tuple[str, ...],
    seeds: int,
    first_seed: int,
    walkers: int | None,
    segment: int | None,
    every: int | None,
    jobs: int,
    output: Path,
    listing: bool,
) -> int:
    """Ask whether steering pays, on landscapes and molecules whose answer is known.

    Runs ways of spending the same number of steps side by side: one long run, plain parallel runs, random restarts,
    and every selector, each by the real coordinator. Writes a score a run, tables as CSV and a figure a problem. Run
    again with the same output folder, it goes on where it was.
    """
    from steer.benchmark.arms import ARMS
    from steer.benchmark.problems import PROBLEMS
    from steer.benchmark.series import do_series

    if listing:
        click.echo("problems: " + ", ".join(PROBLEMS) + "\narms: " + ", ".join(ARMS))
        return OK
    asked = [
        _dealt(_known(name, PROBLEMS, "problem"), walkers, segment, every) for name in problems or PROBLEMS
    ]
    ways = [_known(name, ARMS, "arm") for name in arms or ARMS]
    scores = do_series(ways, asked, range(first_seed, first_seed + seeds), output / "scores", jobs, _tell)
    _report(asked, scores, output)
    return OK


def _known(name: str, table: Mapping[str, T], what: str) -> T:
    if name not in table:
        raise click.BadParameter(
            f"there is no {what} {name!r}; choose from {', '.join(table)}.", param_hint=f"--{what}"
        )
    return table[name]


def _dealt(problem: Problem, walkers: int | None, segment: int | None, every: int | None) -> Problem:
    try:
        return problem.dealt(walkers, segment, every)
    except ValueError as error:
        asked = {"--walkers": walkers, "--segment": segment, "--every": every}
        hint = ", ".join(option for option, number in asked.items() if number)
        raise click.BadParameter(str(error), param_hint=hint) from error


def _tell(done: int, of: int, score: Score) -> None:
    reached = f"target after {score.hit:,.0f} steps" if score.hit == score.hit else "target not reached"
    click.echo(f"{done}/{of} {score.problem}, {score.arm}, seed {score.seed}: {reached}", err=True)


def _report(problems: list[Problem], scores: list[Score], output: Path) -> None:
    from steer.benchmark.plots import draw_problem
    from steer.benchmark.summary import noise_floor, summarise_problem
    from steer.benchmark.tables import in_words, write_runs, write_summary

    summaries = {}
    files = [write_runs(output / "runs.csv", scores)]
    for problem in problems:
        own = [score for score in scores if score.problem == problem.name]
        summaries[problem.name] = summarise_problem(own)
        floor = noise_floor(own)
        noise = f"; one long run is {floor:.3f} bits from another" if math.isfinite(floor) else ""
        click.echo(f"\n{problem.name}, {problem.steps:,} aggregate steps{noise}")
        _print_table(in_words(summaries[problem.name], problem.system.unit))
        files += draw_problem(problem, own, floor, output / problem.name)
    files.append(write_summary(output / "summary.csv", summaries))
    click.echo("\n" + "\n".join(map(str, files)))


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo(
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )
