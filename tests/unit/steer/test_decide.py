"""Decisions: pure, reproducible, within their bounds."""

from dataclasses import replace

import numpy as np
import pytest

from steer.config import CampaignConfig
from steer.decide import (
    Candidates,
    Refine,
    SeedOption,
    StartFromFrame,
    StartFromSeed,
    State,
    Train,
    anything_wanted,
    decide,
    goal_reached,
    too_few_followed,
)
from steer.shares import Apportion, Contribution
from steer.stopping import TOGETHER, Running


def config(**sections) -> CampaignConfig:
    base = {
        "campaign": {"name": "t", "seed": 1},
        "molecule": {"sequence": "AAA"},
        "coarse": {"length": "1 ns", "segment": "1 ns", "frame_interval": "10 ps"},
        "latent": {"min_frames": 100},
        "seeding": {"initial": 4, "control_share": 0.0},
        "selection": {"random_share": 0.0},
        "stop": {"refinements": 100},
    }
    return CampaignConfig.model_validate({**base, **sections})


EMPTY = State(
    round=0,
    slots={"all": 4, "cg": 4, "refine": 4, "train": 4},
    open={"cg": 0, "refine": 0, "train": 0},
    frames=0,
    followed_frames=0,
    expected_frames=0,
    trained_frames=0,
    model=0,
    drift=1.0,
    cg_time=0.0,
    cg_time_planned=0.0,
    accepted=0,
    coverage=0,
    elapsed=0.0,
    seeds=(SeedOption(1, "input", 0),),
)


def explored(**changes) -> State:
    """A state with a model: 200 frames of 10 parents in two dimensions, everything of the first generation started."""
    points = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    state = replace(
        EMPTY,
        frames=200,
        expected_frames=400,
        trained_frames=200,
        model=1,
        cg_time=2000.0,
        cg_time_planned=4000.0,
        seeds=(SeedOption(1, "input", 4, np.zeros(2, np.float32)),),
        candidates=Candidates(points, np.arange(200) // 20),
        explored=points,
        selected=np.empty((0, 2), np.float32),
    )
    return replace(state, **changes)


def kinds(actions) -> list[str]:
    return [type(action).__name__ for action in actions]


def test_a_new_campaign_starts_the_first_generation_up_to_the_backlog():
    actions = decide(config(), EMPTY)
    assert kinds(actions) == ["StartFromSeed"] * 4
    assert all(action.seed == 1 and not action.steered for action in actions)


def test_without_workers_nothing_is_started():
    idle = replace(EMPTY, slots={"all": 0, "cg": 0, "refine": 0, "train": 0})
    assert decide(config(), idle) == []


def test_the_backlog_is_short():
    actions = decide(config(), explored())
    assert len(actions) == 5  # ceil(1.2 * 4)
    assert decide(config(), explored(open={"cg": 3, "refine": 2, "train": 0})) == []


def test_the_first_model_waits_for_min_frames_and_is_trained_once():
    assert "Train" not in kinds(decide(config(), replace(EMPTY, frames=99)))
    assert "Train" in kinds(decide(config(), replace(EMPTY, frames=100, followed_frames=40)))
    training = replace(EMPTY, frames=100, trained_frames=100, open={"cg": 0, "refine": 0, "train": 1})
    assert "Train" not in kinds(decide(config(), training))


def test_the_first_model_of_slow_motions_waits_for_frames_that_follow_each_other():
    early = replace(EMPTY, frames=1000, followed_frames=39)
    assert "Train" not in kinds(decide(config(), early))
    assert too_few_followed(config(), early)
    # Trained already, but not on the map yet: nothing is waited for, and followers are not counted any more.
    assert not too_few_followed(config(), replace(early, followed_frames=0, trained_frames=1000))
    assert "Train" in kinds(decide(config(latent={"min_frames": 100, "scaling": "kind"}), early))


@pytest.mark.parametrize(
    ("frames", "drift", "expected"),
    [(399, 1.0, False), (400, 1.0, True), (300, 2.0, True), (210, 2.0, False)],
)
def test_retraining_on_growth_or_drift(frames, drift, expected):
    actions = decide(config(), explored(frames=frames, drift=drift))
    assert any(isinstance(action, Train) for action in actions) is expected


def test_when_the_first_frames_are_too_few_another_start_keeps_the_campaign_alive():
    seeds = (SeedOption(1, "input", 4),)
    short = replace(EMPTY, frames=40, expected_frames=40, seeds=seeds)
    assert kinds(decide(config(), short)) == ["StartFromSeed"]
    enough = replace(EMPTY, frames=40, expected_frames=120, seeds=seeds)
    assert decide(config(), enough) == []


def test_refinements_hold_their_share_while_cg_work_waits_and_all_when_none_does():
    actions = decide(config(), explored())
    assert kinds(actions).count("Refine") == 2  # half of a backlog of 5, rounded down
    done = config(stop={"refinements": 100, "aggregate_time": "4 ns"})
    assert kinds(decide(done, explored())) == ["Refine"] * 4  # selection.batch


def test_the_share_of_refinements_moves_to_what_contributes_and_is_told_with_its_reason():
    adaptive = config(refinement={"share_bounds": (0.2, 0.8)}, selection={"batch": 10, "random_share": 0.0})
    lately = {"cg": Contribution(5, 20.0, 1.0), "aa": Contribution(5, 80.0, 1.0)}
    actions = decide(adaptive, explored(lately=lately))
    (told,) = [action for action in actions if isinstance(action, Apportion)]
    assert told.share == 0.8
    assert kinds(actions).count("Refine") == 4  # 0.8 of a backlog of 5
    again = decide(adaptive, explored(lately=lately, share=0.8))
    assert "Apportion" not in kinds(again)
    assert kinds(again).count("Refine") == 4


PATIENT = {"length": "1 ns", "segment": "1 ns", "frame_interval": "10 ps", "patience": "20 ps"}


def two_at_once(**selection) -> tuple[CampaignConfig, State]:
    """One simulation went away from where everything started and came back, the other is still far off."""
    patient = config(
        coarse=PATIENT, selection={"selector": "farthest_point", "random_share": 0.0, **selection}
    )
    far = np.array([[0.0, 5.0], [0.0, 0.3], [0.0, 0.2], [1.0, 0.0], [4.0, 0.0], [6.0, 0.0]], np.float32)
    candidates = Candidates(far, np.repeat([1, 2], 3), times=np.tile([10.0, 20.0, 30.0], 2))
    running = [Running("cg-000001", 30.0, True), Running("cg-000002", 30.0, True)]
    origin = np.zeros((1, 2), np.float32)
    state = explored(
        open={"cg": 3, "refine": 2, "train": 0}, candidates=candidates, running=running, starts=origin
    )
    return patient, state


def test_a_simulation_that_is_no_place_to_start_from_ends_though_every_slot_is_taken():
    patient, full = two_at_once()
    assert anything_wanted(patient, full)
    assert [action.simulation for action in decide(patient, full)] == ["cg-000001"]
    assert not anything_wanted(config(), replace(full, running=()))


def test_no_simulation_is_spared_or_ended_by_a_random_pick():
    patient, full = two_at_once(random_share=1.0)
    for number in range(20):
        actions = decide(patient, replace(full, round=number))
        assert [action.simulation for action in actions] == ["cg-000001"]


def test_very_many_are_judged_in_parts_with_the_same_outcome():
    """Of 600 simulations, about half went away from where everything started, and stayed away; frames come, nothing else is done."""
    numbers, rng = np.arange(1, 601), np.random.default_rng(0)
    away = rng.random(600) < 0.5
    points = rng.normal(size=(600, 3, 2), scale=0.1).astype(np.float32)
    points[away, 1:] = rng.uniform(10.0, 1000.0, size=(away.sum(), 2, 2))
    full = explored(
        open={"cg": 600, "refine": 0, "train": 0},
        candidates=Candidates(
            points.reshape(-1, 2), np.repeat(numbers, 3), times=np.tile([10.0, 20.0, 30.0], 600)
        ),
        running=[Running(f"cg-{number:06d}", 30.0, True) for number in numbers],
        starts=np.zeros((1, 2), np.float32),
    )
    patient = config(coarse=PATIENT, selection={"selector": "farthest_point", "random_share": 0.0})
    looks = [
        {int(action.simulation[3:]) for action in decide(patient, replace(full, frames=full.frames + more))}
        for more in range(20)
    ]
    assert all(0 < len(look) <= TOGETHER for look in looks)
    assert all(not look & other or look == other for look in looks for other in looks)
    ended, back = set.union(*looks), set(numbers[~away].tolist())
    assert ended <= back
    # Picks that no far frame is left for spare a few.
    assert len(ended) > 0.85 * len(back)


def test_the_target_narrows_what_is_picked():
    points = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    aimed = config(
        selection={"random_share": 0.0, "target": {"collective": "size", "towards": 1.0, "share": 0.05}},
        collective=[{"name": "size", "kind": "radius_of_gyration"}],
    )
    cost = np.arange(200, dtype=np.float32)
    candidates = Candidates(points, np.arange(200) // 20, cost=cost)
    actions = decide(aimed, explored(candidates=candidates))
    picked = [action.choice.index for action in actions if isinstance(action, Refine | StartFromFrame)]
    assert picked
    assert max(picked) < 10


def test_no_more_refinements_than_the_goal_needs():
    almost = explored(accepted=99)
    assert kinds(decide(config(), almost)).count("Refine") == 1


def test_a_worker_without_a_kind_gets_no_such_job():
    only_cg = explored(slots={"all": 4, "cg": 4, "refine": 0, "train": 0})
    assert "Refine" not in kinds(decide(config(), only_cg))
    only_refine = explored(slots={"all": 4, "cg": 0, "refine": 4, "train": 0})
    assert set(kinds(decide(config(), only_refine))) == {"Refine"}


def test_the_refined_seed_in_the_thinnest_place_starts_first():
    seeds = (
        SeedOption(1, "input", 4, np.zeros(2, np.float32)),
        SeedOption(2, "aa", 0, np.array([0.1, 0.0], np.float32)),
        SeedOption(3, "aa", 0, np.array([9.0, 9.0], np.float32)),
        SeedOption(4, "aa", 1, np.array([99.0, 9.0], np.float32)),
    )
    actions = decide(config(), explored(seeds=seeds, open={"cg": 2, "refine": 2, "train": 0}))
    assert actions == [StartFromSeed(3, True, actions[0].reason)]
    assert "thin" in actions[0].reason


def test_without_refined_seeds_the_most_novel_frame_is_restarted():
    state = explored(open={"cg": 2, "refine": 2, "train": 0})
    (action,) = decide(config(), state)
    assert isinstance(action, StartFromFrame)
    distances = np.linalg.norm(state.candidates.points, axis=1)
    assert action.choice.index == int(np.argmax(distances))


def test_a_refinement_gets_the_nearest_known_atoms_as_reference():
    far = np.array([5.0, 5.0], np.float32)
    points = np.concatenate([np.zeros((50, 2), np.float32), far[None]])
    seeds = (
        SeedOption(1, "input", 4, np.zeros(2, np.float32)),
        SeedOption(2, "cg", 0, far),
        SeedOption(3, "aa", 5, far + 0.5),
    )
    state = explored(seeds=seeds, candidates=Candidates(points, np.arange(51)), explored=points)
    refine = next(action for action in decide(config(), state) if isinstance(action, Refine))
    assert refine.choice.index == 50
    assert refine.reference == 3


def test_promoted_frames_repel_the_next_picks():
    far, other = np.array([[8.0, 0.0]], np.float32), np.array([[0.0, 5.0]], np.float32)
    points = np.concatenate([np.zeros((50, 2), np.float32), far, other])
    candidates = Candidates(points, np.arange(52))
    first = decide(config(), explored(candidates=candidates, open={"cg": 3, "refine": 1, "train": 0}))
    assert [action.choice.index for action in first if isinstance(action, Refine)] == [50]
    then = decide(
        config(), explored(candidates=candidates, selected=far, open={"cg": 3, "refine": 1, "train": 0})
    )
    assert [action.choice.index for action in then if isinstance(action, Refine)] == [51]


def test_the_same_state_gives_the_same_actions():
    random = config(
        selection={"random_share": 0.5, "selector": "random"}, seeding={"control_share": 0.5, "initial": 1}
    )
    assert decide(random, explored()) == decide(random, explored())
    assert any(decide(random, explored(round=r)) != decide(random, explored(round=0)) for r in range(1, 20))


def test_the_cg_budget_is_not_overdrawn():
    nearly = config(stop={"aggregate_time": "6 ns"})
    actions = decide(nearly, explored(slots={"all": 50, "cg": 50, "refine": 50, "train": 50}))
    starts = [action for action in actions if isinstance(action, StartFromSeed | StartFromFrame)]
    assert len(starts) == 2  # 4 of 6 ns are planned, 1 ns each


def test_the_last_of_the_cg_budget_is_kept_for_refined_structures_to_come():
    both = config(
        stop={"aggregate_time": "6 ns", "refinements": 2, "require": "all"}, refinement={"share": 0.2}
    )
    actions = decide(both, explored())  # two starts left, two refinements to come
    assert kinds(actions) == ["Refine", "Refine"]
    roomy = config(stop={"aggregate_time": "7 ns", "refinements": 2, "require": "all"})
    assert kinds(decide(roomy, explored())).count("StartFromFrame") == 1
    refined = (*explored().seeds, SeedOption(2, "aa", 0, np.zeros(2, np.float32)))
    started = [a for a in decide(both, explored(seeds=refined, accepted=1)) if isinstance(a, StartFromSeed)]
    assert [action.seed for action in started] == [2]


def test_a_control_share_starts_unsteered_from_the_input():
    controlled = config(seeding={"initial": 1, "control_share": 0.3})
    actions = [
        a for r in range(100) for a in decide(controlled, explored(round=r)) if not isinstance(a, Refine)
    ]
    controls = [action for action in actions if isinstance(action, StartFromSeed) and not action.steered]
    assert 0.2 < len(controls) / len(actions) < 0.4


@pytest.mark.parametrize(
    ("stop", "reached"),
    [
        ({"aggregate_time": "2 ns"}, True),
        ({"aggregate_time": "2.1 ns"}, False),
        ({"refinements": 3}, True),
        ({"refinements": 3, "aggregate_time": "3 ns"}, True),
        ({"refinements": 3, "aggregate_time": "3 ns", "require": "all"}, False),
        ({"refinements": 3, "aggregate_time": "2 ns", "require": "all"}, True),
        ({"coverage": 51}, False),
        ({"walltime": "2 h"}, True),
        ({"walltime": "3 h"}, False),
    ],
)
def test_goals(stop, reached):
    state = explored(accepted=3, coverage=50, elapsed=2.5 * 3.6e15)
    reason = goal_reached(config(stop=stop), state)
    assert bool(reason) is reached
