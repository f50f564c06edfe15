"""Prompts: ways through the verbs that a user may start, for an assistant to follow."""

from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field

INSTRUCTIONS = """\
Panakeia is a knowledge graph of drugs, diseases and genes with a trained network on it, digital twins of patients, \
and trial planning. Each tool is a verb, named as on the command line and in the HTTP API.
Name a node as people do (warfarin, multiple sclerosis) or by its CURIE; search finds it where that is ambiguous.
An answer holds at most 16,000 bytes: where it says that it is a part, call the same tool with the same arguments \
and cursor for the rest. Say which data version and which sources an answer is from.
A score is a model's, not evidence: explain and paths say what it rests on, with sources and references. A pair \
that is not listed in a source is not thereby new. Nothing here is advice for the treatment of a person.
What a question needs of rights that you do not have is said in the error: tell the user, do not try another way."""
"""What the server tells an assistant of itself."""
_Drug = Annotated[str, Field(description="A drug, by name or CURIE.")]
_Disease = Annotated[str, Field(description="A disease, by name or CURIE.")]


def add_prompts(server: MCPServer[Any]) -> None:
    """Add the prompts to a server."""

    @server.prompt(title="Find a candidate with its evidence")
    def find_candidate(disease: _Disease) -> str:
        """Find a drug that might be repurposed for a disease, with its evidence and what speaks against it."""
        return (
            f"Find a drug that might be repurposed for {disease}, with Panakeia's tools.\n"
            f"1. show {disease}, to be sure which disease is meant; search where it is ambiguous.\n"
            "2. rank for it, with new=true, to leave out what the source already lists; take the best three drugs.\n"
            "3. explain each with the disease, and look at the evidence of each edge: source, release, references.\n"
            "4. show each drug: contraindications, side effects, genes whose variants matter.\n"
            "5. Give a table of the three: score, how many drugs it was ranked among, the strongest path, what speaks "
            "against it. Say the data version and the sources, and that a score is not evidence."
        )

    @server.prompt(title="Plan a trial of a candidate")
    def plan_trial(
        drug: _Drug,
        disease: _Disease,
        effect: Annotated[str, Field(description="The difference of means that is expected, in the endpoint's unit.")],
        sd: Annotated[str, Field(description="The endpoint's standard deviation, in the same unit.")],
    ) -> str:
        """Plan a trial of a drug in a disease: size, power over sizes, and what the assumptions cost."""
        return (
            f"Plan a randomised trial of {drug} in {disease} with Panakeia's tools.\n"
            f"1. explain {drug} and {disease}: what the effect is expected from.\n"
            f"2. trial_design_size for a mean that differs by {effect}, with a standard deviation of {sd}; then with "
            "half of that effect.\n"
            "3. trial_design_power around that size, and trial_design_assurance with an effect_sd that says how unsure "
            "the effect is.\n"
            "4. Give sizes, power and assurance in a table, every assumption with its unit, and which of them are "
            "guesses. These tools need a key that may plan trials; if yours may not, say so."
        )
