"""What `helm test` runs in the operator's image: the operator answers, and the three kinds are served."""

import json
import os
import ssl
import urllib.request
from pathlib import Path

KINDS = {"ModelDeployment", "RetrainPolicy", "RetrainRun"}
CREDENTIALS = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def read(url, headers=None, trusted=None):
    request = urllib.request.Request(url, headers=headers or {})
    with urllib.request.urlopen(request, timeout=10, context=trusted) as response:
        return response.read().decode()


def served_kinds():
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    host = f"[{host}]" if ":" in host else host
    token = (CREDENTIALS / "token").read_text()
    trusted = ssl.create_default_context(cafile=str(CREDENTIALS / "ca.crt"))
    url = f"https://{host}:{port}/apis/holdfast.dev/v1alpha1"
    answer = json.loads(read(url, {"Authorization": f"Bearer {token}"}, trusted))
    return {resource["kind"] for resource in answer["resources"]}


service = os.environ["SERVICE"]
read(f"http://{service}:8080/healthz")
print("ok  the operator is alive")
if "holdfast_operator_" not in read(f"http://{service}:8081/metrics"):
    raise SystemExit("the operator's metrics are missing")
print("ok  the operator's metrics can be read")
if missing := KINDS - served_kinds():
    raise SystemExit(f"not served by the API server: {', '.join(sorted(missing))}; install the CRDs")
print("ok  the API server serves the three kinds")
