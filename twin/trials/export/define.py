"""Define-XML 2.1: what a folder of datasets holds: variables, labels, types, lengths, origins, codelists."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from twin.trials.export.dataset import Dataset, Variable

ODM, DEF, XLINK = "http://www.cdisc.org/ns/odm/v1.3", "http://www.cdisc.org/ns/def/v2.1", "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
_STANDARDS = {"SDTM": ("SDTMIG", "3.4", "Tabulation"), "ADaM": ("ADaMIG", "1.3", "Analysis")}
_METHOD, _COMMENT = "MT.COMPUTED", "COM.SIMULATED"
_SOURCES = {"Collected": "Sponsor", "Derived": "Sponsor", "Assigned": "Sponsor", "Protocol": "Sponsor"}
SIMULATED = (
    "Subjects are virtual and all values are simulated. The study's start, its site and its country are made up; dates"
    " count from there."
)


def define_xml(datasets: Sequence[Dataset], trial: str, ending: str, made: datetime | None = None) -> bytes:
    """Return the define.xml of datasets of one standard that lie beside it, in files `name.ending`."""
    standard, study = datasets[0].standard, str(datasets[0].rows["STUDYID"].iloc[0])
    name, version, purpose = _STANDARDS[standard]
    for prefix, space in (("", ODM), ("def", DEF), ("xlink", XLINK)):
        ET.register_namespace(prefix, space)
    told = {
        "FileType": "Snapshot",
        "FileOID": f"{study}.{standard}",
        "CreationDateTime": (made or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ODMVersion": "1.3.2",
        f"{{{DEF}}}Context": "Other",
    }
    root = ET.Element(f"{{{ODM}}}ODM", told)
    of_study = _child(root, "Study", OID=f"ST.{study}")
    stated = _child(of_study, "GlobalVariables")
    for element, text in (("StudyName", study), ("StudyDescription", trial), ("ProtocolName", study)):
        _child(stated, element).text = text
    version_of = _child(of_study, "MetaDataVersion", OID=f"MDV.{standard}", Name=f"{study}, {name} {version}")
    version_of.set(f"{{{DEF}}}DefineVersion", "2.1.0")
    standards = _child(version_of, "def:Standards")
    _child(standards, "def:Standard", OID="STD.1", Name=name, Type="IG", Version=version, Status="Final")
    for dataset in datasets:
        _group(version_of, dataset, purpose, ending)
    for dataset in datasets:
        for variable in dataset.variables:
            _item(version_of, dataset, variable)
    for dataset in datasets:
        for variable in dataset.variables:
            _codelist(version_of, dataset, variable)
    method = _child(version_of, "MethodDef", OID=_METHOD, Name="Computed", Type="Computation")
    _described(method, "Computed from the simulated courses by Panakeia, twin.trials.export.")
    _described(_child(version_of, "def:CommentDef", OID=_COMMENT), SIMULATED)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _group(parent: ET.Element, dataset: Dataset, purpose: str, ending: str) -> None:
    """Add what a dataset is and which variables it has."""
    name = dataset.name
    group = _child(
        parent,
        "ItemGroupDef",
        OID=f"IG.{name}",
        Name=name,
        Repeating="No" if dataset.keys[-1] == "USUBJID" else "Yes",
        IsReferenceData="No",
        SASDatasetName=name,
        Purpose=purpose,
    )
    if purpose == "Tabulation":
        group.set("Domain", name.removeprefix("SUPP"))
    for key, value in {
        "Structure": dataset.structure,
        "StandardOID": "STD.1",
        "ArchiveLocationID": f"LF.{name}",
        "CommentOID": _COMMENT,
    }.items():
        group.set(f"{{{DEF}}}{key}", value)
    _described(group, dataset.label)
    for number, variable in enumerate(dataset.variables, start=1):
        is_key = variable.name in dataset.keys
        item = _child(
            group,
            "ItemRef",
            ItemOID=f"IT.{name}.{variable.name}",
            OrderNumber=str(number),
            Mandatory="Yes" if is_key else "No",
        )
        if is_key:
            item.set("KeySequence", str(dataset.keys.index(variable.name) + 1))
        if variable.origin == "Derived":
            item.set("MethodOID", _METHOD)
    _child(group, "def:Class", Name=dataset.of_class)
    file = f"{name.lower()}.{ending}"
    leaf = _child(group, "def:leaf", ID=f"LF.{name}")
    leaf.set(f"{{{XLINK}}}href", file)
    _child(leaf, "def:title").text = file


def _item(parent: ET.Element, dataset: Dataset, variable: Variable) -> None:
    """Add what a variable is."""
    kind = _type(dataset, variable)
    item = _child(parent, "ItemDef", OID=f"IT.{dataset.name}.{variable.name}", Name=variable.name, DataType=kind)
    item.set("SASFieldName", variable.name)
    if kind in ("text", "integer", "float"):
        item.set("Length", str(dataset.length(variable)))
    if variable.kind == "date":
        item.set(f"{{{DEF}}}DisplayFormat", "DATE9.")
    _described(item, variable.label)
    if _has_terms(dataset, variable):
        _child(item, "CodeListRef", CodeListOID=_codelist_id(dataset, variable))
    origin = _child(item, "def:Origin", Type=variable.origin)
    if variable.origin in _SOURCES:
        origin.set("Source", _SOURCES[variable.origin])


def _type(dataset: Dataset, variable: Variable) -> str:
    """Return Define-XML's type; a day as a number is an integer, shown as a date."""
    if variable.kind == "isodate":
        return "datetime" if any("T" in value for value in dataset.rows[variable.name].unique()) else "date"
    return "integer" if variable.kind == "date" else variable.kind


def _has_terms(dataset: Dataset, variable: Variable) -> bool:
    return bool(variable.codelist and dataset.terms(variable))


def _codelist_id(dataset: Dataset, variable: Variable) -> str:
    return f"CL.{variable.codelist}.{dataset.name}.{variable.name}"


def _codelist(parent: ET.Element, dataset: Dataset, variable: Variable) -> None:
    """Add the terms that a variable uses."""
    if not _has_terms(dataset, variable):
        return
    listed = _child(
        parent,
        "CodeList",
        OID=_codelist_id(dataset, variable),
        Name=f"{variable.codelist} ({dataset.name}.{variable.name})",
        DataType="text",
    )
    listed.set(f"{{{DEF}}}IsNonStandard", "Yes")
    for number, term in enumerate(dataset.terms(variable), start=1):
        _child(listed, "EnumeratedItem", CodedValue=term, OrderNumber=str(number))


def _described(parent: ET.Element, words: str) -> None:
    text = _child(_child(parent, "Description"), "TranslatedText")
    text.set(f"{{{_XML}}}lang", "en")
    text.text = words


def _child(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    space, _, local = name.rpartition(":")
    return ET.SubElement(parent, f"{{{DEF if space else ODM}}}{local}", attributes)
