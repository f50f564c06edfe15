"""A made-up graph of drugs that harm, and patients who have, take and carry what makes them harmful."""

from typing import Any

from kg.graph import Graph
from tests.conftest import make_graph

Edge = tuple[str, str, str, dict[str, Any]]

SIMVASTATIN, CLARITHROMYCIN, RIFAMPICIN = "DRUGBANK:DB00641", "DRUGBANK:DB01211", "DRUGBANK:DB01045"
AMOXICILLIN, BENZYLPENICILLIN, AMPICILLIN = "DRUGBANK:DB01060", "DRUGBANK:DB01053", "DRUGBANK:DB00415"
METFORMIN, CLOPIDOGREL, PROPRANOLOL = "DRUGBANK:DB00331", "DRUGBANK:DB00758", "DRUGBANK:DB00571"
CYP3A4, CYP2C19, ADRB2 = "NCBIGene:1576", "NCBIGene:1557", "NCBIGene:154"
ASTHMA, CHILDHOOD_ASTHMA, RHABDOMYOLYSIS, GOUT = "DOID:2841", "DOID:0080815", "HP:0003201", "DOID:13189"
DIABETES = "DOID:9351"
PENICILLINS, P450_INHIBITORS = "NDFRT:N0000011281", "NDFRT:N0000182141"

NODES: dict[str, list[dict[str, object]]] = {
    "Gene": [
        {"id": CYP3A4, "name": "CYP3A4"},
        {"id": CYP2C19, "name": "CYP2C19"},
        {"id": ADRB2, "name": "ADRB2"},
    ],
    "Drug": [
        {"id": SIMVASTATIN, "name": "Simvastatin", "atc_codes": ["C10AA01"]},
        {"id": CLARITHROMYCIN, "name": "Clarithromycin", "atc_codes": ["J01FA09"]},
        {"id": RIFAMPICIN, "name": "Rifampicin", "atc_codes": ["J04AB02"]},
        {"id": AMOXICILLIN, "name": "Amoxicillin", "atc_codes": ["J01CA04"]},
        {"id": AMPICILLIN, "name": "Ampicillin", "atc_codes": ["J01CA01"]},
        {"id": BENZYLPENICILLIN, "name": "Benzylpenicillin", "atc_codes": ["J01CE01"]},
        {"id": METFORMIN, "name": "Metformin", "atc_codes": ["A10BA02"]},
        {"id": CLOPIDOGREL, "name": "Clopidogrel", "atc_codes": ["B01AC04"]},
        {"id": PROPRANOLOL, "name": "Propranolol", "atc_codes": ["C07AA05"]},
    ],
    "Disease": [
        {"id": ASTHMA, "name": "asthma"},
        {"id": CHILDHOOD_ASTHMA, "name": "childhood-onset asthma"},
        {"id": GOUT, "name": "gout", "xrefs": ["UMLS:C0018099"]},
        {"id": DIABETES, "name": "diabetes mellitus"},
    ],
    "Phenotype": [
        {"id": RHABDOMYOLYSIS, "name": "Rhabdomyolysis", "xrefs": ["UMLS:C0035410"]},
        {"id": "HP:0002094", "name": "Dyspnea", "xrefs": ["UMLS:C0013404"]},
    ],
    "SideEffect": [
        {"id": "UMLS:C0035410", "name": "Rhabdomyolysis"},
        {"id": "UMLS:C0013404", "name": "Dyspnoea"},
        {"id": "UMLS:C0018099", "name": "Gout"},
    ],
    "PharmacologicClass": [
        {"id": PENICILLINS, "name": "Penicillins"},
        {"id": P450_INHIBITORS, "name": "Cytochrome P450 3A4 Inhibitors"},
        {"id": "NDFRT:N0000009922", "name": "Adrenergic beta2-Agonists"},
    ],
    "Variant": [
        {"id": "DBSNP:rs4149056", "name": "SLCO1B1 521T>C"},
        {"id": "DBSNP:rs1042713", "name": "ADRB2 R16G"},
    ],
    "Haplotype": [
        {"id": f"PANAKEIA:CYP2C19*{n}", "name": f"CYP2C19*{n}", "gene": CYP2C19, "allele_name": f"*{n}"} for n in (1, 2)
    ],
    "GenePhenotype": [
        {
            "id": f"PANAKEIA:CYP2C19_{word}_Metabolizer",
            "name": f"CYP2C19 {word} Metabolizer",
            "gene": CYP2C19,
            "phenotype": f"{word} Metabolizer",
        }
        for word in ("Normal", "Poor")
    ],
    "Entity": [
        {"id": "SNOMEDCT:91936005", "name": "Allergy to penicillin", "category": "biolink:NamedThing"},
        {"id": "SNOMEDCT:300913006", "name": "Shellfish allergy", "category": "biolink:NamedThing"},
        {"id": "SNOMEDCT:294505008", "name": "Allergy to amoxicillin (finding)", "category": "biolink:NamedThing"},
    ],
    "Patient": [
        {"id": f"PANAKEIA:P-{n}", "name": f"P-{n}", "consent": "withdrawn" if n == 9 else None} for n in range(1, 10)
    ],
}

SIDER = {"source": "sider", "source_version": "4.1", "licence": "CC-BY-NC-SA-4.0"}
DRUGBANK = {"source": "drugbank", "source_version": "4.2"}
CPIC = {"source": "cpic", "source_version": "1.30.0", "classification": "Strong", "function_pairs": []}


def of(n: int, relation: str, node: str, **more: object) -> Edge:
    return f"patient_{relation}", f"PANAKEIA:P-{n}", node, {"day": 100, "record": f"r{n}"} | more


EDGES: tuple[Edge, ...] = (
    ("contraindicated_in", PROPRANOLOL, ASTHMA, {"source": "primekg"}),
    (
        "contraindicated_in_phenotype",
        CLARITHROMYCIN,
        "HP:0002094",
        {"source": "primekg", "qualifiers": "sex_qualifier=PATO:0000383"},
    ),
    ("drug_related_to_disease", METFORMIN, GOUT, {"predicate": "biolink:applied_to_treat", "source": "primekg"}),
    ("disease_related_to_disease", CHILDHOOD_ASTHMA, ASTHMA, {"predicate": "biolink:subclass_of"}),
    ("not_indicated_for", METFORMIN, GOUT, {"votes": ["AJG=NOT", "PK=NOT"]}),
    ("causes_side_effect", SIMVASTATIN, "UMLS:C0035410", {"frequency_low": 0.0, "frequency_high": 0.001, **SIDER}),
    ("causes_side_effect", SIMVASTATIN, "UMLS:C0035410", {"source": "hetionet"}),
    (
        "causes_side_effect",
        PROPRANOLOL,
        "UMLS:C0013404",
        {"frequency_low": 0.02, "frequency_high": 0.05, "placebo_frequency_high": 0.01, **SIDER},
    ),
    ("causes_side_effect", METFORMIN, "UMLS:C0018099", {}),
    ("causes_side_effect", PROPRANOLOL, "UMLS:C0018099", {}),
    ("treats", METFORMIN, GOUT, {}),
    ("binds", SIMVASTATIN, CYP3A4, {"category": "enzyme", "action": "substrate", **DRUGBANK}),
    ("binds", CLARITHROMYCIN, CYP3A4, {"category": "enzyme", "action": "inhibitor|substrate", **DRUGBANK}),
    ("binds", RIFAMPICIN, CYP3A4, {"category": "enzyme", "action": "inducer", **DRUGBANK}),
    ("binds", PROPRANOLOL, ADRB2, {"category": "target", "action": "antagonist", **DRUGBANK}),
    ("binds", METFORMIN, CYP3A4, {"category": "target", "action": "inhibitor", **DRUGBANK}),
    ("class_includes_drug", P450_INHIBITORS, CLARITHROMYCIN, {"source": "drugcentral"}),
    ("class_includes_drug", PENICILLINS, AMOXICILLIN, {"source": "drugcentral"}),
    ("class_includes_drug", PENICILLINS, BENZYLPENICILLIN, {"source": "drugcentral"}),
    ("class_includes_drug", "NDFRT:N0000009922", AMOXICILLIN, {"source": "drugcentral"}),
    ("class_includes_drug", "NDFRT:N0000009922", PROPRANOLOL, {"source": "drugcentral"}),
    ("drug_related_to_drug", METFORMIN, PROPRANOLOL, {"predicate": "biolink:pharmacologically_interacts_with"}),
    (
        "variant_affects_drug",
        "DBSNP:rs4149056",
        SIMVASTATIN,
        {"level": "1A", "category": "Toxicity", "source": "pharmgkb", "references": ["PMID:18650507"]},
    ),
    ("variant_affects_drug", "DBSNP:rs4149056", METFORMIN, {"level": "3", "category": "Toxicity"}),
    ("variant_affects_drug", "DBSNP:rs4149056", RIFAMPICIN, {"effect": "slower uptake: lower dose"}),
    ("variant_confers_resistance_to_drug", "DBSNP:rs1042713", CLOPIDOGREL, {"level": "D", "disease_name": "a cancer"}),
    ("variant_affects_drug", "DBSNP:rs4149056", PROPRANOLOL, {"level": "1A", "category": "Efficacy"}),
    ("variant_in_gene", "DBSNP:rs1042713", ADRB2, {}),
    ("disease_associates_gene", ASTHMA, ADRB2, {"references": ["PMID:1"]}),
    ("phenotype_of_gene", "PANAKEIA:CYP2C19_Poor_Metabolizer", CYP2C19, {"function_pairs": ["No/No"]}),
    (
        "phenotype_guides_drug",
        "PANAKEIA:CYP2C19_Poor_Metabolizer",
        CLOPIDOGREL,
        {
            **CPIC,
            "recommendation": "Avoid clopidogrel if possible.",
            "references": ["PMID:35034351"],
            "guideline_url": "https://cpicpgx.org/a",
        },
    ),
    (
        "phenotype_guides_drug",
        "PANAKEIA:CYP2C19_Normal_Metabolizer",
        CLOPIDOGREL,
        {**CPIC, "recommendation": "Use the label's dose."},
    ),
    # 1: asthma in childhood, still; a condition and an allergy that are denied
    of(1, "has_condition", CHILDHOOD_ASTHMA),
    of(1, "has_condition", GOUT, negated=True),
    of(1, "allergic_to_drug", AMOXICILLIN, negated=True),
    of(1, "has_gene_phenotype", "PANAKEIA:CYP2C19_Poor_Metabolizer", negated=False),
    # 2: over long ago
    of(2, "has_condition", ASTHMA, day=10, end_day=20),
    of(2, "has_phenotype", RHABDOMYOLYSIS, day=10, end_day=20),
    of(2, "has_phenotype", "HP:0002094", day=10, end_day=20),
    of(2, "has_condition", GOUT, day=100),
    of(2, "has_gene_phenotype", "PANAKEIA:CYP2C19_Normal_Metabolizer", negated=False),
    # 3: allergic to amoxicillin; 4: to penicillin, by the name alone; 5: to shellfish, and amoxicillin by name
    of(3, "allergic_to_drug", AMOXICILLIN),
    of(4, "allergic_to_entity", "SNOMEDCT:91936005"),
    of(5, "allergic_to_entity", "SNOMEDCT:300913006"),
    of(5, "allergic_to_entity", "SNOMEDCT:294505008"),
    # 6: takes clarithromycin since a week; took rifampicin a year ago
    of(6, "takes_drug", CLARITHROMYCIN, day=1000, end_day=1010),
    of(6, "takes_drug", RIFAMPICIN, day=600, end_day=640),
    of(6, "has_phenotype", "HP:0002094", day=1005),
    # 7: takes metformin, with no end told; carries a variant
    of(7, "takes_drug", METFORMIN, day=1000),
    of(7, "carries_variant", "DBSNP:rs4149056", copies=1, day=None),
    of(7, "carries_variant", "DBSNP:rs1042713", copies=0, negated=True),
    of(8, "carries_variant", "DBSNP:rs1042713", copies=2),
    of(9, "has_condition", ASTHMA),
)
GRAPH: Graph = make_graph(NODES, EDGES)
