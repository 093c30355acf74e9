"""One campaign under fire: strike, keep everything going, watch it recover, and check its books."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from redis.exceptions import RedisError

from steer.connection import connect
from steer.credentials import Credentials

from .audit import (
    Accounts,
    Identity,
    accounts,
    doubled,
    expected_frames,
    failed_jobs,
    jobs_counted_twice,
    rows,
    stored,
    trajectory_steps,
    under_way,
)
from .clock import build_shim
from .disk import Disk
from .processes import alive
from .schedule import Strike
from .stage import CAMPAIGN, CHIGNOLIN, GRACE, NAME, Stage
from .strikes import KINDS, SPARING, Arena, Relief

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["Outcome", "Record", "run_trial"]

EVERY = {"cg": 100, "aa": 50}
CG_TIME = 80
CG_FRAMES, AA_FRAMES = 40, 10
PATIENCE = 150.0
"""s without a sign of life after which a campaign counts as stuck."""

AT_ONCE = 2
"""Strikes that may be under way at the same time."""


@dataclass
class Record:
    """What became of one strike.

    Attributes
    ----------
    strike : Strike
    hit : str
        What was hit.
    ended : float or None
        When the disturbance itself was over, on the monotonic clock.
    recovered : float or None
        s from then until everything worked again.
    lost_frames, double_frames : set
        Found missing, or twice in the store, when it had recovered.
    lost_jobs, double_jobs : set
        Found given up, or counted twice, when it had recovered.
    """

    strike: Strike
    hit: str
    began: float
    ended: float | None = None
    recovered: float | None = None
    lost_frames: set[Identity] = field(default_factory=set)
    double_frames: set[Identity] = field(default_factory=set)
    lost_jobs: set[str] = field(default_factory=set)
    double_jobs: set[str] = field(default_factory=set)
    witnesses: dict[int, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What became of one campaign.

    Attributes
    ----------
    records : list of Record
    left : list of Strike
        Strikes that the campaign's end came before.
    violations : list of str
        Broken promises, one sentence each. Empty is good.
    accounts : Accounts
    deaths : list of str
        Processes that ended by themselves with an error, and were started again.
    seconds : float
    """

    records: list[Record]
    left: list[Strike]
    violations: list[str]
    accounts: Accounts
    deaths: list[str]
    seconds: float


def run_trial(
    folder: Path,
    strikes: Sequence[Strike],
    *,
    seed: int,
    simulations: int,
    refinements: int,
    sequence: str = CHIGNOLIN,
) -> Outcome:
    """Run a campaign to its end while `strikes` come down on it.

    Parameters
    ----------
    folder : Path
        Made here; keeps logs, and the campaign directory when something was wrong.
    seed : int
        Of the campaign.
    simulations, refinements : int
        Its goals.
    sequence : str
        Of the protein, one-letter codes.
    """
    folder.mkdir(parents=True)
    disk = Disk(folder / "disk")
    text = CAMPAIGN.format(sequence=sequence, seed=seed, time=simulations * CG_TIME, refinements=refinements)
    stage = Stage(folder, disk.folder / NAME, text, build_shim(folder))
    expected = Accounts(
        simulations, simulations * CG_FRAMES, refinements, refinements * AA_FRAMES, refinements, 0, 0
    )
    trial = _Trial(stage, disk, list(strikes), expected)
    try:
        outcome = trial.run()
    finally:
        stage.close()
        if disk.mounted and trial.violations:
            shutil.copytree(stage.root, folder / NAME, ignore=shutil.ignore_patterns("*.sock"))
        disk.close()
    return outcome


class _Trial:
    def __init__(self, stage: Stage, disk: Disk, strikes: list[Strike], expected: Accounts) -> None:
        self.stage, self.strikes, self.expected = stage, strikes, expected
        self.records: list[Record] = []
        self.violations: list[str] = []
        self._pending: list[Record] = []
        self._reliefs: list[tuple[float, Record, Relief]] = []
        self._passing: list[tuple[Record, Relief]] = []
        self._admin: Redis | None = None
        self._arena = Arena(stage, disk, self._redis, {}, [])
        self._missing: set[Identity] = set()
        self._doubled: set[Identity] = set()
        self._failed: set[str] = set()
        self._counted_twice: set[str] = set()
        # Processes that met a full disk hand their jobs back when they next look, maybe after all others are well again.
        self._short_of_room: set[int] = set()
        self._ready = False

    def run(self) -> Outcome:
        began = moved = next_strike = time.monotonic()
        sign: object = None
        while not self.stage.finished:
            self.stage.keep()
            now = time.monotonic()
            self._relieve(now)
            self._look(now)
            if sign != (new := self._sign_of_life()):
                sign, moved = new, now
            if now - moved > PATIENCE:
                self._broken(f"the campaign is stuck: nothing has happened for {PATIENCE:g} s")
                break
            if not self._ready:
                self._ready = bool(self.stage.running_jobs())
                next_strike = now + (self.strikes[0].after if self.strikes else 0.0)
            elif self.strikes and now >= next_strike and len(self._pending) < AT_ONCE:
                if self._strike(self.strikes[0]):
                    self.strikes.pop(0)
                    next_strike = time.monotonic() + (self.strikes[0].after if self.strikes else 0.0)
                else:
                    next_strike = now + 0.3
            time.sleep(0.1)
        self.stage.wait(self._is_relieved, GRACE)
        self._look(time.monotonic())
        self._forget_admin()
        if "failed unexpectedly" in (self.stage.folder / "coordinator.log").read_text():
            self._broken("the coordinator failed with a traceback; see its log")
        if self.stage.finished:
            self._check_end()
        return Outcome(
            self.records,
            self.strikes,
            self.violations,
            accounts(self.stage.root),
            self.stage.deaths,
            time.monotonic() - began,
        )

    # -- striking -----------------------------------------------------------------------------------------------

    def _strike(self, strike: Strike) -> bool:
        self._arena.hit.clear()
        before = self.stage.running_jobs()
        began = time.monotonic()
        result = KINDS[strike.kind](self._arena, np.random.default_rng(strike.dice))
        if result is False:
            return False
        spares = strike.kind in SPARING
        clean = spares and all(record.strike.kind in SPARING for record in self._pending)
        if not spares:
            for record in self._pending:
                record.witnesses.clear()
        record = Record(
            strike,
            ", ".join(self._arena.hit),
            began,
            witnesses=self._witnesses(before) if clean else {},
        )
        self.stage.say(f"STRIKE {strike.kind} {record.hit}; running {sorted(before.values())}")
        self.records.append(record)
        self._pending.append(record)
        if isinstance(result, Relief):
            self._reliefs.append((time.monotonic() + result.after, record, result))
        else:
            record.ended = time.monotonic()
        return True

    def _witnesses(self, jobs: dict[int, str]) -> dict[int, str]:
        """Processes that nothing else will end: no second one of the same job, and none that met a full disk."""
        names = list(jobs.values())
        return {
            pid: name
            for pid, name in jobs.items()
            if names.count(name) == 1 and pid not in self._short_of_room
        }

    def _relieve(self, now: float) -> None:
        for due, record, relief in list(self._reliefs):
            if now >= due:
                if record.strike.kind == "disk full":
                    self._short_of_room |= set(self.stage.running_jobs())
                relief.end()
                self._reliefs.remove((due, record, relief))
                self._passing.append((record, relief))
        for record, relief in list(self._passing):
            if relief.over():
                record.ended = time.monotonic()
                self._passing.remove((record, relief))
                self.stage.say(f"{record.strike.kind} is over")

    def _is_relieved(self) -> bool:
        self._relieve(float("inf"))
        return not self._passing

    # -- watching -----------------------------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        """Note which strikes have been got over, and look at the books when all have."""
        for record in list(self._pending):
            if record.ended is not None and (self.stage.finished or self._is_well(record)):
                record.recovered = now - record.ended
                self._pending.remove(record)
                self.stage.say(f"recovered from {record.strike.kind} after {record.recovered:.1f} s")
                self._question(record)
                if not self.stage.finished:
                    self._audit()

    def _is_well(self, record: Record) -> bool:
        assert record.ended is not None
        ended = time.time() - (time.monotonic() - record.ended)
        try:
            told = (self.stage.root / "status.json").stat().st_mtime
        except OSError:
            return False
        if told < ended + 0.5 or not self.stage.coordinator_pid:
            return False
        redis = self._redis()
        if redis is None or not all(host.pid for host in self.stage.hosts):
            return False
        try:
            answers = [redis.get(f"{NAME}:worker:{host.name}") for host in self.stage.hosts]
        except RedisError:
            self._forget_admin()
            return False
        if not all(
            answer and f'"pid":{host.pid},'.encode() in answer
            for answer, host in zip(answers, self.stage.hosts, strict=True)
        ):
            return False
        return len(self.stage.running_jobs()) >= min(len(self.stage.hosts), self._open_jobs())

    def _open_jobs(self) -> int:
        answer = rows(self.stage.root, "SELECT count(*) FROM jobs WHERE state IN ('planned', 'submitted')")
        return int(answer[0][0]) if answer else 0

    def _question(self, record: Record) -> None:
        """Were simulations spared that nothing should have touched?"""
        for pid, name in record.witnesses.items():
            if name[:3] in ("cg-", "aa-") and not alive(pid) and not self._result(name).exists():
                self._broken(f"{record.strike.kind} disturbed {name}: its process {pid} is gone")

    def _result(self, name: str) -> Path:
        return self.stage.root / name[:2] / name / "result.json"

    def _audit(self) -> None:
        try:
            missing = under_way(self.stage.root, self._messages(), EVERY)
        except RedisError:
            self._forget_admin()
            return
        twice = doubled(self.stage.root)
        if new := missing - self._missing:
            self.stage.say(f"{len(new)} frames are in no queue and not stored: {sorted(new)[:5]} ...")
        self.records[-1].lost_frames |= missing - self._missing
        self.records[-1].double_frames |= twice - self._doubled
        self._missing |= missing
        self._doubled |= twice
        for blamed, found, now in (
            (self.records[-1].lost_jobs, self._failed, failed_jobs(self.stage.root)),
            (self.records[-1].double_jobs, self._counted_twice, jobs_counted_twice(self.stage.root)),
        ):
            blamed |= now - found
            found |= now

    def _messages(self) -> Iterator[bytes]:
        redis = self._redis()
        if redis is not None:
            for _, fields in redis.xrange(f"{NAME}:frames"):
                yield fields.get(b"frame", b"")

    def _redis(self) -> Redis | None:
        if self._admin is None:
            credentials = Credentials.read(self.stage.root / "redis")
            if credentials is None or not self.stage.redis_pid:
                return None
            self._admin = connect(
                credentials.coordinator,
                name="chaos",
                retries=0,
                socket_timeout=2.0,
                socket_connect_timeout=1.0,
            )
        try:
            self._admin.ping()
        except RedisError:
            self._forget_admin()
        return self._admin

    def _forget_admin(self) -> None:
        if self._admin is not None:
            self._admin.close()
        self._admin = None

    def _sign_of_life(self) -> object:
        root = self.stage.root
        sizes = tuple(path.stat().st_size for path in sorted((root / "frames").glob("shard-*.bin")))
        return (
            sizes,
            rows(root, "SELECT count(*), sum(attempts) FROM jobs WHERE state = 'done'"),
            len(self.records),
            len(self._pending),
        )

    # -- the end ------------------------------------------------------------------------------------------------

    def _check_end(self) -> None:
        root = self.stage.root
        if not self.stage.wait(lambda: not any(host.pid for host in self.stage.hosts), 60.0):
            self._broken("a worker did not leave the finished campaign")
        if (found := accounts(root)) != self.expected:
            self._broken(f"the accounts are {found}, not {self.expected}")
        frames, expected = stored(root), expected_frames(root, EVERY)
        for record in self.records:
            record.lost_frames &= expected - set(frames)
        if missing := expected - set(frames):
            self._broken(f"{len(missing)} frames are not in the store: {sorted(missing)[:5]} ...")
        if extra := set(frames) - expected:
            self._broken(
                f"{len(extra)} frames in the store belong to no finished simulation: {sorted(extra)[:5]} ..."
            )
        if twice := [identity for identity, times in frames.items() if times > 1]:
            self._broken(f"{len(twice)} frames are in the store more than once: {sorted(twice)[:5]} ...")
        self._check_trajectories()
        if double := jobs_counted_twice(root):
            self._broken(f"refinements gave two seeds: {sorted(double)}")
        if (answer := rows(root, "PRAGMA integrity_check")) != [("ok",)]:
            self._broken(f"the journal is damaged: {answer}")

    def _check_trajectories(self) -> None:
        done = rows(self.stage.root, "SELECT id, level, steps FROM simulations WHERE state = 'done'")
        for id, level, steps in done:
            wanted = list(range(EVERY[level], steps + 1, EVERY[level]))
            if (found := trajectory_steps(self.stage.root / level / id)) != wanted:
                self._broken(
                    f"the trajectory of {id} has {len(found)} frames, or others, than its {len(wanted)}"
                )

    def _broken(self, text: str) -> None:
        self.violations.append(text)
        self.stage.say(f"VIOLATION {text}")
