"""Every command has help with an example and stands in the README."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.core
import typer.main

from panakeia.cli import app

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def commands(group: typer.core.TyperGroup, name: str = "panakeia") -> Iterator[tuple[str, typer.core.TyperCommand]]:
    for child, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, f"{name} {child}")
        else:
            yield f"{name} {child}", command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_documented(name: str) -> None:
    help_text = COMMANDS[name].help or ""
    assert f"Example: {name}" in help_text
    assert name in README


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help(name: str) -> None:
    options = [parameter for parameter in COMMANDS[name].params if isinstance(parameter, typer.core.TyperOption)]
    assert not [option.name for option in options if not option.help and option.name != "help"]
