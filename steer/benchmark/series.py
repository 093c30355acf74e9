"""All runs that were asked for: those done before are read, the others run, each on disk as soon as it is done."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from itertools import product
from pathlib import Path

import msgspec

from sims.files import write_atomic
from steer.benchmark.arms import Arm
from steer.benchmark.problems import Problem
from steer.benchmark.reference import Reference
from steer.benchmark.score import Score

__all__ = ["Task", "do_series", "score_file"]

Task = tuple[Arm, Problem, int]
"""An arm on a problem with a seed."""

Told = Callable[[int, int, Score], None]
"""Called after each run with how many are done, how many there are, and what came of it."""


def do_series(
    arms: Sequence[Arm],
    problems: Sequence[Problem],
    seeds: Iterable[int],
    folder: Path,
    jobs: int,
    told: Told,
) -> list[Score]:
    """Every arm on every problem with every seed.

    Parameters
    ----------
    arms, problems, seeds
        What to run.
    folder : Path
        One small JSON file a run. A run whose file is there, made with the same steps dealt out alike, is not run again.
    jobs : int
        Processes at once.
    told : callable
    """
    tasks: list[Task] = [(arm, problem, seed) for problem, seed, arm in product(problems, seeds, arms)]
    scores = {task: _read(score_file(folder, task), task) for task in tasks}
    missing = [task for task, known in scores.items() if known is None]
    # A fork of a process that has used torch or OpenMM may hang in their threads.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(_do, task): task for task in missing}
        for done, future in enumerate(as_completed(running), start=len(tasks) - len(missing) + 1):
            task, result = running[future], future.result()
            _write(score_file(folder, task), result)
            scores[task] = result
            told(done, len(tasks), result)
    return [result for result in scores.values() if result is not None]


def score_file(folder: Path, task: Task) -> Path:
    """Where the score of a run lies."""
    arm, problem, seed = task
    return folder / problem.name / f"{arm.name.replace('/', '+').replace(' ', '_')}-{seed:04d}.json"


def _read(path: Path, task: Task) -> Score | None:
    arm, problem, seed = task
    try:
        known = msgspec.json.decode(path.read_bytes(), type=Score)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    asked = (arm.name, problem.name, seed, problem.steps_of(arm), problem.dealing)
    return known if (known.arm, known.problem, known.seed, known.steps, known.dealing) == asked else None


def _write(path: Path, score: Score) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, msgspec.json.format(msgspec.json.encode(score)).decode())


def _do(task: Task) -> Score:
    """In a process of its own, which uses one thread: many small nets and systems gain nothing by more."""
    import torch

    from steer.benchmark.runner import run_arm
    from steer.benchmark.score import score

    torch.set_num_threads(1)
    arm, problem, seed = task
    trace, steering = run_arm(arm, problem, seed)
    return score(arm, problem, _truth(problem), seed, trace, steering)


@lru_cache(1)
def _truth(problem: Problem) -> Reference:
    return problem.system.reference()
