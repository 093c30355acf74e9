import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from models.network import Layer, Network


def layer(rng: np.random.Generator, n_in: int, n_out: int) -> Layer:
    return Layer(rng.normal(size=(n_in, n_out)).astype(np.float32), rng.normal(size=n_out).astype(np.float32))


@pytest.fixture
def network() -> Network:
    rng = np.random.default_rng(0)
    return Network((layer(rng, 7, 5), layer(rng, 5, 4), layer(rng, 4, 3)))


def test_it_computes_what_torch_computes(network: Network) -> None:
    inputs = np.random.default_rng(1).normal(scale=50, size=(40, 7)).astype(np.float32)
    values = torch.from_numpy(inputs)
    for i, part in enumerate(network.layers):
        values = torch.nn.functional.linear(
            values, torch.from_numpy(part.weight.T), torch.from_numpy(part.bias)
        )
        values = torch.nn.functional.silu(values) if i < 2 else values
    np.testing.assert_allclose(network.apply(inputs), values.numpy(), rtol=1e-4, atol=1e-3)


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_the_number_of_cores_changes_no_bit_and_nobody_elses_threads() -> None:
    """Products as large as those of a real molecule: OpenBLAS sums them in another order with another number of threads."""
    rng = np.random.default_rng(0)
    network = Network((layer(rng, 528, 128), layer(rng, 128, 4)))
    inputs = rng.normal(size=(1024, 528)).astype(np.float32)
    seen = set()
    for count in (1, 2, 4):
        with threadpool_limits(count, user_api="blas"):
            seen.add(network.apply(inputs).tobytes())
            assert threads() == {count}
    assert len(seen) == 1


def test_maps_before_and_after_are_absorbed(network: Network) -> None:
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(10, 7)).astype(np.float32)
    ahead, behind = (
        (rng.normal(size=(7, 7)), rng.normal(size=7)),
        (rng.normal(size=(3, 3)), rng.normal(size=3)),
    )
    before = (inputs @ ahead[0] + ahead[1]).astype(np.float32)
    np.testing.assert_allclose(
        network.after(*ahead).apply(inputs), network.apply(before), rtol=1e-3, atol=1e-3
    )
    expected = network.apply(inputs) @ behind[0] + behind[1]
    np.testing.assert_allclose(network.then(*behind).apply(inputs), expected, rtol=1e-3, atol=1e-3)


def test_it_comes_back_from_its_tensors(network: Network) -> None:
    tensors = network.tensors("encoder") | network.tensors("decoder")
    inputs = np.ones((2, 7), np.float32)
    np.testing.assert_array_equal(
        Network.from_tensors("encoder", tensors).apply(inputs), network.apply(inputs)
    )
    for name in list(tensors):
        if name.startswith("encoder"):
            with pytest.raises(ValueError, match=r"missing|fit"):
                Network.from_tensors("encoder", {key: value for key, value in tensors.items() if key != name})
    with pytest.raises(ValueError, match="at least one"):
        Network.from_tensors("critic", tensors)


def test_parts_that_do_not_fit_are_refused(network: Network) -> None:
    first, _, last = network.layers
    with pytest.raises(ValueError, match="do not fit"):
        Network((first, last))
    with pytest.raises(ValueError, match="no layer"):
        Layer(first.weight, last.bias)
    with pytest.raises(ValueError, match="finite"):
        Layer(first.weight, first.bias * np.float32(np.inf))
    with pytest.raises(ValueError, match="float32"):
        Layer(first.weight.astype(np.float64), first.bias)
