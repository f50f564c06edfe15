"""What is worked out once and kept is what would be worked out anew, and no more than the bound is kept."""

import pickle
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest

from gnn import checkpoint
from gnn.checkpoint import Model
from gnn.model import PARTS
from gnn.score import logits
from gnn.train import train
from gnn.workings import Workings
from kg.graph import Graph
from tests.gnn.conftest import SMALL


@pytest.fixture(scope="module")
def folder(families: Graph, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("model")
    checkpoint.save(train(families, replace(SMALL, parts=PARTS)), place)
    return str(place)


def every(model: Model) -> tuple[np.ndarray, np.ndarray]:
    subjects, objects = (np.arange(count) for count in model.around.shape)
    return subjects, objects


def test_what_is_kept_changes_no_bit(folder: str) -> None:
    model = checkpoint.load(folder)
    rows, columns = every(model)
    first = [logits(model, rows, columns[[place]]) for place in columns]
    again = [logits(model, rows, columns[[place]]) for place in columns]
    anew = [logits(checkpoint.load(folder), rows, columns[[place]]) for place in columns]
    for one, other, fresh in zip(first, again, anew, strict=True):
        assert one.tobytes() == other.tobytes() == fresh.tobytes()


def test_one_column_is_ranked_as_all_are(folder: str) -> None:
    model = checkpoint.load(folder)
    rows, columns = every(model)
    whole = logits(model, rows, columns)
    one = np.concatenate([logits(model, rows, columns[[place]]) for place in columns], axis=1)
    assert one == pytest.approx(whole, abs=1e-4)


def test_threads_that_ask_at_once_hear_the_same(folder: str) -> None:
    model, found = checkpoint.load(folder), dict[int, bytes]()
    rows, columns = every(model)

    def ask(number: int) -> None:
        found[number] = logits(model, rows, columns[:1]).tobytes()

    threads = [Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found.values())) == 1 and len(found) == 4


def test_a_copy_for_another_process_takes_no_workings_along(folder: str) -> None:
    model = checkpoint.load(folder)
    rows, columns = every(model)
    wanted, size = logits(model, rows, columns[:1]), len(pickle.dumps(checkpoint.load(folder)))
    copy = pickle.loads(packed := pickle.dumps(model))
    assert len(packed) < 1.1 * size
    assert logits(copy, rows, columns[:1]).tobytes() == wanted.tobytes()


def test_what_would_go_over_the_bound_is_worked_out_each_time() -> None:
    made = Workings(most_bytes=100)
    small = made.of("small", lambda: np.zeros(10))
    assert made.of("small", lambda: np.ones(10)) is small
    large = made.of("large", lambda: np.zeros(10))
    assert made.of("large", lambda: np.ones(10)) is not large
