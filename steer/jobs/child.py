"""The process that does one job: ``python -m steer.jobs.child``, started by a worker, ordered on stdin.

It holds the job's folder, runs the job's runner, writes the result beside the job's files and only then says that it
is done. A job whose result is there already is answered from it, after delivering the frames that an earlier attempt
could not. Standard output and error are the job's log.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sims.exceptions import PlatformError
from steer.campaign import CampaignDirectory
from steer.config import load_config
from steer.connection import Connection, connect
from steer.exceptions import USER_ERRORS, FolderHeld, JobError, JobStopped, ServerError, StorageError
from steer.jobs.context import JobContext
from steer.jobs.folder import HeldFolder, read_result
from steer.jobs.lifeline import die_with
from steer.jobs.own_core import OwnCore
from steer.jobs.registry import job_folder, resolve
from steer.jobs.wire import Ended, Order, Went, decode_order, encode_line
from steer.links import refuse_links
from steer.messages import Job, TrainJob
from steer.room import has_room, lacks_room

if TYPE_CHECKING:
    from sims.engines.protocol import EngineFrame
    from steer.outbox import Outbox

__all__ = ["Reporter", "main", "step_back"]

log = logging.getLogger(__name__)

OUTBOX = "outbox"
"""File in the job's folder with the frames that are not sent yet."""

NICENESS = 10
"""By which a training steps back: it is waited for by nobody."""

_TELL_EVERY = 0.5
_FLUSH = 1.0
_ROOM = 2.0


class Reporter:
    """Tells the worker how far the job is, at most twice a second, and how it ended.

    Progress is dropped when the worker does not read: a suspended worker must not hold up a simulation.

    Parameters
    ----------
    descriptor : int
        Writing end of a pipe.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._phase = ""
        self._told = 0.0
        os.set_inheritable(descriptor, False)

    def went(self, phase: str, fraction: float, step: int) -> None:
        """Report progress."""
        now = time.monotonic()
        if phase == self._phase and now - self._told < _TELL_EVERY:
            return
        self._phase, self._told = phase, now
        line = encode_line(
            Went(phase=phase, fraction=min(max(float(fraction), 0.0), 1.0), step=max(int(step), 0))
        )
        os.set_blocking(self._descriptor, False)
        try:
            os.write(self._descriptor, line)
        except BlockingIOError:
            return
        finally:
            os.set_blocking(self._descriptor, True)

    def ended(self, ended: Ended) -> None:
        """Report the end."""
        os.write(self._descriptor, encode_line(ended))


def main() -> int:
    """Do the job that stands on stdin."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    order = decode_order(_first_line(sys.stdin.fileno()))
    die_with(order.parent)
    step_back(order.job)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_listen, args=(sys.stdin.fileno(), stop), daemon=True).start()
    reporter = Reporter(order.report)
    log.info("attempt %s at %s on %s", order.attempt, order.job.key, order.worker)
    with OwnCore() if order.own_core else nullcontext():
        ended = _attempt(order, reporter, stop)
    log.info("%s: %s%s", order.job.key, ended.status, f" ({ended.error})" if ended.error else "")
    reporter.ended(ended)
    return 0


def step_back(job: Job) -> None:
    """Leave processors to simulations and the coordinator first, where they are shared and the job is a training."""
    if isinstance(job, TrainJob):
        os.nice(NICENESS)
        if os.getsid(0) == os.getpid():
            _step_back_among_sessions()


def _step_back_among_sessions() -> None:
    """Where Linux shares processors out by session (sched(7), autogroups), niceness counts only within one."""
    try:
        group = Path("/proc/self/autogroup")
        nice = int(group.read_text().split()[-1])
        group.write_text(str(min(19, nice + NICENESS)))
    except (OSError, ValueError, IndexError):
        return


def _attempt(order: Order, reporter: Reporter, stop: threading.Event) -> Ended:
    """Do the job; whatever it raises becomes one sentence."""
    directory = CampaignDirectory(Path(order.directory))
    folder = job_folder(directory, order.job)
    waits = partial(_count_waits, reporter, "waiting for an older attempt", iter(range(2**31)))
    held = HeldFolder(folder, order.attempt, waiting=waits)
    try:
        _refuse_links(directory, folder, order.job)
        with held:
            _do(order, held, reporter, stop)
    except (FolderHeld, JobStopped) as error:
        return Ended(status="superseded" if held.superseded(look=True) else "returned", error=str(error))
    except Exception as error:
        if lacks_room(error):
            return _wait_for_room(error, Path(order.directory), reporter, stop)
        log.warning("failed", exc_info=True)
        known = isinstance(error, USER_ERRORS)
        return Ended(
            status="crashed" if _is_of_the_machine(error) else "failed",
            error=str(error) if known else f"{type(error).__name__}: {error}",
        )
    return Ended(status="done")


def _refuse_links(directory: CampaignDirectory, folder: Path, job: Job) -> None:
    """A job writes into its own folder, and reads files of this campaign: no link may lead to others."""
    files = [folder.relative_to(directory.root).as_posix()]
    files += [getattr(job, field) for field in ("start", "target", "reference") if hasattr(job, field)]
    for file in files:
        refuse_links(directory.root, file)


def _is_of_the_machine(error: Exception) -> bool:
    """Whether another machine might do what this one could not: a GPU that fails, memory, a file system."""
    of_the_engine = type(error).__module__.partition(".")[0] == "openmm"
    return of_the_engine or isinstance(
        error, (OSError, MemoryError, PlatformError, ServerError, StorageError)
    )


def _wait_for_room(error: Exception, root: Path, reporter: Reporter, stop: threading.Event) -> Ended:
    """Keep the slot until the disk has room again: another attempt before that would come to the same."""
    log.warning("no room on the disk: %s", error)
    waits = iter(range(2**31))
    while not has_room(root) and not stop.wait(_ROOM):
        _count_waits(reporter, "waiting for room on the disk", waits)
    return Ended(
        status="returned", error=f"The disk was full ({error}); the job goes on from its last state."
    )


def _do(order: Order, held: HeldFolder, reporter: Reporter, stop: threading.Event) -> None:
    directory = CampaignDirectory(Path(order.directory))

    def should_stop() -> bool:
        return stop.is_set() or held.superseded()

    with _outbox(order, held.folder) as outbox:
        if read_result(held.folder) is None:
            context = JobContext(
                directory=directory,
                config=load_config(directory.config),
                folder=held.folder,
                publish=_publisher(order, outbox),
                progress=reporter.went,
                should_stop=should_stop,
            )
            held.write_result(resolve(order.runner)(order.job, context))
        else:
            log.info("the result is there already")
        if outbox is not None:
            _deliver(outbox, reporter, should_stop)


@contextmanager
def _outbox(order: Order, folder: Path) -> Iterator[Outbox | None]:
    if isinstance(order.job, TrainJob):
        yield None
        return
    from steer.outbox import Outbox
    from steer.redis_stream import RedisFramePublisher

    client = connect(Connection.parse(order.url), name="job", retries=0)
    outbox = Outbox(RedisFramePublisher(client, order.campaign), folder / OUTBOX)
    try:
        yield outbox
    finally:
        outbox.close(timeout=_FLUSH)
        client.close()


def _publisher(order: Order, outbox: Outbox | None) -> Callable[[Sequence[EngineFrame]], None]:
    if outbox is None:
        return _refuse_frames
    from steer.frames import Frame, encode

    job = order.job
    simulation, force_field = job.simulation, job.force_field  # type: ignore[union-attr]

    def publish(frames: Sequence[EngineFrame]) -> None:
        outbox.put(
            [
                encode(
                    Frame(
                        campaign=order.campaign,
                        simulation=simulation,
                        level=simulation[:2],
                        step=frame.step,
                        time=frame.time,
                        box=frame.box,
                        force_field=force_field,
                        published=time.time(),
                        positions=frame.positions,
                    )
                )
                for frame in frames
            ]
        )

    return publish


def _refuse_frames(frames: Sequence[EngineFrame]) -> None:
    raise JobError("This kind of job simulates nothing and has no frames to publish.")


def _deliver(outbox: Outbox, reporter: Reporter, should_stop: Callable[[], bool]) -> None:
    """Wait until all frames are sent, however long the server is away."""
    waits = iter(range(2**31))
    while not outbox.flush(_FLUSH):
        _count_waits(reporter, "delivering frames", waits)
        if should_stop():
            raise JobStopped(
                "The job was asked to stop while it waited for Redis; its frames are kept on disk."
            )


def _count_waits(reporter: Reporter, phase: str, waits: Iterator[int]) -> None:
    """Report that waiting goes on: to the watchdog that is progress."""
    reporter.went(phase, 0.0, next(waits))


def _first_line(descriptor: int) -> bytes:
    """One line, read without taking anything after it."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            raise JobError("The worker ended before it gave an order.")
        line += byte
    return bytes(line)


def _listen(descriptor: int, stop: threading.Event) -> None:
    """Any further word on stdin, or its end, is the request to stop."""
    os.read(descriptor, 64)
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
