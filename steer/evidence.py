"""Whether what a worker says is borne out by the files that it says it left.

A worker's word comes through Redis, where anybody with a worker's password may write. The journal must not record as
done what would later stop the coordinator: a seed that cannot be read, a model that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from steer.exceptions import USER_ERRORS, LinkFound
from steer.feedback.seeds import END_BEADS
from steer.links import link_in, refuse_links
from steer.messages import JobEvent, RefineResult, TrainResult

if TYPE_CHECKING:
    from steer.campaign import CampaignDirectory

__all__ = ["believed"]

ReadBeads = Callable[[Path], object]


def believed(event: JobEvent, directory: CampaignDirectory, read_beads: ReadBeads) -> JobEvent:
    """The event, or the same job's failure when its files do not bear it out.

    Parameters
    ----------
    event : JobEvent
    directory : CampaignDirectory
    read_beads : callable
        Reads a bead structure of this molecule, and raises when a file is none.
    """
    problem = ""
    if isinstance(event.result, RefineResult) and event.result.accepted:
        problem = _doubt_refinement(event.result, directory, read_beads)
    if isinstance(event.result, TrainResult):
        problem = _doubt_model(event.result, directory)
    if not problem:
        return event
    told = f"The worker says that it is done, but {problem}."
    return msgspec.structs.replace(event, status="failed", result=None, error=told)


def _doubt_refinement(result: RefineResult, directory: CampaignDirectory, read_beads: ReadBeads) -> str:
    folder = directory.simulation(result.simulation)
    if result.end_state.rpartition("/")[0] != directory.folder_of(result.simulation):
        return f"its end state {result.end_state!r} is not in the folder of {result.simulation}"
    path = folder / END_BEADS
    try:
        refuse_links(directory.root, f"{directory.folder_of(result.simulation)}/{END_BEADS}")
        read_beads(path)
    except (OSError, *USER_ERRORS) as error:
        return f"{path} cannot be read ({error})"
    return ""


def _doubt_model(result: TrainResult, directory: CampaignDirectory) -> str:
    from models.registry import load_model

    folder = directory.model(result.version)
    try:
        refuse_links(directory.root, folder.relative_to(directory.root).as_posix())
        if link := link_in(folder):
            raise LinkFound(link)
        load_model(folder)
    except USER_ERRORS as error:
        return str(error).rstrip(".")
    return ""
