"""Before a server is measured: do its values agree with ONNX Runtime's, also when many ask at once?"""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.benchmarks.serving.models import MODELS
from tests.benchmarks.serving.requests import difference, infer_body
from tests.benchmarks.serving.scenarios import Question
from tests.benchmarks.serving.servers import RunningServer, ServerFailed

CLIENTS = 8
REQUESTS = 16


def check(server: RunningServer, question: Question) -> None:
    """Ask about different rows at once, so that answers mixed up between clients would be seen.

    Raises:
        ServerFailed: an answer is an error or has other values than ONNX Runtime gives.
    """
    model = MODELS[question.model]()
    starts = [at * question.rows % (len(model.rows) - question.rows + 1) for at in range(REQUESTS)]

    def ask(start: int) -> str | None:
        rows = model.rows[start : start + question.rows]
        body = infer_body(model, rows, question.binary)
        return difference(server.ask(client, question.model, body), model.expected(rows))

    with httpx.Client(timeout=60, trust_env=False) as client, ThreadPoolExecutor(CLIENTS) as pool:
        for problem in pool.map(ask, starts):
            if problem is not None:
                raise ServerFailed(f"{server.kind.name}, {question.title}: {problem}")
