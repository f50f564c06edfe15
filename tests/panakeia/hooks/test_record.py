"""`panakeia pgx --record` gives what a card gives; phenotypes of genes are read where they are sure, else refused."""

import json
from pathlib import Path

import pytest

from kg.patients.formats.fhir.direct import read_person
from kg.patients.record import RecordError
from panakeia.ask import Session
from tests.kg.patients.made_up_records import LOINC, PATIENT, PLANTED, bundle, coded, genotype, observation
from tests.panakeia.conftest import Panakeia
from tests.panakeia.hooks.conftest import POOR, Json, phenotype


def about(*results: Json) -> list[Json]:
    return [PATIENT, *({"subject": {"reference": f"Patient/{PATIENT['id']}"}, **one} for one in results)]


def test_a_record_is_read_on_the_command_line(guided: Session, tmp_path: Path, panakeia: Panakeia) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(bundle(POOR, phenotype("CYP2D6", "Poor Metabolizer"))), encoding="utf-8")
    guided.close()
    run = panakeia("pgx", "--record", file, "--store", guided.store, "--drug", "clopidogrel", "--json")
    assert run.status == 0, run.err
    (genes,) = run.json().values()
    assert genes["CYP2C19"]["recommendations"] and genes["CYP2D6"]["phenotype"] == "Poor Metabolizer"
    assert not any(word in run.out for word in PLANTED)
    assert panakeia("pgx", "--record", file, "--patient", "P-1", "--store", guided.store).status != 0


def test_a_metabolism_is_loincs_answer_or_known_words() -> None:
    by_answer = observation("79714-2", valueCodeableConcept=coded(LOINC, "LA10315-2"))
    told = [by_answer, phenotype("HLA-B", "*57:01 positive"), phenotype("G6PD", "Deficient")]
    person, account = read_person(about(*told))
    said = {call.gene: call.phenotype for call in person.calls}
    assert said == {"CYP2C19": "Ultrarapid Metabolizer", "HLA-B": "*57:01 positive", "G6PD": "Deficient"}
    assert not account.rejected


@pytest.mark.parametrize(
    "bad",
    [
        phenotype("CYP2C19", "rather slow"),
        observation("53040-2", valueCodeableConcept=coded(LOINC, "LA9657-3")),
        genotype("CYP2C19 *2/*unheard"),
    ],
)
def test_what_is_not_sure_is_refused_and_counted(bad: Json) -> None:
    person, account = read_person(about(bad))
    assert not person.calls and len(account.rejected) == 1


def test_alleles_that_a_graph_knows_are_taken() -> None:
    rare = genotype("CYP2D6 *29/*36x2")
    assert not read_person(about(rare))[0].calls
    (call,) = read_person(about(rare), {"CYP2D6": ["*29", "*36"]})[0].calls
    assert call.diplotypes == ("*29/*36x2",)


@pytest.mark.parametrize("patients", [0, 2])
def test_a_record_is_of_one_person(patients: int) -> None:
    others = [{**PATIENT, "id": f"p{at}", "identifier": [{"value": f"v{at}"}]} for at in range(patients)]
    with pytest.raises(RecordError, match="expected one Patient"):
        read_person(others)
