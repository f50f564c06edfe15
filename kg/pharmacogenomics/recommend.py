"""Recommend: what CPIC and DPWG say of drugs to a person with these results, each with its strength and source.

CPIC's advice goes by phenotype, by activity score where the gene has one, or by two genes at once, `No Result` for one
that was not tested; DPWG's by its own functions of the two alleles. Of several possible diplotypes each has its advice,
which then says for which it is. Without a result there is no advice: not even that of a normal metabolizer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kg.fetch import Fetch
from kg.names import folded
from kg.pharmacogenomics.alleles import HLA, function_pair, hla_status, phenotype_id
from kg.pharmacogenomics.calls import GeneResult
from kg.pharmacogenomics.drugs import names_of
from kg.pharmacogenomics.phenotype import Rules
from kg.source import Source
from kg.sources import cpic, dpwg, pypgx

NO_RESULT = "No Result"
_NO_ADVICE = ("n/a", "No Recommendation", "No recommendation", "The guideline does not provide a recommendation")
_CHANGES = "therapy changes: "

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Guidance:
    """Recommendations as the graph has them (`phenotype_guides_drug`), with the names of their ends.

    Each row has the columns of the relation, `drug` (a name) and `gene` (the symbol of its phenotype's gene).
    """

    rows: tuple[Row, ...]
    versions: dict[str, str] = field(default_factory=dict)

    def without(self, drugs: Iterable[str]) -> list[str]:
        """Return those of these drugs (by name or identifier) on which there is no guideline."""
        known = {folded(row[end]) for row in self.rows for end in ("drug", "object")}
        return [drug for drug in drugs if known.isdisjoint(names_of(drug))]


@dataclass(frozen=True)
class Advice:
    """A recommendation for a drug: of whom, in which edition, how strong, to whom, and by which results.

    `results` has the gene, and what of it the advice goes by; `only_for` are the diplotypes that it is for where others
    are possible too, `in_doubt` what would change the result if it was there: alleles that were not tested for.
    """

    drug_id: str
    drug: str
    source: str
    version: str
    recommendation: str
    strength: str | None
    population: str | None
    implications: str | None
    guideline: str | None
    url: str | None
    references: tuple[str, ...]
    results: Mapping[str, str]
    only_for: tuple[str, ...] = ()
    in_doubt: tuple[str, ...] = ()

    @property
    def actionable(self) -> bool:
        """Whether something is recommended: not that nothing is, or that no action is needed."""
        return self.strength not in (*_NO_ADVICE, f"{_CHANGES}No") and not self.recommendation.startswith(_NO_ADVICE)

    def to_json(self) -> dict[str, object]:
        """Return the advice as JSON values."""
        return {
            "drug": self.drug,
            "drug_id": self.drug_id,
            "source": self.source,
            "version": self.version,
            "recommendation": self.recommendation,
            "strength": self.strength,
            "population": self.population,
            "implications": self.implications,
            "guideline": self.guideline,
            "url": self.url,
            "references": list(self.references),
            "results": dict(self.results),
            "only_for": list(self.only_for),
            "in_doubt": list(self.in_doubt),
        }


@dataclass(frozen=True)
class _State:
    """One result of a gene that advice may go by: CPIC's phenotype and score, DPWG's pair of functions."""

    gene: str
    phenotype: str | None
    score: float | None
    dutch: str | None
    diplotype: str
    any_score: bool = False
    """Whether the phenotype alone was told, of which several scores are."""

    def within(self, low: float | None, high: float | None) -> bool:
        """Return whether advice on scores in this range is for this result."""
        if low is None or (self.any_score and self.score is None):
            return True
        return self.score is not None and low <= self.score and (high is None or self.score <= high)

    def told(self, row: Row) -> str:
        """Return in words what a row goes by."""
        parts = [self.diplotype, self.phenotype or "", "" if self.score is None else f"activity score {self.score:g}"]
        return ", ".join(part for part in parts if part)


def read_guidance(fetch: Fetch) -> Guidance:
    """Read the recommendations of CPIC and DPWG; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    rows: list[Row] = []
    versions = {}
    for module in (cpic, dpwg, pypgx):
        source: Source = module.SOURCE
        read = module.read(fetch)
        nodes = [node for table in read.nodes for node in table.select(["kind", "id", "name"]).to_pylist()]
        names = {node["id"]: node["name"] for node in nodes}
        versions[source.name] = read.release.version
        genes = {
            node["id"]: names.get(node["gene"], node["gene"])
            for table in read.nodes
            if "phenotype" in table.column_names
            for node in table.select(["id", "gene"]).to_pylist()
        }
        for table in read.edges:
            if table.num_rows and table["relation"][0].as_py() == "phenotype_guides_drug":
                rows += [
                    {**row, "source": source.name, "source_version": read.release.version}
                    | {"drug": names[row["object"]], "gene": genes[row["subject"]]}
                    for row in table.to_pylist()
                ]
    return Guidance(tuple(rows), versions)


def recommend(
    results: Mapping[str, GeneResult],
    guidance: Guidance,
    rules: Mapping[str, Rules],
    drugs: Iterable[str] | None = None,
) -> tuple[Advice, ...]:
    """Return the advice for a person with these results, on these drugs (by name or identifier) or on all."""
    wanted = None if drugs is None else {name for drug in drugs for name in names_of(drug)}
    states: dict[str, list[_State]] = {}
    dutch: dict[str, list[_State]] = {}
    for result in results.values():
        for state in _states(result, rules):
            states.setdefault(phenotype_id(state.gene, state.phenotype or NO_RESULT), []).append(state)
            dutch.setdefault(state.gene, []).append(state)
    found: dict[tuple[object, ...], Advice] = {}
    for row in guidance.rows:
        if wanted is not None and not {folded(row["drug"]), folded(row["object"])} & wanted:
            continue
        for held in _applies(row, states, dutch):
            advice = _advice(row, held, results)
            key = (
                advice.drug_id,
                advice.source,
                advice.recommendation,
                advice.population,
                advice.url,
                tuple(advice.results.values()),
            )
            found.setdefault(key, advice)
    order = sorted(found.values(), key=lambda one: (folded(one.drug), one.source, one.population or ""))
    return tuple(order)


def _states(result: GeneResult, rules: Mapping[str, Rules]) -> Iterator[_State]:
    """Yield the results of a gene that advice may go by; one that was not tested has `No Result`."""
    gene = result.gene
    if gene in HLA and result.called:
        statuses = result.phenotype.split("; ") if result.phenotype else hla_status(gene, result.looked_up)
        alleles = "/".join(result.looked_up[0]) if result.looked_up else ""
        yield from (_State(gene, status, None, None, alleles) for status in statuses)
        if not statuses:
            yield _State(gene, None, None, None, alleles)
        return
    if not result.called:
        yield _State(gene, None, None, None, "")
        return
    if not result.looked_up:
        yield _State(gene, result.phenotype, result.activity_score, None, "", any_score=True)
        return
    of_gene = rules.get(gene, Rules(gene))
    for pair in result.looked_up:
        judged = of_gene.judge(pair)
        alone = len(result.looked_up) == 1
        phenotype = result.phenotype if alone and result.phenotype else judged.phenotype
        value = result.activity_score if alone and result.activity_score is not None else judged.activity_score
        yield _State(
            gene, phenotype or _of_functions(gene, judged.functions), value, _dutch(of_gene, pair), "/".join(pair)
        )


def _of_functions(gene: str, functions: Sequence[str | None]) -> str | None:
    """Return the phenotype by which CPIC's advice on IFNL3 goes: two favorable alleles, or not."""
    if gene != "IFNL3" or not functions or None in functions:
        return "Indeterminate"
    favorable = all((function or "").startswith("Favorable") for function in functions)
    return "Favorable Response" if favorable else "Unfavorable Response"


def _dutch(rules: Rules, pair: Sequence[str]) -> str | None:
    """Return the pair of DPWG's functions of two alleles, None where DPWG has no function of one."""
    functions = [_dutch_function(rules, allele) for allele in pair]
    return None if None in functions else function_pair([one for one in functions if one])


def _dutch_function(rules: Rules, allele: str) -> str | None:
    known = rules.dpwg
    if allele in known:
        return known[allele]
    if "Reference" in known and rules.functions.get(allele) == "Normal function":
        return known["Reference"]  # what DPWG does not name and CPIC calls normal is as the reference
    copies = re.fullmatch(r"(.+)x(\d+)", allele)
    if copies and int(copies[2]) >= 3:
        return known.get(f"{copies[1]}x≥3")
    return known.get(allele.removeprefix("*80+"))


def _applies(
    row: Row, states: Mapping[str, Sequence[_State]], dutch: Mapping[str, Sequence[_State]]
) -> Iterator[tuple[_State, ...]]:
    """Yield the results by which a recommendation is for a person, if it is."""
    if row["function_pairs"]:
        yield from ((state,) for state in dutch.get(row["gene"], ()) if state.dutch in row["function_pairs"])
        return
    for state in states.get(row["subject"], ()):
        if not state.within(row["activity_score_low"], row["activity_score_high"]):
            continue
        if row["other_phenotype"] is None:
            if state.phenotype is not None:
                yield (state,)
        elif row["subject"] < row["other_phenotype"]:  # the other gene's row says the same
            for other in states.get(row["other_phenotype"], ()):
                told = state.phenotype is not None or other.phenotype is not None
                if told and other.within(row["other_activity_score_low"], row["other_activity_score_high"]):
                    yield state, other


def _advice(row: Row, held: Sequence[_State], results: Mapping[str, GeneResult]) -> Advice:
    several = [state for state in held if len(results[state.gene].looked_up) > 1]
    doubt = [
        f"{state.gene}: {', '.join(results[state.gene].untold[:6])}"
        + (f" and {more} more" if (more := len(results[state.gene].untold) - 6) > 0 else "")
        for state in held
        if len(set(results[state.gene].possible)) > 1 and results[state.gene].untold
    ]
    return Advice(
        drug_id=row["object"],
        drug=row["drug"],
        source=row["source"],
        version=row["source_version"],
        recommendation=row["recommendation"] or "",
        strength=row["classification"]
        or (f"therapy changes: {row['therapy_changes']}" if row["therapy_changes"] else None),
        population=row["population"],
        implications=row["implications"],
        guideline=row["guideline"],
        url=row["guideline_url"],
        references=tuple(row["references"] or ()),
        results={state.gene: state.told(row) or NO_RESULT for state in held},
        only_for=tuple(f"{state.gene} {state.diplotype}" for state in several),
        in_doubt=tuple(doubt),
    )
