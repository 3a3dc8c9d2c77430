"""Damage to a JSON document that leaves it JSON: some value becomes another, goes, or comes twice."""

from collections.abc import Iterator
from random import Random
from typing import Any

import orjson

Container = dict[str, Any] | list[Any]
KEYS = (
    "name",
    "datatype",
    "shape",
    "data",
    "parameters",
    "binary_data_size",
    "inputs",
    "outputs",
    "id",
    "new",
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 8, 255, 256, 2**31, 2**63, 2**64 - 1, 0.5, -0.0, 1e308, 1e-320),
    *(
        "",
        "x",
        "FP32",
        "BYTES",
        "BOOL",
        "INT8",
        "UINT64",
        "FP16",
        "BF16",
        "\N{SNOWMAN}",
        "\x00",
        "AAAAAA==",
        "/etc",
    ),
    *([], {}, [[]], [1, 2], [[1], [2]], [[1], [2, 3]], ["a"], [None], {"name": "x"}, {"binary_data_size": 8}),
)


def changed_node(text: bytes, random: Random) -> bytes:
    """Return the document with one change, or the text as it is when it is no document."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    places = [(container, key) for container in _containers(document) for key in _keys(container)]
    if not places:
        return text
    container, key = random.choice(places)
    _change(container, key, random)
    return orjson.dumps(document)


def _change(container: Any, key: Any, random: Random) -> None:
    kind = random.randrange(5)
    if kind == 0:
        del container[key]
    elif kind == 1:
        container[key] = [container[key]] * random.randint(1, 3)
    elif kind == 2 and isinstance(container, dict):
        container[random.choice(KEYS)] = random.choice((container[key], *VALUES))
    elif kind == 2:
        container.insert(key, random.choice((container[key], *VALUES)))
    else:
        container[key] = random.choice(VALUES)


def _keys(container: Container) -> list[Any]:
    return list(container) if isinstance(container, dict) else list(range(len(container)))


def _containers(document: Any) -> Iterator[Container]:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict | list):
            yield node
            waiting.extend(node.values() if isinstance(node, dict) else node)
