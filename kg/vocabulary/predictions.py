"""Predictions: the relations that a model states, each beside the one that it predicts."""

from kg.vocabulary.terms import AttributeType, Relation

_SCORED: dict[str, AttributeType] = {
    "score": "double",
    "probability": "double",
    "prior": "double",
    "model": "string",
    "data_version": "string",
    "explanation": "string",
}

RELATIONS = (
    Relation("predicted_treats", "Drug", "Disease", "biolink:treats", predicted=True, attributes=_SCORED),
    Relation(
        "predicted_binds",
        "Drug",
        "Gene",
        "biolink:directly_physically_interacts_with",
        predicted=True,
        attributes=_SCORED,
    ),
    Relation("predicted_benefits", "Drug", "Patient", "biolink:treats", predicted=True, attributes=_SCORED),
)
