"""Stand-in workers for `bench_campaign.py`: the queues and leases of real ones, without molecules.

Every Redis command of a job's life is the real one, in the real order: one XREADGROUP a job and slot, docket's own
claim script, frames in the campaign's stream, the event in its stream, docket's own terminal script. What is left out
is Python: commands of many jobs travel in one round trip, so that ten thousand slots fit into one process.
Everything happens when a simulated clock says so, which is read from the caller. `Daemons` sends what as many worker
daemons send all the time, busy or not (docket's heartbeats and schedulers).
"""

from __future__ import annotations

import heapq
import json
import os
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from docket._execution_scripts import _claim, _terminal
from docket.worker import _stream_due_tasks
from redis.exceptions import ResponseError

import steer
from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.connection import Connection, connect
from steer.feedback.seeds import END_BEADS
from steer.fleet_keys import FleetKeys
from steer.frames import Frame, encode
from steer.job_docket import JobDocket
from steer.jobs.context import JobContext
from steer.jobs.registry import job_folder
from steer.jobs.train import run as train
from steer.messages import (
    KINDS,
    CgJob,
    CgResult,
    Job,
    JobEvent,
    JobProgress,
    JobResult,
    RefineResult,
    TrainJob,
    TrainResult,
    WorkerInfo,
    decode_job,
)
from steer.messages import encode as to_json

GROUP = "docket-workers"
LEASE = 20.0
HEARTBEAT = 2.0
AT_ONCE = 400
MODES = 3
"""Directions in which stand-in simulations move, at random; no two frames are the same."""


@dataclass
class Load:
    """What the stand-in shall be.

    Attributes
    ----------
    slots, per_daemon : int
        Slots in all, and of one daemon.
    mean : float
        Mean duration of a job in s; they spread evenly over half to one and a half of it.
    frames : int
        Frames of one CG simulation.
    """

    slots: int
    per_daemon: int
    mean: float
    frames: int


@dataclass(order=True)
class Running:
    """A job in a slot."""

    end: float
    key: str
    job: Job
    kind: str
    message: bytes
    generation: int
    daemon: int
    started: float


class StandIn:
    """Ten thousand slots in one process.

    `overseer` is a Redis client that may look at the queues, which workers may not.

    Attributes
    ----------
    started : int
        Jobs so far.
    waiting : deque of float
        Since when each slot without a job has had none, the longest first.
    """

    def __init__(self, url: str, directory: Path, load: Load, overseer: Any, seed: int = 1) -> None:
        self.overseer = overseer
        self.load, self.directory = load, CampaignDirectory.open(directory)
        self.config = load_config(self.directory.config)
        self.client: Any = connect(Connection.parse(url), name="stand-in")
        name = self.config.campaign.name
        self.keys = FleetKeys(name)
        self.dockets = {kind: JobDocket(url, name, kind) for kind in KINDS}
        self.rng = np.random.default_rng(seed)
        self.names = [f"node-{i:05d}" for i in range(-(-load.slots // load.per_daemon))]
        self.free = [min(load.per_daemon, load.slots - i * load.per_daemon) for i in range(len(self.names))]
        self.sizes = list(self.free)
        self.turn = 0
        self.running: list[Running] = []
        self.held: list[dict[str, Running]] = [{} for _ in self.names]
        self.started = 0
        self.now = self.announce_at = self.renew_at = 0.0
        self.waiting: deque[float] = deque([0.0] * load.slots)
        self.idle_before = 0.0
        self.queued_before: dict[str, tuple[int, ...]] = {}
        self.mean_form, self.modes = self._make_modes()

    def _make_modes(self) -> tuple[Any, Any]:
        from sims.martini.model import CoarseModel

        positions = CoarseModel.load(self.directory.force_field(1)).positions
        return positions, self.rng.normal(size=(MODES, *positions.shape)) * 0.01

    def idle(self, now: float) -> float:
        """Slot-seconds without a job so far, on the simulated clock."""
        return self.idle_before + sum(now - since for since in self.waiting)

    def attach(self) -> None:
        """Make the queues' groups, as the first worker does."""
        for kind in KINDS:
            try:
                self.client.xgroup_create(self.keys.stream(kind), GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
        for script in (_claim, _terminal):
            self.client.script_load(script.lua)

    def record_size(self) -> int:
        """Bytes that Redis keeps of one ended job until its record expires."""
        ended = self.overseer.scan_iter(self.keys.run("cg", "*"), count=1_000)
        running = {key for held in self.held for key in held}
        found = next(key for key in ended if key.decode().rpartition(":runs:")[2] not in running)
        return int(self.overseer.memory_usage(found))

    def step(self, now: float) -> None:
        """Do what is due at this time of the simulated clock: end jobs, claim others, announce, renew leases.

        What happened since the last step is made good here. A slot whose job ended in between took the next job of
        the queue at that moment, if the queue held one before the coordinator's tick; a job that the tick submitted
        starts now.
        """
        self.now = now
        if now >= self.announce_at:
            self.announce()
            self.announce_at = now + HEARTBEAT
        if now >= self.renew_at:
            self.renew()
            self.renew_at = now + LEASE / 4
        while self.finish():
            pass
        self.claim()
        self.queued_before = {kind: self._last_queued(kind) for kind in KINDS}

    def _last_queued(self, kind: str) -> tuple[int, ...]:
        return _order(self.overseer.xinfo_stream(self.keys.stream(kind))["last-generated-id"])

    # -- claiming -----------------------------------------------------------------------------------------------

    def claim(self) -> int:
        taken = 0
        for kind in KINDS:
            while found := self._read(kind):
                self._start(kind, found)
                taken += len(found)
                if len(found) < AT_ONCE // 4:
                    break
        return taken

    def _read(self, kind: str) -> list[tuple[int, bytes, dict[bytes, bytes]]]:
        """One XREADGROUP for each free slot, as each gate sends it; the first few find out whether it is worth it."""
        stream, found = self.keys.stream(kind), []
        for size in (4, AT_ONCE):
            daemons = list(self._free_daemons(size))
            if not daemons:
                break
            with self.client.pipeline(transaction=False) as pipeline:
                for daemon in daemons:
                    pipeline.xreadgroup(GROUP, self.names[daemon], {stream: ">"}, count=1)
                replies = pipeline.execute()
            got = [
                (daemon, id, fields)
                for daemon, reply in zip(daemons, replies, strict=True)
                for id, fields in _entries(reply)
            ]
            for daemon, _, _ in got:
                self.free[daemon] -= 1
            found += got
            if len(got) < len(daemons):
                break
        return found

    def _free_daemons(self, size: int) -> Iterator[int]:
        """Daemons with free slots, in turn, each as often as it has slots."""
        given = 0
        for _ in range(len(self.names)):
            daemon = self.turn
            self.turn = (self.turn + 1) % len(self.names)
            for _ in range(self.free[daemon]):
                if given == size:
                    return
                given += 1
                yield daemon

    def _start(self, kind: str, found: Sequence[tuple[int, bytes, dict[bytes, bytes]]]) -> None:
        docket, now = self.dockets[kind], self.now
        with self.client.pipeline(transaction=False) as pipeline:
            for daemon, id, fields in found:
                self._claim(pipeline, docket, self.names[daemon], id, fields)
            replies = pipeline.execute()
        durations = self.load.mean * self.rng.uniform(0.5, 1.5, size=len(found))
        for (daemon, id, fields), reply, duration in zip(found, replies, durations, strict=True):
            if reply[0] in (b"SUPERSEDED", b"CANCELLED"):
                self.free[daemon] += 1
                continue
            job = decode_job(json.loads(fields[b"args"])[0])
            free_since = self.waiting.popleft()
            begin = free_since if _order(id) <= self.queued_before.get(kind, ()) else now
            self.idle_before += begin - free_since
            running = Running(
                begin + duration,
                job.key,
                job,
                kind,
                id,
                int(fields[b"generation"]),
                daemon,
                time.time(),
            )
            self.started += 1
            self.held[daemon][job.key] = running
            heapq.heappush(self.running, running)

    def _claim(
        self, pipeline: Any, docket: JobDocket, worker: str, id: bytes, fields: dict[bytes, bytes]
    ) -> None:
        key = fields[b"key"].decode()
        at = datetime.now(UTC).isoformat()
        state = {"type": "state", "key": key, "state": "running", "worker": worker, "started_at": at}
        _claim.enqueue(
            pipeline,
            runs_key=docket.runs_key(key),
            progress_key=docket.key(f"progress:{key}"),
            known_key=docket.known_task_key(key),
            stream_id_key=docket.stream_id_key(key),
            state_channel=docket.key(f"state:{key}"),
            stream_key=docket.stream_key,
            worker=worker,
            started_at=at,
            generation=int(fields[b"generation"]),
            state_payload=json.dumps(state),
            key_json=json.dumps(key),
            worker_group_name=GROUP,
            message_id=id,
        )

    # -- ending -------------------------------------------------------------------------------------------------

    def finish(self) -> int:
        over: list[tuple[Running, JobResult]] = []
        while self.running and self.running[0].end <= self.now and len(over) < AT_ONCE:
            running = heapq.heappop(self.running)
            self.waiting.append(running.end)
            over.append((running, self._result(running.job)))
        if over:
            with self.client.pipeline(transaction=False) as pipeline:
                for running, result in over:
                    self._tell(pipeline, running, result)
                pipeline.execute()
            for running, _ in over:
                self.free[running.daemon] += 1
                del self.held[running.daemon][running.key]
        return len(over)

    def _tell(self, pipeline: Any, running: Running, result: JobResult) -> None:
        job, docket = running.job, self.dockets[running.kind]
        if isinstance(job, CgJob):
            for message in self._frames(job):
                pipeline.xadd(f"{self.config.campaign.name}:frames", {b"frame": message})
        event = JobEvent(
            key=job.key,
            status="done",
            worker=self.names[running.daemon],
            started=running.started,
            finished=time.time(),
            result=result,
        )
        pipeline.xadd(self.keys.events, {"event": to_json(event)})
        at = datetime.now(UTC).isoformat()
        _terminal.enqueue(
            pipeline,
            runs_key=docket.runs_key(job.key),
            state_channel=docket.key(f"state:{job.key}"),
            progress_key=docket.key(f"progress:{job.key}"),
            stream_key=docket.stream_key,
            generation=running.generation,
            state="completed",
            completed_at=at,
            ttl_seconds=int(docket.execution_ttl.total_seconds()),
            state_payload=json.dumps(
                {"type": "state", "key": job.key, "state": "completed", "completed_at": at}
            ),
            worker_group_name=GROUP,
            message_id=running.message,
            extra_fields=[],
        )

    def _frames(self, job: CgJob) -> list[bytes]:
        coarse = self.config.coarse
        forms = self.mean_form + np.tensordot(self.rng.normal(size=(self.load.frames, MODES)), self.modes, 1)
        steps = round(coarse.frame_interval / coarse.timestep)
        return [
            encode(
                Frame(
                    self.config.campaign.name,
                    job.simulation,
                    "cg",
                    i * steps,
                    i * coarse.frame_interval,
                    np.zeros(3, np.float32),
                    1,
                    time.time(),
                    form,
                )
            )
            for i, form in enumerate(forms.astype(np.float32), 1)
        ]

    def _result(self, job: Job) -> JobResult:
        if isinstance(job, CgJob):
            return CgResult(
                simulation=job.simulation,
                steps=job.steps,
                frames=self.load.frames,
                seconds=self.load.mean,
                steps_per_second=1.0,
                platform="stand-in",
                end_state=f"cg/{job.simulation}/end",
            )
        if isinstance(job, TrainJob):
            return TrainResult(version=job.version, statistics=really_train(self.directory, job), seconds=1.0)
        folder = self.directory.simulation(job.simulation)
        os.link(self.directory.root / job.target, folder / END_BEADS)
        return RefineResult(
            simulation=job.simulation,
            accepted=True,
            reasons=[],
            report={"clashes": 0, "chirality": [], "cis": []},
            backmapper="stand-in",
            attempts=1,
            steps=job.steps,
            frames=0,
            seconds=self.load.mean,
            platform="stand-in",
            secondary_structure="C" * 20,
            end_state=f"aa/{job.simulation}/end.pdb",
        )

    # -- what daemons say ---------------------------------------------------------------------------------------

    def announce(self) -> None:
        """Every daemon's announcement, and its question what became of its jobs (`steer.worker`)."""
        now, lifetime = time.time(), int(5000 * HEARTBEAT)
        for start in range(0, len(self.names), AT_ONCE):
            with self.client.pipeline(transaction=False) as pipeline:
                for daemon in range(start, min(start + AT_ONCE, len(self.names))):
                    name, held = self.names[daemon], self.held[daemon].values()
                    progress = [
                        to_json(
                            JobProgress(
                                key=r.key, worker=name, phase="roaming", fraction=0.5, step=1, updated=now
                            )
                        )
                        for r in held
                    ]
                    info = WorkerInfo(
                        name=name,
                        host="stand-in",
                        pid=1,
                        version=steer.__version__,
                        slots=self.sizes[daemon],
                        kinds=list(KINDS),
                        devices=["cpu"] * self.sizes[daemon],
                        busy=[r.key for r in held],
                        seen=now,
                    )
                    pipeline.sadd(self.keys.workers, name)
                    pipeline.set(self.keys.worker(name), to_json(info), px=lifetime)
                    pipeline.set(self.keys.progress(name), f"[{','.join(progress)}]", px=lifetime)
                    pipeline.hmget(self.keys.meta, "state", "version")
                    for r in held:
                        pipeline.hget(self.keys.run(r.kind, r.key), "state")
                pipeline.execute()

    def renew(self) -> None:
        """Every daemon renews the leases of its jobs (`steer.gate`)."""
        from steer.gate import _RENEW

        sha = self.client.script_load(_RENEW)
        with self.client.pipeline(transaction=False) as pipeline:
            for name, held in zip(self.names, self.held, strict=True):
                for kind in KINDS:
                    if ids := [r.message for r in held.values() if r.kind == kind]:
                        pipeline.evalsha(sha, 1, self.keys.stream(kind), GROUP, name, *ids)
            pipeline.execute()


def _order(id: bytes | str) -> tuple[int, ...]:
    """A stream entry's id as numbers, which rise with every entry."""
    text = id.decode() if isinstance(id, bytes) else id
    return tuple(int(part) for part in text.split("-"))


def really_train(campaign: CampaignDirectory, job: TrainJob) -> dict[str, Any]:
    """Train as a worker's child does; the only work that is not a stand-in."""
    folder = job_folder(campaign, job)
    folder.mkdir(parents=True, exist_ok=True)
    config = load_config(campaign.config)
    context = JobContext(campaign, config, folder, lambda frames: None, lambda *progress: None, lambda: False)
    return train(job, context).statistics


def _entries(reply: Any) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    if isinstance(reply, dict):
        for pages in reply.values():
            for page in pages:
                yield from page
    else:
        for _, entries in reply or ():
            yield from entries


class Daemons:
    """The steady murmur of many daemons: docket's heartbeats and schedulers, three queues each."""

    def __init__(self, url: str, campaign: str, names: Sequence[str]) -> None:
        self.client = connect(Connection.parse(url), name="daemons")
        dockets = [JobDocket(url, campaign, kind) for kind in KINDS]
        sha = self.client.script_load(_stream_due_tasks.lua)
        due = [
            _packed("EVALSHA", sha, 2, docket.queue_key, docket.stream_key, "0", docket.prefix)
            for docket in dockets
        ]
        self.schedules = b"".join(due) * len(names)
        self.heartbeats = b"".join(_heartbeat(docket, name) for name in names for docket in dockets)
        self.quarter, self.due = 0, 0.0
        self.connection: Any = self.client.connection_pool.get_connection()
        self.line: socket.socket = self.connection._sock
        self.line.setblocking(True)
        self.line.sendall(_packed("CLIENT", "REPLY", "OFF"))

    def murmur(self, now: float) -> None:
        """Send what is due at this time: schedulers four times a second, heartbeats every two."""
        if now < self.due:
            return
        self.line.sendall(self.schedules)
        if self.quarter % 8 == 0:
            self.line.sendall(self.heartbeats)
        self.quarter += 1
        self.due = now + 0.25


def _heartbeat(docket: JobDocket, name: str) -> bytes:
    now, tasks = "99999999999", docket.worker_tasks_set(name)
    commands: list[tuple[Any, ...]] = [
        ("ZREMRANGEBYSCORE", docket.workers_set, 0, 1),
        ("ZADD", docket.workers_set, now, name),
    ]
    for task in docket.tasks:
        commands += [
            ("ZREMRANGEBYSCORE", docket.task_workers_set(task), 0, 1),
            ("ZADD", docket.task_workers_set(task), now, name),
        ]
    commands += [
        ("SADD", tasks, *docket.tasks),
        ("EXPIRE", tasks, 60),
        ("XLEN", docket.stream_key),
        ("ZCOUNT", docket.queue_key, 0, 1),
        ("ZCOUNT", docket.queue_key, 1, "+inf"),
    ]
    return b"".join(_packed(*command) for command in commands)


def _packed(*words: Any) -> bytes:
    parts = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
