"""What calculates: OpenMM's platforms and torch, each tried by calculating."""

from __future__ import annotations

from collections.abc import Iterator

from steer.doctor.finding import Finding

__all__ = ["check_openmm", "check_torch"]

GPU_PLATFORMS = {"cuda": "CUDA", "hip": "HIP"}
INSTALL = {
    "CUDA": "pip install --editable '.[cuda12]'",
    "HIP": "pip install --editable '.[hip6]'",
}
NEEDED = ("CPU", "Reference")
STEPS = 100


def check_openmm() -> Iterator[Finding]:
    """Run 100 steps on each platform. One must work; a GPU that is there should."""
    import openmm

    from sims.platforms import try_platforms, visible_gpus

    gpus = visible_gpus()
    idle = {GPU_PLATFORMS[gpu.partition(":")[0]] for gpu in gpus}
    trials = try_platforms(STEPS)
    for trial in trials:
        name = f"OpenMM {trial.name}"
        if trial.works:
            yield Finding(name, "ok", f"{STEPS} steps at {trial.steps_per_second:,.0f} steps/s")
        elif trial.name in idle:
            yield Finding(name, "warn", trial.error, f"There is a GPU; to use it, {INSTALL[trial.name]}.")
        elif trial.name in NEEDED:
            yield Finding(name, "warn", trial.error, "Install openmm again.")
    if not any(trial.works for trial in trials):
        yield Finding(
            "OpenMM", "fail", f"no platform of OpenMM {openmm.__version__} works", "Install openmm again."
        )
    yield Finding("GPUs", "ok", ", ".join(gpus) or "none; simulations run on the CPU")


def check_torch() -> Iterator[Finding]:
    """Fit a line by gradient descent, and say where training would run."""
    import torch

    torch.manual_seed(1)
    x = torch.linspace(-1, 1, 32)[:, None]
    layer = torch.nn.Linear(1, 1)
    descent = torch.optim.SGD(layer.parameters(), lr=0.5)
    for _ in range(100):
        descent.zero_grad()
        loss = ((layer(x) - 2 * x) ** 2).mean()
        loss.backward()
        descent.step()
    where = "with CUDA" if torch.cuda.is_available() else "on the CPU"
    if float(loss.detach()) < 1e-3:
        yield Finding("torch", "ok", f"{torch.__version__}, trains {where}")
    else:
        yield Finding("torch", "fail", f"{torch.__version__} cannot fit a line", "Install torch again.")
