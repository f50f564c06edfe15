"""A question that sites themselves offer."""

from dataclasses import replace

import pytest

from tests.twin.prognosis.federated.conftest import COX, LOGISTIC, Played, patients
from twin.prognosis.federated.offers import offered_question, stated_question
from twin.prognosis.federated.refusal import FederatedError
from twin.prognosis.federated.rows import rows_of
from twin.prognosis.federated.site import Site
from twin.prognosis.federated.transports.here import Here


def sites(outcome: str | None, time: str | None, **renamed: str) -> list[Here]:
    """Return two sites that say so much of their columns."""
    tables = [patients(seed, 60).rename(columns=renamed) for seed in range(2)]
    return [Here(f"site {n}", Site(rows_of(table), outcome=outcome, time=time)) for n, table in enumerate(tables)]


def test_what_sites_say_is_asked() -> None:
    assert offered_question(sites("dead", "days"), {"model": "logistic"}) == LOGISTIC
    assert offered_question(sites("dead", "days"), {"model": "cox"}) == COX


def test_columns_may_be_called_what_they_are() -> None:
    found = offered_question(sites(None, None, dead="outcome", days="time"), {"model": "cox"})
    assert (found.outcome, found.time, found.features) == ("outcome", "time", ("age", "sex", "stage"))


def test_what_is_stated_stands() -> None:
    found = offered_question(sites("dead", "days"), {"model": "logistic", "features": ["age"], "units": {"age": "a"}})
    assert (found.outcome, found.features, found.units) == ("dead", ("age",), {"age": "a"})
    assert stated_question({"model": "logistic"}) is None
    assert stated_question(LOGISTIC.model_dump()) == LOGISTIC


def test_features_are_those_that_all_offer() -> None:
    one, other = sites("dead", "days")
    less = Site(rows_of(other.site.rows.table.drop(columns="sex")), outcome="dead", time="days")
    assert offered_question([one, replace(other, site=less)], {"model": "logistic"}).features == ("age", "stage")


def test_what_cannot_be_told_is_said_with_its_cure() -> None:
    with pytest.raises(FederatedError, match=r"none is called 'outcome'; they offer dead, age, .*: give --outcome COL"):
        offered_question(sites(None, None), {"model": "logistic"})
    one, other = sites("dead", None)[0], sites("days", None)[1]
    with pytest.raises(FederatedError, match=r"different columns as their outcome \(site 0: dead; site 1: days\)"):
        offered_question([one, other], {"model": "logistic"})
    with pytest.raises(FederatedError, match=r"which column is its time.*give --time COL"):
        offered_question(sites("dead", None), {"model": "cox"})
    only = [Here("a", Site(rows_of(patients(1, 60)[["dead"]]), outcome="dead"))]
    with pytest.raises(FederatedError, match="name features with --feature COL"):
        offered_question(only, {"model": "logistic"})


def test_a_site_of_few_patients_or_of_another_form_says_nothing() -> None:
    few = Here("few", Site(rows_of(patients(1, 3)), outcome="dead"))
    strange = Played("strange", Site(rows_of(patients(2, 60))), lambda message, answer: b"{}")
    with pytest.raises(FederatedError, match=r"no site says what it offers: few: .*; strange: "):
        offered_question([few, strange], {"model": "logistic"})
    good = sites("dead", "days")
    assert offered_question([few, strange, *good], {"model": "logistic"}) == LOGISTIC
