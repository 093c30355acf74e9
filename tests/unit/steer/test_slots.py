"""Slots: how many, on which device, and who gets the next one."""

from __future__ import annotations

import asyncio

import pytest

from steer.exceptions import ConfigError, EnvironmentNotReady
from steer.slots import SlotPool, make_slots, visible_gpus


def test_without_a_gpu_there_is_one_slot_for_each_core():
    slots = make_slots(gpus=[], cores=4)
    assert [slot.device for slot in slots] == ["cpu"] * 4
    assert {slot.environment["OPENMM_CPU_THREADS"] for slot in slots} == {"1"}
    assert {slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots} == {""}


def test_cores_are_divided_among_the_slots():
    assert [slot.environment["OMP_NUM_THREADS"] for slot in make_slots(2, gpus=[], cores=9)] == ["4", "4"]
    assert make_slots(8, gpus=[], cores=2)[0].environment["OMP_NUM_THREADS"] == "1"


def test_slots_go_round_the_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,MIG-1234")
    slots = make_slots(per_gpu=2, cores=8)
    assert [slot.device for slot in slots] == ["cuda:0", "cuda:MIG-1234"] * 2
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots] == ["0", "MIG-1234"] * 2


def test_names_of_devices_pass_through_as_they_are(monkeypatch):
    names = ["GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    for slots in (make_slots(cores=4), make_slots(gpus=names, cores=4)):
        assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots] == names
        assert [slot.device for slot in slots] == [f"cuda:{name}" for name in names]


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_hidden_gpus_are_not_used(monkeypatch, hidden):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert visible_gpus() == []


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(EnvironmentNotReady, match="GPU 3 is not on this machine; present: 0, 1"):
        make_slots(gpus=["0", "3"])


@pytest.mark.parametrize("options", [{"slots": 0}, {"per_gpu": 0}])
def test_no_slots_at_all_are_refused(options):
    with pytest.raises(ConfigError, match="at least one slot"):
        make_slots(gpus=[], **options)


def test_who_waits_longest_gets_the_next_slot():
    async def scene():
        pool = SlotPool(make_slots(1, gpus=[], cores=1))
        slot = await pool.acquire(1.0)
        order = []

        async def want(name):
            mine = await pool.acquire(5.0)
            order.append(name)
            pool.give(mine)

        waiting = [asyncio.create_task(want(name)) for name in "abc"]
        await asyncio.sleep(0)
        assert pool.take() is None
        pool.give(slot)
        await asyncio.gather(*waiting)
        return order, pool.free

    assert asyncio.run(scene()) == (list("abc"), 1)


def test_no_slot_is_lost_by_those_who_give_up():
    async def scene():
        pool = SlotPool(make_slots(2, gpus=[], cores=1))
        held = [pool.take(), pool.take()]
        assert await pool.acquire(0.0) is None
        impatient = asyncio.create_task(pool.acquire(5.0))
        await asyncio.sleep(0)
        pool.give(held[0])
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        pool.give(held[1])
        return pool.free

    assert asyncio.run(scene()) == 2


def test_a_closed_pool_gives_nothing_out():
    async def scene():
        pool = SlotPool(make_slots(1, gpus=[], cores=1))
        pool.close()
        return pool.take(), await pool.acquire(0.0), pool.free

    assert asyncio.run(scene()) == (None, None, 1)
