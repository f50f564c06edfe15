"""Variation: variants and haplotypes, the diseases they cause, and the drugs they change the response to."""

from kg.vocabulary.pharmacogenomics import ANNOTATED
from kg.vocabulary.terms import NodeKind, Relation

KINDS = (
    NodeKind(
        "Variant",
        "biolink:SequenceVariant",
        ("DBSNP", "CLINVAR", "CAID", "CIVIC.VID", "PANAKEIA"),
        {
            "gene": "string",
            "allele": "string",
            "hgvs": "string[]",
            "type": "string",
            "grch37": "string",
            "grch38": "string",
            "alteration": "string",
            "span_grch37": "string",
        },
    ),
)
"""`grch37` and `grch38` are the place in each build, as chromosome-position-reference-alternate on its plus strand.

`alteration` is what a source of tumours' variants calls it within its gene, which may be a class (`EXON 12 MUTATION`),
and `span_grch37` where that is, as chromosome:start-stop, both ends included."""

RELATIONS = (
    Relation("variant_in_gene", "Variant", "Gene", "biolink:is_sequence_variant_of"),
    Relation(
        "variant_affects_drug",
        "Variant",
        "Drug",
        "biolink:associated_with_response_to",
        attributes={"effect": "string", **ANNOTATED},
        identity=tuple(ANNOTATED),
    ),
    Relation("variant_causes_disease", "Variant", "Disease", "biolink:causes", attributes={"cases": "int64"}),
)
