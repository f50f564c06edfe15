"""Made-up data sets of tables: OMOP and MIMIC-IV, every table that is read, and what is wrong in real ones."""

import gzip
from collections.abc import Mapping
from pathlib import Path

OMOP = {
    "cdm_source": """
        cdm_source_name,cdm_version
        Made Up,5.4
    """,
    "person": """
        person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,person_source_value,race_source_value
        1.0,8532.0,1960.0,2.0,3.0,MRN-4711,secret
        2,8507,1971,5,,MRN-4712,
        3,0,1980,,,,
        1,8507,1961,,,MRN-9999,
        4,8507,19x0,,,MRN-4714,
    """,
    "death": """
        person_id,death_date,death_datetime
        2,2019-04-05,2019-04-05 06:07:00
    """,
    "observation_period": """
        observation_period_id,person_id,observation_period_start_date,observation_period_end_date
        1,1,2000-01-01,2020-12-31
        2,2,2001-01-01,2000-12-31
    """,
    "visit_occurrence": """
        visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date
        1,1,9201,2010-01-02,2010-01-05
        2,1,9203,2011-01-02,2011-01-02
        3,1,32036,2012-01-02,2012-01-02
    """,
    "condition_occurrence": """
        condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_start_datetime,condition_end_date,condition_source_value,condition_source_concept_id
        1,1,201826,2010-01-02,2010-01-02 00:00:00,2010-02-01,E11.9,45576876
        2,1,0,2010-01-03,2010-01-03 14:30:00,2010-01-01,78791  ,44824628
        3,1,0,2010-01-04,,,E876,35225406
        4,1,0,2010-01-05,,,E8764,44820000
        5,1,0,2010-01-06,,,Jane Doe fell ill,0
        6,1,201826,2010-13-01,,,,
        7,9,201826,2010-01-01,,,,
        8,1,999001,2010-01-07,,,what only the site says,2000000001
        9,1,0,2010-01-08,,,,45576876
        10,1,201826
    """,
    "drug_exposure": """
        drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,drug_source_value,drug_source_concept_id
        1,2,1118088,2015-01-01,2015-02-01,00025152531,44923712
        2,2,0,2015-03-01,,00002751001,45144375
    """,
    "measurement": """
        measurement_id,person_id,measurement_concept_id,measurement_date,operator_concept_id,value_as_number,value_as_concept_id,unit_concept_id,unit_source_value
        1,3,3004410,2015-01-01,,9.4,0,8554,percent
        2,3,3004410,2015-01-02,4171756,5,0,8554,
        3,3,3004410,2015-01-03,,,45884084,0,
        4,3,3004410,2015-01-04,,high,,,
        5,3,3004410,2015-01-05,,,,,
    """,
    "observation": """
        observation_id,person_id,observation_concept_id,observation_date,value_as_number,value_as_concept_id,observation_source_value,observation_source_concept_id
        1,3,4000001,2015-01-01,,0,F,0
        2,3,4000001,2015-01-01,3,0,F,0
        3,3,0,2015-01-01,,,E11.9,45576876
    """,
    "procedure_occurrence": """
        procedure_occurrence_id,person_id,procedure_concept_id,procedure_date,procedure_source_value,procedure_source_concept_id
        1,3,2102720,2015-01-01,19301,2102720
        2,3,0,2015-01-01,3961,2005000
    """,
    "condition_era": """
        condition_era_id,person_id
        1,1
        2,1
    """,
    "concept": """
        concept_id,concept_name,vocabulary_id,concept_code
        201826,Type 2 diabetes mellitus,SNOMED,44054006
        45576876,Type 2 diabetes mellitus without complications,ICD10CM,E11.9
        1118088,celecoxib 200 MG Oral Capsule [Celebrex],RxNorm,213469
        44923712,Celebrex 200 mg capsule,NDC,00025152531
        3004410,Hemoglobin A1c/Hemoglobin.total in Blood,LOINC,4548-4
        8554,percent,UCUM,%
        45884084,Positive,LOINC,LA6576-8
        2000000001,Words of the site,site_words,17
        4000001,Pain score,LOINC,72514-3
    """,
    "concept_relationship": """
        concept_id_1,concept_id_2,relationship_id
        45576876,201826,Maps to
        45576876,45576876,Mapped from
    """,
}
"""Three people, and two more lines that are wrong."""

HOSP = {
    "patients": """
        subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod
        10000001,F,60,2150,2014 - 2016,2151-03-04
        10000002,M,91,2150,2014 - 2016,
        10000003,M,old,2150,2014 - 2016,
    """,
    "admissions": """
        subject_id,hadm_id,admittime,dischtime,admission_type,race,edregtime,edouttime
        10000001,20000001,2150-02-02 00:30:00,2150-02-09 12:00:00,EW EMER.,NO,2150-02-01 22:00:00,2150-02-02 01:00:00
        10000001,20000002,2150-03-01 10:00:00,2150-03-02 12:00:00,EU OBSERVATION,SECRET,,
        10000009,20000009,2150-03-01 10:00:00,2150-03-02 12:00:00,URGENT,SECRET,,
    """,
    "diagnoses_icd": """
        subject_id,hadm_id,seq_num,icd_code,icd_version
        10000001,20000001,1,78791,9
        10000001,20000001,2,E8497,9
        10000001,20000001,3,E119,10
        10000001,20000002,1,I10,10
        10000001,29999999,1,I10,10
        10000001,20000002,2,???,10
    """,
    "procedures_icd": """
        subject_id,hadm_id,seq_num,chartdate,icd_code,icd_version
        10000001,20000001,1,2150-02-03,3961,9
        10000001,20000001,2,,02HV33Z,10
    """,
    "hcpcsevents": """
        subject_id,hadm_id,chartdate,hcpcs_cd,seq_num,short_description
        10000001,20000002,2150-03-01,G0378,1,Hospital observation per hr
        10000001,20000002,2150-03-01,93454,2,Cardiovascular
    """,
    "labevents": """
        labevent_id,subject_id,itemid,charttime,value,valuenum,valueuom,comments
        1,10000001,50912,2150-02-02 06:00:00,0.9,0.9,mg/dL,seen by Dr. Secret
        2,10000001,50912,2150-02-02 07:00:00,___,1.1,mg/dL,
        3,10000001,51265,2150-02-02 07:00:00,250,250,K/uL,
        4,10000001,50912,2150-02-02 08:00:00,___,,mg/dL,
        5,10000001,50912,2150-02-02 08:00:00,>300,,mg/dL,
        6,10000001,50912,2150-02-02 08:00:00,HOLD,,mg/dL,
        7,10000001,50912,2150-02-02 08:00:00,,,mg/dL,
        8,10000001,50912,,0.9,0.9,mg/dL,
        9,10000001,50912,2150-02-02 08:00:00,0.9,0.9x,mg/dL,
    """,
    "prescriptions": """
        subject_id,pharmacy_id,starttime,stoptime,drug_type,drug,formulary_drug_cd,gsn,ndc
        10000001,1,2150-02-02 06:00:00,2150-02-03 06:00:00,MAIN,Insulin,INSULIN,,00002751001
        10000001,2,2150-02-02 06:00:00,2150-02-01 06:00:00,MAIN,Fentanyl Citrate,FENT2.5/I,,0
        10000001,3,2150-02-02 06:00:00,,MAIN,Something,,,0
    """,
    "omr": """
        subject_id,chartdate,seq_num,result_name,result_value
        10000001,2150-01-05,1,Blood Pressure,120/80
        10000001,2150-01-05,1,Weight (Lbs),127.5
        10000001,2150-01-05,1,eGFR,60
        10000001,2150-01-05,2,Blood Pressure,120
    """,
    "emar": """
        subject_id,emar_id
        10000001,10000001-1
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
ICU = {
    "icustays": """
        subject_id,stay_id,intime,outtime
        10000001,30000001,2150-02-03 01:02:03,2150-02-04 01:02:03
    """,
    "procedureevents": """
        subject_id,orderid,itemid,starttime,endtime,ordercategoryname
        10000001,1,225792,2150-02-03 02:00:00,2150-02-03 10:00:00,Ventilation
        10000001,2,228129,2150-02-03 02:00:00,2150-02-03 02:01:00,Communication
    """,
    "d_items": """
        itemid,label
        225792,Invasive Ventilation
    """,
}
"""The tables of the hospital, and of its intensive care units."""


def text(rows: str) -> str:
    """Return an indented table as the text of a file."""
    return "\n".join(line.strip() for line in rows.strip().splitlines()) + "\n"


def write_omop(folder: Path, tables: Mapping[str, str] = OMOP) -> Path:
    """Write tables as CSV files into a folder."""
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text(text(rows), encoding="utf-8")
    return folder


def write_mimic(folder: Path, tables: Mapping[str, str] = HOSP | ICU) -> Path:
    """Write tables as gzipped CSV files into the two parts of a folder."""
    for part, names in (("hosp", HOSP), ("icu", ICU)):
        (folder / part).mkdir()
        for name in names.keys() & tables.keys():
            (folder / part / f"{name}.csv.gz").write_bytes(gzip.compress(text(tables[name]).encode()))
    return folder
