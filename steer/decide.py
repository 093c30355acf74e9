"""What to do next: the state of a campaign in, actions out. Pure: no clock, no file, no network.

The rules, in the order in which they are asked:

1. *Finish.* With a patience set, simulations end early once the rule would start none from what they have lately seen
   (`steer.stopping`).
2. *Learn.* The first model is trained when `min_frames` frames are stored, and one of slow motions not before enough of
   them are followed by another of their simulation; the next when the frames have grown by `growth`, or when new frames
   are decoded `drift` times worse than those it was trained on.
3. *Refine.* With a model, novel CG frames are promoted, as many as keep the refinements' share of the slots busy;
   within bounds, that share may follow what each level lately contributed (`steer.shares`).
4. *Roam.* The other slots get CG simulations: first from the input structure, then from the refined structure that
   lies where the map is thinnest, and when there is none left, from the most novel CG frame. A share of them starts
   from the input without any selection, as the control. The last of a CG goal is kept for refined structures that are
   still to come.

The backlog is kept short (`BACKLOG` times the slots), so that the freshest choice runs next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from steer.config import CampaignConfig
from steer.selection import Pool, Yields
from steer.selection.choose import Choice, choose
from steer.selection.reach import Reach
from steer.selection.target import narrowed
from steer.shares import Apportion, Contribution, apportion
from steer.stopping import Finish, Running, finishes, parts

__all__ = [
    "BACKLOG",
    "Action",
    "Candidates",
    "Refine",
    "SeedOption",
    "StartFromFrame",
    "StartFromSeed",
    "State",
    "Train",
    "decide",
    "goal_reached",
    "too_few_followed",
]

BACKLOG = 1.2
"""Jobs open (queued or running) for each slot."""

DRIFT_GROWTH = 1.25
"""Drift is looked at once the frames have grown by this factor: a few new frames say little."""

FOLLOWED = 0.4
"""Of `min_frames`: CG frames followed by another of their simulation that a first model of slow motions needs. Where
more simulations run at once than that, all frames are the first of theirs for a while; where each gives two, half are
followed."""

NEIGHBOURS = 10
"""The map's thinness at a point is the distance to this many nearest frames."""


@dataclass(frozen=True)
class Candidates:
    """CG frames that may be promoted, as latent points of the model in use.

    Attributes
    ----------
    points : ndarray, shape (n, d), float32
        Sane CG frames.
    parents : ndarray, shape (n,), int
        Number of the simulation each comes from.
    yields : Yields
        What starting from each parent has brought.
    cost : ndarray, shape (n,), or None
        Distance of each to the target, negated when it is to be left; None without a target.
    free : ndarray, shape (n,), bool, or None
        Which of them may be picked; None for all.
    times : ndarray, shape (n,), or None
        When in its simulation each was, ps; None where `State.running` is empty.
    to_promoted, to_starts : Reach or None
        What is known of their distances to `State.selected` and `State.starts`; None for nothing.
    """

    points: NDArray[np.float32]
    parents: NDArray[np.integer]
    yields: Yields = field(default_factory=Yields)
    cost: NDArray[np.float32] | None = None
    free: NDArray[np.bool_] | None = None
    times: NDArray[np.float64] | None = None
    to_promoted: Reach | None = None
    to_starts: Reach | None = None


@dataclass(frozen=True)
class SeedOption:
    """A seed from which CG simulations may start.

    Attributes
    ----------
    id : int
    origin : {"input", "cg", "aa"}
    started : int
        Simulations already started from it.
    point : ndarray, shape (d,), or None
        Its latent point; None before the first model.
    """

    id: int
    origin: str
    started: int
    point: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class State:
    """Everything a decision may depend on.

    Attributes
    ----------
    round : int
        Counts the decisions; with the campaign's seed it fixes their randomness.
    slots : dict of str to int
        Attached slots that accept each kind of job; the total under ``"all"``.
    open : dict of str to int
        Jobs planned or submitted and not ended, by kind.
    frames : int
        Frames stored.
    followed_frames : int
        CG frames that another of their simulation follows; counted before the first training only.
    expected_frames : int
        Frames stored, and those that open CG simulations will still give.
    trained_frames : int
        Frames at the time of the latest training (done or open).
    model : int
        Version in use; 0 when there is none.
    drift : float
        Decode error of new frames over that of the training frames.
    cg_time, cg_time_planned : float
        ps of CG simulation stored as frames, and planned in all.
    accepted : int
        Accepted refinements.
    coverage : float
        Coverage as the stop rule counts it.
    elapsed : float
        ps of real time that this campaign has run. Only the stop rule reads it.
    candidates : Candidates or None
        None before the first model.
    explored : ndarray, shape (n, d)
        Latent points of the frames that make the map (a sample of them when there are many).
    selected : ndarray, shape (m, d)
        Latent points of everything promoted so far.
    seeds : sequence of SeedOption
        Input and refined structures, by id; the first is the input structure.
    running : sequence of Running
        CG simulations that may be asked to end early; empty unless ``coarse.patience`` is set and has passed.
    lately : mapping of str to Contribution
        What each level contributed; empty unless ``refinement.share_bounds`` is set.
    share : float or None
        Share of the slots for refinements that was decided last.
    starts : ndarray, shape (k, d)
        Latent points of all configurations from which simulations were or may be started, frames included.
    """

    round: int
    slots: dict[str, int]
    open: dict[str, int]
    frames: int
    followed_frames: int
    expected_frames: int
    trained_frames: int
    model: int
    drift: float
    cg_time: float
    cg_time_planned: float
    accepted: int
    coverage: float
    elapsed: float
    seeds: Sequence[SeedOption]
    running: Sequence[Running] = ()
    lately: Mapping[str, Contribution] = field(default_factory=dict)
    share: float | None = None
    candidates: Candidates | None = None
    explored: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 2), np.float32))
    selected: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 2), np.float32))
    starts: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 2), np.float32))


@dataclass(frozen=True)
class Train:
    """Train the next version of the latent model."""

    reason: str


@dataclass(frozen=True)
class Refine:
    """Promote a CG frame.

    Attributes
    ----------
    choice : Choice
        Which candidate, by which rule, with which score.
    reference : int
        Seed whose all-atom conformation is nearest in the latent space.
    """

    choice: Choice
    reference: int
    reason: str


@dataclass(frozen=True)
class StartFromSeed:
    """Start a CG simulation from a seed; ``steered`` is False for the control."""

    seed: int
    steered: bool
    reason: str


@dataclass(frozen=True)
class StartFromFrame:
    """Make a CG frame a seed and start a CG simulation from it."""

    choice: Choice
    reason: str


Action = Finish | Apportion | Train | Refine | StartFromSeed | StartFromFrame


def goal_reached(config: CampaignConfig, state: State) -> str | None:
    """Why the campaign is over, in words; None while it is not."""
    stop = config.stop
    goals = [
        (stop.aggregate_time, state.cg_time, "{0:g} of {1:g} ns of CG simulation", 1e-3),
        (stop.refinements, state.accepted, "{0:g} of {1:g} refinements accepted", 1),
        (stop.coverage, state.coverage, "coverage {0:g} of {1:g} cells", 1),
        (stop.walltime, state.elapsed, "{0:.3g} of {1:g} h of wall time", 1 / 3.6e15),
    ]
    asked = [(target, value, text, unit) for target, value, text, unit in goals if target is not None]
    met = [
        text.format(value * unit, target * unit)
        for target, value, text, unit in asked
        if value >= target * (1 - 1e-9)
    ]
    enough = len(met) == len(asked) if stop.require == "all" else bool(met)
    return "; ".join(met) if enough else None


def anything_wanted(config: CampaignConfig, state: State) -> bool:
    """Whether `decide` could have an action for a state with these numbers; its latent points are not looked at."""
    return bool(state.running) or bool(_learn(config, state)) or _free(state) > 0


def decide(config: CampaignConfig, state: State) -> list[Action]:
    """Actions for this state, in the order in which they should be submitted."""
    rng = np.random.default_rng(np.random.SeedSequence(config.campaign.seed, spawn_key=(state.round,)))
    shared = apportion(config.refinement, state.lately, state.share)
    if shared is not None:
        state = replace(state, share=shared.share)
    starts_wanted = _starts_wanted(config, state)
    refinements = _refine(config, state, _refinement_allowance(config, state), rng)
    starts = min(_free(state) - len(refinements), starts_wanted) if state.slots["cg"] else 0
    return [
        *_finish(config, state, rng),
        *([] if shared is None else [shared]),
        *_learn(config, state),
        *refinements,
        *_roam(config, state, starts, refinements, rng),
    ]


def too_few_followed(config: CampaignConfig, state: State) -> bool:
    """Whether frames enough for a first model of slow motions are stored, too few of them followed by another."""
    wanted = config.latent.min_frames
    first = state.trained_frames == 0 and state.frames >= wanted
    return first and config.latent.scaling == "slow" and state.followed_frames < FOLLOWED * wanted


def _backlog(state: State) -> int:
    return math.ceil(BACKLOG * state.slots["all"])


def _free(state: State) -> int:
    return max(0, _backlog(state) - state.open["cg"] - state.open["refine"])


def _finish(config: CampaignConfig, state: State, rng: np.random.Generator) -> list[Finish]:
    patience, candidates = config.coarse.patience, state.candidates
    if patience is None or candidates is None or candidates.times is None:
        return []
    among = parts(len(state.running))
    # By the frames, too: a round lasts until something is done, and another part is to be judged meanwhile.
    drawn = np.random.SeedSequence(config.campaign.seed, spawn_key=(state.round, state.frames))
    turn = int(drawn.generate_state(1)[0]) % among
    judged = [each for each in state.running if each.number % among == turn]
    free = candidates.parents % among == turn
    here = replace(candidates, free=free if candidates.free is None else free & candidates.free)
    picks = _choose(config, here, state.starts, candidates.to_starts, len(judged), rng, random_share=0.0)
    indices = [pick.index for pick in picks]
    return finishes(patience, judged, candidates.parents[indices], candidates.times[indices])


def _learn(config: CampaignConfig, state: State) -> list[Train]:
    if state.open["train"] or state.frames < config.latent.min_frames:
        return []
    if state.trained_frames == 0:
        if too_few_followed(config, state):
            return []
        return [Train(f"{state.frames} frames are stored; the first model needs {config.latent.min_frames}")]
    if state.frames >= config.latent.growth * state.trained_frames:
        return [Train(f"frames grew from {state.trained_frames} to {state.frames}")]
    if state.frames >= DRIFT_GROWTH * state.trained_frames and state.drift >= config.latent.drift:
        return [Train(f"new frames are decoded {state.drift:.2f} times worse than the training frames")]
    return []


def _starts_wanted(config: CampaignConfig, state: State) -> int:
    """CG simulations that the goals still leave room for."""
    if config.stop.aggregate_time is None:
        return _backlog(state)
    missing = config.stop.aggregate_time - state.cg_time_planned
    return max(0, math.ceil(missing / config.coarse.length - 1e-9))


def _cg_waits(config: CampaignConfig, state: State) -> bool:
    """Whether a CG simulation could start now, had it a slot."""
    if not state.slots["cg"]:
        return False
    return _starts_wanted(config, state) > _reserved(config, state) or bool(_fresh(config, state))


def _refinement_allowance(config: CampaignConfig, state: State) -> int:
    if state.candidates is None or state.slots["refine"] == 0 or config.molecule.landscape is not None:
        return 0
    share = config.refinement.share if state.share is None else state.share
    share = share if _cg_waits(config, state) else 1.0
    at_most = max(1, math.floor(share * _backlog(state)))
    allowance = min(_free(state), at_most - state.open["refine"], config.selection.batch)
    if config.stop.refinements is not None:
        allowance = min(allowance, config.stop.refinements - state.accepted - state.open["refine"])
    return max(0, allowance)


def _refine(config: CampaignConfig, state: State, count: int, rng: np.random.Generator) -> list[Refine]:
    if count == 0 or state.candidates is None:
        return []
    known = np.concatenate([state.selected, _points([s for s in state.seeds if s.origin == "input"], state)])
    choices = _choose(config, state.candidates, known, state.candidates.to_promoted, count, rng)
    references = [seed for seed in state.seeds if seed.origin in ("input", "aa")]
    nearest = cKDTree(_points(references, state)).query(state.candidates.points[[c.index for c in choices]])[
        1
    ]
    return [
        Refine(choice, references[i].id, _why(choice, "promoted"))
        for choice, i in zip(choices, np.atleast_1d(nearest), strict=True)
    ]


def _roam(
    config: CampaignConfig, state: State, count: int, refinements: Sequence[Refine], rng: np.random.Generator
) -> list[Action]:
    from_input = sum(seed.started for seed in state.seeds if seed.origin == "input")
    initial = min(count, max(0, config.seeding.initial - from_input))
    reason = f"first generation, {config.seeding.initial} simulations from the input structure"
    actions: list[Action] = [StartFromSeed(state.seeds[0].id, False, reason)] * initial
    if state.candidates is None:
        if not actions and count and state.expected_frames < config.latent.min_frames:
            short = f"{state.expected_frames} of {config.latent.min_frames} frames for the first model are in sight"
            actions.append(StartFromSeed(state.seeds[0].id, False, short))
        return actions
    return actions + _reseed(config, state, count - initial, refinements, rng)


def _reseed(
    config: CampaignConfig, state: State, count: int, refinements: Sequence[Refine], rng: np.random.Generator
) -> list[Action]:
    unreserved = max(0, min(count, _starts_wanted(config, state) - _reserved(config, state)))
    controls = int(rng.binomial(unreserved, config.seeding.control_share))
    reason = "control: unsteered, from the input structure"
    actions: list[Action] = [StartFromSeed(state.seeds[0].id, False, reason)] * controls
    refined = _thinnest_first(_fresh(config, state), state)[: count - controls]
    for seed, gap in refined:
        reason = f"refined structure where the map is thin ({gap:.3g} to its frames)"
        actions.append(StartFromSeed(seed.id, True, reason))
    missing = min(unreserved - controls, count - len(actions))
    if missing > 0 and state.candidates is not None and len(state.candidates.points):
        chosen = state.candidates.points[[r.choice.index for r in refinements]]
        known = np.concatenate([state.starts, chosen])
        picks = _choose(config, state.candidates, known, state.candidates.to_starts, missing, rng)
        actions += [StartFromFrame(choice, _why(choice, "restarted")) for choice in picks]
    return actions


def _reserved(config: CampaignConfig, state: State) -> int:
    """Starts kept back, of those the CG goal leaves room for, for the refined structures that are still to come."""
    if config.stop.aggregate_time is None:
        return 0
    coming = state.open["refine"]
    if config.stop.refinements is not None and config.stop.require == "all":
        coming = max(coming, config.stop.refinements - state.accepted)
    return coming * config.seeding.per_refinement + len(_fresh(config, state))


def _fresh(config: CampaignConfig, state: State) -> list[SeedOption]:
    """Refined structures from which simulations may still start."""
    return [s for s in state.seeds if s.origin == "aa" and s.started < config.seeding.per_refinement]


def _choose(
    config: CampaignConfig,
    candidates: Candidates,
    known: NDArray[np.float32],
    reach: Reach | None,
    count: int,
    rng: np.random.Generator,
    *,
    random_share: float | None = None,
) -> list[Choice]:
    """Picks as the configuration asks, but for their random share where one is given."""
    selection = config.selection
    room = np.full(len(candidates.points), selection.max_per_parent, np.int32)
    if candidates.free is not None:
        room *= candidates.free
    pool = Pool(candidates.points, known, candidates.parents, room, candidates.yields, reach)
    if selection.target is not None and candidates.cost is not None:
        pool = narrowed(pool, candidates.cost, selection.target.share)
    return choose(
        pool,
        count,
        selector=selection.selector,
        random_share=selection.random_share if random_share is None else random_share,
        shares=selection.mixture,
        rng=rng,
    )


def _thinnest_first(seeds: Sequence[SeedOption], state: State) -> list[tuple[SeedOption, float]]:
    if not seeds:
        return []
    neighbours = min(NEIGHBOURS, len(state.explored))
    # Built anew at every decision: a plain tree gives the same distances and is built several times faster.
    tree = cKDTree(state.explored, balanced_tree=False, compact_nodes=False)
    distance = tree.query(_points(seeds, state), k=[neighbours])[0][:, 0]
    order = sorted(range(len(seeds)), key=lambda i: (-distance[i], seeds[i].id))
    return [(seeds[i], float(distance[i])) for i in order]


def _points(seeds: Sequence[SeedOption], state: State) -> NDArray[np.float32]:
    points = [seed.point for seed in seeds if seed.point is not None]
    return np.array(points, dtype=np.float32).reshape(len(points), state.explored.shape[1])


def _why(choice: Choice, what: str) -> str:
    if choice.score is None:
        return f"{what} at random, as the share of random picks asks"
    return f"{what} by {choice.selector}, score {choice.score:.4g}"
