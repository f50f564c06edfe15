"""Phenopackets: variants and the diseases they cause, counted over patients, and nothing of any patient."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.build import build_graph
from kg.curie import OWN, prefixes
from kg.fetch import Fetch
from kg.graph import Graph
from kg.rows import Rows
from kg.sources import phenopackets

FBN1 = {"valueId": "HGNC:3603", "symbol": "FBN1"}
C1129 = {
    "id": "c1129_secret",
    "geneContext": FBN1,
    "expressions": [
        {"syntax": "hgvs.c", "value": "NM_000138.5:c.1129C>T"},
        {"syntax": "hgvs.g", "value": "NC_000015.10:g.48510125G>A"},
        {"syntax": "hgvs.p", "value": "NP_000129.3:p.(Arg377Cys)"},
    ],
    "vcfRecord": {"genomeAssembly": "hg38", "chrom": "chr15", "pos": "48510125", "ref": "G", "alt": "A"},
    "moleculeContext": "genomic",
    "allelicState": {"id": "GENO:0000135", "label": "heterozygous"},
}
DELETION = {
    "id": "var_secret",
    "label": "whole gene deletion",
    "geneContext": FBN1,
    "structuralType": {"id": "SO:1000029", "label": "chromosomal_deletion"},
}


def packet(patient: str, *variants: dict[str, Any], pmid: str = "PMID:11", **said: Any) -> dict[str, Any]:
    genomic = [
        {
            "subjectOrBiosampleId": patient,
            "interpretationStatus": said.get("status", "CAUSATIVE"),
            "variantInterpretation": {"variationDescriptor": described},
        }
        for described in variants
    ]
    disease = {"id": "OMIM:154700", "label": "Marfan syndrome"}
    return {
        "id": f"PMID_11_{patient}",
        "subject": {"id": patient, "timeAtLastEncounter": {"age": {"iso8601duration": "P41Y3M"}}, "sex": "FEMALE"},
        "phenotypicFeatures": [{"type": {"id": "HP:0001166", "label": "Arachnodactyly"}}],
        "interpretations": [
            {
                "id": f"interpretation of {patient}",
                "progressStatus": said.get("progress", "SOLVED"),
                "diagnosis": {"disease": disease, "genomicInterpretations": genomic},
            }
        ],
        "diseases": [{"term": disease, "onset": {"age": {"iso8601duration": "P3Y"}}}],
        "metaData": {"created": "2024-03-05", "createdBy": "ORCID:1", "externalReferences": [{"id": pmid}]},
    }


def rows(folder: Path, *lines: dict[str, Any] | str, genes: bool = True) -> Rows:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path = folder / phenopackets.PACKETS.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{text}\n" for text in texts).encode()))
    if genes:
        table = "gene_id\tsymbol\n2200\tFBN1\n1\tTWICE\n2\tTWICE\n"
        (folder / "attributes").mkdir(exist_ok=True)
        (folder / phenopackets.GENES.path).write_bytes(gzip.compress(table.encode()))
    return phenopackets.read(Fetch(folder, cache=folder / "no-cache", offline=True))


def build(folder: Path, *lines: dict[str, Any] | str) -> Graph:
    graph, audit = build_graph([rows(folder, *lines)])
    assert audit.rejected.num_rows == 0
    return graph


def texts(graph: Graph) -> Iterator[str]:
    """Yield every text that stands anywhere in a graph; the counts of patients are numbers."""
    for table in (*graph.nodes.values(), *graph.edges.values()):
        for column in table.columns:
            for value in column.to_pylist():
                yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def test_a_variant_has_its_expressions_its_place_and_its_gene(tmp_path: Path) -> None:
    graph = build(tmp_path, packet("one", C1129))
    assert graph.nodes["Variant"].to_pylist() == [
        {
            "id": "PANAKEIA:NC_000015.10-g.48510125G-A",
            "name": "FBN1 c.1129C>T",
            "synonyms": ["NM_000138.5:c.1129C>T", "NC_000015.10:g.48510125G>A"],
            "xrefs": [],
            "provided_by": ["phenopackets"],
            "gene": "NCBIGene:2200",
            "allele": None,
            "hgvs": ["NM_000138.5:c.1129C>T", "NC_000015.10:g.48510125G>A", "NP_000129.3:p.(Arg377Cys)"],
            "type": None,
            "grch37": None,
            "grch38": "15-48510125-G-A",
            "alteration": None,
            "span_grch37": None,
        }
    ]
    (gene,) = graph.nodes["Gene"].to_pylist()
    assert (gene["id"], gene["name"], gene["xrefs"]) == ("NCBIGene:2200", "FBN1", ["HGNC:3603"])
    (edge,) = graph.edges["variant_in_gene"].to_pylist()
    assert (edge["subject"], edge["object"]) == ("PANAKEIA:NC_000015.10-g.48510125G-A", "NCBIGene:2200")


def test_patients_are_counted_once_each_and_publications_united(tmp_path: Path) -> None:
    graph = build(
        tmp_path,
        packet("one", C1129),
        packet("two", C1129, C1129),
        packet("three", C1129, DELETION, pmid="PMID:22"),
    )
    cases = {row["subject"]: row for row in graph.edges["variant_causes_disease"].to_pylist()}
    assert len(cases) == 2
    exact = cases["PANAKEIA:NC_000015.10-g.48510125G-A"]
    assert (exact["object"], exact["cases"], exact["references"]) == ("OMIM:154700", 3, ["PMID:11", "PMID:22"])
    assert graph.nodes["Disease"].to_pylist()[0]["name"] == "Marfan syndrome"


def test_a_variant_without_exact_place_is_told_by_gene_and_label(tmp_path: Path) -> None:
    other = DELETION | {"label": "whole-gene deletion"}
    graph = build(tmp_path, packet("one", DELETION), packet("two", DELETION), packet("three", other))
    found = {row["name"]: row for row in graph.nodes["Variant"].to_pylist()}
    assert found.keys() == {"FBN1 whole gene deletion", "FBN1 whole-gene deletion"}
    deletion = found["FBN1 whole gene deletion"]
    assert (deletion["type"], deletion["hgvs"], deletion["grch38"]) == ("chromosomal_deletion", [], None)
    assert re.fullmatch(r"PANAKEIA:FBN1-whole-gene-deletion-[0-9a-f]{10}", deletion["id"])
    assert len({row["id"] for row in found.values()}) == 2
    again = phenopackets.variant(DELETION)["id"]
    assert again == deletion["id"], "the same in every build"


def test_nothing_of_a_patient_reaches_the_graph(tmp_path: Path) -> None:
    graph = build(tmp_path, packet("Jane_Doe", C1129, DELETION), packet("patient-7", C1129))
    told = "\n".join(texts(graph))
    for secret in ("Jane", "patient-7", "PMID_11", "P41Y", "P3Y", "FEMALE", "heterozygous", "HP:", "secret", "ORCID"):
        assert secret not in told


@pytest.mark.parametrize(
    "unsure", [{"status": "CANDIDATE"}, {"status": "REJECTED"}, {"progress": "IN_PROGRESS"}, {"progress": "UNSOLVED"}]
)
def test_only_what_is_called_the_cause_of_a_solved_case_is_one(tmp_path: Path, unsure: dict[str, str]) -> None:
    read = rows(tmp_path, packet("one", C1129, **unsure), packet("two", DELETION))
    graph, _ = build_graph([read])
    assert graph.node_counts()["Variant"] == 1
    assert read.left_out == {"variant not called the cause of a solved case": 1}


def test_a_gene_whose_symbol_is_unknown_or_two_genes_keeps_its_own_identifier(tmp_path: Path) -> None:
    twice = C1129 | {"geneContext": {"valueId": "HGNC:5", "symbol": "TWICE"}}
    (gene,) = build(tmp_path, packet("one", twice)).nodes["Gene"].to_pylist()
    assert (gene["id"], gene["xrefs"]) == ("HGNC:5", [])
    read = rows(tmp_path / "bare", packet("one", C1129), genes=False)
    graph, _ = build_graph([read])
    assert graph.nodes["Gene"]["id"].to_pylist() == ["HGNC:3603"]


def test_long_alleles_and_odd_expressions_still_have_a_short_identifier(tmp_path: Path) -> None:
    long = {
        "geneContext": FBN1,
        "expressions": [{"syntax": "hgvs.g", "value": f"NC_000015.10:g.1_2ins{'ACGT' * 500}"}],
        "vcfRecord": {"genomeAssembly": "hg38", "chrom": "chr15", "pos": "1", "ref": "A", "alt": "ACGT" * 500},
    }
    (row,) = build(tmp_path, packet("one", long)).nodes["Variant"].to_pylist()
    assert re.fullmatch(r"PANAKEIA:NC-000015-10-NC-000015-10-g-1-2ins[ACGT]+-[0-9a-f]{10}", row["id"])
    assert row["grch38"] is None and len(row["id"]) < 80


@pytest.mark.parametrize("build_name", ["hg19", "GRCh37", None])
def test_a_place_in_another_build_is_no_place_in_grch38(build_name: str | None) -> None:
    record = {"genomeAssembly": build_name, "chrom": "chr15", "pos": "1", "ref": "A", "alt": "C"}
    assert phenopackets.variant(C1129 | {"vcfRecord": record})["grch38"] is None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"id": "PMID_1_Jane", "subject": {', "phenopackets:no JSON"),
        ("[" * 100_000, "phenopackets:no JSON"),
        (json.dumps(packet("Jane", DELETION | {"label": "\ud800"})), "phenopackets:no phenopacket"),
        ('["Jane"]', "phenopackets:no phenopacket"),
        ('"Jane"', "phenopackets:no phenopacket"),
        ('{"id": "Jane", "interpretations": [{}], "metaData": {}}', "phenopackets:no phenopacket"),
        ('{"id": "Jane", "interpretations": 7, "metaData": {}}', "phenopackets:no phenopacket"),
        (
            json.dumps(packet("Jane", {"expressions": [{"syntax": "hgvs.g", "value": 7}]})),
            "phenopackets:no phenopacket",
        ),
        (json.dumps(packet("Jane", {"geneContext": FBN1})), "phenopackets:no phenopacket"),
    ],
    ids=lambda text: text[:30],
)
def test_a_broken_line_is_rejected_by_its_number_without_what_it_says(tmp_path: Path, line: str, fault: str) -> None:
    graph, audit = build_graph([rows(tmp_path, packet("one", C1129), "", line)], max_reject_share=1)
    (rejected,) = audit.rejected.to_pylist()
    assert (rejected["file"], rejected["line"], rejected["reason"]) == ("phenopackets.jsonl.gz", 3, "unknown relation")
    assert rejected["text"].strip() == fault
    assert graph.edges["variant_causes_disease"].num_rows == 1


def test_a_disease_that_is_no_curie_is_rejected_with_its_line(tmp_path: Path) -> None:
    wrong = json.loads(json.dumps(packet("one", C1129)).replace("OMIM:154700", "Marfan"))
    _, audit = build_graph([rows(tmp_path, wrong, packet("two", C1129))], max_reject_share=1)
    assert {(row["line"], row["reason"]) for row in audit.rejected.to_pylist()} == {(1, "malformed CURIE")}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "label", "x"]), inner),
    max_leaves=4,
)


@settings(deadline=None, max_examples=25)
@given(JSON, st.data())
def test_any_change_of_a_packet_is_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, value: object, data: st.DataObject
) -> None:
    whole: Any = packet("one", C1129, DELETION)
    place: Any = whole
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 4)) == 0:
            break
        place = place[key]
    place[key] = value
    _, audit = build_graph([rows(tmp_path_factory.mktemp("fuzz"), whole)], max_reject_share=1)
    assert {(row["file"], row["line"]) for row in audit.rejected.to_pylist()} <= {("phenopackets.jsonl.gz", 1)}


@pytest.mark.mirror
def test_the_corpus_gives_its_variants_and_nothing_of_its_patients(mirror: Path) -> None:
    graph, audit = build_graph([phenopackets.read(Fetch(mirror, offline=True))])
    assert audit.rejected.num_rows == 0
    with gzip.open(mirror / phenopackets.PACKETS.path, "rt", encoding="utf-8") as stream:
        packets = [json.loads(line) for line in stream]
    assert len(packets) == 10_580
    secrets = {one for packet in packets for one in (packet["id"], packet["subject"]["id"])}
    told = list(texts(graph))
    public = {"F8", "ITPR1", "PMID:26740388"}  # what three publications call a patient is a gene or themselves
    assert secrets & set(told) <= public
    whole = "\n".join(told)
    telling = {secret for secret in secrets - public if len(secret) > 5 and not secret.isdigit()}
    assert {secret for secret in telling if secret in whole} <= {"infant", "female"}  # in names of diseases
    assert not [text for text in told if "PMID_" in text or re.fullmatch(r"P\d+[YMWD].*", text)]

    pairs = Counter[tuple[str, str]]()
    for packet in packets:
        text = json.dumps(packet["interpretations"])
        genomic = set(re.findall(r'"(?:value|label)": "(NC_\d+\.\d+:[^"]+)"', text))
        pairs.update((one, packet["diseases"][0]["term"]["id"]) for one in genomic)
    names = {row["id"]: row["hgvs"] for row in graph.nodes["Variant"].to_pylist()}
    edges = graph.edges["variant_causes_disease"].to_pylist()
    exact = {(hgvs, row["object"]): row["cases"] for row in edges for hgvs in names[row["subject"]] if "NC_" in hgvs}
    assert exact == pairs
    assert graph.node_counts() == {"Gene": 718, "Disease": 800, "Variant": 5_841 + 378}
    nf1 = ("NC_000017.11:g.31327718C>T", "OMIM:162200")
    assert exact[nf1] == 107  # p.Arg1809Cys: Pinna et al., Eur J Hum Genet 2015 (PMID:26178382), 136 with relatives
    pattern = re.compile(prefixes()[OWN].pattern)
    assert all(pattern.fullmatch(curie.removeprefix(f"{OWN}:")) for curie in names)
