"""The page: what the desk answers, as pages of a browser; each view is a file in `panakeia.page.views`."""
