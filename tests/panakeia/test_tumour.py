"""A tumour's evidence, asked as a user asks."""

import gzip
import json
from pathlib import Path

import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.sources import civic
from kg.stores.opening import open_store
from panakeia import Session
from tests.kg.oncology.test_maf import ROW, written
from tests.kg.sources.test_civic import L858R
from tests.panakeia.conftest import Panakeia

SAMPLE = ROW["Tumor_Sample_Barcode"]
EGFR = {
    "Hugo_Symbol": "EGFR",
    "Entrez_Gene_Id": "1956",
    "Start_Position": "55259515",
    "End_Position": "55259515",
    "Reference_Allele": "T",
    "Tumor_Seq_Allele1": "T",
    "Tumor_Seq_Allele2": "G",
    "HGVSp_Short": "p.L858R",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one item of evidence."""
    folder = tmp_path_factory.mktemp("mirror")
    path = folder / civic.EVIDENCE.path
    path.parent.mkdir(parents=True)
    lines = ["\t".join(civic.COLUMNS), "\t".join(L858R.get(column, "") for column in civic.COLUMNS)]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    graph, _ = build_graph([civic.read(Fetch(folder, cache=folder / "no-cache", offline=True))])
    with open_store(folder / "graph.lbdb", create=True) as opened:
        opened.replace(graph)
    return folder / "graph.lbdb"


def test_the_evidence_of_a_tumour(panakeia: Panakeia, store: Path, tmp_path: Path) -> None:
    maf = written(tmp_path, EGFR)
    found = panakeia("tumour", maf, "--sample", SAMPLE, "--disease", "DOID:3908", "--store", store, "--json").json()
    [item] = found[SAMPLE]["evidence"]
    assert (item["tier"], item["level"], item["effect"], item["rating"]) == ("exact", "A", "sensitivity", 5)
    assert (item["trials"], item["references"]) == (["NCT00446225", "NCT00874419"], ["PMID:24868098"])
    assert item["disease_matches"] is True
    with Session(store) as session:
        same = session.tumour(maf, sample=SAMPLE, disease="DOID:3908")
    assert json.loads(json.dumps(same.to_json())) == found
    text = panakeia("tumour", maf, "--store", store).out
    assert "A  sensitivity to Erlotinib  EGFR L858R: EGFR L858R (by bases in the genome)" in text


def test_what_is_wrong_is_said_without_a_name_that_the_user_did_not_give(
    panakeia: Panakeia, store: Path, starter_store: Path, tmp_path: Path
) -> None:
    maf = written(tmp_path, EGFR)
    unknown = panakeia("tumour", maf, "--sample", "ELSE", "--store", store)
    assert unknown.status == 2 and "it has 1" in unknown.err and SAMPLE not in unknown.err
    without = panakeia("tumour", maf, "--store", starter_store)
    assert without.status == 2 and "build it with the source civic" in without.err
