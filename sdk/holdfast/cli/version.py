"""`holdfast version`."""

from importlib.metadata import version as installed_version
from platform import python_version

from holdfast.cli.console import OutputFormat, OutputOption, write, write_json
from holdfast.labels import API_VERSION


def version(output: OutputOption = OutputFormat.TEXT) -> None:
    """Show the version of this program and of the API that it speaks."""
    found = installed_version("holdfast")
    if output is OutputFormat.JSON:
        write_json({"version": found, "apiVersion": API_VERSION, "python": python_version()})
    else:
        write(f"holdfast {found}  API {API_VERSION}  Python {python_version()}")
