"""Novelty, refinements, model versions, latency and workers from known records."""

import numpy as np
import pytest

from steer.coverage.latency import frame_latency
from steer.coverage.learning import decode_errors_by_block, model_history
from steer.coverage.novelty import novelty
from steer.coverage.refinements import refinement_outcomes
from steer.coverage.workers import job_spans, worker_shares
from steer.journal import JobRow, Model, Simulation


def test_novelty_is_the_distance_to_what_was_selected_before():
    frames = np.array([[0.0, 0.0], [3.0, 4.0], [100.0, 0.0]])
    values = novelty(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]]), np.array([0, 2, 3]), frames)
    np.testing.assert_allclose(values.chosen, [5.0, 1.0])
    np.testing.assert_allclose(values.typical, [2.5, 0.0])
    np.testing.assert_allclose(values.farthest, [5.0, np.hypot(97, 4)])
    assert len(novelty(frames[:1], np.array([0]), frames).chosen) == 0


def refinement(id: int, state: str, *reasons: str) -> Simulation:
    result = {"reasons": list(reasons), "report": {"bead_rmsd": 0.08} if state == "done" else None}
    return Simulation(f"aa-{id:06d}", "aa", 0, None, 1, 10, True, state, result if state != "open" else None)


def test_equal_faults_of_different_residues_count_together():
    outcomes = refinement_outcomes(
        [
            refinement(1, "done"),
            refinement(
                2,
                "rejected",
                "Not in the L form: CA of ALA 3.",
                "CA of TRP 6 has left the L form after 10 ps.",
            ),
            refinement(3, "rejected", "Not in the L form: CA of LEU 2.", "Rings pierced by a bond: TYR 3."),
            refinement(4, "rejected", "The flux capacitor is empty: 3 of 4."),
            refinement(5, "open"),
            Simulation("cg-000001", "cg", 0, 1, 1, 10, True, "failed"),
        ]
    )
    assert (outcomes.accepted, outcomes.rejected, outcomes.failed, outcomes.open) == (1, 3, 0, 1)
    assert outcomes.reasons == {"handedness lost": 2, "The flux capacitor is empty": 1, "ring pierced": 1}
    assert outcomes.bead_rmsd == [0.08]


def test_model_history_leaves_out_what_is_not_trained():
    models = [
        Model(1, 100, "done", {"decode_error": 0.5, "validation_decode_error": 0.6}),
        Model(2, 200, "failed", None),
        Model(3, 300, "done", {"decode_error": 0.4}),
    ]
    history = model_history(models)
    assert history.version.tolist() == [1, 3]
    np.testing.assert_allclose(history.validation, [0.6, np.nan])


def test_drift_is_the_mean_error_of_blocks():
    edges, mean = decode_errors_by_block(np.array([1.0, 1.0, 3.0, 5.0]), 2)
    assert edges.tolist() == [0, 2, 4]
    assert mean.tolist() == [1.0, 4.0]


def test_latency_percentiles_are_those_of_the_differences():
    published = np.arange(1.0, 1001.0)
    latency = frame_latency(published, published + np.linspace(0, 1, 1000))
    assert latency.p50 == pytest.approx(0.5, abs=0.01)
    assert latency.p99 == pytest.approx(0.99, abs=0.01)
    assert np.isfinite(latency.p50s).all()
    assert frame_latency(np.array([5.0, 0.0]), np.array([4.0, 3.0])).skewed == 1
    assert np.isnan(frame_latency(np.zeros(3), np.zeros(3)).p50)


def job(key: str, worker: str, start: float, stop: float, state: str = "done") -> JobRow:
    return JobRow(key, key.split(":")[0], state, 1, worker, start, stop, "", "")


def test_workers_are_credited_with_what_they_simulated():
    jobs = [
        job("cg:cg-000001", "a", 1000, 1000 + 3600),
        job("refine:aa-000001", "a", 1800, 1000 + 7200),
        job("cg:cg-000002", "a", 1000 + 3600, 1000 + 7200),
        job("cg:cg-000003", "b", 1000, 1360, "failed"),
    ]
    spans = job_spans(jobs)
    assert [(s.worker, s.key, s.lane) for s in spans if s.worker == "a"] == [
        ("a", "cg:cg-000001", 0),
        ("a", "cg:cg-000002", 0),
        ("a", "refine:aa-000001", 1),
    ]
    a, b = worker_shares(spans, {"cg-000001": 2.0, "cg-000002": 1.0, "cg-000003": 9.0, "aa-000001": 0.1})
    assert (a.cg, a.aa, a.span, a.jobs) == (3.0, 0.1, 2.0, {"cg": 2, "refine": 1})
    assert a.per_day("cg") == pytest.approx(36.0)
    assert (b.cg, b.failed) == (0.0, 1)
