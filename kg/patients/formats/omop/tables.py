"""The tables of the OMOP common data model that events come from, and which columns say what.

https://ohdsi.github.io/CommonDataModel/cdm54.html; 5.3 differs in columns that are not read here.
"""

from dataclasses import dataclass

from kg.patients.record import What


@dataclass(frozen=True)
class EventTable:
    """A table of events: the stem of its columns, that of its dates, and of what the events are."""

    name: str
    what: What
    stem: str
    start: str
    end: str | None = None
    values: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The column that tells its rows apart."""
        return f"{self.name}_id"

    @property
    def concept(self) -> str:
        """The column with the standard concept."""
        return f"{self.stem}_concept_id"

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which nothing can be said."""
        return ("person_id", self.concept, f"{self.start}_date")

    @property
    def wanted(self) -> tuple[str, ...]:
        """The other columns that are read, where the file has them."""
        source = (f"{self.stem}_source_concept_id", f"{self.stem}_source_value")
        end = (f"{self.end}_date", f"{self.end}_datetime") if self.end else ()
        return (self.key, *source, f"{self.start}_datetime", *end, *self.values)


_VALUE = ("value_as_number", "value_as_concept_id", "unit_concept_id", "unit_source_value")

VISITS = EventTable("visit_occurrence", "visit", "visit", "visit_start", "visit_end")
OBSERVATION = EventTable("observation", "measurement", "observation", "observation", values=_VALUE)
EVENT_TABLES = (
    VISITS,
    EventTable("condition_occurrence", "condition", "condition", "condition_start", "condition_end"),
    EventTable("drug_exposure", "drug", "drug", "drug_exposure_start", "drug_exposure_end"),
    EventTable("procedure_occurrence", "procedure", "procedure", "procedure", "procedure_end"),
    EventTable("measurement", "measurement", "measurement", "measurement", values=("operator_concept_id", *_VALUE)),
    OBSERVATION,
)
"""Every table that is read besides `person`, `death`, `observation_period`, `cdm_source` and the vocabulary's."""

NOT_TAKEN = {
    "condition_era": "a summary of condition_occurrence",
    "drug_era": "a summary of drug_exposure",
    "dose_era": "a summary of drug_exposure",
    "visit_detail": "a part of a visit in visit_occurrence",
    "device_exposure": "the graph has no devices",
    "specimen": "the graph has no specimens",
    "note": "free text",
    "note_nlp": "free text",
    "episode": "a summary of other tables",
    "payer_plan_period": "no clinical fact",
    "cost": "no clinical fact",
}
"""Tables of persons that are left out, and why."""

SEXES = {"8507": "male", "8532": "female", "8521": "other"}
"""The concepts of a person's sex."""

KINDS_OF_VISIT = {
    "9201": "inpatient",
    "8717": "inpatient",  # Inpatient Hospital
    "262": "inpatient",  # Emergency Room and Inpatient Visit: admitted through the emergency room
    "9202": "ambulatory",
    "8756": "ambulatory",  # Outpatient Hospital
    "8883": "ambulatory",  # Ambulatory Surgical Center
    "8782": "ambulatory",  # Urgent Care Facility
    "38004207": "ambulatory",  # Ambulatory Clinic / Center
    "581477": "ambulatory",  # Office Visit
    "9203": "emergency",
    "8870": "emergency",  # Emergency Room - Hospital
    "581385": "observation",  # Observation Room
    "32037": "intensive-care",
    "581476": "home",
    "5083": "virtual",  # Telehealth
    "42898160": "long-term-care",
}
"""The concepts of a visit -> the end of our own code, `PANAKEIA:visit-...`."""

BOUNDS = frozenset({"4171754", "4171755", "4171756", "4172704"})
"""The operators of a measurement that make its number a bound: <=, >=, <, >."""
