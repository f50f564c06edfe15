"""Alterations: what the name of a variant in CIViC stands for, and whether a small variant can be it.

CIViC names one change of a protein (`V600E`), several (`D835H/Y`), every one of a codon (`R882`), of an exon or a
domain (`EXON 12 MUTATION`, `TKD MUTATION`), a class within the gene (`MUTATION`, `TRUNCATING MUTATION`), or what no
small variant shows: fusions, expression, copy number, methylation, the wild type. A change inside a fusion
(`BCR-ABL T315I`) is of the last sort, as a small variant says nothing of the fusion.
"""

import re
from dataclasses import dataclass
from typing import Literal

from kg.oncology.change import Change, Residue, change

Kind = Literal["change", "codon", "exon", "region", "duplication", "gene", "place", "unseen"]


@dataclass(frozen=True, slots=True)
class Alteration:
    """What a name stands for.

    A `change` is one of `changes`, a `codon` one of `codons`; an `exon` is one of those from the first to the last of
    `exons`, a `place` known by its bases in the genome only. `of` says which changes of an exon, a region or a gene are
    meant; of what is `unseen`, what it needs beside the small variants: of a fusion with a change inside it, `changes`
    or `codons` have that.
    """

    kind: Kind
    of: str = ""
    changes: tuple[Change, ...] = ()
    codons: tuple[Residue, ...] = ()
    exons: tuple[int, int] = (0, 0)


FUSION = "a fusion"
UNSEEN: tuple[tuple[str, str], ...] = (
    (r".* AND .*|EX\d+ DEL .*|.*\bBIALLELIC\b.*|.*HOMOZYGOSITY", "several changes at once"),
    (r".*EXPRESSION|SERUM LEVELS|.*PHOSPHORYLATION|.*(TRANS|MIS)LOCALI[SZ]ATION|NUCLEAR TRANSLOCATION", "expression"),
    (r"ALTERNATIVE TRANSCRIPT.*|VIII", "expression"),
    (r".*METHYLATION", "methylation"),
    (r"WILD ?-?TYPE", "the wild type"),
    (r"AMPLIFICATION|COPY NUMBER.*|COPY-NEUTRAL .*|LOSS|LOH|DELETION|NULL .*|.* 11MB DEL|T17 DELETION", "copy number"),
    (r".*DELETION POLYMORPHISM|3' EXON DELETION|DEL ?[0-9-]+", "copy number"),
    (r"RARE .*|ACTIVATING MUTATION|GAIN-OF-FUNCTION|NON-P-LOOP .*", "what the name leaves open"),
    (r".*\bFUSIONS?\b.*|.*REARRANGEMENT|DOUBLE PH", FUSION),
)
"""What names are of that no small variant shows, in the order in which they are tried -> what it needs instead."""

GENE_CLASSES: tuple[tuple[str, str], ...] = (
    (r"MUTATIONS?|ALTERATION", "mutation"),
    (r"TRUNCATING MUTATION", "truncation"),
    (r"FRAMESHIFT (MUTATION|TRUNCATION)", "frameshift"),
    (r"LOSS-OF-FUNCTION|INACTIVATING MUTATION|DELETERIOUS MUTATION", "loss of function"),
)

REGIONS: tuple[tuple[str, str], ...] = (
    (r".*DOMAIN (MUTATION|MUT)|TKD MUTATION|P-LOOP MUTATION", "domain"),
    (r"PROMOTER MUTATION|[35]' UTR MUTATION|INTRON [0-9]+ MUTATION", "noncoding"),
    (r"N-TERMINAL FRAME ?SHIFT", "frameshift"),
)

RESIDUES: dict[tuple[str, str], tuple[int, int]] = {
    ("NCBIGene:2322", "TKD MUTATION"): (610, 943),
    ("NCBIGene:2322", "ITD"): (572, 630),
    ("NCBIGene:4233", "EXON 14 SKIPPING MUTATION"): (963, 1010),
}
"""The residues of regions that CIViC's own variants do not tell: the protein kinase domain of FLT3 (UniProt P36888),
of which CIViC has only the place of an example; its internal tandem duplications, from the juxtamembrane to the second
beta sheet of that domain (Breitenbuecher et al., Blood 2009;113:4074); exon 14 of MET (Frampton et al., Cancer
Discovery 2015;5:850). The domains of ABL1 are not here: CIViC means those of BCR-ABL, which no small variant shows."""

_EXON = re.compile(r"EXON ([0-9]{1,3})(?:-([0-9]{1,3}))? (MUTATION|DELETION|INSERTION|FRAMESHIFT|SKIPPING MUTATION)")
_CODONS = re.compile(r"[A-Z][0-9]{1,6}(?:/[A-Z][0-9]{1,6})*")
_ALTERNATIVES = re.compile(r"([A-Z][0-9]{1,6})([A-Z*])/([A-Z*])")
_OTHER_CODON = re.compile(r"NON-([A-Z])([0-9]{1,6})")
_DUPLICATION = re.compile(r"(?:FLT3-)?ITD|(?:INTERNAL|TANDEM|INTERNAL TANDEM) DUPLICATION")
_IN_DNA = re.compile(r"\s*\(?\bc\..*")
_OF_FUSION = re.compile(r"[A-Z0-9]+-[A-Z0-9]+\b.*", re.IGNORECASE)

_SMALL_DELETIONS = frozenset({("NCBIGene:1956", 19)})
"""Genes and exons of which a "deletion" is that of a few residues inside the exon, in frame: exon 19 of EGFR (Lynch et
al., NEJM 2004;350:2129). Elsewhere it is that of the whole exon, which no small variant is."""


def alteration(gene: str, symbol: str, name: str) -> Alteration:
    """Return what the name of a variant of a gene (as a CURIE, and its symbol) stands for.

    >>> alteration("NCBIGene:673", "BRAF", "V600E").kind, alteration("NCBIGene:1788", "DNMT3A", "R882").kind
    ('change', 'codon')
    >>> alteration("NCBIGene:25", "ABL1", "BCR-ABL T315I").of
    'a fusion'
    """
    own = name.strip().removeprefix(f"{symbol} ").strip()
    upper = own.upper()
    for read in (_of_gene, _of_region, _of_exon):
        if found := read(gene, upper):
            return found
    if reason := _of_list(UNSEEN, upper):
        return _in_fusion(own) if reason == FUSION else Alteration("unseen", reason)
    if _CODONS.fullmatch(own):
        return Alteration("codon", codons=tuple(Residue(one[0], int(one[1:])) for one in own.split("/")))
    changes = _changes(_IN_DNA.sub("", own))
    if changes:
        return Alteration("change", changes=changes)
    return _in_fusion(own) if _OF_FUSION.fullmatch(own) else Alteration("place")


def _in_fusion(own: str) -> Alteration:
    """Return a fusion, with the change or the codon inside it that its name ends in, if it does."""
    last = own.split(" ")[-1]
    if _CODONS.fullmatch(last):
        return Alteration("unseen", FUSION, codons=(Residue(last[0], int(last[1:].split("/")[0])),))
    return Alteration("unseen", FUSION, changes=_changes(last) if " " in own else ())


def _changes(text: str) -> tuple[Change, ...]:
    either = _ALTERNATIVES.fullmatch(text)
    spelt = [either[1] + letter for letter in (either[2], either[3])] if either else [text]
    found = [change(one) for one in spelt]
    return tuple(one for one in found if one is not None and one.kind != "silent" and one.first.letter)


def _of_gene(gene: str, upper: str) -> Alteration | None:
    if other := _OTHER_CODON.fullmatch(upper):
        return Alteration("gene", "other codons", codons=(Residue(other[1], int(other[2])),))
    what = _of_list(GENE_CLASSES, upper)
    return Alteration("gene", what) if what else None


def _of_region(gene: str, upper: str) -> Alteration | None:
    if _DUPLICATION.fullmatch(upper):
        return Alteration("duplication")
    what = _of_list(REGIONS, upper)
    return Alteration("region", what) if what else None


def _of_exon(gene: str, upper: str) -> Alteration | None:
    found = _EXON.fullmatch(upper)
    if not found:
        return None
    exons = int(found[1]), int(found[2] or found[1])
    what = found[3].split(" ")[0].lower()
    if what == "deletion" and (gene, exons[0]) not in _SMALL_DELETIONS:
        return Alteration("unseen", "copy number", exons=exons)
    return Alteration("exon", what, exons=exons)


def _of_list(patterns: tuple[tuple[str, str], ...], upper: str) -> str:
    return next((what for pattern, what in patterns if re.fullmatch(pattern, upper)), "")
