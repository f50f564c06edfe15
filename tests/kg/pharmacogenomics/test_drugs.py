"""Drugs by name: DrugBank's identifier for an American name too, and every other one is kept beside it."""

import gzip
import json
from pathlib import Path

import pytest

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.columns import read_columns
from kg.pharmacogenomics import drugs
from kg.pharmacogenomics.drugs import Drugs, NamedDrug, read_drugs
from tests.kg.files.test_documents import pack


def find(folder: Path) -> dict[PublicFile, FoundFile]:
    fetch = Fetch(folder, cache=folder / "no-cache", offline=True)
    return {file: found for file in drugs.NAME_LISTS if (found := fetch.find(file))}


@pytest.fixture
def lists(tmp_path: Path) -> dict[PublicFile, FoundFile]:
    for file in drugs.NAME_LISTS:
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
    names = "drugbank_id\tname\nDB00945\tAcetylsalicylic acid\nDB00682\tWarfarin\n"
    (tmp_path / drugs.DRUGBANK.path).write_bytes(gzip.compress(names.encode()))
    (tmp_path / drugs.CPIC_PAIRS.path).write_text(
        "Drug,RxNorm\nwarfarin,11289\naspirin,1191\nsiponimod,2121085\nbucindolol,\n", encoding="utf-8"
    )
    chemicals = [{"id": "PA451906", "name": "warfarin"}, {"id": "PA166182736", "name": "siponimod"}]
    guideline = json.dumps({"guideline": {"relatedChemicals": chemicals}}).encode()
    pack(tmp_path / drugs.DPWG.path, guideline=guideline)
    return find(tmp_path)


def test_a_name_means_the_drug_of_drugbank_with_every_other_identifier(lists: dict[PublicFile, FoundFile]) -> None:
    known = read_drugs(lists)
    warfarin = NamedDrug("DRUGBANK:DB00682", "Warfarin", ("RXNORM:11289", "PHARMGKB.DRUG:PA451906"))
    assert known.find("warfarin") == known.find("WARFARIN", "RXNORM:11289") == warfarin
    assert known.find("Aspirin") == NamedDrug("DRUGBANK:DB00945", "Acetylsalicylic acid", ("RXNORM:1191",))
    assert known.find("siponimod") == NamedDrug("RXNORM:2121085", "siponimod", ("PHARMGKB.DRUG:PA166182736",))


def test_a_drug_of_no_list_is_what_its_own_source_identifies_or_nothing(lists: dict[PublicFile, FoundFile]) -> None:
    known = read_drugs(lists)
    assert known.find("bucindolol") is None
    assert known.find("bucindolol", "RXNORM:1") == NamedDrug("RXNORM:1", "bucindolol")
    assert known.find("warfarin", "RXNORM:2") == NamedDrug(
        "DRUGBANK:DB00682", "Warfarin", ("RXNORM:11289", "PHARMGKB.DRUG:PA451906", "RXNORM:2")
    )
    assert read_drugs({}).find("warfarin") is None


def test_a_source_s_own_name_becomes_a_synonym() -> None:
    drug = NamedDrug("DRUGBANK:DB00945", "Acetylsalicylic acid", ("RXNORM:1191",))
    assert Drugs.row(drug, "aspirin") == {
        "id": "DRUGBANK:DB00945",
        "name": "Acetylsalicylic acid",
        "synonyms": ["aspirin"],
        "xrefs": ["RXNORM:1191"],
    }
    assert Drugs.row(drug, "ACETYLSALICYLIC ACID")["synonyms"] == []


@pytest.mark.mirror
def test_every_international_name_is_one_of_drugbank_s_and_no_american_one_is(mirror: Path) -> None:
    names = {name.lower() for name in read_columns(mirror / drugs.DRUGBANK.path, ("name",))["name"].to_pylist()}
    for american, international in drugs._INTERNATIONAL.items():
        assert international in names and american not in names
