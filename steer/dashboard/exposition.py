"""``/metrics``: the campaign's numbers in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from steer.metrics import METRICS, Snapshot

__all__ = ["CONTENT_TYPE", "exposition"]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Campaign(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for metric in METRICS:
            labels = {"campaign": self._snapshot.status.campaign, **metric.labels}
            kind = CounterMetricFamily if metric.counter else GaugeMetricFamily
            family = families.setdefault(metric.name, kind(metric.name, metric.help, labels=list(labels)))
            family.add_metric(list(labels.values()), float(metric.read(self._snapshot)))  # type: ignore[attr-defined]
        yield from families.values()


def exposition(snapshot: Snapshot) -> bytes:
    """Every metric, labelled with the campaign's name."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Campaign(snapshot))
    return generate_latest(registry)
