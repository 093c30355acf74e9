"""Handing a job back to its queue, unless it was cancelled: in one step, so that no cancellation is overtaken."""

from __future__ import annotations

from typing import Any

from docket._execution_scripts import _schedule
from docket._lua import RedisScript
from docket.execution import Execution

__all__ = ["hand_back"]

_UNLESS_CANCELLED = """
if redis.call('HGET', KEYS[6], 'state') == 'cancelled' then
  redis.call('XACK', KEYS[1], ARGV[7], ARGV[5])
  redis.call('XDEL', KEYS[1], ARGV[5])
  return 'CANCELLED'
end
"""

_script: RedisScript[..., Any] = RedisScript(
    _schedule.__wrapped__,  # type: ignore[attr-defined]
    _UNLESS_CANCELLED + _schedule.lua,
    _schedule._key_params,
    _schedule._arg_params,
)


async def hand_back(execution: Execution) -> bool:
    """Queue a running job again under its key, for the next worker that has a slot.

    Parameters
    ----------
    execution : Execution
        As docket gave it to the task; ``when`` lies in the past.

    Returns
    -------
    bool
        False when the job was cancelled and is in no queue any more.

    Raises
    ------
    RedisError
        When Redis is away; the job is given to another worker when its lease ends.
    """
    arguments, _ = execution._schedule_script_args(False, execution.message_id)
    async with execution.docket.redis() as redis:
        reply = await _script(redis, **arguments)
    return reply not in (b"CANCELLED", "CANCELLED")
