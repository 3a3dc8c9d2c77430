"""How the operator reaches the API server: in a pod by its service account, elsewhere by KUBECONFIG."""

import os

from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

USER_AGENT = "holdfast-operator"


async def load_configuration() -> Configuration:
    """Return address, trust and credentials of the API server.

    A service account's token is read again every minute, since Kubernetes rotates it.

    Raises:
        kubernetes.aio.config.ConfigException: there is neither a service account nor a kubeconfig.
    """
    # Not Configuration(): that returns a copy of a process-wide default.
    configuration: Configuration = type.__call__(Configuration)
    if "KUBERNETES_SERVICE_HOST" in os.environ and not os.environ.get("KUBECONFIG"):
        config.load_incluster_config(configuration)
    else:
        # Given, because the library looks at the variable only when it is imported.
        path = os.environ.get("KUBECONFIG") or None
        await config.load_kube_config(config_file=path, client_configuration=configuration)
    return configuration


def open_client(configuration: Configuration) -> ApiClient:
    """Return an HTTP client to be closed after use."""
    client = ApiClient(configuration)
    client.user_agent = USER_AGENT
    return client
