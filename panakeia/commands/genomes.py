"""The commands that read a genome, a person's or a tumour's."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import DataOption, JsonOption, StoreOption
from panakeia.terminal import print_answer, print_note
from panakeia.verbs.held import STORE

app = typer.Typer()


@app.command()
def pgx(
    vcf: Annotated[
        Path | None, typer.Argument(help="The VCF: plain, gzipped or BGZF.", metavar="SAMPLE.vcf[.gz]")
    ] = None,
    patient: Annotated[
        str | None, typer.Option(help="In place of a VCF: a patient of the store.", metavar="ID")
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
    report: Annotated[Path | None, typer.Option(help="Write a report to print and read.", metavar="FILE.html")] = None,
    store: StoreOption = STORE,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Call star alleles from a VCF: diplotype, phenotype, activity score, and what CPIC and DPWG advise on drugs.

    Example: panakeia pgx sample.vcf.gz --outside-calls cyp2d6.tsv --report out/pgx.html
    """
    with Session(store, data=data) as session:
        found = session.pgx(
            vcf,
            patient=patient,
            sample=sample,
            outside_calls=outside_calls,
            build=build,
            drugs=drug or (),
            report=report,
        )
    print_answer(found, as_json=as_json)
    if report is not None:
        print_note(f"the report is in {report}")


@app.command()
def tumour(
    file: Annotated[
        Path,
        typer.Argument(help="A MAF, or a VCF annotated by VEP or SnpEff; plain or gzipped.", metavar="SAMPLE.maf|.vcf"),
    ],
    sample: Annotated[str | None, typer.Option(help="The tumour that is meant.", metavar="NAME")] = None,
    disease: Annotated[
        str | None, typer.Option(help="Mark the evidence that is of this disease.", metavar="DISEASE")
    ] = None,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Show CIViC's evidence for a tumour's small variants: of the exact variant, its codon or exon, its gene.

    Example: panakeia tumour laml.maf.gz --sample TCGA-AB-2843 --disease "acute myeloid leukemia"
    """
    with Session(store) as session:
        print_answer(session.tumour(file, sample=sample, disease=disease), as_json=as_json, rows=False)
