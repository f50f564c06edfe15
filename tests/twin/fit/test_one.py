"""One patient of whom a genotype is not known: what it is after the measurements, against a closed form."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.twin.fit.linear import MODEL, Line, exact_ofv, table
from twin.covariates import Frequencies, Genotype
from twin.engine import float64_on_cpu
from twin.fit.arms import continued
from twin.fit.forecast import courses, predictive_check, unknown_share
from twin.fit.one import of_table
from twin.fit.patient import Posterior, fit_patient
from twin.fit.whom import _each, _shared, differing, penalties
from twin.mixture import Mixture
from twin.nonmem import RegimenError
from twin.patient import PatientError
from twin.records import read_records
from twin.regimen import read_regimen

GENE = Genotype("GENE", ("G", "A"), "", frequencies=Frequencies({"white": {"A": 0.3}, "asian": {"A": 0.8}}, "made up"))
STEP = 1.5
"""By how much one A raises the intercept."""
WITH_GENE = replace(
    MODEL,
    name="line with a gene",
    covariates=(GENE,),
    individual=lambda theta, covariates: Line(theta["intercept"] + STEP * covariates["GENE"], theta["slope"]),
)
ONE = table(1).assign(ID=1)


def exact(before: np.ndarray) -> np.ndarray:
    """Return how likely GG, GA and AA are after the measurements: the prior times the marginal likelihood."""
    omega = np.array([[1.0, 0.06], [0.06, 0.04]])
    log = np.log(before) - 0.5 * np.array(
        [exact_ofv(ONE, np.array([5.0 + STEP * copies, 0.4]), omega, 0.5) for copies in range(3)]
    )
    shares = np.exp(log - log.max())
    return np.asarray(shares / shares.sum())


def fitted(method: str, given: dict[str, str], draws: int = 4000) -> tuple[Posterior, Mixture]:
    data, person = of_table(WITH_GENE, read_records(ONE), given)
    shares = person.shares.tolist()
    return fit_patient(WITH_GENE, data, method=method, prior_shares=shares, draws=draws), person


@pytest.mark.parametrize(
    ("method", "given", "a"), [("map", {}, 0.3), ("map", {"race": "asian"}, 0.8), ("nuts", {}, 0.3)]
)
def test_how_likely_genotypes_are_is_bayes_s_theorem(method: str, given: dict[str, str], a: float) -> None:
    posterior, person = fitted(method, given)
    before = np.array([(1 - a) ** 2, 2 * a * (1 - a), a**2])
    assert list(person.likely("GENE").values()) == pytest.approx(before.tolist())
    np.testing.assert_allclose(posterior.shares, exact(before), atol=0.02)
    drawn = np.bincount(posterior.column, minlength=3) / posterior.column.size
    np.testing.assert_allclose(drawn, exact(before), atol=0.04)


def test_genotypes_that_move_what_varies_share_a_course() -> None:
    """With one course, what speaks against etas is the sum over genotypes, each with its own etas and course."""
    posterior, _ = fitted("map", {}, 100)
    likelihood, before = posterior.likelihood, np.log([0.49, 0.42, 0.09])
    with float64_on_cpu():
        apart = differing(likelihood)
    assert apart is not None and apart.tolist() == [[0, STEP, 2 * STEP], [0, 0, 0]]
    etas, step = np.array([0.4, -0.1]), 1e-6
    with float64_on_cpu():
        own = etas[:, None] - apart
        columns = [likelihood.only(place) for place in range(3)]
        each = [penalties(one.layout, one.solver, own[:, [n]], one.case)[0] for n, one in enumerate(columns)]
        shared = _shared(likelihood, before, apart)
        value, slope = shared(etas)
        assert value == pytest.approx(-np.log(np.sum(np.exp(before - np.array(each)))))
        numbers = [(shared(etas + way)[0] - shared(etas - way)[0]) / (2 * step) for way in step * np.eye(2)]
        np.testing.assert_allclose(slope, numbers, rtol=1e-6)
        alone = _each(likelihood, before)
        numbers = [(alone(etas + way)[0] - alone(etas - way)[0]) / (2 * step) for way in step * np.eye(2)]
        np.testing.assert_allclose(alone(etas)[1], numbers, rtol=1e-6)


def test_genotypes_that_move_something_else_do_not() -> None:
    fixed = replace(
        WITH_GENE,
        individual=lambda theta, covariates: Line(theta["intercept"], theta["slope"] + 0.1 * covariates["GENE"]),
        variability=replace(
            MODEL.variability, between={"intercept": MODEL.variability.between["intercept"]}, correlations={}
        ),
    )
    data, person = of_table(fixed, read_records(ONE), {})
    posterior = fit_patient(fixed, data, method="nuts", prior_shares=person.shares.tolist(), draws=400)
    with float64_on_cpu():
        assert differing(posterior.likelihood) is None
    weighed = fit_patient(fixed, data, prior_shares=person.shares.tolist(), draws=4000)
    np.testing.assert_allclose(posterior.shares, weighed.shares, atol=0.05)


def test_draws_of_a_mixture_are_those_of_its_genotypes_together() -> None:
    """The mean of what is drawn is the mean of the genotypes' own, each as likely as it is."""
    whole, _ = fitted("map", {})
    alone = [fitted("map", {"GENE": level})[0].people.intercept.mean() for level in GENE.levels]
    expected = exact(np.array([0.49, 0.42, 0.09])) @ np.array(alone)
    assert whole.people.intercept.mean() == pytest.approx(expected, abs=0.05)


def test_the_share_of_the_variance_that_the_genotype_is() -> None:
    posterior, _ = fitted("map", {})
    seen = courses(posterior, np.array([20.0]), posterior.data.doses[0])[0]
    means = np.array([seen[0, posterior.column == place].mean() for place in np.unique(posterior.column)])
    count = np.bincount(posterior.column)[np.unique(posterior.column)]
    between = np.average((means - seen.mean()) ** 2, weights=count)
    assert unknown_share(posterior, seen)[0] == pytest.approx(between / seen.var())


def test_a_check_tells_where_each_measurement_stands() -> None:
    posterior, _ = fitted("map", {"GENE": "GG"})
    told = predictive_check(posterior).to_frame()
    assert told["value"].tolist() == ONE["DV"].tolist() and set(told["observable"]) == {"level"}
    assert ((told["lower"] < told["value"]) == (told["percentile"] > 0.05)).all()


@pytest.mark.parametrize(
    ("column", "error", "said"),
    [
        ({"GENE": "GT"}, RegimenError, "column GENE: got 'GT', expected one of GG, GA, AA"),
        ({"age_years": 60, "GENE": "."}, None, ""),
        ({"gene": "AG"}, None, ""),
    ],
)
def test_a_table_s_own_genotype_is_read_or_marginalised(
    column: dict[str, object], error: type[Exception] | None, said: str
) -> None:
    records = read_records(ONE.assign(**column))
    if error:
        with pytest.raises(error, match=said):
            of_table(WITH_GENE, records)
        return
    _, person = of_table(WITH_GENE, records)
    assert person.certain == ("gene" in column)


def test_what_a_table_lacks_is_asked_for_by_name() -> None:
    with pytest.raises(PatientError, match=r"the table lacks GENE, .* add --set GENE=VALUE"):
        of_table(replace(WITH_GENE, covariates=(replace(GENE, frequencies=None),)), read_records(ONE))


def test_an_arm_has_the_doses_until_its_own_first() -> None:
    own = read_regimen(pd.DataFrame({"TIME": [0], "AMT": [5], "II": [24], "ADDL": [9]})).for_patients(["1"])[0]
    other = read_regimen(pd.DataFrame({"TIME": [48], "AMT": [2], "II": [48], "ADDL": [1]})).for_patients(["1"])[0]
    found = continued(own, other)
    assert found.time_h.tolist() == [0, 24, 48, 96] and found.amount.tolist() == [5, 5, 2, 2]
