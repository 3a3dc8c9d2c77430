"""The page about a server for people: one HTML document that loads nothing from anywhere."""

import base64
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

import orjson

from holdfast.results import TensorSignature
from holdfast.signature import ANY, Signature

_FOLDER: Final = files("holdfast_serving.http")
_TEMPLATE: Final = Template(_FOLDER.joinpath("documentation_page.html").read_text(encoding="utf-8"))
_STYLE: Final = _FOLDER.joinpath("documentation_page.css").read_text(encoding="utf-8")
_SCRIPT: Final = _FOLDER.joinpath("documentation_page.js").read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


CONTENT_SECURITY_POLICY: Final = (
    (
        b"content-security-policy",
        f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'".encode(),
    ),
    (b"x-content-type-options", b"nosniff"),
)
"""The page may run its own script, ask its own server and nothing else."""


def documentation_page(document: Mapping[str, Any], signature: Signature, address: str) -> str:
    """Return the page of the server at ``address`` that an OpenAPI ``document`` describes."""
    path = next(path for path in document["paths"] if path.endswith("/infer"))
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    example = content.get("example")
    return _TEMPLATE.substitute(
        style=_STYLE,
        script=_SCRIPT,
        title=escape(document["info"]["title"]),
        inputs=_tensors(signature.inputs),
        outputs=_tensors(signature.outputs),
        endpoints=_endpoints(document["paths"]),
        path=escape(path),
        curl=escape(_curl(f"{address}{path}", example)),
        body=escape("" if example is None else _pretty(example)),
    )


def _curl(url: str, example: Any) -> str:
    if example is None:
        return f"# this model's inputs are too large for an example\ncurl -s {url} -d @request.json"
    return f"curl -s {url} -d {shlex.quote(orjson.dumps(example).decode())}"


def _pretty(example: Mapping[str, Any]) -> str:
    inputs = ",\n".join(orjson.dumps(each).decode() for each in example["inputs"])
    return f'{{"inputs": [\n{inputs}\n]}}'


def _tensors(tensors: Sequence[TensorSignature]) -> str:
    return "".join(
        f"<tr><td><code>{escape(each.name)}</code></td><td>{each.datatype}</td><td>{_shape(each.shape)}</td></tr>"
        for each in tensors
    )


def _shape(shape: Sequence[int]) -> str:
    return (
        " \N{MULTIPLICATION SIGN} ".join("any" if size == ANY else str(size) for size in shape)
        or "single value"
    )


def _endpoints(paths: Mapping[str, Any]) -> str:
    rows = []
    for path, operations in paths.items():
        for method, operation in operations.items():
            name = f'<span class="{method}">{method.upper()}</span>'
            shown = f'<a href="{escape(path)}">{escape(path)}</a>' if method == "get" else escape(path)
            rows.append(
                f"<tr><td>{name}</td><td><code>{shown}</code></td><td>{escape(operation['summary'])}</td></tr>"
            )
    return "".join(rows)
