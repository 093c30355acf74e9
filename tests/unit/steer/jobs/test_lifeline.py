"""The guard kills what is left when its pipe closes."""

from __future__ import annotations

import io
import subprocess

from steer.jobs.lifeline import Guard, guard, kill_group


def sleeper():
    return subprocess.Popen(["sleep", "60"], start_new_session=True)


def test_groups_that_were_not_forgotten_are_killed():
    left, ended = sleeper(), sleeper()
    guard(io.BytesIO(f"+{left.pid}\n+{ended.pid}\n-{ended.pid}\n".encode()))
    assert left.wait(10.0) == -9
    assert ended.poll() is None
    kill_group(ended.pid)
    assert ended.wait(10.0) == -9


def test_a_group_that_is_gone_is_no_error():
    gone = sleeper()
    gone.kill()
    gone.wait()
    kill_group(gone.pid)


def test_the_guard_process_ends_with_its_worker():
    left = sleeper()
    with Guard() as watching:
        watching.watch(left.pid)
    assert left.wait(10.0) == -9
