"""KServe's model server with a model class of one's own, as its documentation has it."""

from typing import Any

import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid
from session import DATATYPES, MODELS, PORT, WORKERS, open_session


class OnnxModel(Model):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.load()

    def load(self) -> bool:
        self.session = open_session(self.name)
        self.names = [each.name for each in self.session.get_outputs()]
        self.ready = True
        return True

    # Further workers get the models by pickle, and a session cannot be pickled.
    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "session"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.load()

    async def predict(
        self, payload: InferRequest, _headers: Any = None, _response_headers: Any = None
    ) -> InferResponse:
        feeds = {each.name: np.asarray(each.as_numpy(), np.float32) for each in payload.inputs}
        binary = bool((payload.parameters or {}).get("binary_data_output"))
        outputs = []
        for name, value in zip(self.names, self.session.run(None, feeds), strict=True):
            output = InferOutput(name, list(value.shape), DATATYPES[value.dtype.name])
            output.set_data_from_numpy(value, binary_data=binary)
            outputs.append(output)
        return InferResponse(payload.id or generate_uuid(), self.name, outputs)


if __name__ == "__main__":
    server = ModelServer(
        http_port=PORT,
        workers=WORKERS,
        enable_grpc=False,
        enable_latency_logging=False,
        access_log_format=None,
    )
    server.start([OnnxModel(each.stem) for each in MODELS])
