"""Oncology: the small variants of a tumour, and which of CIViC's curated variants each of them is."""
