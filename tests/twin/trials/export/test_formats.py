"""What is written reads back equal; other programs and CDISC's own schemas take it; limits are named."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import odmlib
import pandas as pd
import pyreadstat
import pytest
import xmlschema
from odmlib.dataset_json_1_1.model import DatasetJSON

from twin.trials.export import dataset_json, xpt
from twin.trials.export.adam import adam, potential
from twin.trials.export.dataset import Dataset, Variable
from twin.trials.export.folder import APART, FORMATS, Format, export
from twin.trials.export.names import short_names
from twin.trials.export.sdtm import sdtm
from twin.trials.export.study import Study

SCHEMA = Path(odmlib.__file__).parent / "schemas/define/2.1/define2-1-0.xsd"
ROWS = pd.DataFrame({"USUBJID": ["a", "b"], "AVAL": [0.1, np.nan], "ADT": [date(1959, 12, 31), None], "N": [1.0, 2.0]})
VARIABLES = (
    Variable("USUBJID", "Subject", "text", "Assigned"),
    Variable("AVAL", "Value", "float", "Derived"),
    Variable("ADT", "Date", "date", "Derived"),
    Variable("N", "Number", "integer", "Derived"),
)
SMALL = Dataset("ADX", "Small", "ADaM", "BASIC DATA STRUCTURE", "One a subject", ("USUBJID",), VARIABLES, ROWS)


def of_all(study: Study) -> list[Dataset]:
    return [*sdtm(study), *adam(study), potential(study)]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["survival", "warfarin", "tacrolimus"])
def test_every_dataset_reads_back_equal(
    name: str, form: Format, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    study: Study = request.getfixturevalue(name)
    written = export(study, form, tmp_path)
    datasets = {dataset.name: dataset for dataset in of_all(study)}
    assert {one.dataset.name for one in written} == set(datasets)
    for one in written:
        again = FORMATS[form].read(tmp_path / one.folder / one.file)
        pd.testing.assert_frame_equal(again, datasets[one.dataset.name].rows, check_exact=True)


def test_sas_s_own_epoch_and_a_third_program_agree_on_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "adx.xpt"
    xpt.write(SMALL, path)
    again = pd.read_sas(path, format="xport", encoding="ascii")  # pandas' own reader, which knows no dates
    assert again["ADT"].tolist()[0] == -1.0 and np.isnan(again["ADT"][1])
    assert again["USUBJID"].tolist() == ["a", "b"] and again["AVAL"][0] == 0.1
    _, told = pyreadstat.read_xport(str(path))
    assert told.table_name == "ADX" and told.file_label == "Small"
    assert told.column_names_to_labels == {one.name: one.label for one in VARIABLES}
    assert path.read_bytes().startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"), "version 5"


@pytest.mark.parametrize(
    ("broken", "error", "told"),
    [
        (lambda: replace(SMALL, name="ADXXXXXXX"), xpt.BadName, "the dataset: the name 'ADXXXXXXX' is none of XPT"),
        (lambda: changed("AVAL", name="aval"), xpt.BadName, "ADX: the name 'aval' is none"),
        (
            lambda: changed("AVAL", label="x" * 41),
            xpt.LabelTooLong,
            r"ADX\.AVAL: the label .* has 41 bytes",
        ),
        (lambda: changed("AVAL", label="µ"), xpt.NotAscii, r"ADX\.AVAL: the label 'µ' is not ASCII"),
        (lambda: valued("y" * 201), xpt.TextTooLong, r"ADX\.USUBJID has a value of 201 bytes: expected 200 at most"),
        (lambda: valued("é"), xpt.NotAscii, r"ADX\.USUBJID has a value that is not ASCII, which XPT needs"),
    ],
)
def test_what_xpt_cannot_hold_is_named_before_anything_is_written(
    broken: Callable[[], Dataset], error: type[xpt.ExportError], told: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=told):
        xpt.write(broken(), tmp_path / "x.xpt")
    assert not list(tmp_path.iterdir())


def changed(variable: str, **changes: str) -> Dataset:
    variables = tuple(replace(one, **changes) if one.name == variable else one for one in VARIABLES)
    rows = ROWS.rename(columns={variable: changes.get("name", variable)})
    return replace(SMALL, variables=variables, rows=rows)


def valued(text: str) -> Dataset:
    return replace(SMALL, rows=ROWS.assign(USUBJID=[text, "b"]))


def test_dataset_json_holds_what_xpt_does_not(tmp_path: Path) -> None:
    path = tmp_path / "adx.json"
    dataset = replace(SMALL, rows=ROWS.assign(USUBJID=["é" * 300, ""], STUDYID="S"))
    dataset = replace(dataset, variables=(*VARIABLES, Variable("STUDYID", "Study", "text", "Protocol")))
    dataset_json.write(dataset, path)
    rows = dataset.rows[[one.name for one in dataset.variables]]
    pd.testing.assert_frame_equal(dataset_json.read(path), rows.astype({"USUBJID": object, "STUDYID": object}))


def test_dataset_json_is_what_cdisc_s_model_reads(survival: Study, tmp_path: Path) -> None:
    for dataset in of_all(survival):
        path = tmp_path / f"{dataset.name}.json"
        dataset_json.write(dataset, path)
        read = DatasetJSON.read_json(str(path))  # raises for what is missing, or of another type
        assert (read.name, read.label, read.records) == (dataset.name, dataset.label, len(dataset.rows))
        assert read.column_names == list(dataset.rows.columns)
        assert all(len(row) == len(read.columns) for row in read.rows)
        assert json.loads(path.read_text(encoding="utf-8"))["datasetJSONVersion"] == "1.1.0"


@pytest.mark.parametrize("name", ["survival", "warfarin", "tacrolimus"])
def test_define_xml_is_valid_by_cdisc_s_schema(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    export(request.getfixturevalue(name), "xpt", tmp_path)
    schema = xmlschema.XMLSchema(SCHEMA)
    space = {"odm": "http://www.cdisc.org/ns/odm/v1.3", "def": "http://www.cdisc.org/ns/def/v2.1"}
    for standard in ("sdtm", "adam"):
        schema.validate(tmp_path / standard / "define.xml")
        root = xmlschema.XMLResource(tmp_path / standard / "define.xml").root
        items = {item.get("OID") for item in root.iterfind(".//odm:ItemDef", space)}
        assert items == {item.get("ItemOID") for item in root.iterfind(".//odm:ItemRef", space)}
        listed = {item.get("OID") for item in root.iterfind(".//odm:CodeList", space)}
        assert listed == {item.get("CodeListOID") for item in root.iterfind(".//odm:CodeListRef", space)}
        named = [leaf.text for leaf in root.iterfind(".//def:leaf/def:title", space)]
        assert sorted(named) == sorted(path.name for path in (tmp_path / standard).glob("*.xpt"))


def test_potential_outcomes_lie_apart_and_say_so(survival: Study, tmp_path: Path) -> None:
    export(survival, "xpt", tmp_path)
    (path,) = (tmp_path / APART).iterdir()
    _, told = pyreadstat.read_xport(str(path))
    assert "NOT FOR SUBMISSION" in told.file_label
    assert "NOT FOR SUBMISSION" in (tmp_path / "README.txt").read_text(encoding="utf-8")
    for standard in ("sdtm", "adam"):
        assert "POTENT" not in (tmp_path / standard / "define.xml").read_text(encoding="utf-8")
    columns = {column for dataset in (*sdtm(survival), *adam(survival)) for column in dataset.rows}
    assert "SHOWNFL" not in columns


def test_an_export_that_fails_leaves_nothing(survival: Study, tmp_path: Path) -> None:
    with pytest.raises(xpt.TextTooLong, match="study makes a text of 201 bytes"):
        export(replace(survival, study_id="S" * 201), "xpt", tmp_path / "out")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("*.xpt"))


def test_short_names_fit_sas_and_are_none_twice() -> None:
    found = short_names([f"covariate number {place}" for place in range(12)] + ["µ"], ["AGE"])
    assert len(set(found.values())) == 13
    assert all(len(name) <= 8 and name[0].isalpha() and name.isupper() for name in found.values())
