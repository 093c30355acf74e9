"""The dashboard's routes. All of them only read."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from steer.dashboard.access import Guard
from steer.dashboard.binning import Window, bin_points
from steer.dashboard.explorer import Explorer
from steer.dashboard.exposition import CONTENT_TYPE, exposition
from steer.dashboard.picking import frame_at, last_frame, neighbours
from steer.dashboard.structures import STAGES
from steer.dashboard.tiles import tile
from steer.exceptions import USER_ERRORS

__all__ = ["STATIC", "make_app"]

STATIC = Path(__file__).parent / "static"

TELL_EVERY = 1.0
"""s between two looks at what a page should be told."""

KEEP_ALIVE = 15
"""Looks without news after which a comment is sent, so that nobody in between takes the line for dead."""

BINS = 2048
"""Bins of a tile in either direction at most."""

NEIGHBOURS = 12
PAGE = 500
LEVELS = ("all", "cg", "aa", "unsteered")


def make_app(explorer: Explorer, token: str, hosts: Iterable[str] = ()) -> Guard:
    """The application.

    Parameters
    ----------
    explorer : Explorer
    token : str
        What visitors must know.
    hosts : iterable of str
        Names under which the server may be called, besides those of the loopback address.
    """
    routes = _Routes(explorer).table()
    handlers = dict.fromkeys(USER_ERRORS, _told)
    return Guard(Starlette(routes=routes, exception_handlers=handlers), token, hosts)


def _told(request: Request, error: Exception) -> Response:
    """What was raised on purpose, as a journal that cannot be read: one sentence, as on the command line."""
    return Response(f"{error}\n", status_code=503, media_type="text/plain")


class _Routes:
    def __init__(self, explorer: Explorer) -> None:
        self._explorer, self._view = explorer, explorer.view

    def table(self) -> list[Route | Mount]:
        return [
            Route("/", self.page),
            Route("/healthz", self.health),
            Route("/metrics", self.metrics),
            Route("/api/events", self.events),
            Route("/api/map", self.map),
            Route("/api/pick", self.pick),
            Route("/api/structure", self.structure),
            Route("/api/status", _json(lambda request: self._state())),
            Route("/api/marks", _json(lambda request: self._explorer.marks())),
            Route("/api/coverage", _json(lambda request: self._explorer.coverage())),
            Route("/api/series", _json(lambda request: self._view.series())),
            Route("/api/lineage", _json(lambda request: self._view.lineage())),
            Route("/api/refinements", _json(lambda request: self._view.refinements())),
            Route("/api/spans", _json(lambda request: self._view.spans())),
            Route("/api/decisions", _json(lambda request: self._view.decisions(PAGE))),
            Route("/api/configuration", _json(lambda request: self._view.configuration())),
            Route("/api/jobs", _json(self._jobs)),
            Route("/api/log", _json(self._log)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]

    # -- page and numbers -----------------------------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    def health(self, request: Request) -> Response:
        # A journal that cannot be read raises, and is answered with 503.
        self._view.decisions(1)
        return Response(b'{"ok":true}', media_type="application/json")

    def metrics(self, request: Request) -> Response:
        snapshot = self._explorer.numbers()
        if snapshot is None:
            raise HTTPException(503, "The campaign has no status yet.")
        return Response(exposition(snapshot), media_type=CONTENT_TYPE)

    # -- live -----------------------------------------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        return {"status": self._view.status(), "map": self._explorer.map_state()}

    async def events(self, request: Request) -> Response:
        return StreamingResponse(self._news(), media_type="text/event-stream")

    async def _news(self) -> AsyncIterator[bytes]:
        told, quiet = b"", 0
        while not self._explorer.ending:
            state = await run_in_threadpool(self._state)
            # Age alone is no news; the page counts it itself.
            news = msgspec.json.encode({**state, "status": {**state["status"], "age": 0}})
            if news != told:
                told, quiet = news, 0
                yield b"event: state\ndata: " + msgspec.json.encode(state) + b"\n\n"
            elif (quiet := quiet + 1) % KEEP_ALIVE == 0:
                yield b": still here\n\n"
            await asyncio.sleep(TELL_EVERY)

    # -- map ------------------------------------------------------------------------------------------------------

    def map(self, request: Request) -> Response:
        points = self._explorer.points
        if points is None:
            raise HTTPException(404, "There is no latent model yet.")
        window, keep = _window(request), points.chosen(*_layer(request))
        width, height = (_whole(request, name, 1, BINS) for name in ("width", "height"))
        colour = request.query_params.get("colour", "density")
        try:
            values = self._explorer.colours.values(colour, points)
        except KeyError:
            raise HTTPException(404, f"There is no colour {colour!r}.") from None
        binned = bin_points(points.x, points.y, window, width, height, keep, values)
        body = tile(binned, window=window, version=points.version, frames=len(points), colour=colour)
        headers = {"content-encoding": "gzip", "vary": "accept-encoding"}
        return Response(
            gzip.compress(body, compresslevel=1), media_type="application/octet-stream", headers=headers
        )

    def pick(self, request: Request) -> Response:
        """The frame at a place (``x``, ``y``), of a ``row``, or the last of a ``simulation``, with those like it."""
        points = self._explorer.points
        if points is None:
            raise HTTPException(404, "There is no latent model yet.")
        if "row" in request.query_params:
            row: int | None = _whole(request, "row", 0, len(points) - 1)
        elif "simulation" in request.query_params:
            row = last_frame(points, request.query_params["simulation"])
        else:
            size = (_whole(request, "width", 1, 10_000), _whole(request, "height", 1, 10_000))
            place = (_number(request, "x"), _number(request, "y"))
            row = frame_at(points, place, _window(request), size, points.chosen(*_layer(request)), 24.0)
        if row is None:
            return _answer(None)
        near = neighbours(points, row, _whole(request, "neighbours", 0, NEIGHBOURS))
        return _answer(
            {
                "row": row,
                "simulation": points.simulation(row),
                "x": float(points.x[row]),
                "y": float(points.y[row]),
                "generation": int(points.generation[row]),
                "unsteered": bool(points.unsteered[row]),
                "error": float(points.errors[row]),
                "latent": points.points[row].tolist(),
                **self._explorer.structures.about(row),
                "neighbours": [
                    {
                        "row": other,
                        "simulation": points.simulation(other),
                        "distance": distance,
                        "x": float(points.x[other]),
                        "y": float(points.y[other]),
                    }
                    for other, distance in near
                ],
            }
        )

    def structure(self, request: Request) -> Response:
        """PDB text of a frame (``row``), or of a refinement's atoms (``refinement``, ``stage``), laid over ``onto``."""
        row = _whole(request, "row", 0, 2**62)
        structures = self._explorer.structures
        try:
            refinement = request.query_params.get("refinement")
            if refinement is None:
                onto = _whole(request, "onto", 0, 2**62) if "onto" in request.query_params else row
                return Response(structures.frame(row, onto), media_type="chemical/x-pdb")
            known = {mark.id for mark in self._explorer.marks() if mark.kind == "refinement"}
            stage = request.query_params.get("stage", "end")
            if refinement not in known or stage not in STAGES:
                raise HTTPException(404, "There is no such refinement or stage.")
            atoms = structures.atoms(refinement, stage, row)
        except IndexError as error:
            raise HTTPException(404, str(error)) from None
        if atoms is None:
            raise HTTPException(404, "This refinement has no atoms yet.")
        return Response(atoms, media_type="chemical/x-pdb")

    # -- lists ----------------------------------------------------------------------------------------------------

    def _jobs(self, request: Request) -> Any:
        state, kind = (request.query_params.get(name, "") for name in ("state", "kind"))
        first = _whole(request, "first", 0, 2**31) if "first" in request.query_params else 0
        return self._view.jobs(state, kind, first, PAGE)

    def _log(self, request: Request) -> Any:
        found = self._view.log(request.query_params.get("job", ""))
        if found is None:
            raise HTTPException(404, "There is no log of such a job.")
        return found


def _answer(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _json(read: Any) -> Any:
    def endpoint(request: Request) -> Response:
        return _answer(read(request))

    return endpoint


def _number(request: Request, name: str) -> float:
    try:
        return float(request.query_params[name])
    except (KeyError, ValueError):
        raise HTTPException(400, f"{name} must be a number.") from None


def _whole(request: Request, name: str, low: int, high: int) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
        raise HTTPException(400, f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _window(request: Request) -> Window:
    window = Window(*(_number(request, name) for name in Window._fields))
    if not window.usable:
        raise HTTPException(400, "x0 must be less than x1, y0 less than y1, and all of them finite.")
    return window


def _layer(request: Request) -> tuple[str, int | None]:
    level = request.query_params.get("level", "all")
    if level not in LEVELS:
        raise HTTPException(400, f"level must be one of {', '.join(LEVELS)}.")
    chosen = request.query_params.get("generation", "")
    return level, (_whole(request, "generation", 0, 2**31) if chosen else None)
