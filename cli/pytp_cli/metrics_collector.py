# SPDX-License-Identifier: WTFPL OR MIT
"""Samples as prometheus_client collects them: the same families that the text has. Needs pytp[metrics]."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import MetricsHandler
from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from pytp_native.diag.metrics import FAMILIES, Samples


class SamplesCollector(Collector):
    """Asks anew for each scrape."""

    def __init__(self, collect: Callable[[], Samples]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        samples = self._collect()
        for name, family in FAMILIES.items():
            if name in samples:
                metric = Metric(name.removesuffix("_total"), family.help, family.kind)
                for labels, value in samples[name]:
                    metric.add_sample(name, dict(labels), value)
                yield metric


def handler_of(collect: Callable[[], Samples]) -> type[MetricsHandler]:
    """Return what answers /metrics over HTTP, and nothing else."""

    class Handler(MetricsHandler):
        registry = CollectorRegistry(auto_describe=False)

        def do_GET(self) -> None:
            if self.path.partition("?")[0] in {"/metrics", "/"}:
                super().do_GET()
            else:
                self.send_error(404)

    Handler.registry.register(SamplesCollector(collect))
    return Handler
