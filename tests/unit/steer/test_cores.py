"""Who has which core: real sockets, under a name that no worker of this machine uses."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from steer import cores

pytestmark = pytest.mark.skipif(not cores.supported(), reason="cores are kept on Linux only")


@pytest.fixture(autouse=True)
def _own_name(monkeypatch):
    monkeypatch.setattr(cores, "_NAME", f"steer-test-{os.getpid()}-")


def test_a_core_has_one_holder_until_it_is_given_back():
    sign = cores.claim(5)
    assert sign is not None
    assert cores.claim(5) is None
    assert cores.claimed() == {5}
    sign.close()
    assert cores.claimed() == set()
    cores.claim(5).close()


def test_a_program_that_the_holder_started_does_not_hold_the_core():
    sign = cores.claim(5)
    command = [sys.executable, "-c", "print(); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as program:
        program.stdout.readline()
        sign.close()
        assert cores.claimed() == set()
        program.communicate(b"\n")


def test_other_sockets_are_no_cores(monkeypatch, tmp_path):
    sockets = tmp_path / "unix"
    sockets.write_text(
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "00000000: 00000002 00000000 00000000 0001 01 21 @core-1\n"
        "00000000: 00000002 00000000 00000000 0001 01 22 @core-x\n"
        "00000000: 00000002 00000000 00000000 0001 01 23 /run/@core-2\n"
        "00000000: 00000002 00000000 00000000 0001 01 24\n"
    )
    monkeypatch.setattr(cores, "_NAME", "core-")
    monkeypatch.setattr(cores, "_SOCKETS", sockets)
    assert cores.claimed() == {1}


@pytest.mark.parametrize(
    ("taken", "here", "order"),
    [
        (set(), 1, [1, 0, 2, 3, 4, 5, 6, 7]),
        ({0}, 1, [1, 2, 3, 5, 6, 7, 4]),
        ({0}, 4, [1, 2, 3, 5, 6, 7, 4]),
        ({0, 1, 2, 3}, 6, [6, 4, 5, 7]),
        (set(range(8)), 6, []),
    ],
)
def test_cores_whose_hyperthreads_are_free_come_first(monkeypatch, tmp_path, taken, here, order):
    for core in range(8):
        (tmp_path / f"cpu{core}" / "topology").mkdir(parents=True)
        siblings = f"{core % 4},{core % 4 + 4}\n"
        (tmp_path / f"cpu{core}" / "topology" / "thread_siblings_list").write_text(siblings)
    monkeypatch.setattr(cores, "_CORES", tmp_path)
    assert cores.in_order(range(8), taken, here) == order


def test_hyperthreads_may_be_told_as_a_range(monkeypatch, tmp_path):
    (tmp_path / "cpu0" / "topology").mkdir(parents=True)
    (tmp_path / "cpu0" / "topology" / "thread_siblings_list").write_text("0-1\n")
    monkeypatch.setattr(cores, "_CORES", tmp_path)
    assert cores.in_order([0, 2], {1}, 0) == [2, 0]


def test_the_work_of_a_core_leaves_out_waiting_and_what_the_hypervisor_took(monkeypatch, tmp_path):
    use = tmp_path / "stat"
    use.write_text(
        "cpu  2 2 2 9 9 2 2 9 0 0\ncpu0 100 20 30 7000 800 4 6 900 50 0\ncpu12 0 0 0 5 5 0 0 0 0 0\nintr 7\n"
    )
    monkeypatch.setattr(cores, "_USE", use)
    assert cores.busy_seconds() == {0: 160 / os.sysconf("SC_CLK_TCK"), 12: 0.0}


def test_a_process_that_is_bound_to_a_core_runs_there():
    (core, *_) = sorted(os.sched_getaffinity(0))
    ask = f"import os; os.sched_setaffinity(0, {{{core}}}); from steer.cores import current; print(current())"
    assert int(subprocess.check_output([sys.executable, "-c", ask])) == core
