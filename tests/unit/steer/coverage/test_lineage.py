"""The tree of seeds."""

from steer.coverage.lineage import lineage
from steer.journal import Promotion, Seed, Simulation


def simulation(id: str, seed: int | None, generation: int, state: str = "done") -> Simulation:
    return Simulation(id, id[:2], generation, seed, 1, 100, True, state)


SEEDS = [
    Seed(1, "input", 0, "seeds/1.pdb"),
    Seed(2, "aa", 1, "aa/1.pdb", "aa-000001", 500),
    Seed(3, "cg", 1, "seeds/3.pdb", "cg-000002", 40),
]
SIMULATIONS = [
    simulation("cg-000001", 1, 0),
    simulation("cg-000002", 1, 0),
    simulation("cg-000003", 2, 1),
    simulation("cg-000004", 3, 1),
    simulation("aa-000001", None, 0),
    simulation("aa-000002", None, 0, "rejected"),
    simulation("aa-000003", None, 0, "open"),
    simulation("aa-000004", None, 0, "failed"),
]
PROMOTIONS = [
    Promotion("aa-000001", "cg-000001", 40, 3, 1, "farthest_point", 1.0, 0),
    Promotion("aa-000002", "cg-000002", 40, 5, 1, "random", None, 0),
    Promotion("aa-000003", "cg-000002", 60, 6, 1, "random", None, 0),
    Promotion("aa-000004", "cg-000002", 80, 7, 1, "random", None, 0),
]


def test_every_simulation_hangs_where_it_came_from():
    nodes = {node.id: node for node in lineage(SEEDS, SIMULATIONS, PROMOTIONS)}
    parents = {id: node.parent for id, node in nodes.items()}
    assert parents == {
        "seed 1": None,
        "cg-000001": "seed 1",
        "cg-000002": "seed 1",
        "aa-000001": "cg-000001",
        "aa-000002": "cg-000002",
        "aa-000003": "cg-000002",
        "aa-000004": "cg-000002",
        "cg-000003": "aa-000001",
        "seed 3": "cg-000002",
        "cg-000004": "seed 3",
    }
    assert {id: node.kind for id, node in nodes.items() if node.kind not in ("cg",)} == {
        "seed 1": "input",
        "aa-000001": "aa",
        "aa-000002": "rejected",
        "aa-000003": "open",
        "aa-000004": "failed",
        "seed 3": "frame",
    }
    assert nodes["cg-000003"].depth == 3


def test_leaves_do_not_overlap_and_parents_stand_among_their_children():
    nodes = lineage(SEEDS, SIMULATIONS, PROMOTIONS)
    children = {node.id: [n for n in nodes if n.parent == node.id] for node in nodes}
    leaves = sorted(node.height for node in nodes if not children[node.id])
    assert leaves == [0.0, 1.0, 2.0, 3.0, 4.0]
    for node in nodes:
        if children[node.id]:
            heights = [child.height for child in children[node.id]]
            assert min(heights) <= node.height <= max(heights)


def test_a_lineage_thousands_of_generations_deep_is_drawn():
    seeds = [Seed(1, "input", 0, "s.pdb")]
    simulations = []
    for i in range(1, 3000):
        simulations.append(simulation(f"cg-{i:06d}", i, i))
        seeds.append(Seed(i + 1, "cg", i + 1, "s.pdb", f"cg-{i:06d}", 1))
    assert max(node.depth for node in lineage(seeds, simulations, [])) == 2 * 2999
