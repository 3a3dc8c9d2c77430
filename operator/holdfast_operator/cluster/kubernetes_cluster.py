"""The Cluster on a real API server: ``kubernetes.aio``'s dynamic client with plain data, without discovery.

Discovery is not needed, since every kind is known; so nothing is cached in files, and a kind whose CRD is
missing is simply not found.
"""

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import aiohttp
from kubernetes.aio.client import ApiClient
from kubernetes.aio.dynamic import DynamicClient, Resource
from kubernetes.aio.dynamic.exceptions import DynamicApiError

from holdfast_operator.cluster.api import (
    FIELD_MANAGER,
    AlreadyExistsError,
    ApiError,
    ConflictError,
    NotFoundError,
    ObjectReference,
)
from holdfast_operator.cluster.kinds import ResourceKind, kind_of
from holdfast_operator.manifests.metadata import Manifest

REQUEST_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, sock_connect=5)
PAGE_SIZE: Final = 500
_GONE: Final = 410


class KubernetesCluster:
    """A Cluster; requests end after 15 s, and nothing is retried here."""

    def __init__(self, client: ApiClient, page_size: int = PAGE_SIZE) -> None:
        self._client = DynamicClient(client)
        self._page_size = page_size

    async def get(self, kind: ResourceKind, namespace: str, name: str) -> Manifest | None:
        """Return the object as it is now, or None."""
        try:
            return await self._send(self._client.get, self._resource(kind), name=name, namespace=namespace)
        except NotFoundError:
            return None

    async def list(
        self,
        kind: ResourceKind,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> Sequence[Manifest]:
        """Return all objects of one namespace, or of all, page by page; each with apiVersion and kind."""
        asked = {
            "namespace": namespace,
            "label_selector": label_selector or None,
            "field_selector": field_selector or None,
        }
        try:
            return await self._list_pages(kind, asked, self._page_size)
        except ApiError as error:
            if error.status != _GONE:
                raise
        # The pages' snapshot was compacted away meanwhile; one page has no such problem.
        return await self._list_pages(kind, asked, None)

    async def apply(self, manifest: Manifest) -> Manifest:
        """Make the fields of MANIFEST true (server-side apply, forced) and return the object."""
        return await self._send(
            self._client.server_side_apply,
            self._resource(kind_of(manifest)),
            body=dict(manifest),
            field_manager=FIELD_MANAGER,
            force_conflicts=True,
        )

    async def create(self, manifest: Manifest) -> Manifest:
        """Create the object. Raises AlreadyExistsError."""
        return await self._send(
            self._client.create,
            self._resource(kind_of(manifest)),
            body=dict(manifest),
            field_manager=FIELD_MANAGER,
        )

    async def replace(self, manifest: Manifest) -> Manifest:
        """Replace the object if its resourceVersion is still the given one, else raise ConflictError."""
        resource = self._resource(kind_of(manifest))
        return await self._send(
            self._client.replace, resource, body=dict(manifest), field_manager=FIELD_MANAGER
        )

    async def apply_status(self, resource: Manifest, status: Mapping[str, Any]) -> Manifest:
        """Replace the status of RESOURCE as it was read. Raises ConflictError when it has changed since."""
        body = {**resource, "status": dict(status)}
        body["metadata"] = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
        target = self._resource(kind_of(resource), subresource="status")
        return await self._send(self._client.replace, target, body=body, field_manager=FIELD_MANAGER)

    async def delete(self, target: ObjectReference) -> None:
        """Delete the object and, in the background, what it owns; gone already is fine."""
        options = {"propagationPolicy": "Background", "preconditions": {"uid": target.uid}}
        try:
            await self._send(
                self._client.delete,
                self._resource(target.kind),
                name=target.name,
                namespace=target.namespace,
                body=options,
            )
        except NotFoundError:
            return

    async def _list_pages(
        self, kind: ResourceKind, asked: Mapping[str, str | None], page_size: int | None
    ) -> Sequence[Manifest]:
        items: deque[Manifest] = deque()
        position: str | None = None
        while True:
            page = await self._send(
                self._client.get,
                self._resource(kind),
                **asked,
                limit=page_size,
                _continue=position,
            )
            # Items of a list do not say what they are.
            items += ({"apiVersion": kind.api_version, "kind": kind.kind, **item} for item in page["items"])
            position = page["metadata"].get("continue")
            if not position:
                return tuple(items)

    def _resource(self, kind: ResourceKind, subresource: str = "") -> Resource:
        path = _StatusResource if subresource else Resource
        return path(  # type: ignore[no-untyped-call]  # the library is not typed
            prefix="apis" if kind.group else "api",
            group=kind.group,
            api_version=kind.version,
            kind=kind.kind,
            namespaced=True,
            name=kind.plural,
            client=self._client,
        )

    async def _send(self, method: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            response = await method(*args, serialize=False, _request_timeout=REQUEST_TIMEOUT, **kwargs)
            answer: dict[str, Any] = await response.json()
        except DynamicApiError as error:
            raise _translate(error) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(0, type(error).__name__, str(error) or "no answer from the API server") from error
        return answer


class _StatusResource(Resource):
    """The status subresource; the client's own Subresource needs discovery."""

    def path(self, name: str | None = None, namespace: str | None = None) -> str:
        path = super().path(name=name, namespace=namespace)  # type: ignore[no-untyped-call]  # likewise
        return f"{path}/status"


def _translate(error: DynamicApiError) -> ApiError:
    """Return the error with the API server's own reason and message (metav1.Status)."""
    try:
        status = json.loads(error.body or "")
        reason, message = str(status["reason"]), str(status["message"])
    except (ValueError, KeyError, TypeError):
        # Something before the API server answered: a proxy, or a server that is starting.
        reason, message = str(error.reason), (error.body or "")[:200]
    if reason == "AlreadyExists":
        return AlreadyExistsError(error.status, reason, message)
    if reason == "Conflict":
        return ConflictError(error.status, reason, message)
    if error.status == 404:
        return NotFoundError(error.status, reason, message)
    return ApiError(error.status, reason, message)
