"""Severe: the side effects that are severe by what they are, whoever has them.

Assumed: no source of the graph grades how severe an effect was, so that its term decides. The terms are those that
regulators single out: the European Medicines Agency's designated medical events (EMA/326038/2020: serious, often caused
by drugs, and rare otherwise, so that a single report is looked at), and what the FDA proposed to have reported at once
whatever its cause (68 FR 12406, 2003). EMA's important medical events, a third of MedDRA, would tell no drugs apart.
"""

SEVERE: dict[str, str] = {
    # blood
    "UMLS:C0001824": "Agranulocytosis",
    "UMLS:C0034902": "Aplasia pure red cell",
    "UMLS:C0002874": "Aplastic anaemia",
    "UMLS:C1368107": "Bone marrow aplastic",
    "UMLS:C1095923": "Febrile bone marrow aplasia",
    "UMLS:C0002880": "Autoimmune haemolytic anaemia",
    "UMLS:C0002878": "Haemolytic anaemia",
    "UMLS:C1387528": "Acute haemolytic anaemia",
    "UMLS:C0019054": "Haemolysis",
    "UMLS:C0746883": "Febrile neutropenia",
    "UMLS:C1167779": "Neutropenic infection",
    "UMLS:C0877153": "Neutropenic sepsis",
    "UMLS:C0030312": "Pancytopenia",
    "UMLS:C0034155": "Thrombotic thrombocytopenic purpura",
    # allergy and skin
    "UMLS:C0002792": "Anaphylactic shock",
    "UMLS:C0340865": "Anaphylactoid reaction",
    "UMLS:C0002994": "Angioedema",
    "UMLS:C0011606": "Dermatitis exfoliative",
    "UMLS:C1142139": "Drug reaction with eosinophilia and systemic symptoms",
    "UMLS:C0014742": "Erythema multiforme",
    "UMLS:C0038325": "Stevens-Johnson syndrome",
    "UMLS:C0014518": "Toxic epidermal necrolysis",
    # liver, pancreas, bowel
    "UMLS:C0162557": "Acute hepatic failure",
    "UMLS:C0241910": "Autoimmune hepatitis",
    "UMLS:C0860207": "Drug-induced liver injury",
    "UMLS:C0085605": "Hepatic failure",
    "UMLS:C0151798": "Hepatic necrosis",
    "UMLS:C0302809": "Hepatitis fulminant",
    "UMLS:C0035400": "Reye's syndrome",
    "UMLS:C0030305": "Pancreatitis",
    "UMLS:C0001339": "Pancreatitis acute",
    "UMLS:C0267940": "Pancreatitis haemorrhagic",
    "UMLS:C0267941": "Pancreatitis necrotising",
    "UMLS:C0021845": "Intestinal perforation",
    "UMLS:C0400823": "Neutropenic colitis",
    # kidney and muscle
    "UMLS:C2609414": "Acute kidney injury",
    "UMLS:C0022660": "Renal failure acute",
    "UMLS:C0035078": "Renal failure",
    "UMLS:C0242528": "Azotaemia",
    "UMLS:C0035410": "Rhabdomyolysis",
    # heart, vessels, lungs
    "UMLS:C0040479": "Torsade de pointes",
    "UMLS:C0042510": "Ventricular fibrillation",
    "UMLS:C0020540": "Malignant hypertension",
    "UMLS:C2973725": "Pulmonary arterial hypertension",
    "UMLS:C0020542": "Pulmonary hypertension",
    "UMLS:C0034069": "Pulmonary fibrosis",
    "UMLS:C0264490": "Acute respiratory failure",
    # eye, ear, brain
    "UMLS:C0456909": "Blindness",
    "UMLS:C0155002": "Sudden visual loss",
    "UMLS:C0155305": "Optic ischaemic neuropathy",
    "UMLS:C0011053": "Deafness",
    "UMLS:C0018784": "Deafness neurosensory",
    "UMLS:C0151585": "Deafness permanent",
    "UMLS:C0011057": "Sudden hearing loss",
    "UMLS:C0036572": "Convulsion",
}
"""UMLS concept -> its term in MedDRA; older terms of MedDRA stand beside those that replaced them."""
