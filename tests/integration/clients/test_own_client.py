"""Our own client: it sends numbers as raw bytes to servers that take them."""

import numpy as np
import pytest

from holdfast.client import Client, ClientError
from tests.clients.programs.every_datatype import equal, tensors
from tests.integration.serving.server_process import ServerProcess

pytestmark = pytest.mark.integration


def test_every_datatype_comes_back_as_it_was_sent(identity_server: ServerProcess) -> None:
    sent = {name.lower(): tensor for name, tensor in tensors().items()}
    with Client(identity_server.url) as client:
        texts = {
            **sent,
            "bytes": np.array([[each.decode() for each in row] for row in sent["bytes"]], object),
        }
        answer = client.infer("identity", texts)
    assert [name for name, each in sent.items() if not equal(answer[f"{name}_out"], each)] == []


def test_bf16_comes_back_as_the_numbers_that_it_is(bfloat16_server: ServerProcess) -> None:
    with Client(bfloat16_server.url) as client:
        answer = client.infer("identity", {"bf16": [[1.0, -2.5], [np.inf, np.nan]]})
    np.testing.assert_array_equal(answer["bf16_out"], np.array([[1.0, -2.5], [np.inf, np.nan]], np.float32))


def test_refusals_are_in_words(identity_server: ServerProcess) -> None:
    with Client(identity_server.url) as client, pytest.raises(ClientError, match="400: missing input 'bool'"):
        client.infer("identity", {"fp32": [[1, 2]]})
