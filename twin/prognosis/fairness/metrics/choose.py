"""Choose: the metrics of a kind of prediction, all or those that are named."""

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from twin.prognosis.fairness import metrics
from twin.prognosis.fairness.cases import Kind
from twin.prognosis.fairness.metrics.metric import Metric
from twin.trials.analysis.table import AnalysisError


def metrics_of(kind: Kind, names: Sequence[str] = ()) -> tuple[Metric, ...]:
    """Return the metrics of a kind, or those of them that are named; raises `AnalysisError` for others."""
    known = {metric.name: metric for metric in _all() if kind in metric.kinds}
    if strange := [name for name in names if name not in known]:
        raise AnalysisError(f"a {kind} has no metric {strange[0]}; expected any of {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names)) or tuple(known.values())


def _all() -> list[Metric]:
    files = [import_module(f"{metrics.__name__}.{file.name}") for file in iter_modules(metrics.__path__)]
    return [
        metric
        for file in sorted(files, key=lambda one: one.__name__, reverse=True)
        for metric in getattr(file, "METRICS", ())
    ]
