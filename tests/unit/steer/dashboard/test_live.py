"""What the page is told of workers, as they left it in Redis."""

import pathlib

import fakeredis
import pytest

from steer.campaign import CampaignDirectory
from steer.dashboard.live import Live
from steer.fleet_keys import FleetKeys
from steer.messages import GpuLoad, Refusal, WorkerInfo, encode


@pytest.fixture
def redis():
    return fakeredis.FakeRedis()


def test_workers_their_gpus_and_those_that_were_refused(tmp_path: pathlib.Path, redis) -> None:
    keys = FleetKeys("c")
    info = WorkerInfo(
        name="w", host="h", pid=1, version="1", slots=1, kinds=["cg"], devices=["cuda:0"], busy=[], seen=1.0,
        gpus=[GpuLoad("cuda:0", "H200", 0.5, 1.0, 2.0)],
    )  # fmt: skip
    redis.sadd(keys.workers, "w", "gone", "garbled")
    redis.set(keys.worker("w"), encode(info))
    redis.set(keys.worker("garbled"), b"\xff{")
    for name in ("n2", "n1"):
        redis.hset(
            keys.refusals, name, encode(Refusal(name=name, host="h", reason="It has another version."))
        )
    redis.hset(keys.refusals, "odd", b"not JSON")
    seen = Live(CampaignDirectory(tmp_path), "c")._look(redis)
    assert [worker["gpus"] for worker in seen.workers] == [
        [{"device": "cuda:0", "name": "H200", "load": 0.5, "memory_used": 1.0, "memory_total": 2.0}]
    ]
    assert seen.refused == ["n1, n2: It has another version."]
