"""Bad sites are refused by name and the round goes on; a site does not answer what tells of few."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tests.twin.prognosis.federated.conftest import COX, LOGISTIC, Played, patients, with_rules
from twin.prognosis.federated.fit import FitSettings, fit
from twin.prognosis.federated.guard import Rules
from twin.prognosis.federated.masks import PRIME, Keys, masked, unmasked
from twin.prognosis.federated.refusal import FederatedError, SiteRefused, SiteRefuses, TooFewSites
from twin.prognosis.federated.rows import rows_of
from twin.prognosis.federated.site import Site, Spending
from twin.prognosis.federated.transports.folder import Folder, serve_folder
from twin.prognosis.federated.transports.here import Here
from twin.prognosis.federated.wire import Answer, Sums, Vector, digest, written

Change = Callable[[bytes, bytes], bytes]


def sums(values: Vector) -> Change:
    """Return a site that answers right until it is asked for sums."""

    def change(ask: bytes, answer: bytes) -> bytes:
        if json.loads(ask)["ask"] != "sums":
            return answer
        return written(Answer(to=digest(ask), content=Sums(values=values)))

    return change


def edited(key: str, value: object, *, inside: bool = False) -> Change:
    def change(ask: bytes, answer: bytes) -> bytes:
        told = json.loads(answer)
        (told["content"] if inside else told)[key] = value
        return json.dumps(told).encode()

    return change


NAN = Vector.of(np.full(22, np.nan))
ELSE = Vector.of(np.ones(22) * 3.0)
BAD: dict[str, tuple[Change, str]] = {
    "wrong shape": (sums(Vector.of(np.ones(5))), "answers with 5 sums, expected 22"),
    "NaN": (sums(NAN), "22 of 22 numbers are NaN"),
    "other rows": (sums(ELSE), "over 3 rows, and 200 were described"),
    "version": (edited("version", 2), "version 2, expected 1"),
    "another ask": (edited("to", "ab"), "answers another ask"),
    "no JSON": (lambda ask, answer: b"<html>", "no JSON"),
    "deep JSON": (lambda ask, answer: b"[" * 100_000, "no JSON"),
    "one patient": (edited("rows", 1, inside=True), "1 patients, fewer than the minimum of 10"),
    "no form": (edited("kind", "sums", inside=True), "the answer has"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_site_is_refused_by_name(links: list[Here], kind: str) -> None:
    change, reason = BAD[kind]
    bad = Played("the bad one", Site(rows_of(patients(7, 200))), change)
    found = fit([*links, bad], LOGISTIC, FitSettings(masked=False))
    assert found.refused.keys() == {"the bad one"}
    assert reason in found.refused["the bad one"]
    good = fit(links, LOGISTIC, FitSettings(masked=False))
    assert_allclose(found.to_frame()["estimate"], good.to_frame()["estimate"], rtol=1e-10)
    assert "the bad one" not in found.rounds[-1].sites and "the bad one" not in found.versions


@pytest.mark.parametrize("is_masked", [True, False])
def test_a_site_that_vanishes_is_left_out_from_then_on(links: list[Here], is_masked: bool) -> None:
    @dataclass(frozen=True)
    class Vanishing:
        name: str
        site: Site

        def ask(self, message: bytes, seconds: float) -> bytes:
            if json.loads(message)["round"] >= 4:
                raise SiteRefused("it does not answer within 1 s")
            return self.site.answer(message)

    found = fit([*links, Vanishing("gone", Site(rows_of(patients(9, 200))))], LOGISTIC, FitSettings(masked=is_masked))
    good = fit(links, LOGISTIC)
    assert_allclose(found.to_frame()["estimate"], good.to_frame()["estimate"], rtol=1e-9)
    assert [one.number for one in found.rounds if "gone" in one.refused] == [4]
    assert all("gone" in one.sites for one in found.rounds if one.number < 4)
    assert found.events is None
    with pytest.raises(TooFewSites, match="4 sites are left, expected 5 or more; refused: gone: it does not answer"):
        fit([*links, Vanishing("gone", Site(rows_of(patients(9, 200))))], LOGISTIC, FitSettings(least_sites=5))


def test_a_single_patient_answers_nothing(links: list[Here]) -> None:
    few = Here("few", Site(rows_of(patients(1, 1))))
    assert "fewer patients than its minimum of 10" in fit([*links, few], LOGISTIC).refused["few"]


SCHEMAS: list[tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = [
    (lambda table: table.drop(columns="sex"), "offers no column sex"),
    (lambda table: table.assign(age="old"), "age is text there, expected numbers"),
    (lambda table: table.assign(dead=table["dead"] * 2), "dead holds others than 0 and 1"),
    (lambda table: table.assign(dead=table["dead"].map({0: "no", 1: "yes"})), "dead is text there"),
    (lambda table: table.assign(sex=["x"] * 3 + list(table["sex"][3:])), "a level of sex that is none of f, m"),
]


@pytest.mark.parametrize(("change", "reason"), SCHEMAS)
def test_another_schema_is_refused(
    links: list[Here], change: Callable[[pd.DataFrame], pd.DataFrame], reason: str
) -> None:
    other = Here("other", Site(rows_of(change(patients(5, 200)))))
    assert reason in fit([*links, other], LOGISTIC).refused["other"]


def test_another_unit_is_refused(tables: dict[str, pd.DataFrame]) -> None:
    units = ["years", "years", "months", None]
    links = [
        Here(name, Site(rows_of(table, units={"age": unit} if unit else {})))
        for (name, table), unit in zip(tables.items(), units, strict=True)
    ]
    assert fit(links, LOGISTIC).refused == {"site 2": "age is in 'months' there, expected 'years'"}
    asked = LOGISTIC.model_copy(update={"units": {"age": "months"}})
    with pytest.raises(TooFewSites):
        fit(links[:3], asked)


def test_no_majority_is_an_error(links: list[Here]) -> None:
    other = Here("other", Site(rows_of(patients(5, 200).assign(age="old"))))
    with pytest.raises(
        FederatedError, match="sites differ in age, text or numbers, with no majority: site 0 against other"
    ):
        fit([links[0], other], LOGISTIC)


CELLS: list[tuple[Callable[[pd.DataFrame], pd.DataFrame], Rules, str]] = [
    (lambda table: table.assign(sex=["m"] * 4 + ["f"] * 196), Rules(), "differ from all others in sex=m"),
    (lambda table: table.assign(age=[71.0] * 197 + [65.0, 66.0, 90.0]), Rules(), "differ from all others in age"),
    (lambda table: table.assign(dead=[1] * 5 + [0] * 195), Rules(), "fewer than 10 patients have the event"),
    (lambda table: table.head(20).assign(dead=[0, 1] * 10, sex=["f", "f", "m", "m"] * 5, stage=["s1", "s2"] * 10),
     Rules(share=0.2), "5 coefficients are asked for, more than 0.20 times its rows"),
    (lambda table: table, Rules(masks_only=True), "answers masked sums only"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "rules", "reason"), CELLS)
def test_what_tells_of_few_is_not_answered(
    links: list[Here], change: Callable[[pd.DataFrame], pd.DataFrame], rules: Rules, reason: str
) -> None:
    strict = Here("strict", Site(rows_of(change(patients(5, 200))), rules))
    assert reason in fit([*links, strict], LOGISTIC, FitSettings(masked=False)).refused["strict"]


def test_two_questions_never_differ_by_a_patient_that_lacks_a_feature(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["site 0"].copy()
    table.loc[3, "sex"] = None
    site = Site(rows_of(table))
    found = fit([Here("a", site), Here("b", site)], LOGISTIC.model_copy(update={"features": ("age",)}))
    assert found.rows["a"] == len(table) - 1


def test_a_masked_sum_over_two_is_not_answered(links: list[Here]) -> None:
    with pytest.raises(TooFewSites, match="a masked sum over 2 sites is asked for, expected 3"):
        fit(links[:2], LOGISTIC, FitSettings(masked=True))


def test_masks_cancel_and_hide() -> None:
    keys = [Keys.new() for _ in range(4)]
    peers = sorted(one.public for one in keys)
    values = np.array([[1e9 + 1 / 3, -2.5e-13], [0.1, 7.0], [-5e8, 1e-15], [0.0, -7.0]])
    words = [masked(row, key, peers, "ab") for row, key in zip(values, keys, strict=True)]
    assert_allclose(unmasked(words), [sum(values[:, 0]), -2.49e-13], rtol=1e-6)
    assert unmasked(words)[0] == np.float64(values[:, 0].sum())
    assert max(word.bit_length() for word in words[3]) > 100  # 0 looks like any other number
    again = masked(values[0], keys[0], peers, "cd")
    assert again[0] != words[0][0]


def test_the_group_is_that_of_rfc_3526() -> None:
    from mpmath import mp

    with mp.workprec(2400):
        assert 2**2048 - 2**1984 - 1 + 2**64 * (int(mp.floor(mp.mpf(2) ** 1918 * mp.pi)) + 124476) == PRIME


def test_keys_of_a_coordinator_are_not_taken_where_sites_have_a_pledge() -> None:
    mine, sworn, made_up = Keys.new(b"pledge"), Keys.new(b"pledge"), Keys.new()
    assert len(masked(np.ones(2), mine, [mine.public, sworn.public], "ab")) == 2
    with pytest.raises(SiteRefuses, match="not signed with the pledge"):
        masked(np.ones(2), mine, [mine.public, made_up.public], "ab")
    with pytest.raises(SiteRefuses, match="no key of the group"):
        masked(np.ones(2), made_up, [made_up.public, "1"], "ab")


def test_a_noisy_answer_is_charged_once_and_the_same_again(tmp_path: Path) -> None:
    site = Site(rows_of(patients(1, 200)), budget=Spending(tmp_path / "b.jsonl", 1.0))
    messages: list[bytes] = []

    def heard(ask: bytes, answer: bytes) -> bytes:
        messages.append(ask)
        return answer

    links = [Played("a", site, heard)]
    settings = FitSettings(least_sites=1, epsilon=0.9, noisy_steps=1, scales={"age": (70.0, 9.0)}, masked=False)
    fit(links, LOGISTIC, settings)
    assert site.answer(messages[-1]) == site.answer(messages[-1])
    with pytest.raises(TooFewSites, match="answers with noise only"):
        fit(links, LOGISTIC, FitSettings(least_sites=1))
    with pytest.raises(FederatedError, match="nothing does"):
        fit(links, COX, settings)


def test_a_folder_carries_the_same(links: list[Here], tmp_path: Path) -> None:
    stop, threads, ways = Event(), [], []
    for place, link in enumerate(links[:2]):
        folder = tmp_path / str(place)
        folder.mkdir()
        ways.append(Folder(str(folder)))
        threads.append(Thread(target=serve_folder, args=(link.site, folder, stop.is_set)))
        threads[-1].start()
    try:
        found = fit([*ways, Folder(str(tmp_path / "none"))], LOGISTIC, FitSettings(seconds=5.0))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert_allclose(found.to_frame()["estimate"], fit(links[:2], LOGISTIC).to_frame()["estimate"], rtol=1e-12)
    assert "its folder is not there" in found.refused[str(tmp_path / "none")]
    started = time.monotonic()
    with pytest.raises(TooFewSites, match=r"does not answer within 0\.2 s"):
        fit(ways, LOGISTIC, FitSettings(seconds=0.2))
    assert time.monotonic() - started < 60


def test_other_rules_do_not_change_a_fit(links: list[Here]) -> None:
    other = with_rules(links, replace(Rules(), minimum=3))
    assert_allclose(fit(other, COX).at, fit(links, COX).at, rtol=1e-12)
