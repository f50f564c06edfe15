"""The figures of the page, one a file, each made of `panakeia.page.drawing`."""
