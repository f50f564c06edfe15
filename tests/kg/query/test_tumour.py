"""A tumour: evidence in tiers, the nearest first; what is not shown is not support; what no point mutation is."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.build import build, build_graph
from kg.fetch import Fetch
from kg.graph import Graph
from kg.oncology.evidence import PREDICTIVE, TumourEvidence
from kg.oncology.match import TIERS
from kg.oncology.somatic import TumourError
from kg.query.tumour import tumour
from kg.search import UnknownNode
from kg.sources import civic
from kg.stores.opening import open_store
from kg.stores.protocol import Store, StoreError
from tests.conftest import NODES, StoreOf, make_graph
from tests.kg.oncology.test_maf import ROW, written

MELANOMA, COLON = {"disease": "Melanoma", "doid": "1909"}, {"disease": "Colorectal Cancer", "doid": "9256"}
BRAF = {"gene": "BRAF", "entrez_id": "673", "reference_build": "GRCh37", "chromosome": "7"}
V600E = {"variant": "V600E", "variant_id": "12", "start": "140453136", "stop": "140453136"}
BASES = {"reference_bases": "A", "variant_bases": "T"}
V600 = {"variant": "V600", "variant_id": "17", "start": "140453136", "stop": "140453137"}
FOR, AGAINST = {"evidence_direction": "Supports"}, {"evidence_direction": "Does Not Support"}
WORKS, FAILS = {"clinical_significance": "Sensitivity/Response"}, {"clinical_significance": "Resistance"}
ITEMS: tuple[dict[str, str], ...] = (
    BRAF | V600E | BASES | MELANOMA | FOR | WORKS | {"evidence_level": "B", "drugs": "Vemurafenib", "rating": "4"},
    BRAF | V600E | BASES | COLON | AGAINST | WORKS | {"evidence_level": "A", "drugs": "Vemurafenib", "rating": "5"},
    BRAF
    | V600E
    | BASES
    | COLON
    | FOR
    | FAILS
    | {"evidence_level": "B", "drugs": "Cetuximab,Panitumumab", "drug_interaction_type": "Substitutes", "rating": "5"},
    BRAF
    | V600
    | MELANOMA
    | FOR
    | WORKS
    | {"evidence_level": "A", "drugs": "Trametinib", "nct_ids": "NCT01245062, NCT01"},
    BRAF
    | {"variant": "MUTATION", "variant_id": "399"}
    | MELANOMA
    | FOR
    | WORKS
    | {"evidence_level": "A", "drugs": "Sorafenib"},
    BRAF | {"variant": "AMPLIFICATION", "variant_id": "1269"} | MELANOMA | FOR | FAILS | {"drugs": "Sorafenib"},
    BRAF | {"variant": "AGK-BRAF", "variant_id": "285"} | MELANOMA | FOR | WORKS | {"drugs": "Sorafenib"},
    BRAF | {"variant": "WILD TYPE", "variant_id": "426"} | MELANOMA | FOR | WORKS | {"drugs": "Sorafenib"},
    BRAF | V600E | BASES | MELANOMA | FOR | WORKS | {"drugs": "Sorafenib", "variant_origin": "Rare Germline"},
    BRAF
    | V600E
    | BASES
    | COLON
    | FOR
    | {"evidence_type": "Prognostic", "clinical_significance": "Poor Outcome", "evidence_level": "B"},
    BRAF
    | V600E
    | BASES
    | COLON
    | FOR
    | {"evidence_type": "Predisposing", "clinical_significance": "Pathogenic", "evidence_level": "B"},
    {"gene": "KMT2D", "entrez_id": "8085", "variant": "LOSS-OF-FUNCTION", "variant_id": "9", "drugs": "AZD5363"}
    | MELANOMA
    | FOR
    | WORKS,
    {"gene": "ABL1", "entrez_id": "25", "variant": "BCR-ABL T315I", "variant_id": "2", "drugs": "Imatinib"}
    | MELANOMA
    | FOR
    | FAILS,
)


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """A graph of a few items of evidence, written as CIViC's file has them."""
    folder = tmp_path_factory.mktemp("mirror")
    path = folder / civic.EVIDENCE.path
    path.parent.mkdir(parents=True)
    rest = {"evidence_type": PREDICTIVE, "evidence_level": "C", "variant_origin": "Somatic", "source_type": "PubMed"}
    items = [
        rest | item | {"evidence_id": str(number), "citation_id": str(number)} for number, item in enumerate(ITEMS, 1)
    ]
    lines = ["\t".join(civic.COLUMNS), *("\t".join(item.get(name, "") for name in civic.COLUMNS) for item in items)]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    graph, audit = build_graph([civic.read(Fetch(folder, cache=folder / "no-cache", offline=True))])
    assert audit.rejected.num_rows == 0
    return graph


@pytest.fixture
def store(store_of: StoreOf, curated: Graph) -> Store:
    """The graph of `curated`, in each store."""
    return store_of(curated)


def ids(found: TumourEvidence) -> list[str]:
    [one] = found.tumours
    return [item.evidence_id.removeprefix("CIVIC.EID:") for item in one.items]


def test_evidence_comes_in_tiers_by_level_and_no_class_stands_above_what_is_exact(store: Store, tmp_path: Path) -> None:
    found = tumour(store, written(tmp_path, {}))
    [one] = found.tumours
    assert ids(found) == ["2", "3", "1", "10", "4", "5"]
    assert [(item.tier, item.level) for item in one.items] == [
        *[("exact", level) for level in "ABBB"],
        ("codon or exon", "A"),
        ("gene", "A"),
    ]
    assert one.matched == {"BRAF V600E": "exact"}
    lines = found.to_text().splitlines()
    assert [line.partition(":")[0] for line in lines if line.partition(":")[0] in TIERS] == list(TIERS)


def test_an_item_says_drugs_direction_trials_references_and_stars(store: Store, tmp_path: Path) -> None:
    told = tumour(store, written(tmp_path, {}), ROW["Tumor_Sample_Barcode"]).to_json()
    items = {item["evidence_id"]: item for item in told[ROW["Tumor_Sample_Barcode"]]["evidence"]}
    against, resistance, codon = (items[f"CIVIC.EID:{number}"] for number in (2, 3, 4))
    assert (against["direction"], against["effect"]) == ("Does Not Support", "not shown: sensitivity")
    assert resistance["effect"] == "resistance"
    assert [drug["name"] for drug in resistance["drugs"]] == ["Cetuximab", "Panitumumab"]
    assert resistance["combination"] == "Substitutes"
    assert (codon["trials"], codon["references"]) == (["NCT01245062", "NCT01"], ["PMID:4"])
    assert (codon["matched_by"], items["CIVIC.EID:1"]["rating"]) == ("codon", 4)
    assert (items["CIVIC.EID:10"]["effect"], items["CIVIC.EID:10"]["drugs"]) == ("worse outcome", [])
    assert all(item["disease_matches"] is None for item in items.values())
    json.dumps(told, allow_nan=False)


def test_a_disease_that_is_asked_about_is_marked_and_comes_first_of_its_level(store: Store, tmp_path: Path) -> None:
    found = tumour(store, written(tmp_path, {}), disease="melanoma")
    assert ids(found) == ["2", "1", "3", "10", "4", "5"]
    assert [item.evidence_id for item in found.tumours[0].items if item.disease_matches] == [
        f"CIVIC.EID:{number}" for number in (1, 4, 5)
    ]
    with pytest.raises(UnknownNode):
        tumour(store, written(tmp_path, {}), disease="nothing of the kind")


def test_what_no_small_variant_shows_is_counted_not_matched(store: Store, tmp_path: Path) -> None:
    found = tumour(store, written(tmp_path, {}))
    notes = " ".join(found.tumours[0].notes)
    assert not {"6", "7", "8", "9", "11"} & set(ids(found))
    for needed in ("copy number", "a fusion", "the wild type"):
        assert f"{needed} (1)" in notes
    assert "left out: evidence on inherited variants, as a tumour's are somatic (1)" in notes


def test_a_change_inside_a_fusion_is_named_and_not_matched(store: Store, tmp_path: Path) -> None:
    t315i = {"Hugo_Symbol": "ABL1", "Entrez_Gene_Id": "25", "HGVSp_Short": "p.T315I", "NCBI_Build": "38"}
    [one] = tumour(store, written(tmp_path, t315i)).tumours
    assert one.items == ()
    assert "BCR-ABL T315I (CIVIC.VID:2) is ABL1 T315I inside a fusion" in one.notes[0]
    [other] = tumour(store, written(tmp_path, t315i | {"HGVSp_Short": "p.E255K"})).tumours
    assert "inside a fusion" not in " ".join(other.notes)


@pytest.mark.parametrize(
    ("row", "tiers"),
    [
        ({"Variant_Classification": "Silent", "HGVSp_Short": "p.V600=", "Tumor_Seq_Allele2": "C"}, set()),
        ({"HGVSp_Short": "p.V600K", "Tumor_Seq_Allele2": "C"}, {"codon or exon", "gene"}),
        ({"HGVSp_Short": "p.G469A", "Start_Position": "1", "End_Position": "1"}, {"gene"}),
        ({"Entrez_Gene_Id": "0"}, set(TIERS)),
        ({"Hugo_Symbol": "NS7", "Entrez_Gene_Id": "673"}, set(TIERS)),
        ({"Hugo_Symbol": "NS7", "Entrez_Gene_Id": ""}, set()),
        ({"Hugo_Symbol": "BRAF", "Entrez_Gene_Id": "672"}, set()),
        ({"Hugo_Symbol": "MLL2", "Entrez_Gene_Id": "8085", "Variant_Classification": "Nonsense_Mutation"}, {"gene"}),
    ],
)
def test_a_gene_is_its_number_or_else_its_symbol(
    store: Store, tmp_path: Path, row: dict[str, str], tiers: set[str]
) -> None:
    [one] = tumour(store, written(tmp_path, row)).tumours
    assert {item.tier for item in one.items} == tiers
    if row.get("Entrez_Gene_Id") == "672":
        assert "symbol and NCBI number are those of two genes" in one.notes[0]


def test_another_build_is_matched_by_the_protein_only_and_says_so(store: Store, tmp_path: Path) -> None:
    there = {"NCBI_Build": "GRCh38", "Start_Position": "140753336", "End_Position": "140753336"}
    found = tumour(store, written(tmp_path, there))
    assert {item.matched_by for item in found.tumours[0].items if item.tier == "exact"} == {"protein change"}
    assert "matched by their protein only" in found.to_text()
    elsewhere = tumour(store, written(tmp_path, there | {"NCBI_Build": "GRCh37"}))
    assert {item.tier for item in elsewhere.tumours[0].items} == {"gene"}
    assert "at another place" in elsewhere.to_text()


def test_a_file_of_another_genome_than_it_says_is_refused(store: Store, tmp_path: Path) -> None:
    wrong = {"Start_Position": "140753336", "End_Position": "140753336"}
    tumours = [{"Tumor_Sample_Barcode": f"TCGA-ZZ-{number}"} for number in range(4)]
    with pytest.raises(TumourError, match="do not stand at their places"):
        tumour(store, written(tmp_path, *(wrong | one for one in tumours[:3])))
    found = tumour(store, written(tmp_path, *tumours[:2], *(wrong | one for one in tumours[2:])))
    assert sum(one.has("exact") for one in found.tumours) == 2


def test_several_tumours_are_told_by_number_and_none_by_name_in_the_text(store: Store, tmp_path: Path) -> None:
    other = {"Tumor_Sample_Barcode": "TCGA-ZZ-9", "HGVSp_Short": "p.V600K", "Tumor_Seq_Allele2": "C"}
    found = tumour(store, written(tmp_path, {}, other))
    assert set(found.to_json()) == {ROW["Tumor_Sample_Barcode"], "TCGA-ZZ-9"}
    assert "TCGA" not in found.to_text()
    assert "1  exact" in found.to_text()
    assert set(found.to_frame()["sample"]) == set(found.to_json())
    assert "<" in found._repr_html_()


def test_an_unknown_sample_and_a_graph_without_evidence_are_named(
    store: Store, store_of: StoreOf, tmp_path: Path
) -> None:
    with pytest.raises(TumourError, match="no sample of this name; it has 1"):
        tumour(store, written(tmp_path, {}), "TCGA-XX-0")
    with pytest.raises(OSError, match="no-such"):
        tumour(store, tmp_path / "no-such.maf")
    with pytest.raises(TumourError, match="build it with the source civic"):
        tumour(store_of(make_graph({"Drug": NODES["Drug"]}, ())), written(tmp_path, {}))


@pytest.fixture(scope="module")
def store_of_civic(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """All of CIViC's release."""
    url = tmp_path_factory.mktemp("store") / "graph.lbdb"
    build(["civic"], Fetch(mirror, offline=True), url)
    with open_store(url) as opened:
        yield opened


@pytest.fixture(scope="module")
def leukaemias(store_of_civic: Store, mirror: Path) -> TumourEvidence:
    """The evidence for TCGA's acute myeloid leukaemias."""
    return tumour(store_of_civic, mirror / "oncology/tcga-laml.maf.gz")


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.mirror
def test_the_leukaemias_have_the_evidence_that_a_plain_count_of_both_files_says(
    leukaemias: TumourEvidence, mirror: Path
) -> None:
    """Equal names are exact, of 36 tumours; the 14 others have NPM1's frameshift at W288, whose names differ."""
    assert len(leukaemias.tumours) == 133
    changes = rows(mirror / "oncology/tcga-laml.maf.gz")
    named = {
        (row["gene"], f"p.{row['variant']}")
        for row in rows(mirror / civic.EVIDENCE.path)
        if row["evidence_type"] == PREDICTIVE
    }
    equal = {row["Tumor_Sample_Barcode"] for row in changes if (row["Hugo_Symbol"], row["Protein_Change"]) in named}
    exact = {one.sample for one in leukaemias.tumours if one.has("exact")}
    npm1 = {
        row["Tumor_Sample_Barcode"]
        for row in changes
        if row["Hugo_Symbol"] == "NPM1" and row["Protein_Change"] in ("p.W288fs", "p.WQ288fs")
    }
    assert exact == equal | npm1
    assert (len(exact), len(equal), len(exact - equal)) == (50, 36, 14)


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("profile", "tier", "gene", "change", "tumours"),
    [
        ("DNMT3A R882", "codon or exon", "DNMT3A", "p.R882", 23),
        ("IDH1 R132", "codon or exon", "IDH1", "p.R132", 13),
        ("IDH1 R132H", "exact", "IDH1", "p.R132H", 3),
        ("KIT D816V", "exact", "KIT", "p.D816V", 2),
        ("FLT3 D835H/Y", "exact", "FLT3", ("p.D835Y", "p.D835H"), 10),
    ],
)
def test_well_known_variants_are_found_as_often_as_they_stand_in_the_file(
    leukaemias: TumourEvidence,
    mirror: Path,
    profile: str,
    tier: str,
    gene: str,
    change: str | tuple[str, ...],
    tumours: int,
) -> None:
    stated = {
        row["Tumor_Sample_Barcode"]
        for row in rows(mirror / "oncology/tcga-laml.maf.gz")
        if row["Hugo_Symbol"] == gene and row["Protein_Change"].startswith(change)
    }
    found = {
        one.sample for one in leukaemias.tumours for item in one.items if (item.profile, item.tier) == (profile, tier)
    }
    assert found == stated
    assert len(found) == tumours


@pytest.mark.mirror
def test_internal_duplications_of_flt3_are_its_insertions_of_whole_codons(
    leukaemias: TumourEvidence, mirror: Path
) -> None:
    inserted = {
        row["Tumor_Sample_Barcode"]
        for row in rows(mirror / "oncology/tcga-laml.maf.gz")
        if (row["Hugo_Symbol"], row["Variant_Type"]) == ("FLT3", "INS") and len(row["Tumor_Seq_Allele2"]) % 3 == 0
    }
    found = {one.sample for one in leukaemias.tumours for item in one.items if item.profile == "FLT3 ITD"}
    assert found == inserted
    assert len(found) == 24


@pytest.mark.mirror
def test_proteins_alone_say_nothing_that_places_do_not(
    store_of_civic: Store, leukaemias: TumourEvidence, mirror: Path, tmp_path: Path
) -> None:
    text = gzip.decompress((mirror / "oncology/tcga-laml.maf.gz").read_bytes()).decode()
    (tmp_path / "t.maf").write_text(
        text.replace("genome.wustl.edu\t37\t", "genome.wustl.edu\tGRCh38\t"), encoding="utf-8"
    )
    unplaced = tumour(store_of_civic, tmp_path / "t.maf")
    placed, alone = (
        {(one.sample, item.tier, item.profile) for one in found.tumours for item in one.items}
        for found in (leukaemias, unplaced)
    )
    assert unplaced.build == "GRCh38"
    assert alone <= placed
    assert (len(placed), len(alone)) == (461, 446)


@pytest.mark.mirror
def test_no_leukaemia_has_evidence_that_a_small_variant_cannot_show(leukaemias: TumourEvidence) -> None:
    for one in leukaemias.tumours:
        assert [TIERS.index(item.tier) for item in one.items] == sorted(TIERS.index(item.tier) for item in one.items)
        for item in one.items:
            words = item.profile.upper()
            assert not any(word in words for word in ("EXPRESSION", "AMPLIFICATION", "FUSION", "WILD", "BCR-", "LOSS "))


def test_a_store_of_an_earlier_version_is_named(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def query(*_: object) -> list[dict[str, object]]:
        raise StoreError("graph.lbdb: Binder exception: Cannot find property alteration for v.")

    monkeypatch.setattr(store, "query", query)
    with pytest.raises(StoreError, match="of another version: build it anew"):
        tumour(store, written(tmp_path, {}))
