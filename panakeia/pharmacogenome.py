"""Pharmacogenome: what was found of each gene and what guidelines say of drugs, as an answer and as a page to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kg.notebook import notebook_html
from kg.output import whole_file
from kg.pharmacogenomics.calls import GeneResult
from kg.pharmacogenomics.grade import unusual
from kg.pharmacogenomics.recommend import Advice

_COLUMNS = ["sample", "gene", "diplotypes", "phenotype", "activity_score", "missing", "note"]
_ADVICE = ["sample", "drug", "source", "strength", "population", "results", "recommendation", "url"]


@dataclass(frozen=True)
class Pharmacogenome:
    """The results of each sample by gene, and the advice on drugs that follows, all of it or on the `drugs` asked for.

    `versions` names the definitions and guidelines, and their editions; `taken` the drugs, by identifier, that a
    sample's record says are taken, where it has one; `refused` what of a record could not be taken, and why.
    """

    results: Mapping[str, Mapping[str, GeneResult]]
    advice: Mapping[str, tuple[Advice, ...]]
    drugs: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a row a sample and gene, or, where drugs were asked for, a row a piece of advice on them."""
        if self.drugs or self.taken:
            rows = [self._advice_row(sample, one) for sample in self.advice for one in self._shown(sample)]
            return pd.DataFrame(rows, columns=[*_ADVICE[:2], *(["taken"] if self.taken else []), *_ADVICE[2:]])
        rows = [_row(sample, one) for sample, genes in self.results.items() for one in genes.values()]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def to_json(self) -> dict[str, Any]:
        """Return each sample's results by gene, each with the advice that goes by it."""
        return {
            sample: {
                gene: result.to_json()
                | {"recommendations": [self._told(sample, one) for one in self.advice[sample] if gene in one.results]}
                for gene, result in genes.items()
            }
            for sample, genes in self.results.items()
        }

    def to_text(self) -> str:
        """Return how many genes were called of how many, and what there is of advice."""
        lines = []
        for sample, genes in self.results.items():
            called = sum(result.called for result in genes.values())
            drugs = len({one.drug for one in self.advice[sample]})
            lines.append(f"{sample}: {called} of {len(genes)} genes called; advice on {drugs} drugs")
        lines += [f"not taken: {one}" for one in self.refused]
        return "\n".join([*lines, "what was not tested is not normal: the notes say what is missing"])

    def _takes(self, sample: str, advice: Advice) -> bool:
        return advice.drug_id in self.taken.get(sample, {})

    def _told(self, sample: str, advice: Advice) -> dict[str, object]:
        """Return advice as JSON values, with whether the drug is taken where the record could say it."""
        return advice.to_json() | ({"taken": self._takes(sample, advice)} if sample in self.taken else {})

    def _shown(self, sample: str) -> list[Advice]:
        """Return the advice to list: all where drugs were asked for, else on the drugs taken, and what is unusual."""
        taken = [one for one in self.advice[sample] if self._takes(sample, one)]
        others = [one for one in self.advice[sample] if one not in taken]
        return [*taken, *(others if self.drugs else filter(unusual, others))]

    def _advice_row(self, sample: str, advice: Advice) -> dict[str, Any]:
        return {
            "sample": sample,
            "drug": advice.drug,
            "taken": self._takes(sample, advice),
            "source": f"{advice.source} {advice.version}",
            "strength": advice.strength,
            "population": advice.population,
            "results": "; ".join(f"{gene} {said}" for gene, said in advice.results.items()),
            "recommendation": advice.recommendation,
            "url": advice.url,
        }

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())

    def to_html(self) -> str:
        """Return the page; it needs no other file and no network."""
        import jinja2

        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("panakeia", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
        template = environment.get_template("pharmacogenome.html.j2")
        return template.render(found=self, people=[self._person(sample) for sample in self.results])

    def write(self, path: str | Path) -> None:
        """Write the page to a file, making its folder where it is missing."""
        with whole_file(path) as part:
            part.write_text(self.to_html(), encoding="utf-8")

    def _person(self, sample: str) -> dict[str, Any]:
        """Return what the page shows of one sample."""
        results = list(self.results[sample].values())
        advice = self.advice[sample]
        drugs = sorted({one.drug for one in advice}, key=str.casefold)
        taken = {one.drug for one in advice if self._takes(sample, one)}
        drugs = sorted(drugs, key=lambda drug: drug not in taken)
        by_drug = {drug: [one for one in advice if one.drug == drug] for drug in drugs}
        other = {drug: [one for one in found if unusual(one)] for drug, found in by_drug.items()}
        return {
            "name": sample,
            "called": [one for one in results if one.called],
            "not_called": [one for one in results if not one.called],
            "incomplete": [one for one in results if one.called and (one.missing_positions or one.untold)],
            "other": {drug: found for drug, found in other.items() if found},
            "by_drug": by_drug,
            "taken": taken,
            "untold": sorted({*self.taken.get(sample, {}).values()} - taken, key=str.casefold),
            "drugs_of": {one.gene: _drugs(advice, one.gene) for one in results},
        }


def _drugs(advice: tuple[Advice, ...], gene: str) -> list[str]:
    return sorted({one.drug for one in advice if gene in one.results}, key=str.casefold)


def _row(sample: str, result: GeneResult) -> dict[str, Any]:
    return {
        "sample": sample,
        "gene": result.gene,
        "diplotypes": " or ".join(result.diplotypes) or "not called",
        "phenotype": result.phenotype,
        "activity_score": result.activity_score,
        "missing": len(result.missing_positions),
        "note": "; ".join(result.notes),
    }
