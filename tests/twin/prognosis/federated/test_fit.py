"""The fit over sites is the fit of all rows together, by other programs; and what a message tells does not grow."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from tests.twin.prognosis.federated.conftest import COX, LINEAR, LOGISTIC, patients, with_rules
from twin.prognosis.federated.fit import FitSettings, fit
from twin.prognosis.federated.guard import Rules
from twin.prognosis.federated.leave import leave_one_out
from twin.prognosis.federated.refusal import FederatedError
from twin.prognosis.federated.result import FederatedFit
from twin.prognosis.federated.rows import rows_of
from twin.prognosis.federated.site import Site
from twin.prognosis.federated.transports.here import Here
from twin.trials.analysis.cox import partial_likelihood
from twin.trials.analysis.survival import Times

Tables = dict[str, pd.DataFrame]


def design(table: pd.DataFrame) -> np.ndarray:
    columns = [table["age"], table["sex"] == "m", table["stage"] == "s2", table["stage"] == "s3"]
    return np.column_stack([column.to_numpy(float) for column in columns])


def figures(found: FederatedFit) -> tuple[list[float], list[float]]:
    estimates = found.coefficients.values()
    return [one.value for one in estimates], [one.standard_error for one in estimates]


@pytest.mark.parametrize("masked", [True, False])
def test_logistic_is_statsmodels_on_all_rows(tables: Tables, links: list[Here], masked: bool) -> None:
    found = fit(links, LOGISTIC, FitSettings(masked=masked))
    pooled = pd.concat(tables.values())
    there = sm.Logit(pooled["dead"].to_numpy(), sm.add_constant(design(pooled))).fit(
        disp=False, method="newton", tol=1e-14
    )
    values, errors = figures(found)
    assert list(found.coefficients) == ["intercept", "age", "sex=m", "stage=s2", "stage=s3"]
    assert_allclose(values, there.params, rtol=1e-10, atol=1e-10)
    assert_allclose(errors, there.bse, rtol=1e-8)
    assert (found.masked, found.events, len(found.rounds) <= 10) == (masked, pooled["dead"].sum(), True)


def test_cox_is_stratified_by_site(tables: Tables, links: list[Here]) -> None:
    found = fit(links, COX)
    pooled = pd.concat([table.assign(site=place) for place, table in enumerate(tables.values())])
    times = Times(pooled["days"].to_numpy(float), pooled["dead"].to_numpy(float))
    there, covariance = partial_likelihood(design(pooled), times, pooled["site"].to_numpy(float))
    values, errors = figures(found)
    assert_allclose(values, there, rtol=1e-9, atol=1e-10)
    assert_allclose(errors, np.sqrt(np.diag(covariance)), rtol=1e-8)


def test_linear_is_statsmodels_on_all_rows(tables: Tables, links: list[Here]) -> None:
    found = fit(links, LINEAR)
    pooled = pd.concat(tables.values())
    there = sm.OLS(pooled["days"].to_numpy(), sm.add_constant(design(pooled))).fit()
    values, errors = figures(found)
    assert_allclose(values, there.params, rtol=1e-10)
    assert_allclose(errors, there.bse, rtol=1e-10)
    assert_allclose([one.lower for one in found.coefficients.values()], there.conf_int()[:, 0], rtol=1e-9)


def test_a_ridge_is_that_of_scaled_columns(tables: Tables, links: list[Here]) -> None:
    found = fit(links, LINEAR, FitSettings(ridge=50.0))
    pooled = pd.concat(tables.values())
    scaled = design(pooled)
    scaled[:, 0] = (scaled[:, 0] - scaled[:, 0].mean()) / scaled[:, 0].std()
    full = np.column_stack([np.ones(len(scaled)), scaled])
    there = np.linalg.solve(full.T @ full + np.diag([0.0, 50, 50, 50, 50]), full.T @ pooled["days"].to_numpy())
    assert_allclose(found.at, there, rtol=1e-10)


def test_messages_are_as_long_for_ten_times_the_rows() -> None:
    sizes = []
    for rows in (200, 2000):
        links = [Here(f"site {seed}", Site(rows_of(patients(seed, rows)))) for seed in range(3)]
        rounds = [one for one in fit(links, LOGISTIC).rounds if one.ask != "describe"]
        sizes.append({(one.ask, one.received_bytes) for one in rounds})
        assert all(one.received_bytes < 4000 for one in rounds)
    assert sizes[0] == sizes[1]


def test_the_site_left_out_measures_the_others_model(tables: Tables, links: list[Here]) -> None:
    from sklearn.metrics import roc_auc_score

    found = leave_one_out(links, LOGISTIC)
    others = pd.concat([table for name, table in tables.items() if name != "site 2"])
    model = sm.Logit(others["dead"].to_numpy(), sm.add_constant(design(others))).fit(disp=False)
    table = tables["site 2"]
    area = roc_auc_score(table["dead"], sm.add_constant(design(table)) @ model.params)
    assert found.sites["site 2"]["AUROC"] == pytest.approx(area, abs=1e-9)
    assert found.mean.lower < found.mean.value < found.mean.upper
    with pytest.raises(FederatedError, match="without masks"):
        leave_one_out(links, LOGISTIC, FitSettings(masked=True))


def test_separated_events_and_combinations_are_named(tables: Tables) -> None:
    apart = [table.assign(dead=(table["sex"] == "m").astype(int)) for table in tables.values()]
    with pytest.raises(FederatedError, match="sex=m runs away"):
        fit([Here(str(place), Site(rows_of(table))) for place, table in enumerate(apart)], LOGISTIC)
    twice = [table.assign(months=table["age"] * 12) for table in tables.values()]
    question = LOGISTIC.model_copy(update={"features": ("age", "months")})
    with pytest.raises(FederatedError, match="combination of other features"):
        fit([Here(str(place), Site(rows_of(table))) for place, table in enumerate(twice)], question)


def test_over_all_sites_a_level_of_few_is_not_fitted(tables: Tables) -> None:
    seldom = [table.assign(sex=["x"] * 2 + list(table["sex"][2:])) for table in tables.values()]
    links = with_rules([Here(str(place), Site(rows_of(table))) for place, table in enumerate(seldom)], Rules(minimum=2))
    with pytest.raises(FederatedError, match="fewer than 10 patients have sex=x"):
        fit(links, LOGISTIC, FitSettings(masked=True))


def test_with_noise_the_fit_is_near_and_its_intervals_wider(tables: Tables, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from twin.prognosis.federated.site import Spending

    budgets = [tmp_path / f"{place}.budget" for place in range(4)]
    links = [
        Here(name, Site(rows_of(pd.concat([table] * 20)), budget=Spending(budget, 20.0)))
        for (name, table), budget in zip(tables.items(), budgets, strict=True)
    ]
    plain = fit([Here(link.name, Site(link.site.rows)) for link in links], LOGISTIC)
    settings = FitSettings(epsilon=20.0, scales={"age": (70.0, 9.0)})
    noisy = fit(links, LOGISTIC, settings)
    for name in ("age", "sex=m"):
        one, other = plain.coefficients[name], noisy.coefficients[name]
        assert abs(one.value - other.value) < 6 * other.standard_error
        assert other.standard_error > one.standard_error
    with pytest.raises(FederatedError, match="the budget is spent"):
        fit(links, LOGISTIC, settings)
    with pytest.raises(FederatedError, match="centre and spread of age"):
        fit(links, LOGISTIC, FitSettings(epsilon=1.0))
