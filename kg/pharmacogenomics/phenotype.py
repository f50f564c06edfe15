"""Phenotype: what two alleles make of a person, by CPIC's tables: functions, phenotype and activity score.

PharmCAT has CPIC's tables of most genes; CYP2D6's scores, and the functions of G6PD and RYR1, are in PyPGx's. What a
table does not say stays unsaid: an allele without a function has none, and gives a diplotype no phenotype.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kg.fetch import Fetch
from kg.files.documents import read_archive, read_document
from kg.files.number import number
from kg.files.table import read_csv
from kg.pharmacogenomics.alleles import function_pair, function_words
from kg.pharmacogenomics.definitions import in_order
from kg.sources.dpwg import SOURCE as DPWG
from kg.sources.pharmcat import PHENOTYPES, score
from kg.sources.pypgx import ALLELES, CONTRADICTED, DIPLOTYPES, EQUATIONS, ONE_COPY, RENAMED, score_range

TABULATED = frozenset({"G6PD", "RYR1"})
"""Genes whose functions and phenotypes are PyPGx's."""
SCORED = "CYP2D6"
"""The gene whose phenotype follows from PyPGx's activity scores."""
_COPIES = re.compile(r"(?P<allele>.+?)(?:x(?P<least>≥|>=)?(?P<copies>\d+|N))?")


@dataclass(frozen=True)
class Judged:
    """What is known of a diplotype: `functions` in the order of its alleles; `why` says what is not known."""

    phenotype: str | None = None
    activity_score: float | None = None
    functions: tuple[str | None, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Rules:
    """What CPIC says of one gene's alleles, and DPWG: the function and the score of each, what two of them make.

    `table` has the phenotype and the score of each tabulated diplotype, `pairs` the phenotype that two functions make
    (of alleles that are tabulated), `ranges` those that a sum of scores makes: lowest, highest, phenotype.
    """

    gene: str
    functions: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float | None] = field(default_factory=dict)
    table: Mapping[tuple[str, ...], tuple[str | None, float | None]] = field(default_factory=dict)
    pairs: Mapping[str, str] = field(default_factory=dict)
    ranges: tuple[tuple[float, float | None, str], ...] = ()
    dpwg: Mapping[str, str] = field(default_factory=dict)

    def judge(self, alleles: Sequence[str]) -> Judged:
        """Return what these alleles (two, or one where there is one copy) make of a person."""
        functions = tuple(self.functions.get(allele) for allele in alleles)
        if self.ranges:
            return self._by_score(alleles)
        if found := self.table.get(tuple(sorted(alleles, key=in_order))):
            return Judged(found[0], found[1], functions)
        unknown = [allele for allele, function in zip(alleles, functions, strict=True) if function is None]
        if not unknown:
            pair = function_pair([function for function in functions if function])
            phenotype = self.pairs.get(pair)
            return Judged(phenotype, None, functions, "" if phenotype else self._no_table())
        # One function may make the phenotype whatever the other is, as a malignant variant of RYR1 does.
        for known in filter(None, functions):
            made = {phenotype for pair, phenotype in self.pairs.items() if known in pair.split("/")}
            if len(made) == 1 and len({*self.pairs.values()}) > 1 and self._decides(known):
                return Judged(made.pop(), None, functions)
        said = (
            f"no function of {' and of '.join(dict.fromkeys(unknown))} is known" if self.functions else self._no_table()
        )
        return Judged(None, None, functions, said)

    def of_score(self, total: float) -> str | None:
        """Return the phenotype of a total activity score, where the gene has scores."""
        if self.ranges:
            inside = [name for low, high, name in self.ranges if low <= total and (high is None or total <= high)]
        else:
            inside = [name for name, value in self.table.values() if value == total and name]
        return inside[0] if len(set(inside)) == 1 else None

    def _no_table(self) -> str:
        return f"CPIC's tables give no phenotype of {self.gene} here"

    def _decides(self, function: str) -> bool:
        """Return whether a function makes the same phenotype with every other function of the gene."""
        others = {*self.functions.values()}
        return all(function_pair([function, other]) in self.pairs for other in others)

    def _by_score(self, alleles: Sequence[str]) -> Judged:
        """Return the phenotype of a sum of scores; a number of copies that is only known from below counts as that."""
        if len(alleles) != 2:
            return Judged(why=f"expected two alleles of {self.gene}, got {len(alleles)}")
        total, least, functions = 0.0, False, []
        for allele in alleles:
            for part in re.split(r"\s*\+\s*(?=\*)", allele.strip("[]")):
                read = _COPIES.fullmatch(part)
                name = read["allele"] if read else part
                value = self.scores.get(name)
                if value is None:
                    unknown = "Indeterminate" if name in self.functions else None
                    return Judged(unknown, None, (), f"no activity score of {name} is known")
                many = read["copies"] if read else None
                total += value * (2 if many == "N" else int(many or 1))
                least |= value > 0 and (many == "N" or bool(read and read["least"]))
            functions.append(self.functions.get(allele))
        for low, high, phenotype in self.ranges:
            if low <= total and (high is None or total <= high) and (high is None or not least):
                return Judged(phenotype, total, tuple(functions))
        return Judged(None, None, tuple(functions), "the number of copies is not known")


def read_rules(fetch: Fetch) -> dict[str, Rules]:
    """Read the rules of all genes; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    dutch = _dutch(fetch)
    rules = {gene: _pharmcat(fetch, gene, dutch.get(gene, {})) for gene in PHENOTYPES}
    for gene in (*sorted(TABULATED), SCORED):
        rules[gene] = _pypgx(fetch, gene, dutch.get(gene, {}))
    return rules


def _pharmcat(fetch: Fetch, gene: str, dutch: Mapping[str, str]) -> Rules:
    document = read_document(fetch.get(PHENOTYPES[gene]).path)
    with document.expected():
        alleles = document.of("namedAlleles")
        functions = {one["name"]: function_words(one["functionValue"]) for one in alleles}
        table: dict[tuple[str, ...], tuple[str | None, float | None]] = {}
        pairs: dict[str, str] = {}
        for one in document.of("diplotypes"):
            pair = [name for name, copies in one["diplotypekey"].items() for _ in range(copies)]
            table[tuple(sorted(pair, key=in_order))] = (one["phenotype"], score(one["activityScore"]))
            pairs[function_pair([functions[name] for name in pair])] = one["phenotype"]
        scores = {one["name"]: score(one["activityValue"]) for one in alleles}
        return Rules(gene, functions, scores, table, pairs, dpwg=dutch)


def _pypgx(fetch: Fetch, gene: str, dutch: Mapping[str, str]) -> Rules:
    rows = read_csv(fetch.get(ALLELES).path, ("Gene", "StarAllele", "ActivityScore", "Function")).by_line().values()
    mine = [row for row in rows if row["Gene"] == gene]
    functions = {row["StarAllele"]: function_words(row["Function"]) for row in mine if row["Function"] != ONE_COPY}
    scores = {row["StarAllele"]: number(row["ActivityScore"]) for row in mine}
    if gene == SCORED:
        equations = read_csv(fetch.get(EQUATIONS).path, ("Gene", "Phenotype", "Equation")).by_line().values()
        return Rules(gene, functions, scores, ranges=tuple(_ranges(equations, gene)), dpwg=dutch)
    pairs: dict[str, str] = {}
    for row in read_csv(fetch.get(DIPLOTYPES).path, ("Gene", "Diplotype", "Phenotype")).by_line().values():
        both = row["Diplotype"].split("/")
        if row["Gene"] == gene and not CONTRADICTED & {(gene, allele) for allele in both}:
            made = function_pair([functions[allele] for allele in both if allele in functions])
            pairs[made] = row["Phenotype"].removeprefix(f"{gene} ")
    functions |= {new: functions.pop(old) for (of, old), new in RENAMED.items() if of == gene and old in functions}
    return Rules(gene, functions, pairs=pairs, dpwg=dutch)


def _ranges(rows: Iterable[Mapping[str, str]], gene: str) -> Iterable[tuple[float, float | None, str]]:
    for row in rows:
        found = score_range(row["Equation"]) if row["Gene"] == gene else None
        if found and found[0] is not None:
            yield found[0], found[1], row["Phenotype"]


def _dutch(fetch: Fetch) -> dict[str, dict[str, str]]:
    """Return DPWG's function of each allele that it names, by gene."""
    functions: dict[str, dict[str, str]] = {}
    for document in read_archive(fetch.get(DPWG.files[0]).path):
        with document.expected():
            guideline = document.of("guideline")
            (gene,) = guideline["relatedGenes"]
            for part in guideline["guidelineGenes"]:
                for allele in part["alleles"]:
                    functions.setdefault(gene["symbol"], {})[allele["_label"]] = allele["function"]["term"]
    return functions


def shared(judged: Iterable[Judged]) -> Judged:
    """Return what several possible diplotypes have in common: a phenotype or a score that all of them have."""
    listed = list(judged)
    phenotypes, scores = {one.phenotype for one in listed}, {one.activity_score for one in listed}
    why = "; ".join(dict.fromkeys(one.why for one in listed if one.why))
    return Judged(
        phenotypes.pop() if len(phenotypes) == 1 else None,
        scores.pop() if len(scores) == 1 else None,
        listed[0].functions if len(listed) == 1 else (),
        why,
    )
