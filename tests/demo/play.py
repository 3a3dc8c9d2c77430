"""The demo, step by step: cluster, operator, store, first model, policy, the rides, and what came of it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bikeshare.rides import Rides

from holdfast.labels import PROMOTE
from holdfast.onnx import Session
from holdfast.package import ModelPackage
from holdfast.store import fetch_package
from tests.cluster.adapters.existing import ExistingAdapter
from tests.cluster.errors import ClusterError
from tests.cluster.image_build import Image
from tests.cluster.running import choose_adapter
from tests.cluster.site_packages import REPOSITORY
from tests.demo.bad_candidate import Caught, catch_bad_candidate
from tests.demo.dataset import rides_file
from tests.demo.errors import DemoError
from tests.demo.first_model import (
    Store,
    model_deployment,
    publish_first_model,
    store_history,
    train_first_model,
)
from tests.demo.following import Follower
from tests.demo.images import example_images, product_images
from tests.demo.journal import Journal
from tests.demo.page import render_page
from tests.demo.picture import draw, save_png, to_svg
from tests.demo.place import Place
from tests.demo.published import Published, alarm_level, drift_series, fetch_published
from tests.demo.results import Results, check, results_of, revisions_of
from tests.demo.reviewer import Reviewer
from tests.demo.schedule import EXAMPLE, HISTORY_START, Schedule, one_object
from tests.demo.screen import Screen
from tests.demo.stream import Stream
from tests.demo.watching import follow

CLUSTER = "holdfast-demo"
OUTPUT = REPOSITORY / "build/demo"
S3_PORT, LOAD_PORT = 7070, 8000


def play(screen: Screen) -> None:
    """Run the demo and leave the cluster running.

    Raises:
        DemoError: a step failed, or the run does not show what it should.
    """
    schedule = Schedule.read()
    with screen.step("the bike rides of Washington, 2011"):
        text = rides_text(schedule)
    with screen.step("images: operator, server, evaluator, trainer, load generator, S3"):
        product, images = product_images(), example_images()
    with screen.step("a Kubernetes node"):
        place = fresh_place()
    with explained(place):
        prepare(place, product, images, screen)
        with place.service("s3", S3_PORT) as url:
            run(place, Store.at(url), images, text, screen)


def run(place: Place, store: Store, images: dict[str, Image], text: str, screen: Screen) -> None:
    """Serve the first model, send it the rides, follow what happens, and show it."""
    schedule = Schedule.read()
    with TemporaryDirectory() as folder:
        package = serve_first_model(place, store, text, Path(folder), screen)
        first_model = Session.open(package.model_path)
    place.apply_file("reviewer.yaml", images)
    place.apply_file("retrain-policy.yaml", images)
    screen.say(
        "\nApril begins. The load generator sends every hour to the model; 16 hours pass in a second.\n"
    )
    rides = Rides.parse([text]).between(schedule.start, schedule.end)
    with TemporaryDirectory() as folder:
        reviewer = Reviewer.log_in(place.cluster, place.namespace, Path(folder))
        journal = send_rides(place, images, text, rides, first_model, reviewer, screen)
    published = fetch_published(journal, rides, store)
    journal.drift = drift_series(journal, rides, published, schedule)
    journal.alarm_level = alarm_level(next(iter(published.values())).profile, schedule)
    journal.predicted = {name: each.predicted.tolist() for name, each in published.items()}
    results = results_of(journal)
    caught = catch(place, store, rides, journal, screen)
    files = [*write_files(journal, results, schedule), *write_reports(published)]
    screen.show_results(results, files, place)
    check(journal, results)
    screen.show_caught(caught)


def catch(place: Place, store: Store, rides: Rides, journal: Journal, screen: Screen) -> Caught:
    """Play the second scenario: a model that is wrong without any error."""
    screen.say(
        "\nA second story. Somebody deploys a model by hand whose predictions are three times too high. "
        "It answers in time, and without errors.\n"
    )
    with TemporaryDirectory() as folder, store.credentials_folder() as credentials:
        revision = revisions_of(journal)[-1]
        good = fetch_package(revision["uri"], revision["digest"], Path(folder) / "good", credentials)
        with screen.step("the wrong model, rolled out as a canary under load"):
            return catch_bad_candidate(place, store, rides, good, Path(folder))


def write_reports(published: Mapping[str, Published]) -> list[Path]:
    """Write what approvers have read of every revision that a run has made; return the files."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    files = []
    for name, package in published.items():
        if package.report is not None:
            path = OUTPUT / f"report-{name}.html"
            path.write_bytes(package.report)
            files.append(path)
    return files


def rides_text(schedule: Schedule) -> str:
    """Return the rows of the months that the demo needs, as CSV."""
    header, *lines = rides_file().read_text().splitlines()
    wanted = [line for line in lines if HISTORY_START <= line.lstrip('"')[:10] < schedule.end]
    return "\n".join([header, *wanted, ""])


def fresh_place() -> Place:
    """Return a cluster without anything of an earlier demo."""
    adapter = choose_adapter(CLUSTER)
    adapter.stop()
    return Place(adapter.start())


def prepare(place: Place, product: dict[str, Image], images: dict[str, Image], screen: Screen) -> None:
    """Install the operator and start the store; meanwhile the other images get into the cluster."""
    first, *others = [*product.values(), *images.values()]
    with ThreadPoolExecutor(max_workers=1) as background:
        with screen.step("the operator, installed by Helm"):
            place.cluster.load_image(first)
            loading = background.submit(load_images, place, others)
            place.install_operator(product)
        with screen.step("images for the node"):
            loading.result()
    with screen.step("an S3 server"):
        place.make_namespace()
        place.apply_file("store.yaml", images)
        place.wait("deployment/s3", "condition=Available", 60)


def load_images(place: Place, images: list[Image]) -> None:
    """Have the images in the cluster."""
    for image in images:
        place.cluster.load_image(image)


def serve_first_model(place: Place, store: Store, text: str, folder: Path, screen: Screen) -> ModelPackage:
    """Train, publish and serve the first model; return its package."""
    data_uri = one_object(EXAMPLE / "retrain-policy.yaml", "RetrainPolicy")["spec"]["trainer"]["dataUri"]
    with screen.step("the first model, trained on January to March"):
        store_history(text, data_uri, Schedule.read().start, store)
        package = train_first_model(store, data_uri, folder)
        deployment = model_deployment(publish_first_model(package, store))
    with screen.step("the model served: kubectl apply, inspection, a pod that has answered"):
        place.apply([deployment])
        place.wait("modeldeployment/bikes", "condition=Ready", 120)
    return package


def send_rides(
    place: Place,
    images: dict[str, Image],
    text: str,
    rides: Rides,
    first_model: Session,
    reviewer: Reviewer,
    screen: Screen,
) -> Journal:
    """Start the load generator and follow until everything is over."""
    place.apply([config_map("rides", {"rides.csv": text})])
    place.apply_file("load.yaml", images)
    place.wait("pod/load", "condition=Ready", 60)
    with place.service("load", LOAD_PORT) as url:
        changes = follow(place.cluster.kubeconfig, place.namespace)
        follower = Follower(
            rides,
            first_model,
            Schedule.read(),
            changes,
            Stream(url),
            screen.tell,
            answer=reviewer.answer,
            promote=lambda name: place.annotate("modeldeployment", "bikes", f"{PROMOTE}={name}"),
        )
        return follower.follow()


def config_map(name: str, data: dict[str, str]) -> dict[str, Any]:
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def write_files(journal: Journal, results: Results, schedule: Schedule) -> list[Path]:
    """Write picture, page and journal; return the files that are to be looked at."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    journal.save(OUTPUT / "journal.json")
    picture, page = OUTPUT / "demo.png", OUTPUT / "demo.html"
    save_png(draw(journal, schedule), picture)
    page.write_text(render_page(journal, results, to_svg(draw(journal, schedule))))
    return [picture, page]


def clean() -> None:
    """Remove the demo: its cluster where that is ours, else the release and the namespace."""
    adapter = choose_adapter(CLUSTER)
    if isinstance(adapter, ExistingAdapter):
        Place(adapter.start()).remove()
    adapter.stop()


@contextmanager
def explained(place: Place) -> Iterator[None]:
    """Add what the cluster says to a failure inside the block."""
    try:
        yield
    except DemoError as error:
        raise DemoError(str(error), error.details or place.describe()) from None
    except ClusterError as error:
        raise DemoError(str(error), place.describe()) from None
