"""Evidence: what CIViC's curators say of a tumour's variants, in tiers; the answer to who asks for a tumour.

Within a tier the evidence stands by its level (A validated, B clinical, C case study, D preclinical, E inferential),
then by whether it is of the disease asked about, then by its stars: what is exact is never below what is of a gene.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from kg.notebook import notebook_html
from kg.oncology.match import TIERS

if TYPE_CHECKING:
    import pandas as pd

PREDICTIVE = "Predictive"

COLUMNS = (
    *("sample", "tier", "level", "effect", "drugs", "profile", "tumour_variants", "matched_by", "disease"),
    *("disease_matches", "rating", "trials", "references", "evidence_id"),
)

_EFFECTS = {
    "Sensitivity/Response": "sensitivity",
    "Reduced Sensitivity": "reduced sensitivity",
    "Adverse Response": "adverse response",
    "Resistance": "resistance",
    "Poor Outcome": "worse outcome",
    "Better Outcome": "better outcome",
    "Positive": "indicates the disease",
    "Negative": "speaks against the disease",
}
_OF_TYPE = {
    "Predictive": "an effect on the response",
    "Prognostic": "an effect on outcome",
    "Diagnostic": "a sign of it",
}
"""What an item is about that states no significance."""


@dataclass(frozen=True)
class Item:
    """An item of evidence for a tumour.

    `tier` says how nearly the tumour's variants (`tumour_variants`, in words) are the one that the item is about
    (`profile`, `variant_id`), `matched_by` by what one sees it. `effect` has the item's `significance` and `direction`
    in words: `not shown: sensitivity` is evidence against it. `drugs` are pairs of a CURIE and a name; `combination`
    says how several were given. `disease_matches` is None where no disease was asked about.
    """

    tier: str
    matched_by: str
    tumour_variants: tuple[str, ...]
    evidence_id: str
    profile: str
    variant_id: str
    evidence_type: str
    effect: str
    significance: str | None
    direction: str
    level: str
    rating: int | None
    drugs: tuple[tuple[str, str], ...]
    combination: str | None
    disease_id: str
    disease: str
    disease_matches: bool | None
    trials: tuple[str, ...]
    references: tuple[str, ...]
    origin: str | None

    @property
    def order(self) -> tuple[object, ...]:
        """Return where the item stands among others."""
        beside = self.disease_matches is False
        return (TIERS.index(self.tier), self.level, beside, -(self.rating or 0), self.profile, self.evidence_id)

    def to_json(self) -> dict[str, Any]:
        """Return the item as JSON values."""
        drugs = [{"id": curie, "name": name} for curie, name in self.drugs]
        lists = {name: list(getattr(self, name)) for name in ("tumour_variants", "trials", "references")}
        return asdict(self) | lists | {"drugs": drugs}

    def to_text(self) -> str:
        """Return the item as a line."""
        about = ", ".join(name for _, name in self.drugs)
        told = [self.level, f"{self.effect}{' to ' + about if about else ''}"]
        if self.combination and len(self.drugs) > 1:
            told[-1] += f" ({self.combination.lower()})"
        told += [f"{', '.join(self.tumour_variants)}: {self.profile} (by {self.matched_by})"]
        told += [self.disease + (" (as asked)" if self.disease_matches else "")]
        told += ["*" * (self.rating or 0), " ".join(self.references), " ".join(self.trials), self.evidence_id]
        return "  ".join(part for part in told if part)


@dataclass(frozen=True)
class Tumour:
    """What is known of one tumour: how many small variants it has, those that CIViC knows, the evidence, and notes."""

    sample: str
    variants: int
    matched: Mapping[str, str]
    items: tuple[Item, ...]
    notes: tuple[str, ...]

    def has(self, tier: str, evidence_type: str = PREDICTIVE) -> bool:
        """Say whether there is evidence of a type in a tier."""
        return any(item.tier == tier and item.evidence_type == evidence_type for item in self.items)

    def to_json(self) -> dict[str, Any]:
        """Return the tumour as JSON values."""
        return {
            "variants": self.variants,
            "matched": [{"variant": name, "tier": tier} for name, tier in self.matched.items()],
            "evidence": [item.to_json() for item in self.items],
            "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """Return the tumour's evidence as lines, tier by tier."""
        lines = [f"{self.sample}: {self.variants} small variants, {len(self.items)} items of evidence"]
        for tier in TIERS:
            of = [item for item in self.items if item.tier == tier]
            lines.append(f"\n{tier}: {len(of) or 'none'}")
            lines += [f"  {item.to_text()}" for item in of]
        return "\n".join([*lines, "", *self.notes])


@dataclass(frozen=True)
class TumourEvidence:
    """The tumours asked for, each with its evidence; the release of CIViC, and what to know of the file as a whole.

    `build` is the reference genome that the file states, empty where it states none.
    """

    build: str
    release: str
    tumours: tuple[Tumour, ...]
    notes: tuple[str, ...] = ()

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each item of each tumour; lists are tuples of texts."""
        import pandas as pd

        rows = [
            {**item.to_json(), "sample": tumour.sample, "drugs": tuple(name for _, name in item.drugs)}
            for tumour in self.tumours
            for item in tumour.items
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def to_json(self) -> dict[str, Any]:
        """Return each tumour by its sample's name; what is to know of the file stands in the notes of each."""
        return {
            tumour.sample: {"build": self.build or None} | told | {"notes": [*self.notes, *told["notes"]]}
            for tumour in self.tumours
            for told in [tumour.to_json()]
        }

    def to_text(self) -> str:
        """Return one tumour's evidence tier by tier; of several, how many have evidence of each tier."""
        if len(self.tumours) == 1:
            return "\n".join(
                [f"CIViC {self.release}, {self.build or 'no stated genome'}", self.tumours[0].to_text(), *self.notes]
            )
        lines = [f"{len(self.tumours)} tumours, CIViC {self.release}; how many have an item that speaks of a drug:"]
        for tier in TIERS:
            lines.append(f"  {sum(tumour.has(tier) for tumour in self.tumours):>5}  {tier}")
        best = sum(any(tumour.has(tier) for tier in TIERS) for tumour in self.tumours)
        lines += [f"  {best:>5}  any of these", "give --sample NAME for the evidence of one"]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def effect(evidence_type: str, significance: str | None, direction: str) -> str:
    """Return what an item says, in words.

    >>> effect("Predictive", "Resistance", "Supports"), effect("Prognostic", "N/A", "Does Not Support")
    ('resistance', 'not shown: an effect on outcome')
    """
    said = _EFFECTS.get(significance or "") or _OF_TYPE.get(evidence_type, "an effect")
    return said if direction == "Supports" else f"not shown: {said}"
