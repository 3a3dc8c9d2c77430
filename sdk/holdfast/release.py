"""The version of Holdfast: the same for all three packages, both images and the chart."""

from typing import Final

VERSION: Final = "0.1.0"
