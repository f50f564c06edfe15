"""Sample: draws from a density by the No-U-Turn sampler (Hoffman and Gelman 2014), as numpyro has it."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from twin.model import Floats

TARGET_ACCEPTANCE = 0.9


def sampled(potential: Callable[[Any], Any], start: Floats, warmup: int, draws: int, seed: int) -> Floats:
    """Return draws [chain, draw, number] from exp(-potential), each chain from a row of `start` [chain, number].

    Call it inside `twin.engine.float64_on_cpu`.
    """
    from numpyro.infer import MCMC, NUTS

    kernel = NUTS(potential_fn=potential, target_accept_prob=TARGET_ACCEPTANCE)
    chains = MCMC(
        kernel,
        num_warmup=warmup,
        num_samples=draws,
        num_chains=len(start),
        chain_method="vectorized" if len(start) > 1 else "sequential",
        progress_bar=False,
    )
    chains.run(jax.random.PRNGKey(seed), init_params=start if len(start) > 1 else start[0])
    return np.asarray(chains.get_samples(group_by_chain=True))
