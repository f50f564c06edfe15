"""Tests of what the sources of pharmacogenomics share."""
