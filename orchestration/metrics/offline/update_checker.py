"""Stands before the package of this name on the path of `mf`, which would ask a registry for newer releases.

`mf` has no setting for it, and reading the published data must open no connection. Only processes that are started with
this folder in PYTHONPATH see it.
"""


class UpdateChecker:
    """The one class of the package that `mf` uses."""

    def check(self, package_name: str, package_version: str) -> None:
        """Nothing newer is known."""
