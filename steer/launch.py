"""`steer run`: everything around the coordinator's loop. Server, local worker, lock, and a tidy end."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sims.files import write_atomic
from steer.campaign import CampaignDirectory, default_directory
from steer.config import CampaignConfig, dump_config, load_config, parse_until
from steer.exceptions import CampaignError, ConfigError, ServerError
from steer.garbage import collect_rarely
from steer.journal import Journal
from steer.links import refuse_planted
from steer.room import has_room, lacks_room

if TYPE_CHECKING:
    from steer.beads import BeadMolecule
    from steer.campaign_server import CampaignServer
    from steer.console import Bars, PlainLines, Silent
    from steer.docket_fleet import DocketFleet

__all__ = ["LaunchOptions", "Outcome", "launch", "request_stop", "wait_until_stopped"]

log = logging.getLogger(__name__)

MAY_CHANGE = {"stop", "workers", "collective", "state"}
"""Sections that may differ when a campaign is resumed; everything else would change its meaning half-way."""

ROOM_RETRY = 2.0
"""s between two looks at a disk that is full."""

FAREWELL = 10.0
"""s that attached workers get to hear that the campaign is over."""


@dataclass(frozen=True)
class LaunchOptions:
    """What the command line says beside the campaign file.

    Attributes
    ----------
    source : Path
        A campaign file, or the directory of a campaign to resume.
    directory : Path or None
        Where the campaign lives; beside its file when absent.
    redis : str or None
        URL of a server to join instead of starting one.
    until : str or None
        Goals that replace those of the file.
    slots : int or None
        Slots of the local worker; 0 for no local worker. Absent: as configured, and none with `redis`.
    listen : str or None
        ``HOST[:PORT]`` on which the campaign's own server listens for workers on other machines.
    quiet : bool
    extend : str or None
        By how much to raise the goals of a campaign that exists.
    """

    source: Path
    directory: Path | None = None
    redis: str | None = None
    until: str | None = None
    slots: int | None = None
    listen: str | None = None
    quiet: bool = False
    extend: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How it ended: ``finished`` or ``stopped``, why, and whether a person interrupted it."""

    directory: CampaignDirectory
    phase: str
    reason: str
    interrupted: bool


def launch(options: LaunchOptions) -> Outcome:
    """Start a campaign, or resume it, and stay until it ends.

    Raises
    ------
    ConfigError, CampaignError, CampaignBusy, StructureError, ServerError
        Before anything runs.
    """
    from steer.console import make_console

    if options.extend and options.until:
        raise ConfigError("give either --until or --extend", key="--extend")
    directory, config = open_campaign(options)
    with ExitStack() as stack:
        stack.enter_context(directory.lock())
        refuse_planted(directory.root)
        (directory.root / STOP_REQUEST).unlink(missing_ok=True)
        news: list[str] = []
        config = settle_goals(options, directory, config, news.append)
        console = stack.enter_context(make_console(config, quiet=options.quiet))
        for sentence in news:
            console.event(sentence)
        return _run(options, directory, config, console, stack)


def open_campaign(options: LaunchOptions) -> tuple[CampaignDirectory, CampaignConfig]:
    """Make the campaign directory, or open the one that is there."""
    if options.source.is_dir():
        directory = CampaignDirectory.open(options.source)
        config = load_config(directory.config)
    else:
        config = load_config(options.source)
        root = options.directory or default_directory(options.source, config)
        if (root / "campaign.toml").exists():
            directory = CampaignDirectory.open(root)
            started = any(directory.root.glob("cg/cg-*"))
            config = _reconciled(options.source, config, load_config(directory.config), started=started)
        elif options.extend:
            raise CampaignError(root, "there is no campaign here yet, so nothing to extend; start it first.")
        else:
            directory = CampaignDirectory.create(root, config)
            config = load_config(directory.config)
    return directory, config


def settle_goals(
    options: LaunchOptions,
    directory: CampaignDirectory,
    config: CampaignConfig,
    tell: Callable[[str], None],
) -> CampaignConfig:
    """The configuration with the goals that hold from now on; the directory's own file then says them."""
    from steer.extension import extend, in_force, written_down
    from steer.journalcopy import heal_journal

    restored = heal_journal(directory.journal)
    if restored:
        log.warning("%s", restored)
    with closing(Journal(directory.journal)) as journal:
        if options.until:
            stop = parse_until(options.until)
        else:
            stop = in_force(journal, config.stop, from_file=options.source.is_file())
        if options.extend:
            stop = extend(journal, stop, options.extend, _reached(directory, journal), tell)
        config = config.model_copy(update={"stop": stop})
        _write_config(directory, config)
        written_down(journal)
    return config


def _reached(directory: CampaignDirectory, journal: Journal) -> dict[str, float]:
    """How far the campaign has come; nothing is, before its first status."""
    from steer.status_report import current_status

    reached = {"walltime": 1e12 * float(journal.get_meta("elapsed", 0.0))}
    if directory.status.exists():
        status = current_status(directory)
        reached |= {
            "aggregate_time": status.cg_time,
            "refinements": status.refinements["accepted"],
            "coverage": status.coverage,
        }
    return reached


def _write_config(directory: CampaignDirectory, config: CampaignConfig) -> None:
    written = config
    if config.molecule.structure is not None:
        relative = config.molecule.structure.relative_to(directory.root)
        molecule = config.molecule.model_copy(update={"structure": relative})
        written = config.model_copy(update={"molecule": molecule})
    write_atomic(directory.config, dump_config(written))


def _reconciled(file: Path, new: CampaignConfig, old: CampaignConfig, *, started: bool) -> CampaignConfig:
    for section in CampaignConfig.model_fields:
        if section in MAY_CHANGE or section == "molecule":
            continue
        before, now = getattr(old, section).model_dump(), getattr(new, section).model_dump()
        changed = [key for key in now if now[key] != before[key]]
        if changed:
            raise ConfigError(
                f"the campaign was started with {before[changed[0]]!r}, not {now[changed[0]]!r}; only "
                f"{' and '.join(sorted(MAY_CHANGE))} may change on resuming. Restore it, or give another "
                "campaign.name or --directory to start afresh.",
                file=file,
                key=f"{section}.{changed[0]}",
            )
    if started and new.target_collective() != old.target_collective():
        raise ConfigError(
            "the target of the campaign is measured by this collective variable, so it may not change on resuming",
            file=file,
            key="collective",
        )
    return old.model_copy(update={section: getattr(new, section) for section in MAY_CHANGE})


def _run(
    options: LaunchOptions,
    directory: CampaignDirectory,
    config: CampaignConfig,
    console: Bars | PlainLines | Silent,
    stack: ExitStack,
) -> Outcome:
    from steer.birth import give_birth
    from steer.campaign_server import campaign_server
    from steer.collectives import bind_collectives
    from steer.docket_fleet import DocketFleet
    from steer.local_worker import LocalWorker

    name = config.campaign.name
    with closing(Journal(directory.journal)) as journal:
        coarse = give_birth(directory, config, journal, console.event)
    bind_collectives(config.collective, coarse)
    server = stack.enter_context(campaign_server(directory, name, options.redis, options.listen))
    connection, worker = server.connection, None
    slots = options.slots if options.slots is not None else (0 if options.redis else config.workers.slots)
    if slots != 0:
        with closing(DocketFleet(connection.url, name, directory=directory.root)) as fleet:
            worker = stack.enter_context(LocalWorker(directory, connection, slots, fleet))
    console.event(f"stop with Ctrl-C; resume with: steer run {directory.root}")
    console.event(f"attach a worker with: steer worker {server.worker_url} --directory {directory.root}")
    with _stop_requests(directory) as stop:
        while True:
            try:
                outcome = _coordinate(directory, config, coarse, server, console, stop)
                break
            except Exception as error:
                if not lacks_room(error):
                    raise
                console.event(f"No room on the disk, waiting for some; simulations go on: {error}")
            _wait_for_room(directory, stop)
        if worker is not None:
            worker.hurry = stop.now
    return outcome


def _coordinate(
    directory: CampaignDirectory,
    config: CampaignConfig,
    coarse: BeadMolecule,
    server: CampaignServer,
    console: Bars | PlainLines | Silent,
    stop: _Stop,
) -> Outcome:
    """Take the campaign up from what is on disk, and lead it until it ends."""
    from steer.connection import connect
    from steer.coordinator import Coordinator
    from steer.docket_fleet import DocketFleet
    from steer.framestore import FrameStore
    from steer.readahead import ReadAhead
    from steer.recorder import Recorder
    from steer.redis_stream import RedisFrameStream

    name, connection = config.campaign.name, server.connection
    with ExitStack() as stack:
        journal = stack.enter_context(closing(Journal(directory.journal)))
        frames = RedisFrameStream(connect(connection, name="coordinator"), name)
        stream = stack.enter_context(closing(ReadAhead(frames)))
        fleet = stack.enter_context(closing(DocketFleet(connection.url, name, directory=directory.root)))
        store = stack.enter_context(FrameStore(directory.frames, coarse.n_beads))
        recorder = Recorder(directory.metrics, store, console)
        collect_rarely()
        coordinator = Coordinator(
            directory, config, journal, store, stream, fleet, coarse, recorder, server.revive
        )
        phase = coordinator.run(stop.reason)
        if phase == "finished":
            _dismiss_workers(fleet)
        return Outcome(directory, phase, coordinator.reason, stop.interrupted)


def _wait_for_room(directory: CampaignDirectory, stop: _Stop) -> None:
    while not has_room(directory.root) and not stop.reason():
        time.sleep(ROOM_RETRY)


def _dismiss_workers(fleet: DocketFleet) -> None:
    """Tell attached workers that the campaign is over, and keep its server until they have heard it."""
    deadline = time.monotonic() + FAREWELL
    try:
        fleet.finish()
        while fleet.workers() and time.monotonic() < deadline:
            time.sleep(0.1)
    except ServerError as error:
        log.warning("attached workers could not be told that the campaign is over: %s", error)


STOP_REQUEST = "stop-request"
"""File in the campaign directory by which `steer stop` asks the coordinator to end."""

NOW = "now"
"""Its content when the jobs need not save their states first."""


class _Stop:
    """Why to stop: a signal, or somebody's `steer stop`."""

    def __init__(self, directory: CampaignDirectory) -> None:
        self.interrupted = False
        self._signal = ""
        self._request = directory.root / STOP_REQUEST

    def signalled(self, number: int, frame: object) -> None:
        """Take a signal; the second one ends the process at once."""
        if self._signal:
            raise KeyboardInterrupt
        self.interrupted = number == signal.SIGINT
        self._signal = f"stopped by {signal.Signals(number).name}"

    @property
    def now(self) -> bool:
        """Whether somebody asked not to wait for the jobs' states."""
        return self._request.exists() and self._request.read_text() == NOW

    def reason(self) -> str | None:
        """The reason, or None while there is none."""
        if self._signal:
            return self._signal
        return "stopped by 'steer stop'" if self._request.exists() else None


@contextmanager
def _stop_requests(directory: CampaignDirectory) -> Iterator[_Stop]:
    stop = _Stop(directory)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    previous = {number: signal.signal(number, stop.signalled) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        stop._request.unlink(missing_ok=True)


def request_stop(directory: CampaignDirectory, *, now: bool) -> None:
    """Ask the coordinator of this campaign to end.

    Raises
    ------
    CampaignError
        When none is running.
    """
    if not directory.is_running():
        raise CampaignError(directory.root, "no coordinator runs this campaign, so there is nothing to stop.")
    write_atomic(directory.root / STOP_REQUEST, NOW if now else "")


def wait_until_stopped(directory: CampaignDirectory) -> None:
    """Return when no coordinator holds the campaign any more."""
    while directory.is_running():
        time.sleep(0.2)
