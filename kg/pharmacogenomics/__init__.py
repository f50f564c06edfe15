"""What the sources of pharmacogenomics share: identifiers of alleles, genes by symbol, drugs by name."""
