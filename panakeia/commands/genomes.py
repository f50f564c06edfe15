"""The commands that read a person's genome."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import DataOption, JsonOption
from panakeia.terminal import print_answer, print_note

app = typer.Typer()


@app.command()
def pgx(
    vcf: Annotated[Path, typer.Argument(help="The VCF: plain, gzipped or BGZF.", metavar="SAMPLE.vcf[.gz]")],
    sample: Annotated[str | None, typer.Option(help="The one of its samples that is meant.", metavar="NAME")] = None,
    outside_calls: Annotated[
        Path | None,
        typer.Option(
            "--outside-calls",
            help="Diplotypes found elsewhere: lines of gene, diplotype, phenotype, activity score.",
            metavar="FILE.tsv",
        ),
    ] = None,
    build: Annotated[
        str | None, typer.Option(help="GRCh38 or GRCh37, where the header does not say it.", metavar="BUILD")
    ] = None,
    drug: Annotated[
        list[str] | None, typer.Option("--drug", help="Only advice on this drug; repeatable.", metavar="DRUG")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report to print and read.", metavar="FILE.html")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Call star alleles from a VCF: diplotype, phenotype, activity score, and what CPIC and DPWG advise on drugs.

    Example: panakeia pgx sample.vcf.gz --outside-calls cyp2d6.tsv --report out/pgx.html
    """
    found = Session(data=data).pgx(
        vcf, sample=sample, outside_calls=outside_calls, build=build, drugs=drug or (), report=report
    )
    print_answer(found, as_json=as_json)
    if report is not None:
        print_note(f"the report is in {report}")
