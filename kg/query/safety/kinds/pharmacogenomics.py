"""Pharmacogenomics: what CPIC and DPWG advise on the drug for the patient's genes, where that is not the usual dose.

A normal result warns of nothing. A gene that advice goes by and that nobody called is no normal one: it is `untested`.
"""

from collections.abc import Iterator, Mapping

from kg.graph import Evidence, SourceRelease
from kg.pharmacogenomics.grade import speaks_against, unusual
from kg.pharmacogenomics.recommend import NO_RESULT, Advice
from kg.query.pharmacogenomics import advice_of, guidance
from kg.query.safety.warning import AGAINST, CHANGE, UNTESTED, DrugWarning, Question, WarningKind
from kg.search import Node
from kg.stores.releases import read_releases

_CURATED = ("knowledge_assertion", "manual_agent")


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield the advice that goes by an unusual result, and which genes that advice goes by are not called."""
    told = guidance(question.store)
    releases = {release.name: release for release in read_releases(question.store)}
    genes = {row["gene"]: Node(row["gene_id"], "Gene", row["gene"]) for row in told.rows}
    guided: dict[str, dict[str, set[str]]] = {}
    for row in told.rows:
        if row["object"] in question.drugs:
            guided.setdefault(row["object"], {}).setdefault(row["gene"], set()).add(row["source"])
    for patient, advised in advice_of(question.store, question.patients, told).items():
        for advice in advised.advice:
            if advice.drug_id in question.drugs and unusual(advice):
                yield patient, _warn(question, advice, genes, releases)
        for drug, by in guided.items():
            if untested := [gene for gene in sorted(by) if not advised.results[gene].called]:
                sources = {source for gene in untested for source in by[gene]}
                because = tuple(genes[gene] for gene in untested)
                yield (
                    patient,
                    _untested(question, drug, because, [releases[name] for name in sorted(sources & releases.keys())]),
                )


def _warn(
    question: Question, advice: Advice, genes: Mapping[str, Node], releases: Mapping[str, SourceRelease]
) -> DrugWarning:
    because = tuple(
        Node(genes[gene].id, "Gene", f"{gene} {said}") for gene, said in advice.results.items() if said != NO_RESULT
    )
    release = releases.get(advice.source)
    references = (*advice.references, *([advice.url] if advice.url else []))
    evidence = Evidence(advice.source, advice.version, release.licence if release else "", *_CURATED, references)
    said = [
        f"{advice.recommendation.strip()} ({', '.join(filter(None, (advice.strength, advice.population)))})",
        *([f"only if the diplotype is {' or '.join(advice.only_for)}"] if advice.only_for else []),
        *(
            [f"alleles that were not tested for could change it: {'; '.join(advice.in_doubt)}"]
            if advice.in_doubt
            else []
        ),
    ]
    severity = AGAINST if speaks_against(advice.recommendation) else CHANGE
    name = question.drugs[advice.drug_id]
    return DrugWarning(advice.drug_id, name, KIND.name, severity, because, "; ".join(said), (evidence,))


def _untested(question: Question, drug: str, genes: tuple[Node, ...], releases: list[SourceRelease]) -> DrugWarning:
    evidence = tuple(Evidence(one.name, one.version, one.licence, *_CURATED, ()) for one in releases)
    named = " and ".join(gene.name for gene in genes)
    said = f"guidelines advise on it by {named}, of which nothing is called; not called is not normal"
    return DrugWarning(drug, question.drugs[drug], KIND.name, UNTESTED, genes, said, evidence)


KIND = WarningKind(
    "pharmacogenomics",
    "What do CPIC and DPWG advise on the drug for the patient's genes?",
    {"phenotype_guides_drug": ""},
    find,
)
