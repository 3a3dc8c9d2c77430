"""A cluster behind the dynamic client of the `kubernetes` package, found as kubectl finds it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes import config
from kubernetes.client import ApiClient, AuthenticationV1Api, Configuration, V1SelfSubjectReview
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from kubernetes.dynamic import DynamicClient, Resource
from urllib3.exceptions import HTTPError

from holdfast.cli.cluster import Kind
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.labels import API_VERSION

CONNECT_SECONDS = 5
READ_SECONDS = 30
FIELD_MANAGER = "holdfast-cli"
_REVIEW = Kind("SelfSubjectReview", "selfsubjectreviews")
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class KubernetesCluster:
    """A real cluster; see the protocol Cluster."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        self._client = DynamicClient(client, discoverer=_no_discovery)
        self._server = str(client.configuration.host)
        self._namespace = namespace

    @property
    def namespace(self) -> str:
        """The namespace of the command line, else of the context, else "default"."""
        return self._namespace

    def find(self, kind: Kind, *, all_namespaces: bool = False) -> list[dict[str, Any]]:
        """Return the objects of a kind, sorted by namespace and name as the API server does."""
        namespace = None if all_namespaces else self._namespace
        return list(self._ask("get", kind, namespace=namespace)["items"])

    def get(self, kind: Kind, name: str) -> dict[str, Any]:
        """Return one object."""
        return self._ask("get", kind, name, namespace=self._namespace)

    def create(self, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object and return it as it now is."""
        complete = {"apiVersion": API_VERSION, "kind": kind.name, **body}
        return self._ask(
            "create", kind, body=complete, namespace=self._namespace, field_manager=FIELD_MANAGER
        )

    def user_name(self) -> str:
        """Return the name under which the API server knows who asks (SelfSubjectReview)."""
        with self._explained(_REVIEW, None):
            answer: Any = AuthenticationV1Api(self._client.client).create_self_subject_review(
                V1SelfSubjectReview(), _request_timeout=(CONNECT_SECONDS, READ_SECONDS)
            )
        return str(answer.status.user_info.username)

    def patch(self, kind: Kind, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Merge changes into an object (RFC 7386) and return it."""
        return self._ask(
            "patch",
            kind,
            name,
            namespace=self._namespace,
            body=dict(changes),
            content_type="application/merge-patch+json",
            field_manager=FIELD_MANAGER,
        )

    def annotate(self, kind: Kind, name: str, annotations: Mapping[str, str | None]) -> dict[str, Any]:
        """Set annotations, or remove those that are None, and return the object."""
        return self.patch(kind, name, {"metadata": {"annotations": dict(annotations)}})

    def _ask(self, verb: str, kind: Kind, name: str | None = None, **details: Any) -> dict[str, Any]:
        resource = _resource(self._client, kind)
        call = getattr(self._client, verb)
        if name is not None:
            details["name"] = name
        with self._explained(kind, name):
            answer = call(resource, _request_timeout=(CONNECT_SECONDS, READ_SECONDS), **details)
            return dict(answer.to_dict())

    @contextmanager
    def _explained(self, kind: Kind, name: str | None) -> Iterator[None]:
        try:
            yield
        except ApiException as error:
            raise explain(error, kind, name, self._namespace) from error
        except HTTPError as error:
            raise CommandError(
                f"the cluster at {self._server} does not answer: {root_cause(error)}",
                "Check that it runs, and which one is meant: kubectl config current-context",
                ExitCode.CLUSTER,
            ) from error


def connect(namespace: str | None, context: str | None, kubeconfig: str | None) -> KubernetesCluster:
    """Return the cluster of a kubeconfig and context, or of the pod that this runs in.

    Raises:
        CommandError: there is no usable configuration.
    """
    configuration = Configuration(retries=0)
    kubeconfig = kubeconfig or os.environ.get("KUBECONFIG") or None
    if not _has_kubeconfig(context, kubeconfig) and _POD_NAMESPACE.exists():
        config.load_incluster_config(client_configuration=configuration)
        return KubernetesCluster(ApiClient(configuration), namespace or _POD_NAMESPACE.read_text().strip())
    try:
        client = config.new_client_from_config(kubeconfig, context, client_configuration=configuration)
        default = _context_namespace(kubeconfig, context)
    except (ConfigException, OSError) as error:
        raise CommandError(
            f"no cluster to talk to: {error}",
            "Give --kubeconfig FILE or --context NAME, or set KUBECONFIG.",
            ExitCode.CLUSTER,
        ) from error
    return KubernetesCluster(client, namespace or default)


def _has_kubeconfig(context: str | None, kubeconfig: str | None) -> bool:
    default = Path.home() / ".kube" / "config"
    return bool(context or kubeconfig or default.exists())


def _context_namespace(kubeconfig: str | None, context: str | None) -> str:
    contexts, active = config.list_kube_config_contexts(kubeconfig)
    chosen = next((each for each in contexts if each["name"] == context), active)
    return str(chosen["context"].get("namespace") or "default")


def _no_discovery(_client: DynamicClient, _cache_file: str | None) -> None:
    """Replace discovery: the kinds are known, and its cache file in /tmp is open to other users."""


def _resource(client: DynamicClient, kind: Kind) -> Resource:
    group, _, version = kind.api_version.rpartition("/")
    return Resource(
        prefix="apis" if group else "api",
        group=group,
        api_version=version,
        kind=kind.name,
        name=kind.plural,
        namespaced=True,
        client=client,
    )


def explain(error: ApiException, kind: Kind, name: str | None, namespace: str) -> CommandError:
    """Return what an answer of the API server means to the person who asked, and what to do about it."""
    message = _message(error)
    if error.status == 404 and not _names_an_object(error):
        return CommandError(
            f"the cluster does not know the kind {kind.name}",
            "Install Holdfast: helm install holdfast charts/holdfast --namespace holdfast --create-namespace",
            ExitCode.CLUSTER,
        )
    if error.status == 404:
        return CommandError(
            f"{kind.name} {name!r} does not exist in the namespace {namespace!r}",
            f"See which do: kubectl get {kind.plural} --all-namespaces",
            ExitCode.NOT_FOUND,
        )
    if error.status in (401, 403):
        remedy = "Ask for the role edit in that namespace (view is enough to look), or use another --context."
        return CommandError(f"not allowed: {message}", remedy, ExitCode.CLUSTER)
    return CommandError(f"the API server refused: {message}", "", ExitCode.CLUSTER)


def _answer(error: ApiException) -> dict[str, Any]:
    try:
        answer = json.loads(error.body or "{}")
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _message(error: ApiException) -> str:
    return str(_answer(error).get("message") or error.reason or error.status)


def _names_an_object(error: ApiException) -> bool:
    """Tell an absent object from an absent kind: for a kind the API server answers without a name."""
    details = _answer(error).get("details") or {}
    return bool(details.get("name"))


def root_cause(error: BaseException) -> str:
    """Return the innermost reason of a connection that failed."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return root_cause(reason)
    return str(error).rpartition(": ")[2] or type(error).__name__
