"""The places other than S3 that a model can come from: a claim, a ConfigMap, an HTTPS server."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from holdfast.manifest import MANIFEST_FILE
from holdfast.package import ModelPackage
from tests.cluster.image_recipes import server_image
from tests.e2e.kubectl import Kubectl
from tests.e2e.models import Model
from tests.self_signed import self_signed

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
COPY = """
import pathlib, shutil
pathlib.Path('/to/bikes').mkdir()
for path in pathlib.Path('/from').glob('[!.]*'):
    shutil.copyfile(path, f'/to/bikes/{path.name}')
"""
SERVE = """
import functools, http.server, ssl
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory='/from')
server = http.server.ThreadingHTTPServer(('', 8443), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/tls/tls.crt', '/tls/tls.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


def from_configmap(kubectl: Kubectl, model: Model) -> tuple[str, None]:
    """Put the package into a ConfigMap."""
    kubectl.apply(_config_map(model))
    return "configmap://model", None


def from_claim(kubectl: Kubectl, model: Model) -> tuple[str, None]:
    """Copy the package into a folder of a PersistentVolumeClaim."""
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    kubectl.apply(
        _config_map(model),
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "models"}, "spec": claim},
        _pod("copy", COPY, {"to": {"persistentVolumeClaim": {"claimName": "models"}}}),
    )
    kubectl.wait("pod", "copy", lambda pod: pod["status"].get("phase") == "Succeeded")
    kubectl.delete("pod", "copy")
    return "pvc://models/bikes", None


def from_https(kubectl: Kubectl, model: Model) -> tuple[str, str]:
    """Serve the package by HTTPS with a certificate that only the credentials Secret knows."""
    host = f"files.{kubectl.namespace}.svc"
    certificate, key = self_signed(f"DNS:{host}")
    service = {"selector": {"app": "files"}, "ports": [{"port": 443, "targetPort": 8443}]}
    kubectl.apply(
        _config_map(model),
        _secret("tls", {"tls.crt": certificate, "tls.key": key}),
        _secret("authority", {"ca.crt": certificate}),
        _pod("files", SERVE, {"tls": {"secret": {"secretName": "tls"}}}),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "files"}, "spec": service},
    )
    kubectl.wait("pod", "files", lambda pod: pod["status"].get("phase") == "Running")
    return f"https://{host}/", "authority"


PLACES: Mapping[str, Callable[[Kubectl, Model], tuple[str, str | None]]] = {
    "configmap": from_configmap,
    "pvc": from_claim,
    "https": from_https,
}


def _config_map(model: Model) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        ModelPackage.write(Path(folder), model.files)
        files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    assert MANIFEST_FILE in files
    data = {name: base64.b64encode(content).decode() for name, content in files.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "model"}, "binaryData": data}


def _secret(name: str, values: Mapping[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": dict(values)}


def _pod(name: str, script: str, volumes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a pod that runs the script with the ConfigMap at /from and each volume at /NAME."""
    mounted = {"from": {"configMap": {"name": "model"}}, **volumes}
    container = {
        "name": "python",
        "image": server_image().ref,
        "command": ["python", "-c", script],
        "securityContext": RESTRICTED,
        "volumeMounts": [{"name": volume, "mountPath": f"/{volume}"} for volume in mounted],
    }
    spec = {
        "containers": [container],
        "restartPolicy": "Never",
        "securityContext": {"fsGroup": 65532, "runAsUser": 65532},
        "terminationGracePeriodSeconds": 0,
        "volumes": [{"name": volume, **source} for volume, source in mounted.items()],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": spec,
    }
