"""The whole API against its own description: schemathesis asks each operation what its schema allows and forbids."""

import itertools
import shutil
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import just
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema

from panakeia.api.access.authenticate import gate
from panakeia.api.access.keys import Keys
from panakeia.api.access.settings import Access
from panakeia.api.app import make_app
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.desk.jobs.queue import Quota
from tests.panakeia.api.conftest import ENOUGH

CONFIG = SchemathesisConfig.from_dict(
    {
        "base-url": "http://127.0.0.1",
        "checks": {
            # which names a graph has, and of which numbers a design can be made, no schema can say
            "positive_data_acceptance": {"expected-statuses": ["2xx", "403", "404", "409", "422"]},
        },
    }
)
KEY: dict[str, str] = {}


@pytest.fixture
def schema(starter_store: Path, starter_model: Path, tmp_path_factory: pytest.TempPathFactory) -> BaseSchema:
    """A desk of its own, whose graph and models an admin may change; jobs are queued, and none runs."""
    own = tmp_path_factory.mktemp("schema")
    shutil.copy(starter_store, own / "graph.lbdb")
    shutil.copytree(starter_model, own / "models" / "model")
    home = own / "home"
    known = Keys.of(home)
    KEY["X-API-Key"] = known.add("schemathesis", "admin").text
    desk = Desk(DeskSettings(str(own / "graph.lbdb"), own / "models" / "model", home=home))
    app = make_app(desk, gate(Access(limits=ENOUGH), known), Quota(at_once=0, open=10_000, kept=10_000))
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=CONFIG, headers={"Host": "127.0.0.1"})


LIMITS = settings(
    max_examples=2,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_every_operation_keeps_to_its_description(schema: BaseSchema) -> None:
    findings = []
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation, mode in itertools.product(operations, GenerationMode):
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            LIMITS(given(case=strategy, mode=just(mode))(asked))()
        except Unsatisfiable:
            continue  # an operation without parameters cannot be asked wrongly
        except (FailureGroup, Failure) as failure:
            findings.append(f"{operation.label}: {failure}")
    assert not findings, "\n".join(findings)


def asked(case: Case, mode: GenerationMode) -> None:
    (case.headers or {}).pop("Authorization", None)  # who asks is shown in one way, and here that is the key
    if mode is GenerationMode.POSITIVE:
        (case.query or {}).pop("cursor", None)  # only one that the desk gave is one
    case.call_and_validate(headers=KEY)
