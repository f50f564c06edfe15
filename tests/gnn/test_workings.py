"""What is worked out once and kept is what would be worked out anew, and no more than the bound is kept."""

import pickle
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest

from gnn import checkpoint, score
from gnn.checkpoint import Model
from gnn.model import PARTS
from gnn.outlook import sharing, whole, whole_bytes
from gnn.score import candidate_scores, logits, logits_within, look, prepare
from gnn.task import End
from gnn.train import train
from gnn.workings import Workings, bytes_of
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


def test_what_is_worked_out_ahead_for_all_pairs_changes_no_bit(folder: str) -> None:
    ready, fresh = checkpoint.load(folder), checkpoint.load(folder)
    prepare(ready)
    rows, columns = every(ready)
    assert ready.workings.held("whole") is not None and fresh.workings.held("whole") is None
    for subjects, objects in ((rows, columns[:1]), (rows[:1], columns), (rows[2:3], columns[1:2]), (rows, columns)):
        for one, other in zip(*(logits_within(model, subjects, objects) for model in (ready, fresh)), strict=True):
            assert one.tobytes() == other.tobytes()
        assert look(ready, subjects, objects).chains.tobytes() == look(fresh, subjects, objects).chains.tobytes()


def test_what_is_too_large_to_be_worked_out_ahead_is_not(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = checkpoint.load(folder)
    size = whole_bytes(model.around, model.senders)
    monkeypatch.setattr(score, "WHOLE_BYTES", size - 1)
    prepare(model)
    assert model.workings.held("whole") is None
    assert bytes_of(whole(model.around, model.senders, sharing(model.around, model.senders))) == size


@pytest.mark.parametrize("end", ["subject", "object"])
def test_scores_of_candidates_are_shared_and_those_that_are_worked_out_anew(folder: str, end: End) -> None:
    model, fresh = checkpoint.load(folder), checkpoint.load(folder)
    rows, columns = every(model)
    for node in range(model.around.shape[0 if end == "subject" else 1]):
        asked = np.array([node])
        anew = logits_within(fresh, *((asked, columns) if end == "subject" else (rows, asked)))
        found = candidate_scores(model, end, node)
        assert found.tobytes() == np.stack(anew).tobytes()
        assert candidate_scores(model, end, node) is found
        with pytest.raises(ValueError, match="read-only"):
            found[0] = 0


def test_scores_of_candidates_take_no_more_than_their_bound(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "TOLD_BYTES", 3 * 4 * checkpoint.load(folder).around.shape[0])
    model = checkpoint.load(folder)
    first, second = candidate_scores(model, "object", 0), candidate_scores(model, "object", 1)
    assert candidate_scores(model, "object", 0) is first
    assert candidate_scores(model, "object", 1) is not second
    assert candidate_scores(model, "object", 1).tobytes() == second.tobytes()
