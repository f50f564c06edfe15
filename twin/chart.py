"""A patient of the graph in a model's terms: what the record states of the model's covariates."""

from collections.abc import Collection, Mapping

from kg.query import PatientRecord, events, patient
from kg.schema import WITHDRAWN
from kg.search import UnknownNode
from kg.stores.protocol import Store
from twin.covariates import Continuous, Genotype, asked_for
from twin.mixture import Mixture, mixture
from twin.model import Model
from twin.patient import PatientError

MEASURED = "patient_has_measurement"


def from_graph(store: Store, patient_id: str, model: Model, given: Mapping[str, str] | None = None) -> Mixture:
    """Return one patient of the store; the id is given as for `kg.query.people.patient`, covariates by hand in `given`.

    A genotype is not known where an allele of the model may be there as well, for it was not looked for: then it is
    one of those that the call leaves open.
    Raises `PatientError` that names the covariates which the patient's record lacks, without the record's content, and
    for a patient who withdrew consent.
    """
    try:
        record = patient(store, patient_id)
    except UnknownNode as failure:
        raise PatientError(str(failure)) from None
    if record.consent == WITHDRAWN:
        raise PatientError("the patient withdrew consent: nothing is simulated of the record")
    stated = {**_measured(store, record.id, model), **_stated(record, model)}
    return mixture(model, record.id, stated, given, possible=_left_open(record, model))


def _measured(store: Store, patient_id: str, model: Model) -> dict[str, str]:
    """Return the latest value of each covariate that is measured, as text in the model's unit.

    What was measured in a unit that the model does not know is not used.
    """
    wanted = {
        code: one
        for one in model.covariates
        if isinstance(one, Continuous) and one.recorded
        for code in one.recorded.codes
    }
    if not wanted:
        return {}
    seen = events(store, patient_id)
    seen = seen[(seen["relation"] == MEASURED) & seen["id"].isin(wanted) & ~seen["negated"] & seen["value"].notna()]
    found = {}
    for code, value, unit in zip(seen["id"], seen["value"], seen["unit"], strict=True):
        recorded = wanted[code].recorded
        if recorded is not None and unit in recorded.units:
            found[wanted[code].name] = f"{value * recorded.units[unit]:.6g}"
    return found


def lacks(record: PatientRecord, model: Model) -> list[str]:
    """Return the covariates which a model asks for and a patient's record does not state for certain."""
    stated = _stated(record, model)
    return [covariate.name for covariate in model.covariates if asked_for(covariate) and covariate.name not in stated]


def _stated(record: PatientRecord, model: Model) -> dict[str, str]:
    """Return what a record states of a model's covariates, as text."""
    stated = {
        gene: genotype
        for gene, genotype in record.genotypes.items()
        if not _may_be_others(gene, record.not_excluded.get(gene, frozenset()), model)
    }
    own = {"age_years": record.age_years, "sex": record.sex}
    return stated | {name: str(value) for name, value in own.items() if value is not None}


def _left_open(record: PatientRecord, model: Model) -> dict[str, set[str]]:
    """Return the diplotypes that a call leaves open which could not exclude some alleles: each may be in place of the
    first allele, which is what is called where nothing else is found."""
    found = {}
    for gene in model.covariates:
        if not isinstance(gene, Genotype) or gene.name not in record.genotypes:
            continue
        called = gene.read(record.genotypes[gene.name])
        if called is None:
            continue
        unseen = {gene.spelt.get(allele, allele) for allele in record.not_excluded.get(gene.name, ())}
        may_be = {gene.alleles[0]: {gene.alleles[0], *(unseen & set(gene.alleles))}}
        pair = called.split(gene.separator) if gene.separator else list(called)
        first, second = (may_be.get(allele, {allele}) for allele in pair)
        found[gene.name] = {gene.separator.join(sorted((a, b), key=gene.alleles.index)) for a in first for b in second}
    return found


def _may_be_others(gene: str, not_excluded: Collection[str], model: Model) -> bool:
    """Return whether an allele that was not looked for is one that the model knows."""
    known = {
        allele
        for covariate in model.covariates
        if isinstance(covariate, Genotype) and covariate.name == gene
        for allele in (*covariate.alleles, *covariate.spelt)
    }
    return not known.isdisjoint(not_excluded)
