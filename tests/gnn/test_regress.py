"""Regress: against ridge regressions of one column each, and against the equations of two-step kernel ridge."""

import numpy as np
import scipy.sparse as sp

from gnn.regress import KERNEL_RIDGE, LIKENESS, OVER_ONE, RIDGE, regress


def _answers(random: np.random.Generator) -> np.ndarray:
    answers = (random.random((9, 7)) < 0.4).astype(np.float32)
    answers[0], answers[:, 0] = 1, 1  # every end has an answer
    return answers


def _alike(random: np.random.Generator, count: int) -> np.ndarray:
    vectors = random.random((count, 5))
    cosine = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return (cosine @ cosine.T).astype(np.float32)


def test_an_object_is_foretold_by_ridge_regression_on_the_others() -> None:
    random = np.random.default_rng(0)
    answers = _answers(random)
    alike = _alike(random, 9), _alike(random, 7)
    found = dict(zip(OVER_ONE, regress(sp.csr_array(answers), alike), strict=False))
    extra = LIKENESS * alike[1].astype(np.float64)
    for likeness, name in ((0 * extra, "objects"), (extra, "objects and their likeness")):
        for column in range(7):
            others = np.delete(np.arange(7), column)
            gram = answers.T @ answers + likeness
            weights = np.linalg.solve(gram[np.ix_(others, others)] + RIDGE * np.eye(6), gram[others, column])
            assert np.allclose(found[name][:, column], answers[:, others] @ weights, atol=1e-4)


def test_subjects_are_foretold_as_objects_are_of_the_answers_turned() -> None:
    random = np.random.default_rng(1)
    answers = _answers(random)
    alike = _alike(random, 9), _alike(random, 7)
    straight = regress(sp.csr_array(answers), alike)
    turned = regress(sp.csr_array(answers.T), alike[::-1])
    assert np.allclose(straight[2:4], turned[:2].transpose(0, 2, 1), atol=1e-4)


def test_the_weights_over_both_ends_solve_both_ridge_equations() -> None:
    random = np.random.default_rng(2)
    answers = _answers(random)
    subjects, objects = _alike(random, 9), _alike(random, 7)
    weights = regress(sp.csr_array(answers), (subjects, objects))[-1]
    ridged = [one + KERNEL_RIDGE * np.eye(len(one)) for one in (subjects, objects)]
    assert np.allclose(ridged[0] @ weights @ ridged[1], answers, atol=1e-3)


def test_ends_without_an_answer_are_not_regressed_on() -> None:
    random = np.random.default_rng(3)
    answers = _answers(random)
    alike = _alike(random, 9), _alike(random, 7)
    wider = np.zeros((9, 8), np.float32)
    wider[:, :7] = answers
    more = np.ones((8, 8), np.float32)
    more[:7, :7] = alike[1]
    found = regress(sp.csr_array(wider), (alike[0], more))
    assert np.allclose(found[:, :, :7], regress(sp.csr_array(answers), alike), atol=1e-5)
    assert not found[:, :, 7].any()
