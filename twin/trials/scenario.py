"""Scenario: the same trial under other circumstances: what a design assumes, changed key by key."""

from typing import Any

from pydantic import Field

from kg.files.checked import Checked, Name, Text

NULL = "no effect"
"""The name of the scenario that every trial has: all arms on the control's rules."""


class Scenario(Checked):
    """Circumstances: the keys of the design that differ, written with dots and places: "arms[1].policy.doses".

    With `null`, every arm follows the control's rules, so that whoever finds an effect is wrong.
    """

    name: Name
    set: dict[Text, Any] = Field(default_factory=dict)
    null: bool = False
