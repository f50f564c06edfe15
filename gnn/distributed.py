"""Distributed: train on a graph that is larger than memory, on one process or on several that share each step.

    python -m gnn.distributed --store out/graph.lbdb --relation binds --out out/sampled
    torchrun --nproc-per-node 2 -m gnn.distributed --store out/graph.lbdb --relation binds --out out/sampled

prints one JSON object. The state is written after every epoch; the same command goes on from the last one.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from gnn.adjacency import COUNTS, open_adjacency, write_adjacency
from gnn.encoders import EncoderConfig, LinkPredictor
from gnn.sampled import SampledConfig, held_out_precision, learn, learner, lesson, resume, save
from kg.stores.opening import open_store

LONGEST_WAIT = timedelta(hours=2)
"""How long workers wait for the first one to read the store."""


def main(arguments: list[str] | None = None) -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", required=True, help="the graph: a file or a bolt:// URL")
    parser.add_argument("--out", type=Path, required=True, help="folder for the graph's structure and the state")
    parser.add_argument("--relation", default="treats", help="the relation to learn")
    parser.add_argument("--layer", choices=("rgcn", "hgt"), default="rgcn")
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument(
        "--fan-out", type=int, nargs="+", default=[5, 3], help="neighbours by each relation, hop by hop"
    )
    parser.add_argument("--batch", type=int, default=2048, help="pairs in a step, of all workers together")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.01, help="learning rate")
    parser.add_argument("--held-out", type=int, default=5000, help="pairs to measure by")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda: worker n takes the card n")
    options = parser.parse_args(arguments)
    config = SampledConfig(
        relation=options.relation,
        encoder=EncoderConfig(options.layer, options.dim, len(options.fan_out), seed=options.seed),
        fan_out=tuple(options.fan_out),
        batch=options.batch,
        epochs=options.epochs,
        learning_rate=options.rate,
        held_out=options.held_out,
        seed=options.seed,
    )
    with workers() as worker:
        result = train_sampled(options.store, options.out, config, worker, _card(options.device, worker))
        if worker[0] == 0:
            sys.stdout.write(json.dumps(result) + "\n")


@contextmanager
def workers() -> Iterator[tuple[int, int]]:
    """Join the processes that `torchrun` started, and yield which of how many this is; alone without it.

    By gloo on every device: NCCL has no sum of sparse gradients.
    """
    if "RANK" not in os.environ:
        yield 0, 1
        return
    distributed.init_process_group("gloo", timeout=LONGEST_WAIT)
    try:
        yield distributed.get_rank(), distributed.get_world_size()
    finally:
        distributed.destroy_process_group()


def train_sampled(
    store: str, out: Path, config: SampledConfig, worker: tuple[int, int] = (0, 1), device: str = "cpu"
) -> dict[str, Any]:
    """Read the graph's structure, if that was not done, train, and return what came of it.

    Raises what `gnn.sampled.resume` raises.
    """
    begin, folder, state = time.perf_counter(), out / "structure", out / "state.pt"
    if worker[0] == 0 and not (folder / COUNTS).exists():
        with open_store(store) as opened:
            write_adjacency(opened, folder)
    together(worker)
    read_s = time.perf_counter() - begin
    what = lesson(open_adjacency(folder), config)
    one = learner(what, device)
    epochs = resume(state, one, config)
    together(worker)
    for epoch in range(len(epochs), config.epochs):
        begin = time.perf_counter()
        loss = learn(what, one, epoch, worker, mean_gradients if worker[1] > 1 else lambda model: None)
        seconds = time.perf_counter() - begin
        if worker[0] == 0:
            precision = held_out_precision(what, one.model)
            epochs.append({"loss": loss, "seconds": seconds, "average_precision": precision})
            save(state, one, epochs, config)
        together(worker)
    return {
        "workers": worker[1],
        "device": device,
        "edges": sum(len(edges.senders) for edges in what.graph.incoming.values()),
        "pairs": what.pairs.shape[1],
        "held_out": what.held_out.shape[1],
        "read_s": read_s,
        "epochs": epochs,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def mean_gradients(model: LinkPredictor) -> None:
    """Make every gradient the mean over all workers: one sum for each table of nodes, one for all other weights."""
    count, tables = distributed.get_world_size(), list(model.encoder.tables.parameters())
    for table in tables:
        untouched = torch.zeros_like(table).to_sparse(1)
        gradient = (untouched if table.grad is None else table.grad).coalesce()
        distributed.all_reduce(gradient)
        table.grad = gradient / count
    dense = [weight for weight in model.parameters() if not any(weight is table for table in tables)]
    flat = torch.cat([(torch.zeros_like(weight) if weight.grad is None else weight.grad).flatten() for weight in dense])
    distributed.all_reduce(flat)
    for weight, summed in zip(dense, flat.split([weight.numel() for weight in dense]), strict=True):
        weight.grad = summed.view_as(weight) / count


def together(worker: tuple[int, int]) -> None:
    """Wait for the other workers."""
    if worker[1] > 1:
        distributed.barrier()


def _card(device: str, worker: tuple[int, int]) -> str:
    return f"cuda:{worker[0] % torch.cuda.device_count()}" if device == "cuda" else device


if __name__ == "__main__":
    main()
