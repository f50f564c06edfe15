"""Each kind of warning on a made-up graph, on both stores: what it warns of, what it lets pass, and who says so."""

import pytest

from kg.safety import DrugWarning, kinds, warnings, warnings_of
from kg.stores.protocol import Store
from tests.conftest import StoreOf
from tests.kg.query.safety.made_up import (
    AMOXICILLIN,
    AMPICILLIN,
    BENZYLPENICILLIN,
    CLARITHROMYCIN,
    CLOPIDOGREL,
    GOUT,
    GRAPH,
    METFORMIN,
    PROPRANOLOL,
    RIFAMPICIN,
    SIMVASTATIN,
)


@pytest.fixture(scope="module")
def store(store_of: StoreOf) -> Store:
    return store_of(GRAPH)


def told(store: Store, n: int, kind: str, at: int | None = None) -> dict[str, DrugWarning]:
    """Return the one warning of a kind that each drug has for a patient."""
    found = warnings(store, f"P-{n}", at=at).warnings
    of_kind = {drug: [one for one in warned if one.kind == kind] for drug, warned in found.items()}
    assert all(len(warned) < 2 for warned in of_kind.values())
    return {drug: warned[0] for drug, warned in of_kind.items() if warned}


def test_a_contraindication_is_of_the_condition_or_of_what_it_is_a_kind_of(store: Store) -> None:
    warned = told(store, 1, "contraindication")
    assert warned.keys() == {PROPRANOLOL}
    one = warned[PROPRANOLOL]
    said = "contraindicated in childhood-onset asthma, a kind of asthma"
    assert (one.severity, one.sentence) == ("against", said)
    assert [node.name for node in one.because] == ["childhood-onset asthma"]
    assert [by.source for by in one.evidence] == ["primekg"] and not one.derived


def test_a_condition_that_is_over_is_less_grave(store: Store) -> None:
    one = told(store, 2, "contraindication")[PROPRANOLOL]
    assert (one.severity, one.sentence) == ("risk", "contraindicated in asthma (recorded as over)")


def test_a_contraindication_in_a_sign_says_whom_alone_it_concerns(store: Store) -> None:
    one = told(store, 6, "contraindication")[CLARITHROMYCIN]
    assert (one.severity, one.sentence) == ("against", "contraindicated in Dyspnea (sex_qualifier=PATO:0000383)")


def test_what_curators_judged_not_indicated_has_their_votes(store: Store) -> None:
    one = told(store, 2, "not_indicated")[METFORMIN]
    assert (one.severity, one.sentence) == ("watch", "not indicated (AJG=NOT, PK=NOT) for gout")
    assert not told(store, 1, "not_indicated")  # its gout is denied


def test_an_allergy_is_against_the_drug_and_a_risk_for_its_class_mates(store: Store) -> None:
    warned = told(store, 3, "allergy")
    assert {drug: one.severity for drug, one in warned.items()} == {
        AMOXICILLIN: "against",
        AMPICILLIN: "risk",  # of the same subgroup of the ATC
        BENZYLPENICILLIN: "risk",  # of another, but a penicillin; propranolol shares a class of what drugs do
    }
    assert warned[AMPICILLIN].evidence[0].references == ("ATC:J01CA",)
    said = "of the class Penicillins, as is Amoxicillin, to which the record states an allergy"
    assert warned[BENZYLPENICILLIN].sentence == said and warned[BENZYLPENICILLIN].derived
    assert not told(store, 1, "allergy")  # it is denied


def test_an_allergy_that_is_only_named_means_a_drug_or_a_class(store: Store) -> None:
    by_class = told(store, 4, "allergy")
    assert {drug: one.severity for drug, one in by_class.items()} == dict.fromkeys(
        (AMOXICILLIN, BENZYLPENICILLIN), "against"
    )
    assert by_class[AMOXICILLIN].because[0].name == "Allergy to penicillin"
    by_name = told(store, 5, "allergy")
    assert by_name[AMOXICILLIN].severity == "against" and by_name[AMPICILLIN].severity == "risk"


def test_an_interaction_follows_from_what_both_drugs_do_to_an_enzyme(store: Store) -> None:
    warned = told(store, 6, "interaction")
    assert warned.keys() == {SIMVASTATIN, RIFAMPICIN}  # metformin's protein is a target
    one = warned[SIMVASTATIN]
    assert one.severity == "risk" and one.derived  # for a label classes clarithromycin so
    assert [node.name for node in one.because] == ["Clarithromycin", "CYP3A4"]
    assert [by.source for by in one.evidence] == ["drugbank", "drugcentral"]
    assert one.sentence == (
        "substrate of the enzyme CYP3A4; taken, and inhibitor of it: Clarithromycin; "
        "more of it may stay in the body (so classed by labels)"
    )
    assert warned[RIFAMPICIN].severity == "watch"
    assert "Clarithromycin may be cleared too fast (how strongly is not stated)" in warned[RIFAMPICIN].sentence


def test_drugs_that_were_taken_long_ago_interact_only_on_their_day(store: Store) -> None:
    assert "inducer" not in told(store, 6, "interaction")[SIMVASTATIN].sentence
    then = told(store, 6, "interaction", at=630)
    assert then[SIMVASTATIN].sentence.startswith("substrate of the enzyme CYP3A4; taken, and inducer of it: Rifampicin")


def test_an_interaction_that_a_source_states_is_none_of_ours(store: Store) -> None:
    one = told(store, 7, "interaction")[PROPRANOLOL]
    assert (one.severity, one.derived) == ("risk", False)
    assert one.sentence == "interacts with Metformin, which the patient takes"
    assert not told(store, 7, "interaction", at=1400)  # a year's supply is used up


def test_pharmacogenomic_advice_tells_poor_from_normal_from_not_called(store: Store) -> None:
    poor = told(store, 1, "pharmacogenomics")[CLOPIDOGREL]
    assert (poor.severity, poor.sentence) == ("against", "Avoid clopidogrel if possible. (Strong)")
    assert poor.because[0].name == "CYP2C19 Poor Metabolizer" and poor.because[0].id == "NCBIGene:1557"
    assert poor.evidence[0].references == ("PMID:35034351", "https://cpicpgx.org/a")
    assert CLOPIDOGREL not in told(store, 2, "pharmacogenomics")  # normal
    unknown = told(store, 3, "pharmacogenomics")[CLOPIDOGREL]
    assert unknown.severity == "untested" and unknown.because[0].name == "CYP2C19"


def test_a_severe_side_effect_is_graver_for_who_had_it(store: Store) -> None:
    had = [one for one in warnings(store, "P-2").of(SIMVASTATIN) if one.kind == "side_effect"]
    assert [one.severity for one in had] == ["risk", "watch"]
    assert had[0].sentence == "may cause Rhabdomyolysis (0 to 0.1 %), severe, which the record states already"
    assert {by.source for by in had[0].evidence} == {"hetionet", "sider"}
    assert [one.severity for one in warnings(store, "P-3").of(SIMVASTATIN)] == ["watch"]


def test_another_side_effect_counts_while_the_patient_has_it(store: Store) -> None:
    one = told(store, 6, "side_effect")[PROPRANOLOL]
    assert (one.severity, one.sentence) == (
        "watch",
        "may cause Dyspnoea (2 to 5 %, on placebo 1 %), which the record states",
    )
    over = [one for one in warnings(store, "P-2", [PROPRANOLOL]).of(PROPRANOLOL) if one.kind == "side_effect"]
    assert [one.sentence for one in over] == ["may cause Gout, which the record states"]
    assert {one.kind for one in warnings(store, "P-2").of(METFORMIN)} == {"not_indicated"}  # it treats the gout


def test_a_carried_variant_warns_at_the_level_of_its_annotation(store: Store) -> None:
    warned = told(store, 7, "variant")
    assert warned.keys() == {SIMVASTATIN, RIFAMPICIN}  # level 3 and efficacy do not
    stated = warned[RIFAMPICIN]
    assert (stated.severity, stated.sentence) == ("change", "SLCO1B1 521T>C: slower uptake: lower dose")
    resisted = told(store, 8, "variant")[CLOPIDOGREL]
    assert (resisted.severity, resisted.sentence) == (
        "watch",
        "ADRB2 R16G: resistance is annotated at level D (a cancer)",
    )
    one = warned[SIMVASTATIN]
    assert (one.severity, one.evidence[0].references) == ("risk", ("PMID:18650507",))


def test_many_patients_are_answered_as_each_is_alone(store: Store) -> None:
    every = [f"PANAKEIA:P-{n}" for n in range(1, 10)]
    together = warnings_of(store, every)
    assert together.keys() == {*every} - {"PANAKEIA:P-9"}
    for patient, found in together.items():
        assert found.warnings == warnings(store, patient).warnings


def test_only_the_drugs_asked_for_are_answered(store: Store) -> None:
    assert warnings(store, "P-3", [AMPICILLIN]).warnings.keys() == {AMPICILLIN}
    assert warnings(store, "P-2", [METFORMIN]).of(METFORMIN)[0].because[0].id == GOUT
    assert not warnings(store, "P-3", []).warnings


def test_every_kind_was_tried_above() -> None:
    assert kinds().keys() == {
        *("allergy", "contraindication", "interaction", "not_indicated"),
        *("pharmacogenomics", "side_effect", "variant"),
    }
