"""Rates: how classes, or chances above a threshold, agree with the truth."""

import numpy as np

from twin.model import Floats
from twin.prognosis.fairness.cases import Booleans, Cases, Kind
from twin.prognosis.fairness.metrics.metric import Metric, Weights, everybody, ratio, with_event, without_event

_KINDS: tuple[Kind, ...] = ("chance", "class")


def _selected(cases: Cases) -> Booleans:
    return np.asarray(cases.selected == 1.0)


def _not_selected(cases: Cases) -> Booleans:
    return np.asarray(cases.selected == 0.0)


def _selection(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.selected, np.ones(len(cases)))


def _true_positive(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.selected * cases.truth, cases.truth)


def _false_positive(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.selected * (1.0 - cases.truth), 1.0 - cases.truth)


def _positive_value(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, cases.selected * cases.truth, cases.selected)


def _negative_value(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, (1.0 - cases.selected) * (1.0 - cases.truth), 1.0 - cases.selected)


def _accuracy(cases: Cases, weights: Weights) -> Floats:
    return ratio(weights, (cases.selected == cases.truth).astype(np.float64), np.ones(len(cases)))


METRICS = (
    Metric("selection_rate", "share that is foretold to have it", _KINDS, _selection, (everybody,), share=True),
    Metric(
        "true_positive_rate", "of those who have it, share foretold", _KINDS, _true_positive, (with_event,), share=True
    ),
    Metric(
        "false_positive_rate",
        "of those who have it not, share foretold to have it",
        _KINDS,
        _false_positive,
        (without_event,),
        share=True,
    ),
    Metric(
        "positive_predictive_value",
        "of those foretold to have it, share that has",
        _KINDS,
        _positive_value,
        (_selected,),
        share=True,
    ),
    Metric(
        "negative_predictive_value",
        "of those foretold not to have it, share that has it not",
        _KINDS,
        _negative_value,
        (_not_selected,),
        share=True,
    ),
    Metric("accuracy", "share foretold rightly", _KINDS, _accuracy, (everybody,), share=True),
)
