"""Words: how the page says what the graph and the models name: kinds, relations, patterns, quantities, models."""

import re

_KINDS = {"SideEffect": "side effect", "GenePhenotype": "gene phenotype", "PharmacologicClass": "drug class"}


def kind_words(kind: str) -> str:
    """Return a kind of node as words.

    >>> kind_words("BiologicalProcess"), kind_words("SideEffect")
    ('biological process', 'side effect')
    """
    return _KINDS.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


_ENDS = "drug|disease|gene|anatomy|class|variant|haplotype|phenotype|pathway|symptom|patient"


def arrow_words(relation: str) -> str:
    """Return a relation as words beside an arrow, whose ends say of which kinds they are.

    >>> arrow_words("drug_upregulates_gene"), arrow_words("causes_side_effect"), arrow_words("treats")
    ('upregulates', 'causes side effect', 'treats')
    """
    return re.sub(f"^(?:{_ENDS})_(?=.)|(?<=.)_(?:{_ENDS})$", "", relation).replace("_", " ")


def relation_words(relation: str) -> str:
    """Return a relation as words.

    >>> relation_words("disease_associates_gene")
    'disease associates gene'
    """
    return relation.replace("_", " ")


_FORWARD, _BACK = re.compile(r" - (\w+) -> "), re.compile(r" <- (\w+) - ")
_EITHER = re.compile(r" - ([a-z]+(?:_[a-z]+)+) - ")


def path_words(path: str) -> str:
    """Return a path, as `kg.paths` writes it, with its relations as words.

    >>> path_words("CYP2C9*3 - variant_in_gene -> CYP2C9 <- binds - Phenytoin")
    'CYP2C9*3 – in → CYP2C9 ← binds – Phenytoin'
    """
    told = _FORWARD.sub(lambda found: f" – {arrow_words(found[1])} → ", path)
    told = _BACK.sub(lambda found: f" ← {arrow_words(found[1])} – ", told)
    return _EITHER.sub(lambda found: f" – {arrow_words(found[1])} – ", told)


def pattern_words(metapath: str) -> str:
    """Return a pattern of paths, from kind to kind, as words.

    >>> pattern_words("Drug <- class_includes_drug - PharmacologicClass - class_includes_drug -> Drug")
    'drug ← includes – drug class – includes → drug'
    >>> pattern_words("Drug - treats -> Disease - disease_resembles_disease - Disease")
    'drug – treats → disease – resembles – disease'
    """
    return re.sub(r"(?<!\w)[A-Z]\w*", lambda found: kind_words(found[0]), path_words(metapath))


_UNITS = {
    "years": "years",
    "h": "h",
    "kg": "kg",
    "mg": "mg",
    "cm": "cm",
    "mm": "mm",
    "cm3": "cm³",
    "m2": "m²",
    "percent": "%",
    "days": "days",
    "mg_per_L": "mg/L",
    "g_per_L": "g/L",
    "ug_per_L": "µg/L",
    "umol_per_L": "µmol/L",
    "mmol_per_L": "mmol/L",
    "mU_per_L": "mU/L",
    "pmol_per_L": "pmol/L",
    "mg_per_dL": "mg/dL",
    "g_per_mol": "g/mol",
}
_ENDING = re.compile(rf"_({'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})$")
_NAMED = {
    "atc_codes": "ATC codes",
    "half_life_h": "half-life",
    "half_life_text": "half-life as it was told",
    "inchi": "InChI",
    "inchikey": "InChIKey",
    "logp": "log P",
    "grch37": "place in GRCh37",
    "grch38": "place in GRCh38",
    "span_grch37": "span in GRCh37",
    "hgvs": "HGVS",
    "body_surface_m2": "body surface area",
    "S_warfarin_mg_per_L": "S-warfarin in plasma",
    "theophylline_mg_per_L": "theophylline in plasma",
    "tacrolimus_ug_per_L": "tacrolimus in whole blood",
    "phenobarbital_mg_per_L": "phenobarbital in serum",
    "cp": "concentration in plasma",
    "pca": "prothrombin complex activity",
    "BW": "body weight",
    "patient_type": "kind of patient",
}
"""Names that say less than their words."""


def quantity_words(name: str) -> str:
    """Return the name of a quantity as words, without its unit.

    >>> quantity_words("age_years"), quantity_words("half_life_h"), quantity_words("CYP2C9")
    ('age', 'half-life', 'CYP2C9')
    """
    return _NAMED.get(name) or _ENDING.sub("", name).replace("_", " ")


def unit_of(name: str) -> str:
    """Return the unit that the name of a quantity says it is in; nothing where it says none.

    >>> unit_of("molecular_weight_g_per_mol"), unit_of("logp")
    ('g/mol', '')
    """
    found = _ENDING.search(name)
    return _UNITS[found[1]] if found else ""


_MODEL = re.compile(r"^(?P<what>[a-z]+)_(?P<who>[a-z]+?)(?P<year>\d{4})(?:_(?P<more>\w+))?$")
_STRUCTURE = {"iv": "into the vein", "oral": "by mouth", "mm": "with saturable elimination"}


def model_words(name: str) -> str:
    """Return the name of a twin's model as words.

    >>> model_words("warfarin_hamberg2007_iwpc"), model_words("generic_2cpt_oral_mm")
    ('warfarin, Hamberg 2007 (IWPC)', 'any drug, 2 compartments, by mouth, with saturable elimination')
    >>> model_words("generic_target_mediated")
    'any drug, target mediated'
    """
    if found := _MODEL.match(name):
        more = f" ({found['more'].replace('_', ' ').upper()})" if found["more"] else ""
        return f"{found['what']}, {found['who'].capitalize()} {found['year']}{more}"
    first, *rest = name.split("_")
    if first != "generic":
        return name.replace("_", " ")
    if (number := re.fullmatch(r"(\d)cpt", rest[0])) is None:
        return f"any drug, {' '.join(rest)}"
    compartments = f"{number[1]} compartment{'s' if number[1] != '1' else ''}"
    return ", ".join(["any drug", compartments, *(_STRUCTURE.get(one, one) for one in rest[1:])])
