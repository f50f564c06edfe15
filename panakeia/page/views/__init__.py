"""The views of the page, one a file; `panakeia.page.views.every` has all."""
