"""The energy that a judgement takes, as CodeCarbon estimates it offline."""

from dataclasses import dataclass
from typing import Any, Self

from holdfast.report.document import Energy

_ANY_COUNTRY = "USA"
"""CodeCarbon wants one even where only energy is asked for."""


@dataclass(frozen=True)
class EnergyMeter:
    """A measurement under way; energy is that of this process, emissions are those of the country's mix."""

    tracker: Any
    country: str | None

    @classmethod
    def start(cls, country: str | None) -> Self:
        """Begin to measure; ``country`` has three letters (ISO 3166-1), without it there are no emissions.

        Raises:
            ImportError: this image has no CodeCarbon.
        """
        from codecarbon import OfflineEmissionsTracker

        tracker = OfflineEmissionsTracker(
            country_iso_code=country or _ANY_COUNTRY,
            measure_power_secs=1,
            tracking_mode="process",
            save_to_file=False,
            log_level="critical",
            allow_multiple_runs=True,
        )
        tracker.start()
        return cls(tracker, country)

    def stop(self) -> Energy:
        """Return what was used since the start."""
        emissions = float(self.tracker.stop() or 0)
        return Energy(
            energy_kilowatt_hours=float(self.tracker.final_emissions_data.energy_consumed),
            emissions_kilograms=emissions if self.country else None,
            country=self.country,
        )
