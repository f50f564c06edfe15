"""Metrics: where held-out truth stands in a ranking, with honest ties, how varied and stable that is, and how sure."""

from gnn.metrics.curve import Curve, Thresholds, areas, thresholds
from gnn.metrics.intervals import Interval, bootstrap, clustered, interval, paired
from gnn.metrics.judged import AGAINST_JUDGED, area_under_curve, comparisons
from gnn.metrics.ranking import (
    HITS_AT,
    RECALLS_AT,
    Ranks,
    average_precision,
    by_node,
    filtered_ranks,
    realistic_ranks,
    recall_at,
    reciprocal_rank,
)
from gnn.metrics.variety import best_pairs, entropy_of_best, frequent_flyers, overlap, rank_agreement

__all__ = [
    "AGAINST_JUDGED",
    "HITS_AT",
    "RECALLS_AT",
    "Curve",
    "Interval",
    "Ranks",
    "Thresholds",
    "area_under_curve",
    "areas",
    "average_precision",
    "best_pairs",
    "bootstrap",
    "by_node",
    "clustered",
    "comparisons",
    "entropy_of_best",
    "filtered_ranks",
    "frequent_flyers",
    "interval",
    "overlap",
    "paired",
    "rank_agreement",
    "realistic_ranks",
    "recall_at",
    "reciprocal_rank",
    "thresholds",
]
