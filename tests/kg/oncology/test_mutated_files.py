"""Any change of a tumour's file is read or named; no message has the patient's name, nor the file's."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.oncology.reading import read_tumours
from kg.oncology.somatic import TumourError
from tests.kg.oncology import test_maf, test_vcf

SECRET = "QUILLFEATHER"
MAF = (
    "#version 2.4\n"
    + "\t".join(test_maf.ROW)
    + "\n"
    + "\t".join((test_maf.ROW | {"Tumor_Sample_Barcode": SECRET}).values())
    + "\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated")


def check(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    try:
        read = read_tumours(path)
    except TumourError as failure:
        assert SECRET not in str(failure).upper()
    else:
        assert all(variant.effects for variant in read.variants)


TEXTS = st.text(alphabet='\t\n"-.*?09chrXACGTpV_>=;| é²\0', max_size=12)


@settings(max_examples=150)
@given(st.integers(0, len(MAF)), st.integers(0, 40), TEXTS)
def test_a_changed_maf(folder: Path, start: int, gone: int, new: str) -> None:
    check(folder / f"{SECRET}.maf", (MAF[:start] + new + MAF[start + gone :]).encode())


@settings(max_examples=150)
@given(st.data())
def test_a_changed_vcf(folder: Path, data: st.DataObject) -> None:
    text = test_vcf.written(folder, test_vcf.V600E, samples=SECRET).read_text(encoding="utf-8")
    start, gone = data.draw(st.integers(len("##fileformat=VCF"), len(text))), data.draw(st.integers(0, 40))
    check(folder / f"{SECRET}.vcf", (text[:start] + data.draw(TEXTS) + text[start + gone :]).encode())
