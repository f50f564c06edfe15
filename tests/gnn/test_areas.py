"""Areas: which DOIDs TxGNN's lists of MONDO terms mean."""

import gzip
from pathlib import Path

import pytest

from gnn.areas import AREAS, read_areas
from kg.fetch import Fetch, NotFoundAnywhere
from kg.files.text import FileError
from kg.sources import mondo

REFERENCES = """ontology_id,ontology,mondo_id
9352,DOID,0005148
11714,DOID,0005406
2377,DOID,0005301
2377,DOID,0099999
125853,OMIM,0005148
"""


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(gzip.compress(text.encode()))


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    write(tmp_path, mondo.REFERENCES.path, REFERENCES)
    for area, file in AREAS.items():
        terms = {"diabetes": ("5148.0", "5406"), "autoimmune": ("99999", "1"), "neurodegenerative": ("5301.0",)}
        rows = "".join(f'7,{term},disease,"a, b",MONDO\n' for term in terms.get(area, ("2",)))
        write(tmp_path, file.path, f",node_id,node_type,node_name,node_source\n{rows}")
    return Fetch(tmp_path, cache=tmp_path / "none", offline=True)


def test_an_area_is_what_its_terms_mean_and_a_disease_may_be_in_two(fetch: Fetch) -> None:
    found = read_areas(fetch, ["DOID:9352", "DOID:2377", "DOID:1"])
    assert found == {"autoimmune": ("DOID:2377",), "diabetes": ("DOID:9352",), "neurodegenerative": ("DOID:2377",)}


def test_a_file_that_is_nowhere_or_lists_nothing_is_named(fetch: Fetch) -> None:
    path = Path(str(fetch.mirror)) / AREAS["anemia"].path
    path.write_bytes(gzip.compress(b",node_name\n1,x\n"))
    with pytest.raises(
        FileError, match=r"anemia\.csv\.gz lists no disease: expected rows below a header with the column"
    ):
        read_areas(fetch, ["DOID:9352"])
    path.unlink()
    with pytest.raises(NotFoundAnywhere, match="anemia"):
        read_areas(fetch, ["DOID:9352"])


@pytest.mark.mirror
def test_six_areas_have_treated_diseases_of_hetionet(mirror: Path) -> None:
    """Counted by a join of the three files in another language (awk): areas of some diseases that Hetionet treats."""
    some = {"DOID:10763", "DOID:3393", "DOID:2377", "DOID:9352", "DOID:1612", "DOID:0050742", "DOID:1936", "DOID:2841"}
    found = read_areas(Fetch(mirror, offline=True), some)
    assert found == {
        "autoimmune": ("DOID:2377",),
        "cardiovascular": ("DOID:10763", "DOID:1936", "DOID:3393"),
        "cell proliferation": ("DOID:1612",),
        "diabetes": ("DOID:9352",),
        "mental health": ("DOID:0050742",),
        "neurodegenerative": ("DOID:2377",),
    }
