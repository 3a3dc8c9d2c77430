"""The served model with those who watch its requests beside the counters: shadow and capture, where set."""

from holdfast.profile import Profile
from holdfast.settings import ServerSettings
from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.inference.model_loading import load_model
from holdfast_serving.telemetry.request_metrics import Telemetry


def load_observed_model(settings: ServerSettings, telemetry: Telemetry) -> DataPlane:
    """Load the model and attach the observers that the settings ask for.

    Raises:
        ModelError: the package or its model cannot be served, or the capture's URI is not one.
    """
    plane = load_model(settings, telemetry)
    profile = None if plane.profile is None else Profile.parse(plane.profile)
    # Imported where they are needed: most servers have neither.
    if settings.shadow_url is not None:
        from holdfast_serving.shadow.comparison import Comparison
        from holdfast_serving.shadow.shadow import Shadow

        comparison = Comparison(plane.model.output_names, profile, telemetry.store, telemetry.labels)
        shadow = Shadow(settings, plane.datatypes, comparison, telemetry.store)
        plane.observers.append(shadow)
        plane.background.append(shadow.run)
    if settings.capture_uri is not None:
        from holdfast_serving.capture.capture import Capture
        from holdfast_serving.capture.columns import ColumnNames
        from holdfast_serving.capture.destination import open_destination

        destination = open_destination(
            settings.capture_uri, settings.capture_credentials_dir, settings.model_name
        )
        excluded = frozenset(each.strip() for each in settings.capture_exclude.split(",") if each.strip())
        capture = Capture(settings, ColumnNames(profile, excluded), destination, telemetry.store)
        plane.observers.append(capture)
        plane.background.append(capture.run)
    return plane
