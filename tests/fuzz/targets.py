"""Every target by its name."""

from tests.fuzz import application, grpc_messages, http_framing, inference_bodies, outside_causes

TARGETS = {
    each.name: each
    for each in (
        http_framing.TARGET,
        inference_bodies.JSON,
        inference_bodies.BINARY,
        application.TARGET,
        grpc_messages.TARGET,
        outside_causes.ALERTS,
        outside_causes.ANSWERS,
    )
}
