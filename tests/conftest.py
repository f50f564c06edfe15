"""What many tests need: the data mirror, a Neo4j server, a small graph with every kind and every relation."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from kg.build import build
from kg.fetch import Fetch
from kg.graph import Graph, SourceRelease, table
from kg.schema import NODE_KINDS, RELATIONS, edge_columns, node_columns
from kg.stores.held import Held
from kg.stores.held_file import read_held
from kg.stores.opening import open_store
from kg.stores.protocol import Store

settings.register_profile("same everywhere", derandomize=True, database=None, deadline=None)
settings.load_profile("same everywhere")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as on the command line; torch reads it when it is first imported

StoreOf = Callable[[Graph], Store]
ROOT = Path(__file__).parent.parent

NODES: dict[str, list[dict[str, object]]] = {
    "Gene": [
        {"id": "NCBIGene:1559", "name": "CYP2C9", "synonyms": ["cytochrome P450 2C9", "CYP2C"]},
        {"id": "NCBIGene:79001", "name": "VKORC1", "synonyms": ["vitamin K epoxide reductase complex subunit 1"]},
        {"id": "NCBIGene:5742", "name": "PTGS1", "synonyms": []},
        {"id": "NCBIGene:5743", "name": "PTGS2", "synonyms": ["COX-2"]},
    ],
    "Variant": [
        {"id": "DBSNP:rs1799853", "name": "CYP2C9*2", "gene": "NCBIGene:1559", "allele": "T"},
        {"id": "DBSNP:rs9923231", "name": "VKORC1 -1639G>A"},
        {"id": "CIVIC.VID:33", "name": "EGFR L858R", "grch37": "7-55259515-T-G"},
    ],
    "Haplotype": [
        {
            "id": "PANAKEIA:VKORC1_rs9923231_variant_T",
            "name": "VKORC1 rs9923231 variant (T)",
            "gene": "NCBIGene:79001",
            "allele_name": "rs9923231 variant (T)",
        },
    ],
    "GenePhenotype": [
        {
            "id": "PANAKEIA:CYP2C9_Poor_Metabolizer",
            "name": "CYP2C9 Poor Metabolizer",
            "gene": "NCBIGene:1559",
            "phenotype": "Poor Metabolizer",
        },
    ],
    "Drug": [
        {"id": "DRUGBANK:DB00682", "name": "Warfarin", "synonyms": ["Coumadin", "Jantoven"], "inchi": "InChI=1S/x"},
        {"id": "DRUGBANK:DB00945", "name": "Acetylsalicylic acid", "synonyms": ["Aspirin"]},
        {"id": "DRUGBANK:DB01050", "name": "Ibuprofen", "synonyms": []},
    ],
    "Disease": [
        {"id": "DOID:9743", "name": "thrombosis", "synonyms": []},
        {"id": "DOID:7148", "name": "rheumatoid arthritis", "synonyms": ["RA"]},
        {"id": "DOID:8398", "name": "osteoarthritis", "synonyms": ["arthritis"]},
        {"id": "DOID:14323", "name": "Marfan syndrome", "synonyms": [], "xrefs": ["OMIM:154700"]},
    ],
    "Patient": [
        {
            "id": "PANAKEIA:P-1",
            "name": "P-1",
            "sex": "female",
            "age_years": 71.5,
            "birth_day": -26_000,
            "consent": "given",
            "retracted": ["by-hand 00ff 2"],
        },
        {"id": "PANAKEIA:P-2", "name": "P-2"},
        {"id": "PANAKEIA:P-3", "name": "P-3"},
    ],
    "Anatomy": [{"id": "UBERON:0002107", "name": "liver"}],
    "BiologicalProcess": [
        {"id": "GO:0007596", "name": "blood coagulation", "synonyms": ["clotting"]},
        {"id": "GO:0007599", "name": "hemostasis"},
    ],
    "CellularComponent": [
        {"id": "GO:0005783", "name": "endoplasmic reticulum"},
        {"id": "GO:0005737", "name": "cytoplasm"},
    ],
    "MolecularFunction": [
        {"id": "GO:0004497", "name": "monooxygenase activity"},
        {"id": "GO:0016491", "name": "oxidoreductase activity"},
    ],
    "Pathway": [
        {"id": "WIKIPATHWAYS:WP430_r1", "name": "Statin pathway"},
        {"id": "PANAKEIA:PC7_1", "name": "Müller’s"},
    ],
    "PharmacologicClass": [{"id": "NDFRT:N0000175960", "name": "Vitamin K Inhibitor"}],
    "SideEffect": [{"id": "UMLS:C0019080", "name": "Haemorrhage"}, {"id": "UMLS:C0003862", "name": "Arthritis"}],
    "Symptom": [{"id": "MESH:D010146", "name": "Pain"}],
    "Phenotype": [
        {"id": "HP:0001907", "name": "Thromboembolism"},
        {"id": "HP:0001977", "name": "Abnormal thrombosis", "xrefs": ["UMLS:C0040053"]},
        {"id": "HP:0000006", "name": "Autosomal dominant inheritance"},
    ],
    "Measurement": [{"id": "LOINC:6301-6", "name": "INR"}],
    "Procedure": [{"id": "SNOMEDCT:80146002", "name": "Appendectomy"}],
    "Visit": [{"id": "PANAKEIA:visit-inpatient", "name": "inpatient visit"}],
    "Entity": [{"id": "NCBITaxon:9606", "name": "human", "category": "biolink:OrganismTaxon"}],
}

EDGES: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("treats", "DRUGBANK:DB00682", "DOID:9743", {"references": ["PMID:1", "PMID:2"]}),
    ("treats", "DRUGBANK:DB00945", "DOID:9743", {}),
    ("palliates", "DRUGBANK:DB01050", "DOID:7148", {}),
    ("palliates", "DRUGBANK:DB00945", "DOID:8398", {}),
    ("binds", "DRUGBANK:DB00682", "NCBIGene:79001", {"action": "inhibitor", "affinity_nM": 1260.0}),
    ("binds", "DRUGBANK:DB00682", "NCBIGene:1559", {"action": "substrate", "references": []}),
    ("binds", "DRUGBANK:DB00945", "NCBIGene:5742", {}),
    ("binds", "DRUGBANK:DB00945", "NCBIGene:5743", {}),
    ("binds", "DRUGBANK:DB01050", "NCBIGene:5743", {}),
    ("binds", "DRUGBANK:DB01050", "NCBIGene:1559", {}),
    ("causes_side_effect", "DRUGBANK:DB00682", "UMLS:C0019080", {}),
    ("causes_side_effect", "DRUGBANK:DB00945", "UMLS:C0019080", {}),
    ("drug_upregulates_gene", "DRUGBANK:DB00945", "NCBIGene:1559", {}),
    ("drug_downregulates_gene", "DRUGBANK:DB00945", "NCBIGene:5743", {}),
    ("drug_resembles_drug", "DRUGBANK:DB00945", "DRUGBANK:DB01050", {}),
    ("class_includes_drug", "NDFRT:N0000175960", "DRUGBANK:DB00682", {}),
    ("disease_associates_gene", "DOID:9743", "NCBIGene:79001", {}),
    ("disease_associates_gene", "DOID:7148", "NCBIGene:5743", {}),
    ("disease_upregulates_gene", "DOID:7148", "NCBIGene:5743", {}),
    ("disease_downregulates_gene", "DOID:8398", "NCBIGene:5742", {}),
    ("disease_localizes_to_anatomy", "DOID:9743", "UBERON:0002107", {}),
    ("disease_presents_symptom", "DOID:7148", "MESH:D010146", {}),
    ("disease_presents_symptom", "DOID:8398", "MESH:D010146", {}),
    ("disease_resembles_disease", "DOID:7148", "DOID:8398", {}),
    ("gene_interacts_gene", "NCBIGene:5742", "NCBIGene:5743", {}),
    ("gene_covaries_gene", "NCBIGene:1559", "NCBIGene:79001", {}),
    ("gene_regulates_gene", "NCBIGene:5743", "NCBIGene:1559", {}),
    ("gene_regulates_gene", "NCBIGene:1559", "NCBIGene:5743", {}),
    ("gene_participates_in_biological_process", "NCBIGene:79001", "GO:0007596", {}),
    ("gene_participates_in_cellular_component", "NCBIGene:1559", "GO:0005783", {}),
    ("gene_participates_in_molecular_function", "NCBIGene:1559", "GO:0004497", {}),
    ("gene_participates_in_pathway", "NCBIGene:1559", "WIKIPATHWAYS:WP430_r1", {}),
    ("anatomy_expresses_gene", "UBERON:0002107", "NCBIGene:1559", {}),
    ("anatomy_upregulates_gene", "UBERON:0002107", "NCBIGene:79001", {}),
    ("anatomy_downregulates_gene", "UBERON:0002107", "NCBIGene:5743", {}),
    ("contraindicated_in", "DRUGBANK:DB01050", "DOID:9743", {}),
    ("contraindicated_in_phenotype", "DRUGBANK:DB01050", "HP:0001907", {"qualifiers": "sex_qualifier=biolink:x"}),
    ("not_indicated_for", "DRUGBANK:DB01050", "DOID:9743", {"votes": ["AJG=NOT", "CSH=SYM", "PK=NOT"]}),
    ("biological_process_is_a_biological_process", "GO:0007596", "GO:0007599", {}),
    ("biological_process_part_of_biological_process", "GO:0007596", "GO:0007599", {}),
    ("biological_process_regulates_biological_process", "GO:0007599", "GO:0007596", {"direction": "positive"}),
    ("cellular_component_is_a_cellular_component", "GO:0005783", "GO:0005737", {}),
    ("cellular_component_part_of_cellular_component", "GO:0005783", "GO:0005737", {}),
    ("molecular_function_is_a_molecular_function", "GO:0004497", "GO:0016491", {}),
    ("molecular_function_part_of_molecular_function", "GO:0004497", "GO:0016491", {}),
    ("anatomy_does_not_express_gene", "UBERON:0002107", "NCBIGene:5742", {}),
    ("variant_in_gene", "DBSNP:rs1799853", "NCBIGene:1559", {}),
    ("variant_affects_drug", "DBSNP:rs1799853", "DRUGBANK:DB00682", {"effect": "lower dose"}),
    (
        "haplotype_of_gene",
        "PANAKEIA:VKORC1_rs9923231_variant_T",
        "NCBIGene:79001",
        {"function": "Higher coumarin sensitivity", "defined_by": "variants"},
    ),
    (
        "haplotype_has_variant",
        "PANAKEIA:VKORC1_rs9923231_variant_T",
        "DBSNP:rs9923231",
        {"chromosome": "chr16", "position": 31096368, "reference": "C", "allele": "T"},
    ),
    ("phenotype_of_gene", "PANAKEIA:CYP2C9_Poor_Metabolizer", "NCBIGene:1559", {"activity_score_low": 0.0}),
    ("phenotype_guides_drug", "PANAKEIA:CYP2C9_Poor_Metabolizer", "DRUGBANK:DB01050", {"recommendation": "Less."}),
    ("gene_affects_drug", "NCBIGene:1559", "DRUGBANK:DB01050", {"cpic_level": "A"}),
    ("haplotype_affects_drug", "PANAKEIA:VKORC1_rs9923231_variant_T", "DRUGBANK:DB00682", {"level": "1A"}),
    ("variant_causes_disease", "DBSNP:rs9923231", "DOID:9743", {}),
    ("phenotype_is_a_phenotype", "HP:0001907", "HP:0001977", {}),
    ("disease_has_phenotype", "DOID:14323", "HP:0001907", {"frequency_low": 0.5, "frequency_high": 0.5}),
    ("disease_has_phenotype", "DOID:14323", "HP:0001907", {"frequency_text": "1/2", "reported_in": "PMID:2"}),
    ("disease_lacks_phenotype", "DOID:14323", "HP:0001907", {}),
    ("disease_has_mode_of_inheritance", "DOID:14323", "HP:0000006", {}),
    ("disease_has_clinical_course", "DOID:14323", "HP:0001907", {}),
    ("disease_has_clinical_modifier", "DOID:14323", "HP:0001907", {}),
    ("disease_follows_medical_history", "DOID:14323", "HP:0001907", {}),
    ("variant_sensitizes_to_drug", "CIVIC.VID:33", "DRUGBANK:DB01050", {"evidence_id": "CIVIC.EID:1"}),
    ("variant_sensitizes_to_drug", "CIVIC.VID:33", "DRUGBANK:DB01050", {"evidence_id": "CIVIC.EID:2"}),
    ("variant_confers_resistance_to_drug", "CIVIC.VID:33", "DRUGBANK:DB01050", {"level": "A", "rating": 5}),
    ("variant_alters_response_to_drug", "CIVIC.VID:33", "DRUGBANK:DB01050", {"trials": ["CLINICALTRIALS:NCT1"]}),
    ("variant_not_shown_to_affect_drug", "CIVIC.VID:33", "DRUGBANK:DB01050", {"direction": "Does Not Support"}),
    ("variant_predisposes_to_disease", "CIVIC.VID:33", "DOID:14323", {}),
    ("variant_uncertain_for_disease", "CIVIC.VID:33", "DOID:14323", {}),
    ("variant_indicates_disease", "CIVIC.VID:33", "DOID:14323", {}),
    ("variant_worsens_outcome_of_disease", "CIVIC.VID:33", "DOID:14323", {}),
    ("variant_improves_outcome_of_disease", "CIVIC.VID:33", "DOID:14323", {}),
    ("variant_not_shown_to_affect_disease", "CIVIC.VID:33", "DOID:14323", {}),
    ("patient_has_condition", "PANAKEIA:P-1", "DOID:9743", {"day": -30, "precision": "day", "negated": False}),
    ("patient_has_condition", "PANAKEIA:P-1", "DOID:9743", {"day": -31, "negated": False, "record": "00ff"}),
    ("patient_has_condition", "PANAKEIA:P-1", "DOID:8398", {"day": -30, "negated": True}),
    ("patient_has_condition", "PANAKEIA:P-3", "DOID:9743", {"negated": False}),
    ("patient_has_phenotype", "PANAKEIA:P-1", "HP:0001907", {}),
    ("patient_has_phenotype", "PANAKEIA:P-1", "HP:0001977", {"negated": True}),
    (
        "patient_takes_drug",
        "PANAKEIA:P-1",
        "DRUGBANK:DB00682",
        {"day": 0, "end_day": 90, "code": "RXNORM:11289", "mapping": "skos:exactMatch"},
    ),
    ("patient_allergic_to_drug", "PANAKEIA:P-1", "DRUGBANK:DB01050", {"negated": False}),
    ("patient_allergic_to_entity", "PANAKEIA:P-1", "NCBITaxon:9606", {"negated": False}),
    ("patient_had_procedure", "PANAKEIA:P-1", "SNOMEDCT:80146002", {"day": 3, "minute": 615, "negated": False}),
    ("patient_had_visit", "PANAKEIA:P-1", "PANAKEIA:visit-inpatient", {"day": 2, "end_day": 5, "negated": False}),
    ("patient_has_measurement", "PANAKEIA:P-1", "LOINC:6301-6", {"value": 2.4, "unit": "1", "day": 14}),
    ("patient_has_measurement", "PANAKEIA:P-1", "LOINC:6301-6", {"value": 2.9, "unit": "1", "day": 21, "minute": 9}),
    ("patient_carries_variant", "PANAKEIA:P-1", "DBSNP:rs1799853", {"copies": 1}),
    (
        "patient_carries_haplotype",
        "PANAKEIA:P-1",
        "PANAKEIA:VKORC1_rs9923231_variant_T",
        {"copies": 1, "negated": False},
    ),
    ("patient_has_gene_phenotype", "PANAKEIA:P-1", "PANAKEIA:CYP2C9_Poor_Metabolizer", {"negated": False}),
    (
        "patient_has_diplotype",
        "PANAKEIA:P-1",
        "NCBIGene:1559",
        {"diplotypes": ["*1/*2"], "activity_score": 1.5, "missing_positions": ["rs28371686"], "method": "vcf"},
    ),
    ("predicted_treats", "DRUGBANK:DB01050", "DOID:8398", {"score": 0.4, "prior": 0.1, "model": "m"}),
    ("predicted_binds", "DRUGBANK:DB01050", "NCBIGene:5742", {"score": 0.5}),
    ("predicted_benefits", "DRUGBANK:DB00682", "PANAKEIA:P-1", {"score": 0.6}),
)

EVIDENCE: dict[str, object] = {
    "source": "by-hand",
    "source_version": "1",
    "licence": "CC0-1.0",
    "knowledge_level": "knowledge_assertion",
    "agent_type": "manual_agent",
    "references": [],
}

RELEASE = SourceRelease(
    "by-hand", "1", "CC0-1.0", "Textbooks", "https://example.org/by-hand", {"nodes.tsv": "00", "edges.tsv": "ff"}
)


def make_graph(
    nodes: dict[str, list[dict[str, object]]], edges: tuple[tuple[str, str, str, dict[str, object]], ...]
) -> Graph:
    """Return a graph of these nodes and edges, each edge with the evidence of `RELEASE`."""
    rows: dict[str, list[dict[str, object]]] = {}
    for relation, subject, target, attributes in edges:
        rows.setdefault(relation, []).append({"subject": subject, "object": target} | EVIDENCE | attributes)
    return Graph(
        {
            kind: table(node_columns(kind), [{"xrefs": [], "provided_by": ["by-hand"]} | row for row in nodes[kind]])
            for kind in NODE_KINDS
            if kind in nodes
        },
        {relation: table(edge_columns(relation), rows[relation]) for relation in RELATIONS if relation in rows},
        (RELEASE,),
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test of the server where `make test` does not look for any: it collects those folders alone."""
    served = [ROOT / "tests" / name for name in ("gnn", "kg")]
    for item in items:
        if item.get_closest_marker("neo4j") and not any(item.path.is_relative_to(folder) for folder in served):
            raise pytest.UsageError(f"{item.nodeid} needs Neo4j: name its folder here, and in the Makefile")


def pytest_collection_finish() -> None:
    """Look for what is no longer used less often: what JAX and the tests keep is looked through each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def graph() -> Graph:
    """A made-up small graph with every kind and every relation."""
    return make_graph(NODES, EDGES)


@pytest.fixture(scope="module", params=["ladybug", "held", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def store_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreOf]:
    """Return a way to an open store that holds a given graph, on each of the two stores, and held in memory."""
    held: list[tuple[Graph, Store]] = []
    with ExitStack() as stack:

        def filled(graph: Graph) -> Store:
            for known, store in held:
                if known is graph:
                    return store
            if request.param == "neo4j":
                held.clear()  # a server holds one graph at a time
                url = request.getfixturevalue("neo4j_url")
            else:
                url = tmp_path_factory.mktemp("store") / "graph.lbdb"
            store = stack.enter_context(open_store(url, create=True))
            store.replace(graph)
            if request.param == "held":
                read = read_held(Path(url))
                assert read is not None
                store = Held(store, read)
            held.append((graph, store))
            return store

        yield filled


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of public data files (`PANAKEIA_DATA`, else ../shared/data beside the checkout)."""
    folder = Path(os.environ.get("PANAKEIA_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no data mirror at {folder}; set PANAKEIA_DATA to a folder of the public files")
    return folder


@pytest.fixture(scope="session")
def hetionet_store(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the whole of Hetionet, to be read."""
    path = tmp_path_factory.mktemp("hetionet") / "graph.lbdb"
    build(["hetionet"], Fetch(mirror), path)
    return path


@pytest.fixture(scope="session")
def neo4j_url() -> str:
    """The Bolt URL of a Neo4j server whose graph the tests may overwrite."""
    url = os.environ.get("PANAKEIA_TEST_NEO4J")
    if url:
        return url
    message = "no Neo4j server; run: python tests/neo4j/server.py run -- make test"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
