"""Made-up FHIR resources, one of each type that states something."""

from tests.kg.patients.made_up_records import coded, condition, medication, number

SNOMED = "http://snomed.info/sct"
DIABETES = condition("44054006", "Diabetes")
WARFARIN = medication("11289", "warfarin")
WEIGHT = number("29463-7", 70, "kg")
DRUG = {"medicationCodeableConcept": WARFARIN["medicationCodeableConcept"]}
STATEMENT = {"resourceType": "MedicationStatement", "status": "active", **DRUG}
GIVEN = {"resourceType": "MedicationAdministration", "status": "completed", "effectiveDateTime": "2020-02-03", **DRUG}
HANDED_OVER = {"resourceType": "MedicationDispense", "status": "completed", **DRUG}
ABOUT = {"patient": {"reference": "Patient/pat-8812"}}
ALLERGY = {"resourceType": "AllergyIntolerance", "code": coded(SNOMED, "300913006"), **ABOUT}
COLONOSCOPY = {"resourceType": "Procedure", "status": "completed", "code": coded(SNOMED, "73761001")}
VACCINE = {
    "resourceType": "Immunization",
    "status": "completed",
    "vaccineCode": coded("http://hl7.org/fhir/sid/cvx", "140"),
    "occurrenceDateTime": "2020-02-03",
    **ABOUT,
}
ACT_CODES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
VISIT = {"resourceType": "Encounter", "status": "finished", "class": {"system": ACT_CODES, "code": "AMB"}}
