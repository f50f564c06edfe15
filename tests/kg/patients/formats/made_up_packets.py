"""Small phenopackets made here, of a woman whose name is in every label."""

from typing import Any

Json = dict[str, Any]


def term(identifier: str, **more: Any) -> Json:
    return {"type": {"id": identifier, "label": "Ottoline Quillfeather's"}, **more}


def described(identifier: str = "GENO:0000135") -> Json:
    return {
        "id": "var_quillfeather",
        "geneContext": {"valueId": "HGNC:3603", "symbol": "FBN1"},
        "expressions": [{"syntax": "hgvs.g", "value": "NC_000015.10:g.48510125G>A"}],
        "xrefs": ["dbSNP:rs137854480", "ClinVar:16464", "nobody:1"],
        "allelicState": {"id": identifier},
    }


def genomic(variation: Json, of: str = "II-2") -> Json:
    interpretation = {"variationDescriptor": variation}
    return {"subjectOrBiosampleId": of, "interpretationStatus": "CANDIDATE", "variantInterpretation": interpretation}


def packet(**members: Any) -> Json:
    return {
        "id": "PMID_1_Quillfeather_II-2",
        "subject": {"id": "II-2", "sex": "FEMALE"},
        "metaData": {"phenopacketSchemaVersion": "2.0", "createdBy": "ORCID:1"},
        **members,
    }


def full() -> Json:
    """Return a packet with an element of each kind."""
    when = {"timestamp": "2019-03-07T21:30:00Z"}
    dose = {"quantity": {"value": 5}, "interval": {"start": "2019-03-07T00:00:00Z", "end": "2019-04-01T00:00:00Z"}}
    quantity = {"unit": {"id": "UCUM:mg/dL"}, "value": 7.5}
    return packet(
        phenotypicFeatures=[term("HP:0001166"), term("HP:0001250", excluded=True, onset={"age": duration("P3Y")})],
        diseases=[{"term": {"id": "OMIM:154700"}, "onset": {"ontologyClass": {"id": "HP:0003593"}}}],
        interpretations=[
            {
                "id": "1",
                "progressStatus": "SOLVED",
                "diagnosis": {"disease": {"id": "OMIM:154700"}, "genomicInterpretations": [genomic(described())]},
            }
        ],
        measurements=[{"assay": {"id": "LOINC:2141-0"}, "value": {"quantity": quantity}, "timeObserved": when}],
        medicalActions=[
            {"treatment": {"agent": {"id": "DrugCentral:1610"}, "doseIntervals": [dose]}},
            {"procedure": {"code": {"id": "NCIT:C28743"}, "performed": when}},
        ],
    )


def duration(text: str) -> Json:
    return {"iso8601duration": text}


def diagnosed(*found: Json, progress: str = "SOLVED") -> Json:
    diagnosis = {"disease": {"id": "MONDO:0007947"}, "genomicInterpretations": list(found)}
    return packet(interpretations=[{"progressStatus": progress, "diagnosis": diagnosis}])
