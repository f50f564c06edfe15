"""Biology: genes, drugs, diseases, anatomy, processes, and what joins them: Hetionet's relations and a few more."""

from kg.vocabulary.terms import AttributeType, NodeKind, Relation

_CHEMICALS = (
    "CHEMBL.COMPOUND",
    "PUBCHEM.COMPOUND",
    "CHEBI",
    "UNII",
    "PHARMGKB.DRUG",
    "MESH",
    "UMLS",
    "ATC",
    "NDC",
    "CVX",
)
_DISEASES = (
    "MONDO",
    "OMIM",
    "OMIM.PS",
    "ORPHANET",
    "DECIPHER",
    "EFO",
    "UMLS",
    "MESH",
    "NCIT",
    "ICD10",
    "ICD10CM",
    "ICD9",
    "HP",
)

KINDS = (
    NodeKind(
        "Gene",
        "biolink:Gene",
        ("NCBIGene", "HGNC", "ENSEMBL", "UniProtKB", "PR", "PHARMGKB.GENE"),
        {"type": "string"},
    ),
    NodeKind(
        "Drug",
        "biolink:Drug",
        ("DRUGBANK", "RXNORM", *_CHEMICALS, "PANAKEIA"),
        {
            "inchi": "string",
            "inchikey": "string",
            "type": "string",
            "groups": "string[]",
            "atc_codes": "string[]",
            "categories": "string[]",
            "half_life_h": "double",
            "half_life_text": "string",
            "molecular_weight_g_per_mol": "double",
            "logp": "double",
        },
    ),
    NodeKind("Disease", "biolink:Disease", ("DOID", "SNOMEDCT", *_DISEASES, "PANAKEIA")),
    NodeKind("Anatomy", "biolink:AnatomicalEntity", ("UBERON", "CL", "MESH", "UMLS")),
    NodeKind("BiologicalProcess", "biolink:BiologicalProcess", ("GO",)),
    NodeKind("CellularComponent", "biolink:CellularComponent", ("GO",)),
    NodeKind("MolecularFunction", "biolink:MolecularActivity", ("GO",)),
    NodeKind("Pathway", "biolink:Pathway", ("WIKIPATHWAYS", "REACT", "PANAKEIA")),
    NodeKind("PharmacologicClass", "biolink:ChemicalRole", ("NDFRT", "MESH", "CHEBI")),
    NodeKind("SideEffect", "biolink:PhenotypicFeature", ("UMLS",)),
    NodeKind("Symptom", "biolink:PhenotypicFeature", ("MESH",)),
)

_ANNOTATED: dict[str, AttributeType] = {"evidence_codes": "string[]"}
_COUNTED: dict[str, AttributeType] = {
    "cooccurrence": "int64",
    "expected": "double",
    "enrichment": "double",
    "odds_ratio": "double",
    "p_fisher": "double",
}

RELATIONS = (
    # A drug's own verbs stand alone; a verb that several kinds share is written with both ends.
    Relation("treats", "Drug", "Disease", "biolink:treats", attributes={"votes": "string[]"}),
    Relation("palliates", "Drug", "Disease", "biolink:ameliorates_condition", attributes={"votes": "string[]"}),
    Relation(
        "binds",
        "Drug",
        "Gene",
        "biolink:directly_physically_interacts_with",
        attributes={"action": "string", "category": "string", "affinity_nM": "double"},
        identity=("category",),  # one protein may be a drug's target and its enzyme
    ),
    Relation(
        "causes_side_effect",
        "Drug",
        "SideEffect",
        "biolink:has_side_effect",
        attributes={
            "frequency_low": "double",
            "frequency_high": "double",
            "frequency_text": "string",
            "placebo_frequency_low": "double",
            "placebo_frequency_high": "double",
        },
    ),
    Relation("drug_upregulates_gene", "Drug", "Gene", "biolink:affects"),
    Relation("drug_downregulates_gene", "Drug", "Gene", "biolink:affects"),
    Relation("drug_resembles_drug", "Drug", "Drug", "biolink:chemically_similar_to", symmetric=True),
    Relation("class_includes_drug", "PharmacologicClass", "Drug", "biolink:is_chemical_role_of"),
    Relation("disease_associates_gene", "Disease", "Gene", "biolink:associated_with"),
    Relation("disease_upregulates_gene", "Disease", "Gene", "biolink:affects"),
    Relation("disease_downregulates_gene", "Disease", "Gene", "biolink:affects"),
    Relation("disease_localizes_to_anatomy", "Disease", "Anatomy", "biolink:disease_has_location"),
    Relation("disease_presents_symptom", "Disease", "Symptom", "biolink:has_phenotype"),
    Relation(
        "disease_resembles_disease", "Disease", "Disease", "biolink:similar_to", symmetric=True, attributes=_COUNTED
    ),
    Relation("gene_interacts_gene", "Gene", "Gene", "biolink:physically_interacts_with", symmetric=True),
    Relation("gene_covaries_gene", "Gene", "Gene", "biolink:correlated_with", symmetric=True),
    Relation("gene_regulates_gene", "Gene", "Gene", "biolink:regulates"),
    Relation(
        "gene_participates_in_biological_process",
        "Gene",
        "BiologicalProcess",
        "biolink:participates_in",
        attributes=_ANNOTATED,
    ),
    Relation(
        "gene_participates_in_cellular_component",
        "Gene",
        "CellularComponent",
        "biolink:located_in",
        attributes=_ANNOTATED,
    ),
    Relation(
        "gene_participates_in_molecular_function", "Gene", "MolecularFunction", "biolink:enables", attributes=_ANNOTATED
    ),
    Relation("gene_participates_in_pathway", "Gene", "Pathway", "biolink:participates_in"),
    Relation("anatomy_expresses_gene", "Anatomy", "Gene", "biolink:expresses"),
    Relation("anatomy_upregulates_gene", "Anatomy", "Gene", "biolink:expresses"),
    Relation("anatomy_downregulates_gene", "Anatomy", "Gene", "biolink:expresses"),
)
