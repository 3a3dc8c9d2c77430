"""The parts of the serving benchmark that judge: scenarios, values of answers, targets, tables."""

import subprocess
import sys

import numpy as np
import pytest

from holdfast_serving.http.v2_json import decode_request
from tests.benchmarks.serving.__main__ import options_of, plan_of
from tests.benchmarks.serving.limits import Limit
from tests.benchmarks.serving.load import Load
from tests.benchmarks.serving.machine import Cores, ForeignLoad, cpu_seconds, process_tree, proportional_mib
from tests.benchmarks.serving.models import Array, ServedModel, network, trees
from tests.benchmarks.serving.requests import difference, infer_body, outputs_of
from tests.benchmarks.serving.results import Measured, Results, Start
from tests.benchmarks.serving.scenarios import DEFAULT, Scenario, parse
from tests.benchmarks.serving.tables import report
from tests.benchmarks.serving.targets import Target, judged

TREES = Scenario.of("trees", 1, 16)


def load(rate: float, p50_ms: float = 1, foreign: float = 0) -> Load:
    return Load(rate, p50_ms, 2 * p50_ms, 3 * p50_ms, cpu_us=100, foreign=foreign)


def results(*measured: Measured) -> Results:
    titles = {"holdfast": "Holdfast", "fastapi": "FastAPI", "kserve": "KServe"}
    return Results("a machine", "a day", 1, 1, 1, titles, list(measured))


def verdict(found: Results, title: str) -> Target:
    [target] = [each for each in judged(found) if each.title == title]
    return target


def test_a_line_of_scenarios_names_models_rows_connections_and_encoding() -> None:
    assert parse("trees:1:1,16 resnet:1:4:binary") == [
        Scenario.of("trees", 1, 1),
        Scenario.of("trees", 1, 16),
        Scenario.of("resnet", 1, 4, binary=True),
    ]


@pytest.mark.parametrize("text", ["forest:1:1", "trees:1", "trees:one:1", "trees:1:1:text"])
def test_a_line_that_is_no_scenario_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)


def test_the_default_plan_asks_every_server_about_every_model() -> None:
    plan = plan_of(options_of([]))
    assert {each.question.model for each in plan.scenarios} == {"trees", "network", "resnet"}
    assert {each.name for each in plan.kinds} == {"holdfast", "fastapi", "kserve", "mlserver"}
    assert list(plan.scenarios) == parse(DEFAULT)


@pytest.mark.parametrize("model", [trees(), network()], ids=lambda model: model.name)
def test_the_json_body_is_what_our_decoder_reads(model: ServedModel) -> None:
    decoded = decode_request(infer_body(model, model.rows[:2], binary=False).content)
    np.testing.assert_allclose(decoded.inference.inputs[model.input], model.rows[:2], rtol=1e-5)


def test_a_binary_body_holds_the_same_values_as_the_rows() -> None:
    body = infer_body(network(), network().rows[:2], binary=True)
    values = np.frombuffer(body.content[body.header_bytes :], np.float32)
    np.testing.assert_array_equal(values, network().rows[:2].ravel())


def test_answers_are_read_from_json_and_from_binary_tensors() -> None:
    as_json = b'{"outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[1,2]}]}'
    header = b'{"outputs":[{"name":"y","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}}]}'
    as_binary = header + np.array([1, 2], np.float32).tobytes()
    expected = {"y": np.array([1, 2], np.float32)}
    assert difference(outputs_of(as_json, None), expected) is None
    assert difference(outputs_of(as_binary, len(header)), expected) is None


@pytest.mark.parametrize(
    ("answered", "problem"),
    [({"y": np.array([1.0, 2.1])}, "off by"), ({}, "missing"), ({"y": np.ones(3)}, "size")],
)
def test_a_wrong_answer_is_told_from_a_right_one(answered: dict[str, Array], problem: str) -> None:
    assert problem in str(difference(answered, {"y": np.array([1.0, 2.0])}))


@pytest.mark.parametrize(("ours", "verdict_"), [(8000, "met"), (7999, "missed")])
def test_throughput_is_judged_beside_the_best_peer(ours: float, verdict_: str) -> None:
    found = results(
        Measured("holdfast", TREES, load(ours)),
        Measured("fastapi", TREES, load(1000)),
        Measured("kserve", TREES, load(900)),
    )
    target = verdict(found, "trees 1 c16: requests/s")
    assert target.verdict == verdict_
    assert "(fastapi)" in target.found


def test_binary_is_judged_beside_the_peer_s_better_encoding() -> None:
    binary = Scenario.of("trees", 32, 16, binary=True)
    found = results(
        Measured("holdfast", binary, load(6000)),
        Measured("kserve", binary, load(500)),
        Measured("fastapi", Scenario.of("trees", 32, 16), load(1001)),
    )
    assert verdict(found, "trees 32 binary c16: requests/s").verdict == "missed"


def test_the_share_of_the_limit_counts_every_worker() -> None:
    binary = Scenario.of("resnet", 1, 16, binary=True)
    found = results(Measured("holdfast", binary, load(18)))
    found.limits = [Limit("resnet", 1, "run", 20)]
    title = "resnet 1 binary c16: share of ONNX Runtime alone"
    assert verdict(found, title).verdict == "met"
    found.workers = 2
    assert verdict(found, title).verdict == "missed"


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert {each.verdict for each in judged(results())} == {"not measured"}


def test_the_report_has_every_figure_and_warns_of_a_noisy_machine() -> None:
    found = results(
        Measured("holdfast", TREES, load(12345, foreign=0.5)), Measured("fastapi", TREES, load(678))
    )
    found.starts = [Start("holdfast", ("trees",), 1.25, [50.0, 60.0])]
    found.failures = ["kserve did not start"]
    text = report(found, judged(found))
    for expected in (
        "12345",
        "678",
        "1.25",
        "| 110 |",
        "kserve did not start",
        "1 of 2 measurements",
        "ratios",
    ):
        assert expected in text


def test_servers_and_load_have_cores_of_their_own_where_there_are_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1, 2, 3})
    assert Cores.share(1) == Cores([0], [1])
    assert Cores.share(2) == Cores([0, 1], [2, 3])
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {5})
    assert Cores.share(1) == Cores([5], [5])


def test_a_process_tree_is_found_and_measured() -> None:
    busy = "x = 0\nfor i in range(10**6): x += i\nprint(x, flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        foreign = ForeignLoad()
        child.stdout.readline()
        tree = process_tree(child.pid)
        assert tree == [child.pid]
        assert cpu_seconds(tree) > 0
        assert proportional_mib(child.pid) > 1
        assert foreign.cores() >= 0
        child.kill()
    assert cpu_seconds(tree) == 0
