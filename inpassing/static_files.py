"""Which static files are collected: of Bootstrap only what our pages use."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class CollectedFilesConfig(StaticFilesConfig):
    """Leaves out Bootstrap's other builds, whose compression took 25 s of every collectstatic."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "bootstrap-*",
        "bootstrap.css*",
        "bootstrap.js*",
        "bootstrap.min.js*",
        "bootstrap.esm.*",
        "*.rtl.*",
    ]
