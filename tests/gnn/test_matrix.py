"""A matrix: each pair of it is as `rank` scores it; listed pairs may be left out; what curators refused is marked."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from gnn.checkpoint import Model
from gnn.matrix import write
from gnn.rank import rank
from kg.stores.protocol import Store


@pytest.fixture
def told(model: Model, store: Store, tmp_path: Path) -> pd.DataFrame:
    found = write(model, store, tmp_path / "m.parquet", version="v-1")
    assert found.pairs == found.counts.sum() == model.trained[0] * model.trained[1]
    file = pq.ParquetFile(tmp_path / "m.parquet")
    assert file.schema_arrow.metadata[b"data_version"] == b"v-1"
    return file.read().to_pandas()


def test_every_pair_is_there_once_as_rank_has_it(told: pd.DataFrame, model: Model, store: Store) -> None:
    assert not told.duplicated(["drug", "disease"]).any()
    assert len(told) == told["drug"].nunique() * told["disease"].nunique()
    for disease in told["disease"].unique()[:3]:
        other = rank(model, store, disease, top=10_000).set_index("drug")
        own = told[told["disease"] == disease].set_index("drug").loc[other.index]
        for column in ("score", "probability", "prior"):
            assert own[column].to_numpy(float) == pytest.approx(other[column].to_numpy(float), rel=1e-5, abs=1e-7)
        assert (own["known"] == other["known"]).all()
        assert (own["judged_not_indicated"] == (other["judged"] != "")).all()


def test_new_ones_alone_are_the_others(told: pd.DataFrame, model: Model, store: Store, tmp_path: Path) -> None:
    found = write(model, store, tmp_path / "new.parquet", new_only=True)
    new = pd.read_parquet(tmp_path / "new.parquet")
    assert found.known.sum() == 0 and not new["known"].any()
    assert len(new) == len(told) - told["known"].sum() == found.pairs
