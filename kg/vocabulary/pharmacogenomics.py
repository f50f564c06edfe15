"""Pharmacogenomics: star alleles, the phenotypes of genes that two of them make, and what both mean for a drug.

From a genome to advice: variants define haplotypes (`haplotype_has_variant`, with the alternate that each needs),
haplotypes have a function (`haplotype_of_gene`), two functions or the sum of two activity scores make a gene's
phenotype (`phenotype_of_gene`), and phenotypes guide drugs (`phenotype_guides_drug`). No diplotype is a node: the two
functions say what thirty thousand of them would.
"""

from kg.vocabulary.terms import AttributeType, NodeKind, Relation

KINDS = (
    NodeKind("Haplotype", "biolink:Haplotype", ("PANAKEIA",), {"gene": "string", "allele_name": "string"}),
    NodeKind("GenePhenotype", "biolink:PhenotypicFeature", ("PANAKEIA",), {"gene": "string", "phenotype": "string"}),
)
"""`gene` is a CURIE; `allele_name` (`*2`) and `phenotype` (`Poor Metabolizer`) are the names inside the gene."""

ANNOTATED: dict[str, AttributeType] = {
    "level": "string",
    "category": "string",
    "score": "double",
    "condition": "string",
}
"""What a graded annotation of a variant or haplotype and a drug says: level of evidence, what changes (efficacy,
toxicity, ...), its score, and in whom."""

_RULE: dict[str, AttributeType] = {
    "function_pairs": "string[]",
    "activity_score_low": "double",
    "activity_score_high": "double",
}
"""Two functions as `A/B` in alphabetical order (one alone where a person has one copy), and the total activity score,
both ends included; without a high end it is open above."""

_GUIDANCE: dict[str, AttributeType] = {
    "recommendation": "string",
    "classification": "string",
    "therapy_changes": "string",
    "implications": "string",
    "comments": "string",
    "population": "string",
    "guideline": "string",
    "guideline_url": "string",
    "genotype_group": "string",
    **_RULE,
    "other_phenotype": "string",
    "other_activity_score_low": "double",
    "other_activity_score_high": "double",
}
"""`classification` is the strength; `genotype_group` the part of the phenotype that is meant, where not all of it is;
`other_phenotype` the CURIE of the second gene's phenotype, where two genes matter: then each of the two has the edge,
and whoever asks from both takes that where `subject < other_phenotype`."""

RELATIONS = (
    Relation(
        "haplotype_of_gene",
        "Haplotype",
        "Gene",
        "biolink:variant_part_of",
        attributes={"function": "string", "activity_score": "double", "defined_by": "string"},
    ),
    Relation(
        "haplotype_has_variant",
        "Haplotype",
        "Variant",
        "biolink:has_variant_part",
        attributes={
            "chromosome": "string",
            "position": "int64",
            "reference": "string",
            "allele": "string",
            "hgvs": "string",
        },
        identity=("position", "reference", "allele"),
    ),
    Relation("phenotype_of_gene", "GenePhenotype", "Gene", "biolink:phenotype_of", attributes=_RULE),
    Relation(
        "phenotype_guides_drug",
        "GenePhenotype",
        "Drug",
        "biolink:associated_with_response_to",
        attributes=_GUIDANCE,
        identity=(
            "guideline",
            "population",
            "genotype_group",
            "activity_score_low",
            "activity_score_high",
            "other_phenotype",
            "other_activity_score_low",
            "other_activity_score_high",
        ),
    ),
    Relation(
        "gene_affects_drug",
        "Gene",
        "Drug",
        "biolink:associated_with_response_to",
        attributes={
            "cpic_level": "string",
            "cpic_status": "string",
            "pharmgkb_level": "string",
            "fda_label": "string",
            "guideline_url": "string",
        },
    ),
    Relation(
        "haplotype_affects_drug",
        "Haplotype",
        "Drug",
        "biolink:associated_with_response_to",
        attributes=ANNOTATED,
        identity=tuple(ANNOTATED),
    ),
)
"""A variant's `allele` and `reference` are as a VCF of GRCh38 writes them, `position` its first base from 1;
`defined_by` says what makes the haplotype: the `reference` sequence itself, `variants`, or a `structural` change."""
