"""The verbs that read a genome, a person's or a tumour's: which drugs it says something of."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, check_output, names

if TYPE_CHECKING:
    from kg.oncology.evidence import TumourEvidence
    from kg.patients.bedside import Bedside
    from kg.patients.formats.fhir.elements import Json
    from panakeia.pharmacogenome import Pharmacogenome

RECORD = "the record"
"""What the person of a record is called in an answer: nobody's name is repeated."""


def bedside_of(session: Held) -> "Bedside":
    """Return a session's guidelines, alleles and drugs in memory, for many persons who are not in its graph.

    They are read once, and again after the session was closed; raises `AdviceError` for a graph without guidelines.
    """
    from kg.patients.bedside import bedside

    if session._guided is None:
        session._guided = bedside(session._graph())
    return session._guided


class GenomeVerbs(Held):
    """Call the genes of a genome that matter for drugs, and say what guidelines advise."""

    def pgx(
        self,
        vcf: str | Path | None = None,
        *,
        patient: str | None = None,
        record: "str | Path | Sequence[Json] | None" = None,
        sample: str | None = None,
        outside_calls: str | Path | None = None,
        build: str | None = None,
        drugs: str | Sequence[str] = (),
        report: str | Path | None = None,
    ) -> "Pharmacogenome":
        """Call diplotypes from a VCF, and say phenotype, activity score, and what CPIC and DPWG advise.

        `sample` is the one of several that is meant; `outside_calls` a table of diplotypes found elsewhere, such as
        CYP2D6's; `build` the reference genome, where the header does not say it. With `drugs`, only advice on these.
        With `report`, a page is written too. Of a `patient` in the store no VCF is needed: what the graph has counts.
        A `record` is that of one person who is not in the store, in FHIR: a file, or resources in hand.
        """
        if report is not None:
            check_output(report, vcf, outside_calls, record)
        asked = tuple(names(drugs))
        if patient is not None or record is not None:
            if patient is not None and record is not None:
                raise ValueError("give a patient of the store or a record, not both")
            if vcf is not None or sample is not None or outside_calls is not None or build is not None:
                raise ValueError("a patient of the store has been called already: give a VCF or a patient, not both")
            found = self._advice(patient, asked) if patient is not None else self._of_record(record or (), asked)
        elif vcf is None:
            raise ValueError("nothing to read: give a VCF, a patient of the store (--patient), or a record (--record)")
        else:
            found = self._call(vcf, sample, outside_calls, build, asked)
        if report is not None:
            found.write(report)
        return found

    def _advice(self, patient: str, drugs: tuple[str, ...]) -> "Pharmacogenome":
        from kg.query.pharmacogenomics import advice
        from panakeia.pharmacogenome import Pharmacogenome

        found = advice(self._graph(), patient, drugs)
        who = found.patient
        return Pharmacogenome({who: found.results}, {who: found.advice}, drugs, found.versions, {who: found.taken})

    def _of_record(self, record: "str | Path | Sequence[Json]", drugs: tuple[str, ...]) -> "Pharmacogenome":
        from kg.patients.formats.fhir.direct import read_person, read_resources
        from kg.search import find
        from panakeia.pharmacogenome import Pharmacogenome

        told = bedside_of(self)
        person, account = read_person(
            read_resources(record) if isinstance(record, str | Path) else record, told.alleles
        )
        wanted = [drug if drug in told.by_drug else find(self._graph(), drug, "Drug").id for drug in drugs]
        results = told.results(person.calls)
        refused = tuple(f"{one.table}: {one.element} {one.reason}" for one in account.rejected)
        return Pharmacogenome(
            {RECORD: results},
            {RECORD: told.advice(results, wanted)},
            drugs,
            told.guidance.versions,
            refused=refused,
        )

    def _call(
        self,
        vcf: str | Path,
        sample: str | None,
        outside_calls: str | Path | None,
        build: str | None,
        drugs: tuple[str, ...],
    ) -> "Pharmacogenome":
        from kg.fetch import Fetch
        from kg.pharmacogenomics.calls import call_vcf, read_caller
        from kg.pharmacogenomics.outside import read_outside_calls
        from kg.pharmacogenomics.recommend import read_guidance, recommend
        from panakeia.pharmacogenome import Pharmacogenome

        fetch = Fetch(self.data)
        outside = None if outside_calls is None else read_outside_calls(outside_calls)
        with self._telling() as progress:
            progress("definitions", 0.0)
            caller = read_caller(fetch)
            progress("call", 0.2)
            results = call_vcf(vcf, caller, build=build, sample=sample, outside=outside)
            if outside and len(results) > 1:
                raise ValueError(f"the VCF has {len(results)} samples; outside calls are of one: name it (--sample)")
            progress("guidelines", 0.5)
            guidance = read_guidance(fetch)
            if unknown := guidance.without(drugs):
                raise ValueError(
                    f"no guideline is on {', '.join(map(repr, unknown))}: expected names as DrugBank has them"
                )
            advice = {one: recommend(found, guidance, caller.rules, drugs or None) for one, found in results.items()}
        return Pharmacogenome(results, advice, drugs, guidance.versions | caller.versions)

    def tumour(self, file: str | Path, *, sample: str | None = None, disease: str | None = None) -> "TumourEvidence":
        """Say what CIViC's curators say of a tumour's small variants, in a MAF or a VCF that VEP or SnpEff annotated.

        The evidence comes in tiers: of the exact variant, of its codon or exon, of its gene. `sample` is the one of
        several that is meant, else a MAF's tumours are all asked about; with `disease`, what is of it is marked.
        Nothing of the tumour is stored.
        """
        from kg.query.tumour import tumour

        return tumour(self._graph(), file, sample, disease=disease)
