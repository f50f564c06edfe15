"""Bedside: what a graph says of the genes of a person who is not in it, held in memory to be asked again and again.

The results are those that the person would have in the store after an import of the same record.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kg.patients.diplotypes import call_rows, judged
from kg.patients.record import Code, GeneCall, LeftOut
from kg.patients.terms import drugs
from kg.patients.terms.meaning import Row
from kg.patients.terms.nodes import Nodes, nodes
from kg.pharmacogenomics.calls import GeneResult
from kg.pharmacogenomics.phenotype import Rules
from kg.pharmacogenomics.recommend import Advice, Guidance, recommend
from kg.query import rows_of
from kg.query.pharmacogenomics import AdviceError, guidance, result_of, rules_of
from kg.stores.protocol import Store


@dataclass(frozen=True)
class Bedside:
    """The guidelines of a graph by drug, what alleles make, and the graph's drugs and genes."""

    guidance: Guidance
    by_drug: Mapping[str, Guidance]
    rules: Mapping[str, Rules]
    known: Nodes

    @property
    def alleles(self) -> dict[str, Collection[str]]:
        """The alleles whose function the graph knows, by gene."""
        return {gene: {*rules.functions, *rules.dpwg} for gene, rules in self.rules.items()}

    def genes_of(self, drug: str) -> list[str]:
        """Return the genes by which guidelines advise on a drug, given by identifier."""
        return sorted({row["gene"] for row in self.by_drug[drug].rows}) if drug in self.by_drug else []

    def drugs_of(self, codes: Sequence[Code]) -> dict[str, str]:
        """Return the ingredients that a medicine's codes stand for, identifier to name; none where nothing is known."""
        try:
            return {one.node["id"]: one.node["name"] for one in drugs.meaning(codes, self.known)}
        except LeftOut:
            return {}

    def results(self, calls: Sequence[GeneCall]) -> dict[str, GeneResult]:
        """Return what calls say of each gene that a guideline goes by; one without a call is not called."""
        called: dict[str, list[Row]] = defaultdict(list)
        stated: dict[str, list[str]] = defaultdict(list)
        for call in calls:
            for node, relation, told in call_rows(judged(call, self.rules.get(call.gene)), self.known):
                if relation == "patient_has_diplotype":
                    called[call.gene].append(told)
                elif relation == "patient_has_gene_phenotype":
                    stated[call.gene].append(node["phenotype"])
        guided = {row["gene"] for row in self.guidance.rows}
        return {
            gene: result_of(gene, called.get(gene, ()), stated.get(gene, ()), self.rules.get(gene, Rules(gene)))
            for gene in sorted({*called, *stated, *guided})
        }

    def advice(self, results: Mapping[str, GeneResult], drugs: Collection[str] = ()) -> tuple[Advice, ...]:
        """Return what guidelines advise with these results on drugs, by identifier, or on all; none without a result.

        One who has no result at all gets no advice, not even that of a normal metabolizer.
        """
        if not any(result.called for result in results.values()):
            return ()
        told = (self.by_drug[drug] for drug in drugs if drug in self.by_drug)
        asked = Guidance(tuple(row for one in told for row in one.rows)) if drugs else self.guidance
        return recommend(results, asked, self.rules)


def bedside(store: Store) -> Bedside:
    """Read all that is needed from a store; raises `AdviceError` for one without guidelines."""
    told = guidance(store)
    if not told.rows:
        raise AdviceError("the graph has no guidelines on drugs; build it with the sources pharmcat, cpic, dpwg, pypgx")
    rules = rules_of(store, {row["gene"] for row in told.rows})
    by_drug: dict[str, list[Any]] = defaultdict(list)
    for row in told.rows:
        by_drug[row["object"]].append(row)
    rows = (row for kind in ("Drug", "Gene", "GenePhenotype", "Haplotype") for row in rows_of(store, kind))
    return Bedside(
        told,
        {drug: replace(told, rows=tuple(found)) for drug, found in by_drug.items()},
        rules,
        nodes(rows),
    )
