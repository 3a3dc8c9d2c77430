"""URIs of models, packages and data, parsed and checked. Pure."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from holdfast.failures import ModelError
from holdfast.results import ModelFailureReason

MAX_URI_LENGTH: Final = 1024


class Scheme(StrEnum):
    """Where a URI leads."""

    S3 = "s3"
    """An object store: ``s3://BUCKET/PREFIX``."""
    HTTPS = "https"
    """A web server: ``https://HOST/PATH``."""
    PVC = "pvc"
    """A PersistentVolumeClaim that is mounted: ``pvc://CLAIM/PATH``."""
    CONFIGMAP = "configmap"
    """A ConfigMap that is mounted: ``configmap://NAME``."""


_AUTHORITIES: Final = {
    Scheme.S3: r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    Scheme.HTTPS: r"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?",
    Scheme.PVC: r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?",
    Scheme.CONFIGMAP: r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?",
}
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f\\?#]")


@dataclass(frozen=True)
class Location:
    """A parsed URI: scheme, bucket, host, claim or ConfigMap (``authority``), and path (no outer slashes)."""

    scheme: Scheme
    authority: str
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}" + (f"/{self.path}" if self.path else "")

    @property
    def is_model_file(self) -> bool:
        """Whether this is a single ONNX file; all else is a folder."""
        return self.path.endswith(".onnx")

    @property
    def name(self) -> str:
        """Last element of the path."""
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> Self:
        """The folder that this lies in."""
        return replace(self, path=self.path.rpartition("/")[0])

    def child(self, name: str) -> Self:
        """Return what is called ``name`` in this folder."""
        return replace(self, path=f"{self.path}/{name}" if self.path else name)

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a URI.

        Raises:
            ModelError: UnsupportedURI, saying which form would be right.
        """
        scheme, separator, rest = uri.partition("://")
        if not separator or scheme not in tuple(Scheme) or len(uri) > MAX_URI_LENGTH:
            raise _unsupported(uri, "it must start with s3://, https://, pvc:// or configmap://")
        authority, _, path = rest.partition("/")
        location = cls(Scheme(scheme), authority, path.strip("/"))
        if re.fullmatch(_AUTHORITIES[location.scheme], authority) is None:
            raise _unsupported(uri, f"{scheme}:// must be followed by a name without user, and a path")
        elements = location.path.split("/") if location.path else []
        if _FORBIDDEN.search(path) or any(each in ("", ".", "..") for each in elements):
            raise _unsupported(uri, "the path must have no query, spaces, backslashes, '//', '.' or '..'")
        if location.scheme == Scheme.CONFIGMAP and len(elements) > 1:
            raise _unsupported(uri, "a ConfigMap has keys and no folders: configmap://NAME")
        return location


def _unsupported(uri: str, why: str) -> ModelError:
    # What is before an @ may be a password.
    shown = re.sub(r"//[^/]*@", "//…@", uri)[:200]
    return ModelError(ModelFailureReason.UNSUPPORTED_URI, f"{shown!r}: {why}")
