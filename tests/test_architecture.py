"""The walls: imports point down, no circle of files, Cypher in its files, frozen data, and importing is light."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {"kg": set(), "gnn": {"kg"}, "twin": {"kg"}, "panakeia": {"kg", "gnn", "twin"}}

CYPHER = re.compile(
    r"\b(MATCH|MERGE|CREATE) ?\(|\bUNWIND [$\w]|\bRETURN \w+[.( ]|\b(DETACH )?DELETE (?!FROM)\w|\bCALL [({]"
)
MAY_SPEAK_CYPHER = re.compile(r"kg\.(stores\..*|query\..*|search)")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))}


def imported_names(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, inside functions too; of `from a import b`, also `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports() -> dict[str, set[str]]:
    return {module: set(imported_names(path)) & MODULES.keys() - {module} for module, path in MODULES.items()}


def circle(edges: Mapping[str, set[str]]) -> list[str]:
    """Return the modules in circles and those that lead into one: what is left without all that leads nowhere."""
    left = {module: set(targets) for module, targets in edges.items()}
    while ends := {module for module, targets in left.items() if not targets & left.keys()}:
        left = {module: targets for module, targets in left.items() if module not in ends}
    return sorted(left)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_down(room: str) -> None:
    for module, path in MODULES.items():
        if module.partition(".")[0] == room:
            rooms = {name.partition(".")[0] for name in imported_names(path)} & MAY_IMPORT.keys()
            assert rooms <= MAY_IMPORT[room] | {room}, path


def test_no_circle_of_files() -> None:
    assert not circle(imports())


def test_a_circle_would_be_seen() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"c"}, "e": set()}) == ["a", "b", "c", "d"]


def texts(code: str) -> Iterator[str]:
    """Yield every text that stands in a program, the pieces of an f-string too."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_cypher_stays_in_the_stores_and_their_questions() -> None:
    for module, path in MODULES.items():
        if not MAY_SPEAK_CYPHER.fullmatch(module):
            assert not [text for text in texts(path.read_text(encoding="utf-8")) if CYPHER.search(text)], path


@pytest.mark.parametrize(
    "code",
    [
        'store.query("MATCH (n:Drug) RETURN n.id", {})',
        'f"UNWIND $ids AS i MATCH (n:{kind})"',
        'f"{a} RETURN n.id AS id"',
    ],
)
def test_cypher_would_be_seen(code: str) -> None:
    assert any(CYPHER.search(text) for text in texts(code))


def thawed(code: str) -> list[str]:
    """Return the names of the dataclasses in a program that are not frozen."""
    return [
        node.name
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ClassDef)
        and any(
            "dataclass" in (told := ast.unparse(mark)) and "frozen=True" not in told for mark in node.decorator_list
        )
    ]


def test_data_are_frozen() -> None:
    assert [(path, names) for path in MODULES.values() if (names := thawed(path.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize("mark", ["dataclass", "dataclass(frozen=False)", "dataclasses.dataclass(order=True)"])
def test_data_that_are_not_would_be_seen(mark: str) -> None:
    assert thawed(f"@{mark}\nclass Found:\n    total: int") == ["Found"]


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("kg.build", {"torch", "jax"}),
        ("panakeia.cli", {"torch", "jax", "pyarrow", "pandas"}),
        ("twin.simulate", {"torch"}),
        ("twin.prognosis.sequence", {"torch", "sklearn"}),
        ("twin.prognosis.tabular", {"torch", "sklearn"}),
        ("twin.prognosis.risk.train", {"torch", "sklearn", "shap", "skops"}),
        ("twin.prognosis.risk.saved", {"torch", "sklearn", "shap", "skops"}),
        ("twin.prognosis.risk.learners.recurrent", {"torch", "sklearn"}),
        ("twin.prognosis.series.network", {"torch", "sklearn"}),
        ("twin.prognosis.fairness.price", {"torch", "sklearn", "fairlearn"}),
        ("gnn.rank", {"torch", "torch_geometric", "rdkit"}),
        ("gnn.ask", {"torch", "torch_geometric", "rdkit"}),
        ("gnn.checkpoint", {"torch", "torch_geometric", "rdkit"}),
        ("gnn.predict", {"torch", "torch_geometric", "rdkit"}),
    ],
)
def test_a_room_does_not_pay_for_another(module: str, forbidden: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not forbidden & set(loaded)
