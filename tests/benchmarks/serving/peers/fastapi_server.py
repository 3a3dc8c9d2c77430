"""What most people write first: FastAPI, pydantic bodies, a plain function that FastAPI runs in a thread."""

from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from session import DATATYPES, MODELS, PORT, WORKERS, open_session

app = FastAPI()
sessions = {each.stem: open_session(each.stem) for each in MODELS}


class Tensor(BaseModel):
    name: str
    shape: list[int]
    datatype: str
    data: list[Any]


class Request(BaseModel):
    inputs: list[Tensor]


class Answer(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    model_name: str
    outputs: list[Tensor]


@app.post("/v2/models/{name}/infer")
def infer(name: str, request: Request) -> Answer:
    session = sessions[name]
    feeds = {each.name: np.array(each.data, np.float32).reshape(each.shape) for each in request.inputs}
    found = zip(session.get_outputs(), session.run(None, feeds), strict=True)
    outputs = [
        Tensor(
            name=output.name,
            shape=list(value.shape),
            datatype=DATATYPES[value.dtype.name],
            data=value.ravel().tolist(),
        )
        for output, value in found
    ]
    return Answer(model_name=name, outputs=outputs)


if __name__ == "__main__":
    uvicorn.run("fastapi_server:app", port=PORT, workers=WORKERS, access_log=False, log_level="warning")
