"""Ridge: the closed form beside a regression of each drug on all else, solved one by one."""

import numpy as np
import scipy.sparse as sp

from gnn.patients.ridge import completion


def test_each_drug_is_told_from_all_others_and_never_from_itself() -> None:
    random = np.random.default_rng(0)
    drugs = random.random((30, 4)).astype(np.float32)
    things = (random.random((30, 5)) * (random.random((30, 5)) < 0.5)).astype(np.float32)
    found = completion(drugs, sp.csr_array(things), ridge=2.0)
    both = np.hstack([drugs, things])
    for drug in range(4):
        others = [column for column in range(9) if column != drug]
        rest = both[:, others]
        alone = np.linalg.solve(rest.T @ rest + 2 * np.eye(8), rest.T @ drugs[:, drug])
        assert np.allclose(found[others, drug], alone, atol=1e-5)
        assert found[drug, drug] == 0
