"""The starter graph: what it promises, and its facts against the public data that state them."""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kg.audit import Audit
from kg.build import build_graph
from kg.fetch import Fetch
from kg.graph import Graph
from kg.patients.imports import import_patients
from kg.pharmacogenomics.alleles import laboratory_genotype
from kg.schema import RELATIONS
from kg.sources import starter
from kg.sources.hetionet import METAEDGES, to_curie
from tests.conftest import StoreOf

Row = dict[str, Any]
Built = tuple[Graph, Audit]

FOLDER = Path(starter.__file__).with_suffix("")
PATIENT_RELATIONS = [relation for relation, ends in RELATIONS.items() if ends.subject == "Patient"]


@pytest.fixture(scope="module")
def built() -> Built:
    return build_graph([starter.read(Fetch(offline=True))], max_reject_share=0.0)


@pytest.fixture(scope="module")
def graph(built: Built) -> Graph:
    return built[0]


def tsv(path: Path, delimiter: str = "\t") -> Iterator[Row]:
    if not path.is_file():
        pytest.skip(f"the mirror has no {path.name}")
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines, delimiter=delimiter)


def names(graph: Graph, kind: str) -> dict[str, str]:
    return {row["id"]: row["name"] for row in graph.nodes[kind].to_pylist()}


def pairs(graph: Graph, relation: str) -> list[tuple[str, str]]:
    table = graph.edges[relation]
    return list(zip(table["subject"].to_pylist(), table["object"].to_pylist(), strict=True))


def genotypes_of(graph: Graph) -> dict[str, dict[str, str]]:
    genes = names(graph, "Gene")
    calls: dict[str, dict[str, str]] = {row["id"]: {} for row in graph.nodes["Patient"].to_pylist()}
    for row in graph.edges["patient_has_diplotype"].to_pylist():
        [diplotype] = row["diplotypes"]
        calls[row["subject"]][genes[row["object"]]] = laboratory_genotype(genes[row["object"]], diplotype)
    return {patient: found for patient, found in calls.items() if found}


def share(found: Iterable[bool]) -> float:
    answers = list(found)
    assert answers
    return sum(answers) / len(answers)


def test_it_holds_what_is_promised_and_nothing_is_rejected_or_said_twice(built: Built) -> None:
    graph, audit = built
    counts = graph.node_counts()
    assert counts["Drug"] == pytest.approx(60, abs=5)
    assert counts["Disease"] == 40
    assert counts["Variant"] == 30
    assert counts["Patient"] == 12
    assert audit.rejected.num_rows == 0
    assert not [tally for tally in audit.tallies if tally.table in RELATIONS and tally.merged]


def test_names_tell_nodes_of_one_kind_apart(graph: Graph) -> None:
    for kind in starter.NODE_FILES:
        rows = graph.nodes[kind].to_pylist()
        called = [name.casefold() for row in rows for name in (row["name"], *row["synonyms"])]
        assert len(called) == len(set(called)), kind


def test_the_graph_is_connected_without_its_patients(graph: Graph) -> None:
    place = {curie: i for i, curie in enumerate(c for kind in starter.NODE_FILES for c in names(graph, kind))}
    ends = [pair for relation in graph.edges.keys() - set(PATIENT_RELATIONS) for pair in pairs(graph, relation)]
    rows, columns = zip(*((place[subject], place[target]) for subject, target in ends), strict=True)
    matrix = coo_array(([1] * len(ends), (rows, columns)), shape=(len(place), len(place)))
    assert connected_components(matrix, directed=False, return_labels=False) == 1


def test_every_drug_has_a_target_and_a_use_and_every_disease_a_drug_or_a_variant(graph: Graph) -> None:
    used = [pair for relation in ("treats", "palliates") for pair in pairs(graph, relation)]
    drugs, diseases = set(names(graph, "Drug")), set(names(graph, "Disease"))
    assert {drug for drug, _ in pairs(graph, "binds")} == drugs
    assert {drug for drug, _ in used} == drugs
    caused = {disease for _, disease in pairs(graph, "variant_causes_disease")}
    assert {disease for _, disease in used} | caused == diseases
    assert {variant for variant, _ in pairs(graph, "variant_in_gene")} == set(names(graph, "Variant"))
    assert {variant for variant, _ in pairs(graph, "variant_affects_drug")} == set(names(graph, "Variant"))


def test_no_drug_both_treats_and_palliates_a_disease(graph: Graph) -> None:
    assert not set(pairs(graph, "treats")) & set(pairs(graph, "palliates"))


def test_every_edge_says_where_it_can_be_looked_up(graph: Graph) -> None:
    listed = {row["reference"] for row in tsv(FOLDER / "references.tsv")}
    cited = set()
    for relation, edges in graph.edges.items():
        for row in edges.to_pylist():
            assert (row["source"], row["licence"]) == ("starter", "Apache-2.0")
            assert bool(row["references"]) != (relation in PATIENT_RELATIONS), row
            cited.update(row["references"])
    assert cited == listed


def test_the_variant_s_gene_is_that_of_its_edge(graph: Graph) -> None:
    genes = {row["id"]: row["gene"] for row in graph.nodes["Variant"].to_pylist()}
    assert dict(pairs(graph, "variant_in_gene")) == genes


def test_the_patients_are_made_up_and_read_without_remainder(store_of: StoreOf, graph: Graph) -> None:
    imported = import_patients(starter.patient_bundles(), store_of(graph), starter.PUBLIC_KEY)
    assert len(imported.patients) == 12
    assert not imported.audit.rejected.num_rows
    assert not imported.left_out


def test_patients_have_what_the_twin_needs(graph: Graph) -> None:
    patients = {row["id"]: row for row in graph.nodes["Patient"].to_pylist()}
    ages = [row["age_years"] for row in patients.values()]
    assert min(ages) <= 25
    assert max(ages) == 90
    assert {row["sex"] for row in patients.values()} == {"female", "male"}
    genotypes = genotypes_of(graph)
    both = [calls for calls in genotypes.values() if {"CYP2C9", "VKORC1"} <= calls.keys()]
    assert len(both) >= 8
    assert {calls["CYP2C9"] for calls in both} == {"*1/*1", "*1/*2", "*1/*3", "*2/*2", "*2/*3", "*3/*3"}
    assert {calls["VKORC1"] for calls in both} == {"GG", "GA", "AA"}
    warfarin, clots = "DRUGBANK:DB00682", {"DOID:0060224", "DOID:0060903", "DOID:9477"}
    sick = {patient for patient, disease in pairs(graph, "patient_has_condition") if disease in clots}
    treated = {patient for patient, drug in pairs(graph, "patient_takes_drug") if drug == warfarin} & sick
    assert len(treated) >= 6
    measured = set(pairs(graph, "patient_has_measurement"))
    assert all((patient, "LOINC:6301-6") in measured and patient in genotypes for patient in treated)


def test_copies_of_a_variant_follow_from_the_genotype(graph: Graph) -> None:
    genotypes = genotypes_of(graph)
    copies = {
        (row["subject"], row["object"]): row["copies"] for row in graph.edges["patient_carries_variant"].to_pylist()
    }
    for patient, calls in genotypes.items():
        cyp2c9, vkorc1 = calls.get("CYP2C9", ""), calls.get("VKORC1", "")
        assert copies.get((patient, "DBSNP:rs1799853"), 0) == cyp2c9.count("*2")
        assert copies.get((patient, "DBSNP:rs1057910"), 0) == cyp2c9.count("*3")
        assert copies.get((patient, "DBSNP:rs9923231"), 0) == vkorc1.count("A")


@pytest.mark.mirror
def test_names_are_hetionet_s_where_it_has_the_node(graph: Graph, mirror: Path) -> None:
    hetionet = {to_curie(row["id"]): row["name"] for row in tsv(mirror / "hetionet/hetionet-v1.0-nodes.tsv")}
    for kind in starter.NODE_FILES:
        for curie, name in names(graph, kind).items():
            assert hetionet.get(curie, name) == name
    assert names(graph, "Drug").keys() | names(graph, "SideEffect").keys() <= hetionet.keys()
    assert share(disease in hetionet for disease in names(graph, "Disease")) >= 0.7


@pytest.mark.mirror
def test_its_facts_are_found_in_hetionet(graph: Graph, mirror: Path) -> None:
    nodes = {to_curie(row["id"]) for row in tsv(mirror / "hetionet/hetionet-v1.0-nodes.tsv")}
    wanted = {"treats": 0.95, "binds": 0.95, "palliates": 0.9, "disease_associates_gene": 0.95}
    relations = {abbreviation: metaedge.relation for abbreviation, metaedge in METAEDGES.items()}
    hetionet = {
        (relations[row["metaedge"]], to_curie(row["source"]), to_curie(row["target"]))
        for row in tsv(mirror / "hetionet/hetionet-v1.0-edges.sif.gz")
        if relations[row["metaedge"]] in wanted
    }
    for relation, least in wanted.items():
        both_there = [pair for pair in pairs(graph, relation) if nodes.issuperset(pair)]
        assert share((relation, *pair) in hetionet for pair in both_there) >= least, relation


@pytest.mark.mirror
def test_diseases_and_classes_that_hetionet_lacks_are_known_elsewhere(graph: Graph, mirror: Path) -> None:
    mondo = tsv(mirror / "splits/txgnn/mondo_references.csv.gz", delimiter=",")
    known = {f"DOID:{row['ontology_id']}" for row in mondo if row["ontology"] == "DOID"}
    assert names(graph, "Disease").keys() <= known
    classes = list(tsv(mirror / "attributes/drugcentral_drug_class.tsv.gz"))
    named = {f"NDFRT:{row['class_id']}": row["class_name"] for row in classes}
    assert names(graph, "PharmacologicClass").items() <= named.items()
    members = {(f"NDFRT:{row['class_id']}", f"DRUGBANK:{row['drugbank_id']}") for row in classes}
    assert share(pair in members for pair in pairs(graph, "class_includes_drug")) >= 0.9


@pytest.mark.mirror
def test_alleles_are_those_of_pypgx_on_the_plus_strand(graph: Graph, mirror: Path) -> None:
    genes = names(graph, "Gene")
    listed = {(row["Gene"], row["rsID"], row["Variant"]) for row in tsv(mirror / "pgx/pypgx/variant-table.csv", ",")}
    elsewhere = {"UGT1A1*28", "HLA-B*57:01", "HLA-B*58:01", "HLA-B*15:02"}  # no single site in pypgx
    for row in graph.nodes["Variant"].to_pylist():
        curie = row["id"].removeprefix("DBSNP:")
        assert ((genes[row["gene"]], curie, row["allele"]) in listed) != (row["name"] in elsewhere)


@pytest.mark.mirror
def test_star_alleles_have_their_variant_in_pharmcat(graph: Graph, mirror: Path) -> None:
    stars = 0
    for row in graph.nodes["Variant"].to_pylist():
        gene, star, allele = row["name"].partition("*")
        path = mirror / f"pgx/pharmcat/alleles/{gene}_translation.json.gz"
        if not star or gene == "HLA-B":
            continue
        if not path.is_file():
            pytest.skip(f"the mirror has no {path.name}")
        definition = json.loads(gzip.decompress(path.read_bytes()))
        site = [variant["rsid"] for variant in definition["variants"]].index(row["id"].removeprefix("DBSNP:"))
        bases = {named["name"]: named["alleles"][site] for named in definition["namedAlleles"]}
        called = [name for name in bases if name == f"*{allele}" or name.endswith(f"(*{allele})")]
        assert [bases[name] for name in called] == [row["allele"]], row["name"]
        stars += 1
    assert stars == 20


@pytest.mark.mirror
def test_pharmacogenomic_pairs_are_cpic_s_with_the_guideline_s_pmid(graph: Graph, mirror: Path) -> None:
    label, unlisted = "FDA, Table of Pharmacogenomic Biomarkers in Drug Labeling", {("F5", "tamoxifen")}
    unlisted |= {("F2", "tamoxifen")}  # in the table of the FDA, not in that of CPIC
    genes, drugs = names(graph, "Gene"), names(graph, "Drug")
    variants = {row["id"]: genes[row["gene"]] for row in graph.nodes["Variant"].to_pylist()}
    cpic = {(row["Gene"], row["Drug"]): row for row in tsv(mirror / "pgx/pypgx/cpic-table.csv", ",")}
    for edge in graph.edges["variant_affects_drug"].to_pylist():
        pair = variants[edge["subject"]], drugs[edge["object"]].lower()
        (reference,) = edge["references"]
        if reference == label:
            assert pair in unlisted or cpic[pair]["FDALabel"] not in ("", "N/A"), pair
        else:
            assert reference.removeprefix("PMID:") in cpic[pair]["PMID"].split(";"), pair
