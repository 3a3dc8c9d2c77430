"""A runtime for MLServer, as its documentation has users write one."""

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from session import open_session


class OnnxRuntime(MLModel):
    async def load(self) -> bool:
        self.session = open_session(self.name)
        self.names = [each.name for each in self.session.get_outputs()]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {each.name: NumpyCodec.decode_input(each) for each in payload.inputs}
        found = zip(self.names, self.session.run(None, feeds), strict=True)
        outputs = [NumpyCodec.encode_output(name, value) for name, value in found]
        return InferenceResponse(model_name=self.name, outputs=outputs)
