"""The rights of a worker: a closed list of commands, on a closed list of keys."""

from __future__ import annotations

import pytest

from steer.access import worker_rules

VERSIONS = [(6, 2, 14), (7, 0, 15), (8, 0)]


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_is_forbidden_before_something_is_allowed(version):
    rules = worker_rules("trp", version)
    allowed = [index for index, rule in enumerate(rules) if rule.startswith("+")]
    assert rules.index("-@all") < min(allowed)
    assert rules.index("resetchannels") < min(i for i, rule in enumerate(rules) if rule.startswith("&"))


@pytest.mark.parametrize("version", VERSIONS)
def test_commands_are_named_one_by_one(version):
    assert not [rule for rule in worker_rules("trp", version) if rule.startswith("+@")]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_key_and_channel_is_the_campaigns(version):
    for rule in worker_rules("trp", version):
        for word in rule.strip("()").split():
            if "~" in word or "&" in word:
                assert word.lstrip("%R~&").startswith("trp:")
                assert word.lstrip("%R~&") != "trp:*" or "&" in word


def test_new_servers_let_workers_read_the_announcement_only():
    rules = worker_rules("trp", (7, 2))
    assert "~trp:meta" not in rules
    assert "(%R~trp:meta +hgetall +hmget +exists)" in rules
