"""Calls: from a sample's genotypes to the diplotype, phenotype and activity score of each gene, or why there is none.

A gene is called from the VCF by `kg.pharmacogenomics.match`, DPYD and RYR1 by `kg.pharmacogenomics.lowest`. CYP2D6 is
not: its copies and hybrids do not show in single variants. What was found elsewhere (`outside`) is taken instead of a
call from the VCF. Whatever leaves a call in doubt is in its notes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kg.fetch import Fetch
from kg.pharmacogenomics import lowest
from kg.pharmacogenomics.alleles import HLA, hla_status
from kg.pharmacogenomics.definitions import GENES, Definition, in_order, read_definitions
from kg.pharmacogenomics.gathered import Gathered, copies_of, gather, missing_notes, required, some, unexplained
from kg.pharmacogenomics.match import Matched, match
from kg.pharmacogenomics.outside import OutsideCall
from kg.pharmacogenomics.phenotype import Judged, Rules, read_rules, shared
from kg.pharmacogenomics.places import Places, read_places
from kg.pharmacogenomics.records import UNKNOWN
from kg.pharmacogenomics.strands import Strands, strands
from kg.pharmacogenomics.vcf import Sample, read_genotypes

NOT_FROM_A_VCF = {
    "CYP2D6": "not from a VCF: copies, deletions and hybrids of CYP2D6 do not show in single variants",
    "HLA-A": "not from a VCF: HLA alleles are not told by single variants",
    "HLA-B": "not from a VCF: HLA alleles are not told by single variants",
    "MT-RNR1": "not from a VCF: the definitions have no positions of MT-RNR1",
}
"""Genes that are taken from an outside call only, and why."""
GIVE_IT = "; give it as an outside call"

KEY_SITE = ("SLCO1B1", "rs4149056", "*5", "*1")
"""CPIC's guideline on statins lets rs4149056 alone stand for SLCO1B1: gene, site, allele with it, allele without it."""


@dataclass(frozen=True)
class GeneResult:
    """What was found of a gene.

    `diplotypes` are all that fit equally well; `looked_up` are the alleles of each by which phenotype and advice are
    found, which in genes of the lowest function are fewer than those in `components` (with their copies). `untold` are
    alleles that missing positions leave open, and `possible` the phenotypes that the gene may have for it. `copies` are
    those of the alternate allele at each known site that has a dbSNP number.
    """

    gene: str
    method: str = ""
    diplotypes: tuple[str, ...] = ()
    looked_up: tuple[tuple[str, ...], ...] = ()
    phenotype: str | None = None
    activity_score: float | None = None
    functions: tuple[str | None, ...] = ()
    score: int = 0
    missing_positions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    components: Mapping[str, int] = field(default_factory=dict)
    untold: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    copies: Mapping[str, int] = field(default_factory=dict)

    @property
    def called(self) -> bool:
        """Whether anything is known of the gene."""
        return bool(self.diplotypes) or self.phenotype is not None or self.activity_score is not None

    def to_json(self) -> dict[str, object]:
        """Return the result as JSON values."""
        return {
            "diplotypes": list(self.diplotypes),
            "phenotype": self.phenotype,
            "activity_score": self.activity_score,
            "missing_positions": list(self.missing_positions),
            "note": "; ".join(self.notes),
            "method": self.method,
            "functions": list(self.functions),
            "match_score": self.score,
            "components": dict(self.components),
            "looked_up": ["/".join(pair) for pair in self.looked_up],
            "not_excluded": list(self.untold),
            "possible_phenotypes": list(self.possible),
        }


@dataclass(frozen=True)
class Caller:
    """All that is needed to call genes: definitions, where their positions are, and what alleles make."""

    definitions: Mapping[str, Definition]
    places: Places
    rules: Mapping[str, Rules]
    _judged: dict[tuple[str, ...], Judged] = field(default_factory=dict, repr=False, compare=False)

    @property
    def versions(self) -> dict[str, str]:
        """The editions of the definitions."""
        return {"PharmCAT's definitions": max(one.version for one in self.definitions.values())}

    def call(
        self, sample: Sample, build: str, outside: Mapping[str, OutsideCall] | None = None
    ) -> dict[str, GeneResult]:
        """Return what a sample's genotypes, and calls from elsewhere, say of each gene."""
        taken = outside or {}
        placed = self.places.sites(build)
        found: dict[str, GeneResult] = {}
        for gene in sorted({*self.definitions, *NOT_FROM_A_VCF, *taken}):
            if gene in taken:
                found[gene] = self._outside(taken[gene])
            elif gene in NOT_FROM_A_VCF:
                found[gene] = GeneResult(gene, notes=(NOT_FROM_A_VCF[gene] + GIVE_IT,))
            else:
                found[gene] = self._gene(self.definitions[gene], sample, build, placed)
        return found

    def _gene(self, definition: Definition, sample: Sample, build: str, placed: frozenset[object]) -> GeneResult:
        gathered = gather(definition, sample)
        missing = [at for at in range(len(definition.sites)) if at not in gathered.genotypes]
        unplaced = [at for at in missing if definition.sites[at] not in placed]
        empty = GeneResult(
            definition.gene,
            missing_positions=tuple(str(definition.sites[at]) for at in missing),
            notes=(*gathered.notes, *missing_notes(definition, missing, unplaced, build, gathered.why)),
            copies=copies_of(definition, gathered.genotypes),
        )
        if reason := gathered.refusal or required(definition, missing):
            return self._key_site(replace(empty, notes=(f"not called: {reason}", *empty.notes)), definition, gathered)
        on_strands = strands(definition, gathered.genotypes, gathered.copies)
        if definition.gene in lowest.GENES:
            return self._lowest(empty, on_strands)
        found = self._matched(empty, match(on_strands), on_strands)
        return found if found.called else self._key_site(found, definition, gathered)

    def _matched(self, empty: GeneResult, matched: Matched, on_strands: Strands) -> GeneResult:
        definition = on_strands.definition
        if not matched.diplotypes:
            return replace(empty, notes=(f"not called: {unexplained(on_strands)}", *empty.notes))
        judged = [self._judge(definition.gene, pair) for pair in matched.diplotypes]
        together = shared(judged)
        maybe = [self._judge(definition.gene, pair).phenotype or "unknown" for pair in matched.open]
        called = [one.phenotype or "unknown" for one in judged]
        notes = [together.why] if together.why else []
        if len(matched.diplotypes) > 1:
            notes.append(f"{len(matched.diplotypes)} diplotypes fit equally well")
        if matched.others:
            others = some(["/".join(pair) for pair in matched.others])
            notes.append(f"without phase also possible, and by PharmCAT's list less frequent: {others}")
        if matched.untold:
            notes.append(f"not excluded, for positions are missing: {some(matched.untold)}")
        return replace(
            empty,
            method="vcf",
            diplotypes=tuple("/".join(pair) for pair in matched.diplotypes),
            looked_up=matched.diplotypes,
            phenotype=together.phenotype,
            activity_score=together.activity_score,
            functions=together.functions,
            score=matched.score,
            notes=(*notes, *empty.notes),
            untold=matched.untold,
            possible=tuple(dict.fromkeys((*called, *maybe))) if matched.untold or len(called) > 1 else (),
        )

    def _lowest(self, empty: GeneResult, on_strands: Strands) -> GeneResult:
        definition = on_strands.definition
        reference = definition.reference.name
        found = lowest.variants(on_strands)
        pair = found.lowest(reference, self._rank(definition.gene))
        judged = self._judge(definition.gene, pair)
        notes = [*found.notes, *([judged.why] if judged.why else [])]
        if not found.phased:
            variants = some(list(lowest.each(found)))
            notes.append(f"the phase is not known: variants {variants}; the two lowest are taken as one on each copy")
        untold = lowest.untold(on_strands, found)
        lower = [self._judge(definition.gene, one) for one in self._lower(definition.gene, pair, untold)]
        maybe = sorted({one.phenotype or "unknown" for one in lower})
        if untold:
            notes.append(f"not excluded, for positions are missing: {some(untold)}")
        return replace(
            empty,
            method="vcf",
            diplotypes=(found.name(reference) or "/".join(pair),),
            looked_up=(pair,),
            phenotype=judged.phenotype,
            activity_score=judged.activity_score,
            functions=judged.functions,
            score=lowest.score(on_strands, pair),
            notes=(*notes, *empty.notes),
            components=dict(found.copies),
            untold=untold,
            possible=tuple(dict.fromkeys((judged.phenotype or "unknown", *maybe))) if untold else (),
        )

    def _lower(self, gene: str, pair: tuple[str, ...], untold: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield the pairs that a person may have if an allele is there too: on one copy, or on both."""
        rank = self._rank(gene)
        kept = sorted(pair, key=rank)[: len(pair) - 1]
        for allele in untold:
            yield tuple(sorted((*kept, allele), key=in_order))
            yield tuple(sorted(sorted((*pair, allele, allele), key=rank)[: len(pair)], key=in_order))

    def _rank(self, gene: str) -> Callable[[str], tuple[Any, ...]]:
        """Return the key that sorts the alleles of a gene by function, the lowest first."""
        rules = self.rules.get(gene, Rules(gene))

        def rank(allele: str) -> tuple[Any, ...]:
            value = rules.scores.get(allele)
            malignant = "Malignant" in (rules.functions.get(allele) or "")
            by_function = (2.0 if value is None else value) if rules.table else (0.0 if malignant else 1.0)
            return by_function, allele not in rules.dpwg, in_order(allele)

        return rank

    def _judge(self, gene: str, pair: Sequence[str]) -> Judged:
        key = gene, *pair
        if key not in self._judged:
            self._judged[key] = self.rules.get(gene, Rules(gene)).judge(pair)
        return self._judged[key]

    def _key_site(self, empty: GeneResult, definition: Definition, gathered: Gathered) -> GeneResult:
        """Return the result of a gene that is not called but whose guideline lets one site stand for it."""
        gene, rs, with_it, without = KEY_SITE
        at = next((at for at, site in enumerate(definition.sites) if site.rs == rs), None)
        if definition.gene != gene or at is None or at not in gathered.genotypes:
            return empty
        genotype = gathered.genotypes[at].alleles
        alternates = sum(allele in definition.sites[at].alternates for allele in genotype)
        if not alternates or UNKNOWN in genotype:
            return empty
        pair = (without,) * (2 - alternates) + (with_it,) * alternates
        judged = self._judge(gene, pair)
        note = f"by {rs} alone ({'/'.join(genotype)}), as CPIC's guideline allows: looked up as {'/'.join(pair)}"
        return replace(empty, method="vcf", phenotype=judged.phenotype, looked_up=(pair,), notes=(*empty.notes, note))

    def _outside(self, call: OutsideCall) -> GeneResult:
        """Return a call from elsewhere: what it says itself comes before what its diplotype makes."""
        looked_up = [tuple(self._decisive(call.gene, copy) for copy in pair) for pair in call.diplotypes]
        judged = shared(self._judge(call.gene, pair) for pair in looked_up) if looked_up else Judged()
        pairs = tuple(tuple(sorted(pair, key=in_order)) for pair in call.diplotypes)
        if call.gene in HLA and pairs:
            judged = _hla(call.gene, pairs)
        value, phenotype = call.activity_score, call.phenotype
        if value is None and phenotype in (None, judged.phenotype):
            value = judged.activity_score
        if phenotype is None:
            scored = None if call.activity_score is None else self._of_score(call.gene, call.activity_score)
            phenotype = scored or judged.phenotype
        notes = ["an outside call", *([judged.why] if judged.why else [])]
        for said, made, what in (
            (phenotype, judged.phenotype, "phenotype"),
            (value, judged.activity_score, "activity score"),
        ):
            if said is not None and made is not None and said != made:
                notes.append(f"its {what} is not the one that CPIC's tables give its diplotype ({made}), and stands")
        return GeneResult(
            call.gene,
            "outside call",
            tuple("/".join(pair) for pair in pairs),
            tuple(tuple(sorted(pair, key=in_order)) for pair in looked_up),
            phenotype,
            value,
            judged.functions,
            notes=tuple(notes),
        )

    def _decisive(self, gene: str, copy: str) -> str:
        """Return the allele by which a copy is looked up: the lowest of several in brackets, where that is the rule."""
        parts = copy[1:-1].split(" + ") if gene in lowest.GENES and copy.startswith("[") else [copy]
        known = gene in self.rules and all(part in self.rules[gene].functions for part in parts)
        return min(parts, key=self._rank(gene)) if known else copy

    def _of_score(self, gene: str, value: float) -> str | None:
        rules = self.rules.get(gene)
        return rules.of_score(value) if rules else None


def _hla(gene: str, pairs: Sequence[tuple[str, ...]]) -> Judged:
    told = hla_status(gene, pairs)
    untold = [allele for allele in HLA[gene] if not any(status.startswith(allele) for status in told)]
    return Judged("; ".join(told) or None, why=f"of {', '.join(untold)} nothing is told" if untold else "")


def read_caller(fetch: Fetch) -> Caller:
    """Read all that is needed to call genes; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    definitions = read_definitions(fetch, tuple(gene for gene in GENES if gene not in NOT_FROM_A_VCF))
    return Caller(definitions, read_places(fetch, definitions.values()), read_rules(fetch))


def call_vcf(
    path: str | Path,
    caller: Caller,
    *,
    build: str | None = None,
    sample: str | None = None,
    outside: Mapping[str, OutsideCall] | None = None,
) -> dict[str, dict[str, GeneResult]]:
    """Return what a VCF's samples, or one of them, have of each gene; raises `kg.files.vcf.VcfError`."""
    genotypes = read_genotypes(path, caller.places, build=build, sample=sample)
    return {one.name: caller.call(one, genotypes.build, outside) for one in genotypes.samples}
