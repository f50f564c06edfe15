"""Records of every format in which whatever may tell who somebody is has a word of its own, of patients and of others.

`WORDS` and `DATES` are those words, which must not be found anywhere afterwards; what is public stands beside them.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kg.patients.formats.made_up_tables import text
from tests.kg.patients.made_up_records import bundle, condition, medication, number

Json = dict[str, Any]

WORDS = (
    *("Quillfeather", "Ottoline", "Brambleby", "Cuthbert", "Thistlewood", "Bartholomew", "Applegarth", "Peregrine"),
    *("Wilgefortis", "Larkspur", "Tintagel", "Heronsgate", "PL34QUAY", "hive.example", "lighthousekeeper", "quillhome"),
    *("441840555019962", "771203466195284", "448719035582617", "904175320866149"),
    *("NPI9931204", "GRANT88214", "II-2-QFWHARF", "NA771203466195284"),
)
"""Names, addresses, telephones, numbers, free text: in any capitals, with or without what stands between.

None of them is in a digest, a time or a number by chance: one in digits alone has fifteen, which a thousand digests
hold with a chance below 1e-12 and a float64 holds whole; any other has eight letters or more, and one beyond f.
"""
DATES = ("1951-07-23", "2019-11-30")
"""Dates, which have eight digits in any format: a digest may hold those."""

NARRATIVE = "Seen by Dr. Bartholomew Thistlewood; Ottoline Quillfeather, lighthousekeeper, of 9 Larkspur Mews, Tintagel"
NAMED = "MRN-771203466195284_Ottoline_Quillfeather"
"""What files and folders are called."""

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "person-904175320866149",
    "text": {"status": "generated", "div": f"<div xmlns='http://www.w3.org/1999/xhtml'>{NARRATIVE}</div>"},
    "identifier": [
        {"system": "urn:wilgefortis:mrn", "value": "MRN-771203466195284", "assigner": {"display": "Wilgefortis"}}
    ],
    "name": [{"family": "Quillfeather", "given": ["Ottoline"], "text": "Ottoline Quillfeather"}],
    "telecom": [{"system": "phone", "value": "+44 1840 5550199 62"}],
    "gender": "female",
    "birthDate": "1951-07-23",
    "deceasedDateTime": "2019-11-30T06:15:00Z",
    "address": [{"line": ["9 Larkspur Mews"], "city": "Tintagel", "postalCode": "PL34 QUAY"}],
    "contact": [
        {
            "name": {"family": "Brambleby", "given": ["Cuthbert"]},
            "telecom": [{"system": "email", "value": "bees@hive.example"}],
            "address": {"line": ["Heronsgate Wharf"]},
        }
    ],
    "generalPractitioner": [{"reference": "Practitioner/thistlewood", "display": "Dr. Bartholomew Thistlewood"}],
    "managingOrganization": {"reference": "Organization/wilgefortis", "display": "Saint Wilgefortis Infirmary"},
}
OTHERS: tuple[Json, ...] = (
    {
        "resourceType": "Practitioner",
        "id": "thistlewood",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "NPI-9931204"}],
        "name": [{"family": "Thistlewood", "given": ["Bartholomew"], "prefix": ["Dr."]}],
        "address": [{"line": ["Heronsgate Wharf"], "city": "Tintagel"}],
    },
    {"resourceType": "Organization", "id": "wilgefortis", "name": "Saint Wilgefortis Infirmary"},
    {
        "resourceType": "Location",
        "id": "ward-448719035582617",
        "name": "Wilgefortis, Larkspur ward",
        "status": "active",
    },
    {
        "resourceType": "RelatedPerson",
        "id": "applegarth",
        "patient": {"reference": "Patient/person-904175320866149"},
        "name": [{"family": "Applegarth", "given": ["Peregrine"]}],
        "telecom": [{"system": "phone", "value": "0044 1840 5550199-62"}],
    },
)
"""Resources of others than the patient."""

_BY = {"reference": "Practitioner/thistlewood", "display": "Dr. Bartholomew Thistlewood"}
_NOTE = [{"authorReference": _BY, "text": NARRATIVE}]


def fhir_bundle() -> Json:
    """Return a bundle of a patient, of others, and of what they wrote."""
    angina = condition(
        "194828000", "Angina of Ottoline Quillfeather", id="cond-448719035582617", onsetDateTime="2015-02-03"
    )
    angina |= {"recorder": _BY, "asserter": {"display": "Peregrine Applegarth"}, "note": _NOTE}
    angina["code"]["text"] = NARRATIVE
    weight = number(
        "29463-7", 70.5, "kg", id="obs-448719035582617", effectiveDateTime="2016-03-04", performer=[_BY], note=_NOTE
    )
    told = condition("38341003", "Hypertension", id="told", onsetString="since Cuthbert Brambleby died")
    drug = medication(
        "11289", "warfarin for Quillfeather", id="rx-448719035582617", authoredOn="2016-03-05", requester=_BY
    )
    drug |= {"dosageInstruction": [{"text": "as Peregrine Applegarth reads it out"}], "note": _NOTE}
    visit: Json = {
        "resourceType": "Encounter",
        "id": "enc-448719035582617",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "Larkspur"},
        "period": {"start": "2016-03-04T09:00:00Z", "end": "2016-03-04T10:00:00Z"},
        "participant": [{"individual": _BY}],
        "serviceProvider": {"display": "Saint Wilgefortis Infirmary"},
        "reasonCode": [{"text": NARRATIVE}],
    }
    bad = number("29463-7", 71, "Quillfeather", id="bad-448719035582617", effectiveDateTime="the day Ottoline came")
    return bundle(*OTHERS, angina, weight, told, drug, visit, bad, patient=PATIENT)


def write_fhir(folder: Path) -> Path:
    """Write a bundle into a file."""
    path = folder / f"{NAMED}.json"
    path.write_text(json.dumps(fhir_bundle()), encoding="utf-8")
    return path


def packet() -> Json:
    """Return a phenopacket of a family, with the people who wrote it."""
    feature = {"id": "HP:0001250", "label": "Seizure of Ottoline Quillfeather"}
    told = {"evidenceCode": {"id": "ECO:0000033", "label": NARRATIVE}, "reference": {"description": NARRATIVE}}
    return {
        "id": "II-2-QFWHARF",
        "subject": {
            "id": "NA771203466195284",
            "alternateIds": ["MRN-771203466195284"],
            "dateOfBirth": "1951-07-23T00:00:00Z",
            "sex": "FEMALE",
            "vitalStatus": {"status": "DECEASED", "timeOfDeath": {"timestamp": "2019-11-30T06:15:00Z"}},
        },
        "phenotypicFeatures": [
            {
                "type": feature,
                "description": NARRATIVE,
                "evidence": [told],
                "onset": {"age": {"iso8601duration": "P3Y"}},
            },
            {"type": {"id": "HP:QUILL", "label": "Bartholomew Thistlewood"}, "excluded": True},
        ],
        "diseases": [{"term": {"id": "OMIM:154700", "label": "Marfan syndrome of the Applegarth family"}}],
        "measurements": [
            {
                "assay": {"id": "LOINC:2141-0", "label": "Thistlewood's assay"},
                "value": {"quantity": {"unit": {"id": "UCUM:pg/mL", "label": "Tintagel"}, "value": 7.5}},
                "timeObserved": {"timestamp": "2016-03-04T09:00:00Z"},
            }
        ],
        "biosamples": [{"id": "sample-448719035582617", "individualId": "NA771203466195284", "description": NARRATIVE}],
        "files": [
            {
                "uri": "file:///home/quillhome/771203466195284.vcf",
                "individualToFileIdentifiers": {"NA771203466195284": "NA771203466195284"},
            }
        ],
        "metaData": {
            "created": "2019-11-30T00:00:00Z",
            "createdBy": "Bartholomew Thistlewood",
            "submittedBy": "Cuthbert Brambleby <bees@hive.example>",
            "resources": [],
            "phenopacketSchemaVersion": "2.0",
            "externalReferences": [{"id": "GRANT-88214", "description": NARRATIVE}],
        },
    }


def write_packet(folder: Path) -> Path:
    """Write a phenopacket into a file."""
    path = folder / f"{NAMED}.json"
    path.write_text(json.dumps(packet()), encoding="utf-8")
    return path


OMOP = {
    "cdm_source": f"""
        cdm_source_name,cdm_holder,source_description,cdm_version
        Saint Wilgefortis Infirmary,Bartholomew Thistlewood,"{NARRATIVE}",5.4
    """,
    "person": """
        person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,location_id,provider_id,person_source_value,gender_source_value
        448719035582617,8532,1951,7,23,1,1,MRN-771203466195284,Ottoline Quillfeather
    """,
    "location": """
        location_id,address_1,city,zip,location_source_value
        1,9 Larkspur Mews,Tintagel,PL34 QUAY,Larkspur
    """,
    "provider": """
        provider_id,provider_name,npi,provider_source_value
        1,Bartholomew Thistlewood,NPI-9931204,thistlewood
    """,
    "care_site": """
        care_site_id,care_site_name,location_id
        1,Saint Wilgefortis Infirmary,1
    """,
    "note": f"""
        note_id,person_id,note_date,note_title,note_text
        1,448719035582617,2016-03-04,Ottoline Quillfeather,"{NARRATIVE}"
    """,
    "death": """
        person_id,death_date,cause_source_value
        448719035582617,2019-11-30,fell from Larkspur Mews
    """,
    "visit_occurrence": """
        visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_source_value
        448719035582617,448719035582617,9202,2016-03-04,2016-03-04,Wilgefortis 448719035582617
    """,
    "condition_occurrence": """
        condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_source_value,condition_source_concept_id,stop_reason
        448719035582617,448719035582617,201826,2016-03-04,E11.9,45576876,Quillfeather left
        448719035582622,448719035582617,0,2016-03-05,Ottoline Quillfeather fell ill,0,
        448719035582623,448719035582617,999001,2016-03-06,Applegarth's disease,2000000001,
        448719035582624,448719035582617,201826,2016-13-771203466195284,,,
    """,
    "drug_exposure": """
        drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,drug_source_value,sig
        448719035582617,448719035582617,1118088,2016-03-04,2016-04-04,celecoxib for Quillfeather,as Applegarth says
    """,
    "measurement": """
        measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,unit_concept_id,unit_source_value,value_source_value
        448719035582617,448719035582617,3004410,2016-03-04,9.4,8554,Tintagel,seen by Thistlewood
        448719035582622,448719035582617,3004410,2016-03-05,Quillfeather,8554,percent,
    """,
    "concept": """
        concept_id,concept_name,vocabulary_id,concept_code
        201826,Type 2 diabetes mellitus,SNOMED,44054006
        45576876,Type 2 diabetes mellitus without complications,ICD10CM,E11.9
        1118088,celecoxib 200 MG Oral Capsule [Celebrex],RxNorm,213469
        3004410,Hemoglobin A1c/Hemoglobin.total in Blood,LOINC,4548-4
        8554,percent,UCUM,%
        2000000001,Disease of Cuthbert Brambleby,Wilgefortis codes,17
    """,
}


def write_omop(folder: Path) -> Path:
    """Write the tables of one person, and of all who had to do with her, into a folder."""
    inner = folder / NAMED
    inner.mkdir()
    for name, rows in OMOP.items():
        (inner / f"{name}.csv").write_text(text(rows), encoding="utf-8")
    return inner


PERSON, STAY = "1771203466195284", "2448719035582617"
MIMIC = {
    "patients": f"""
        subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod
        {PERSON},F,60,2150,2014 - 2016,2151-03-04
    """,
    "admissions": f"""
        subject_id,hadm_id,admittime,dischtime,admission_type,admit_provider_id,insurance,language,race
        {PERSON},{STAY},2150-02-02 00:30:00,2150-02-09 12:00:00,URGENT,NPI9931204,Wilgefortis,Tintagel,Larkspur
    """,
    "provider": """
        provider_id
        NPI9931204
    """,
    "diagnoses_icd": f"""
        subject_id,hadm_id,seq_num,icd_code,icd_version
        {PERSON},{STAY},1,78791,9
        {PERSON},{STAY},2,Quillfeather,10
        {PERSON},2904175320866149,3,I10,10
    """,
    "labevents": f"""
        labevent_id,subject_id,itemid,charttime,order_provider_id,value,valuenum,valueuom,comments
        448719035582617,{PERSON},50912,2150-02-02 06:00:00,NPI9931204,0.9,0.9,mg/dL,seen by Dr. Thistlewood
        448719035582622,{PERSON},50912,2150-02-02 07:00:00,NPI9931204,Ottoline,,Tintagel,Quillfeather fainted
        448719035582623,{PERSON},50912,the day Ottoline came,NPI9931204,0.9,0.9,mg/dL,
    """,
    "prescriptions": f"""
        subject_id,pharmacy_id,starttime,stoptime,drug_type,drug,formulary_drug_cd,gsn,ndc,form_val_disp
        {PERSON},448719035582617,2150-02-02 06:00:00,2150-02-03 06:00:00,MAIN,of Quillfeather,INSULIN,,00002751001,1
        {PERSON},448719035582622,2150-02-02 06:00:00,,MAIN,Thistlewood's mixture,MIX1,,0,1
    """,
    "d_icd_diagnoses": """
        icd_code,icd_version,long_title
        78791,9,Diarrhea
        I10,10,Essential (primary) hypertension
    """,
    "d_labitems": """
        itemid,label,fluid,category
        50912,Creatinine,Blood,Chemistry
    """,
}


def write_mimic(folder: Path) -> Path:
    """Write the hospital's tables of one patient into a folder."""
    inner = folder / NAMED
    (inner / "hosp").mkdir(parents=True)
    for name, rows in MIMIC.items():
        (inner / "hosp" / f"{name}.csv.gz").write_bytes(gzip.compress(text(rows).encode()))
    return inner


VCF = f"""
##fileformat=VCFv4.2
##reference=GRCh38
##contig=<ID=chr10,length=133797422,assembly=GRCh38>
##source=/home/quillhome/Thistlewood/caller --sample Ottoline_Quillfeather
##SAMPLE=<ID=NA771203466195284,Description="{NARRATIVE}">
##INFO=<ID=NOTE,Number=1,Type=String,Description="Bartholomew Thistlewood">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA771203466195284_Ottoline_Quillfeather
chr10\t94781859\trs4244285\tG\tA\t50\tPASS\tNOTE=Larkspur\tGT\t0/1
chr10\t94780653\trs4986893\tG\tA\t50\tPASS\tNOTE=Quillfeather\tGT\t0/0
chr10\t94761900\tMRN771203466195284\tC\tT\t50\tPASS\tNOTE=Brambleby\tGT\t0/0
"""


def write_vcf(folder: Path) -> Path:
    """Write the variants of one sample into a file."""
    path = folder / f"{NAMED}.vcf"
    path.write_text(VCF.lstrip(), encoding="utf-8")
    return path


NOTE = f"""
{NARRATIVE}, born 1951-07-23, died 2019-11-30. MRN-771203466195284, telephone +44 1840 5550199 62.
She has thrombosis and Marfan syndrome, no rheumatoid arthritis, and takes warfarin, says Peregrine Applegarth.
"""
NOTES = f"""
patient,file,day,names
MRN-771203466195284,{NAMED}.txt,2016-03-04,Ottoline Quillfeather
MRN-771203466195284,Brambleby.txt,the day Cuthbert came,Ottoline Quillfeather
MRN-771203466195284,Cuthbert.txt,2016-03-05,Ottoline Quillfeather
"""
"""Three notes: the day of the second is none, the third is not there."""


def write_notes(folder: Path) -> Path:
    """Write notes and their table into a folder."""
    inner = folder / NAMED
    inner.mkdir()
    (inner / "notes.csv").write_text(text(NOTES), encoding="utf-8")
    for name in (NAMED, "Brambleby"):
        (inner / f"{name}.txt").write_text(NOTE, encoding="utf-8")
    return inner


SCORES = f"""
patient,system,day,measure,value,unit,model,model_version,comment
MRN-771203466195284,urn:wilgefortis:x,2016-03-04,tumour share of tissue,34,%,example-pathology,2.0,"{NARRATIVE}"
MRN-771203466195284,urn:wilgefortis:x,2016-03-05,tumour share of tissue,31,%,example-pathology,2.0,
MRN-771203466195284,urn:wilgefortis:x,2016-03-05,tumour share of tissue,30,%,example-pathology,2.1,
MRN-771203466195284,urn:wilgefortis:x,the day Ottoline came,tumour share of tissue,34,%,example-pathology,2.0,
MRN-771203466195284,urn:wilgefortis:x,2016-03-06,tumour share of tissue,Quillfeather,%,example-pathology,2.0,
MRN-771203466195284,urn:wilgefortis:x,2016-03-06,tumour share of tissue,33,Tintagel,example-pathology,2.0,
MRN-771203466195284,urn:wilgefortis:x,2016-03-06,tumour share of tissue,33,%,,seen by Thistlewood,
"""


def write_scores(folder: Path) -> Path:
    """Write a table of models' scores of one patient into a folder."""
    path = folder / f"{NAMED}.csv"
    path.write_text(SCORES.lstrip(), encoding="utf-8")
    return path


WRITERS: dict[str, Callable[[Path], Path]] = {
    "fhir": write_fhir,
    "phenopacket": write_packet,
    "omop": write_omop,
    "mimic": write_mimic,
    "vcf": write_vcf,
    "notes": write_notes,
    "scores": write_scores,
}
"""A format's name -> a function that writes a record of it into a folder and returns its path."""
