"""Stand-ins for ``sbatch``, ``qsub``, ``bsub`` and ``flux``, as far as our scripts need them.

Each reads the directives that the real one reads, refuses those it does not know, starts as many tasks as are asked
for, with the variables that the real one sets, and ends them as the real one does before (or at) the limit. When that
is, the test says, by a file ``limit`` in the folder that ``BATCH_STATE`` names; exit statuses are left there.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["SUBMIT", "install"]

SUBMIT = {
    "slurm": "sbatch {0}",
    "pbs": "qsub {0}",
    "lsf": "bsub <{0}",
    "flux": "bash {0}",
}
"""How a user submits a script to each system, in a shell."""

_JOB = "77"
_KILL_DELAY = 10.0
_LONGEST = 60.0


@dataclass
class Plan:
    """What was asked for.

    Attributes
    ----------
    script : str
        Text of the script.
    arguments : list of str
        Its arguments.
    tasks : int
    variables : dict of str to str
        Set for each task; ``%`` stands for its number.
    seconds : int
        Limit of a task.
    notice : int
        Seconds before the limit at which it is told; 0 for at the limit.
    group : bool
        Whether all processes of the task are told, or its first one only.
    gpus : int
    """

    script: str
    tasks: int
    variables: dict[str, str]
    seconds: int
    notice: int
    group: bool
    gpus: int = 0
    arguments: list[str] = field(default_factory=list)


def install(folder: Path) -> None:
    """Put the commands into a folder, for a PATH."""
    for name in _COMMANDS:
        (folder / name).write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
                                   f"import batch_stand_ins\nbatch_stand_ins.submit({name!r})\n")  # fmt: skip
        (folder / name).chmod(0o755)


def submit(name: str) -> None:
    """Be one of the commands: start a node that does the rest, and return."""
    plan = _COMMANDS[name](sys.argv[1:])
    node = [sys.executable, __file__, json.dumps(asdict(plan))]
    with (_state() / "node.log").open("wb") as log:
        subprocess.Popen(node, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    print(f"Submitted batch job {_JOB}")


def _sbatch(arguments: list[str]) -> Plan:
    text = Path(arguments[-1]).read_text()
    options = dict(
        option.split("=", 1) if "=" in option else (option, "") for option in _directives(text, "SBATCH")
    )
    _only(options, "job-name array nodes ntasks cpus-per-task gres time signal requeue open-mode", "--")
    told = re.fullmatch(r"B:TERM@(\d+)", options["--signal"])
    assert told, options["--signal"]
    first, last = options["--array"].split("-")
    variables = {"SLURM_JOB_ID": "78", "SLURM_ARRAY_JOB_ID": _JOB, "SLURM_ARRAY_TASK_ID": "%"}
    gpus = int(options.get("--gres", "gpu:0").removeprefix("gpu:"))
    return Plan(
        text, int(last) - int(first) + 1, variables, _clock(options["--time"]), int(told[1]), False, gpus
    )


def _qsub(arguments: list[str]) -> Plan:
    text = Path(arguments[-1]).read_text()
    words = [word for line in _directives(text, "PBS") for word in shlex.split(line)]
    pairs = list(zip(words[::2], words[1::2], strict=True))
    _only(dict(pairs), "S N l j r J", "-")
    resources = dict(value.split("=", 1) for option, value in pairs if option == "-l")
    _only(resources, "select walltime", "")
    chunk = dict(each.split("=") for each in resources["select"].split(":")[1:])
    first, last = dict(pairs)["-J"].split("-")
    assert len(dict(pairs)["-N"]) <= 15
    variables = {"PBS_JOBID": f"{_JOB}[%].head.site"}
    tasks = int(last) - int(first) + 1
    return Plan(text, tasks, variables, _clock(resources["walltime"]), 0, True, int(chunk.get("ngpus", 0)))


def _bsub(arguments: list[str]) -> Plan:
    text = sys.stdin.read()
    options: dict[str, str] = {}
    for line in _directives(text, "BSUB"):
        option, *value = shlex.split(line)
        options[option] = value[0] if value else ""
    _only(options, "J n R r o gpu W wt wa", "-")
    array = re.fullmatch(r"\S+\[1-(\d+)\]", options["-J"])
    assert array, options["-J"]
    assert options["-wa"] == "TERM"
    hours, minutes = options["-W"].split(":")
    gpus = int(options.get("-gpu", "num=0").removeprefix("num="))
    variables = {"LSB_JOBID": _JOB, "LSB_JOBINDEX": "%"}
    limit = 3600 * int(hours) + 60 * int(minutes)
    return Plan(text, int(array[1]), variables, limit, 60 * int(options["-wt"]), True, gpus)


def _flux(arguments: list[str]) -> Plan:
    assert arguments[0] == "submit"
    given = [word for word in arguments[1:] if word.startswith("--")]
    options = dict(option.split("=", 1) for option in given)
    _only(options, "cc job-name ntasks cores-per-task gpus-per-task output time-limit signal", "--")
    told = re.fullmatch(r"SIGTERM@(\d+)s", options["--signal"])
    assert told, options["--signal"]
    shell, script, *rest = arguments[1 + len(given) :]
    assert shell == "bash"
    variables = {"FLUX_JOB_ID": f"ƒ{_JOB}", "FLUX_JOB_CC": "%"}
    tasks, limit = int(options["--cc"].removeprefix("1-")), int(options["--time-limit"].removesuffix("s"))
    gpus = int(options.get("--gpus-per-task", 0))
    return Plan(Path(script).read_text(), tasks, variables, limit, int(told[1]), True, gpus, rest)


_COMMANDS: dict[str, Callable[[list[str]], Plan]] = {
    "sbatch": _sbatch,
    "qsub": _qsub,
    "bsub": _bsub,
    "flux": _flux,
}


def _directives(text: str, mark: str) -> list[str]:
    """As the real ones read them: comments at the head of the script, up to its first command."""
    head = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            break
        head.append(line)
    return [line.removeprefix(f"#{mark} ") for line in head if line.startswith(f"#{mark} ")]


def _only(options: dict[str, str], known: str, prefix: str) -> None:
    unknown = set(options) - {prefix + each for each in known.split()}
    assert not unknown, f"unrecognised: {unknown}"


def _clock(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return 3600 * hours + 60 * minutes + seconds


def _state() -> Path:
    return Path(os.environ["BATCH_STATE"])


def _node(plan: Plan) -> None:
    """Run the tasks to their end, which comes as the system brings it."""
    script = _state() / "script"
    script.write_text(plan.script)
    tasks = [_start(plan, script, number) for number in range(1, plan.tasks + 1)]
    while any(task.poll() is None for task in tasks) and not (_state() / "limit").exists():
        time.sleep(0.1)
    for task in tasks:
        if task.poll() is None:
            (os.killpg if plan.group else os.kill)(task.pid, signal.SIGTERM)
    deadline = time.monotonic() + min(plan.notice or _KILL_DELAY, _LONGEST)
    while any(task.poll() is None for task in tasks) and time.monotonic() < deadline:
        time.sleep(0.1)
    for task in tasks:
        if task.poll() is None:
            os.killpg(task.pid, signal.SIGKILL)
    statuses = {"seconds": plan.seconds, "statuses": [task.wait() for task in tasks]}
    (_state() / "end.part").write_text(json.dumps(statuses))
    (_state() / "end.part").rename(_state() / "end")


def _start(plan: Plan, script: Path, number: int) -> subprocess.Popen[bytes]:
    own = {name: value.replace("%", str(number)) for name, value in plan.variables.items()}
    own["CUDA_VISIBLE_DEVICES"] = ",".join(str(gpu) for gpu in range(plan.gpus))
    with (_state() / f"task-{number}.out").open("wb") as output:
        return subprocess.Popen(
            ["bash", str(script), *plan.arguments],
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


if __name__ == "__main__":
    _node(Plan(**json.loads(sys.argv[1])))
