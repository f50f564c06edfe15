"""The cohorts of GiBleed as Circe is asked for them; `gibleed/NAME.toml` is each as we are asked."""

from typing import Any

from tests.kg.cohorts.circe import cohort, concepts, counted, days, event, group

CELECOXIB, DICLOFENAC, NAPROXEN, IBUPROFEN, ASPIRIN, ACETAMINOPHEN = (
    *(1118084, 1124300, 1115008, 1177480),
    *(1112807, 1125315),
)
BLEEDING, ULCER, CHRONIC_SINUSITIS, VIRAL_SINUSITIS, BRONCHITIS, OSTEOARTHRITIS = (
    *(192671, 4027663, 257012, 40481087),
    *(260139, 80180),
)
PHARYNGITIS, OTITIS, SORE_THROAT = 4112343, 372328, 28060
TEMPERATURE, THROAT_CULTURE, SPUTUM, CHEST_X_RAY = 3006322, 4024958, 4151422, 4163872
CONDITION, DRUG, MEASUREMENT, PROCEDURE = ("ConditionOccurrence", "DrugExposure", "Measurement", "ProcedureOccurrence")
FEMALE, MALE = ({"CONCEPT_ID": 8532},), ({"CONCEPT_ID": 8507},)
EVER = (None, None)
BY_DAY = {"IsDistinct": True, "CountColumn": "START_DATE"}


def age(sign: str, years: int) -> dict[str, Any]:
    """Return a range of ages."""
    return {"Op": sign, "Value": years}


COHORTS: dict[str, dict[str, Any]] = {
    "celecoxib": cohort(
        [concepts(0, CELECOXIB), concepts(1, BLEEDING)],
        [event(DRUG, 0, First=True)],
        group("ALL", counted(event(CONDITION, 1), (None, -1), exactly=0)),
        group("ALL", persons=[{"Age": age("gte", 40)}]),
    ),
    "diclofenac_then_bleeding": cohort(
        [concepts(0, DICLOFENAC), concepts(1, BLEEDING, ULCER), concepts(2, BLEEDING)],
        [event(DRUG, 0, First=True)],
        group("ALL", counted(event(CONDITION, 1), (None, -1), exactly=0)),
        group("ALL", counted(event(CONDITION, 2), (0, 180))),
        observed=(365, 0),
    ),
    "sinusitis_and_again": cohort(
        [concepts(0, CHRONIC_SINUSITIS), concepts(1, VIRAL_SINUSITIS)],
        [event(CONDITION, 0)],
        group("ALL", counted(event(CONDITION, 1), (-3652, 0), least=2)),
        group("ALL", persons=[{"Age": {"Op": "bt", "Value": 18, "Extent": 69}, "Gender": MALE}]),
        limit="All",
    ),
    "bronchitis_treated": cohort(
        [concepts(0, BRONCHITIS), concepts(1, ACETAMINOPHEN), concepts(2, SPUTUM), concepts(3, CHEST_X_RAY)],
        [event(CONDITION, 0)],
        group(
            "AT_LEAST",
            counted(event(DRUG, 1), (0, 14)),
            counted(event(PROCEDURE, 2), (0, 14)),
            counted(event(PROCEDURE, 3), (0, 14)),
            Count=2,
        ),
        group("ALL", counted(event(CONDITION, 0), (-3652, -1), most=1)),
        observed=(180, 30),
        limit="All",
    ),
    "osteoarthritis_women": cohort(
        [
            concepts(0, OSTEOARTHRITIS),
            concepts(1, CELECOXIB, NAPROXEN, IBUPROFEN),
            concepts(2, ASPIRIN),
            concepts(3, BLEEDING),
            concepts(4, ULCER),
        ],
        [event(CONDITION, 0)],
        group("ANY", counted(event(DRUG, 1), (0, 1095))),
        group(
            "AT_MOST",
            counted(event(DRUG, 2), (-365, -1)),
            groups=[group("ALL", counted(event(CONDITION, 3), EVER), counted(event(CONDITION, 4), EVER))],
            Count=0,
        ),
        group("ALL", persons=[{"Gender": FEMALE}]),
    ),
    "feverish_pharyngitis": cohort(
        [concepts(0, PHARYNGITIS), concepts(1, TEMPERATURE), concepts(2, THROAT_CULTURE)],
        [event(CONDITION, 0)],
        group("ALL", counted(event(MEASUREMENT, 1), (-1826, 0), least=2, Occurrence=BY_DAY)),
        group("ALL", counted(event(MEASUREMENT, 2), (0, 1))),
        limit="Last",
    ),
    "otitis_twice": cohort(
        [concepts(0, OTITIS), concepts(1, SORE_THROAT)],
        [event(CONDITION, 0, First=True)],
        group("ALL", counted(event(CONDITION, 0), (1, 3652), exactly=2)),
        group("ALL", counted(event(CONDITION, 1), EVER, most=2, IgnoreObservationPeriod=True)),
        observed=(0, 1826),
    ),
    "inpatients": cohort(
        [concepts(0, ASPIRIN)],
        [event("VisitOccurrence")],
        group("ALL", counted(event(DRUG, 0), (None, 0), EndWindow=days((0, None)) | {"UseEventEnd": True})),
        group("ALL", counted(event(CONDITION), (-3652, 0), least=2, Occurrence=BY_DAY)),
        limit="All",
    ),
    "aspirin_eras": cohort(
        [concepts(0, ASPIRIN)],
        [event("DrugEra", 0, EraLength=age("gte", 21))],
        group("ALL", counted(event("DrugEra", 0), (1, None))),
        observed=(30, 0),
    ),
    "nested": cohort(
        [concepts(0, CELECOXIB, DICLOFENAC, NAPROXEN), concepts(1, ULCER), concepts(2, NAPROXEN)],
        [event(DRUG, 0)],
        group(
            "ANY",
            groups=[
                group("ALL", persons=[{"Gender": FEMALE}, {"Age": age("gt", 50)}]),
                group(
                    "ALL",
                    counted(event(CONDITION, 1), (None, -1), IgnoreObservationPeriod=True),
                    persons=[{"Gender": MALE, "Age": age("gte", 40)}],
                ),
            ],
        ),
        group("AT_MOST", counted(event(DRUG, 2), (-7305, 0), least=2), Count=0),
        observed=(1, 0),
        limit="All",
    ),
}
