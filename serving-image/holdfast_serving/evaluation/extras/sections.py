"""Which optional sections are wanted, and that none of them can cost the judgement."""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from holdfast.settings import EvaluationSettings
from holdfast_serving.evaluation.extras.energy import EnergyMeter

logger = logging.getLogger(__name__)

Found = TypeVar("Found")
_IMAGE: Final = "this image does not have what section %r needs (%s): use the evaluator's image with extras"


class Section(StrEnum):
    """An optional section of the report."""

    DATA = "data"
    """What Evidently says about training rows and held-out rows."""
    ENERGY = "energy"
    """What the judgement took, by CodeCarbon's estimate."""


def is_wanted(section: Section, settings: EvaluationSettings) -> bool:
    """Tell whether the settings name the section."""
    return section in settings.report_sections.split(",")


def attempt(section: Section, settings: EvaluationSettings, make: Callable[[], Found]) -> Found | None:
    """Return what makes a section, if it is wanted and can be had."""
    if not is_wanted(section, settings):
        return None
    try:
        return make()
    except ImportError as error:
        logger.warning(_IMAGE, str(section), error)
    except Exception:
        logger.warning("the report has no section %r", str(section), exc_info=True)
    return None


def start_meter(settings: EvaluationSettings) -> EnergyMeter | None:
    """Begin to measure energy, if that is wanted."""
    return attempt(Section.ENERGY, settings, lambda: EnergyMeter.start(settings.energy_country))
