"""The commands that read a genome, a person's or a tumour's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As
from panakeia.terminal import print_note
from panakeia.verb import print_rows, print_text, verb

app = typer.Typer()


def _print(found: Answer, how: Mapping[str, Any]) -> None:
    print_rows(found, how)
    if how["report"] is not None:
        print_note(f"the report is in {how['report']}")


@verb(app, "pgx", right="patients", needs=("store", "data"), show=_print)
def pgx(
    session: Session,
    vcf: Annotated[
        Path | None, typer.Argument(help="The VCF: plain, gzipped or BGZF.", metavar="SAMPLE.vcf[.gz]")
    ] = None,
    patient: Annotated[
        str | None, typer.Option(help="In place of a VCF: a patient of the store.", metavar="ID")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="The FHIR record of one who is not in the store.", metavar="FILE.json")
    ] = None,
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
    report: Annotated[
        Path | None, As("out"), typer.Option(help="Write a report to print and read.", metavar="FILE.html")
    ] = None,
) -> Answer:
    """Call star alleles from a VCF: diplotype, phenotype, activity score, and what CPIC and DPWG advise on drugs.

    Example: panakeia pgx sample.vcf.gz --outside-calls cyp2d6.tsv --report out/pgx.html
    """
    found = session.pgx(
        vcf,
        patient=patient,
        record=record,
        sample=sample,
        outside_calls=outside_calls,
        build=build,
        drugs=drug or (),
        report=report,
    )
    return found


@verb(app, "tumour", right="patients", needs=("store",), show=print_text)
def tumour(
    session: Session,
    file: Annotated[
        Path,
        typer.Argument(help="A MAF, or a VCF annotated by VEP or SnpEff; plain or gzipped.", metavar="SAMPLE.maf|.vcf"),
    ],
    sample: Annotated[str | None, typer.Option(help="The tumour that is meant.", metavar="NAME")] = None,
    disease: Annotated[
        str | None, typer.Option(help="Mark the evidence that is of this disease.", metavar="DISEASE")
    ] = None,
) -> Answer:
    """Show CIViC's evidence for a tumour's small variants: of the exact variant, its codon or exon, its gene.

    Example: panakeia tumour laml.maf.gz --sample TCGA-AB-2843 --disease "acute myeloid leukemia"
    """
    return session.tumour(file, sample=sample, disease=disease)
