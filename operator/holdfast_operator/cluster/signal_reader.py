"""Asks the tools that signals come from at their intervals; decisions never wait for it."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.cluster.api import ApiError, Cluster
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import SERVICE
from holdfast_operator.cluster.signal_client import SignalClient
from holdfast_operator.cluster.signal_watch import SignalWatch
from holdfast_operator.core.observation import SignalAnswers
from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.signal_answer import SignalError, failed_answer, read_answer
from holdfast_operator.core.signal_target import find_service
from holdfast_operator.metrics import SIGNAL_ERRORS

logger = logging.getLogger(__name__)

CONCURRENCY: Final = 16
_TICK_SECONDS: Final = 0.5


class SignalReader:
    """Asks for all signals of watched policies, a bounded number at once."""

    def __init__(
        self,
        cluster: Cluster,
        client: SignalClient,
        watch: SignalWatch,
        on_news: Callable[[Key], None],
        allowed_hosts: Collection[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """ON_NEWS is told of each policy whose answers can change what is decided."""
        self._cluster = cluster
        self._client = client
        self._watch = watch
        self._on_news = on_news
        self._allowed_hosts = allowed_hosts
        self._now = now
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._asking: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            while True:
                self.ask_due()
                await asyncio.sleep(_TICK_SECONDS)
        finally:
            for task in self._asking:
                task.cancel()

    def ask_due(self) -> None:
        """Begin to ask for what is due."""
        for policy, trigger in self._watch.take_due(time.monotonic()):
            task = asyncio.create_task(self._ask(policy, trigger))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def finish(self) -> None:
        """Wait for what is being asked."""
        await asyncio.gather(*self._asking)

    async def _ask(self, policy: Key, trigger: SignalTrigger) -> None:
        async with self._slots:
            started = time.monotonic()
            try:
                answer = await self._answer(policy, trigger)
                if self._watch.record(policy, answer):
                    self._on_news(policy)
            except ApiError as error:
                logger.warning("cannot look up the Service that %s asks: %s", policy, error)
            except Exception:  # whatever is wrong with one must not stop the others
                logger.exception("cannot ask for the signal of %s", policy)
            finally:
                self._watch.finish(policy, trigger, started)

    async def _answer(self, policy: Key, trigger: SignalTrigger) -> SignalAnswers:
        try:
            await self._check_target(policy, trigger)
            body = await self._client.read(trigger.url, trigger.timeout_seconds)
        except SignalError as error:
            answer = failed_answer(trigger, error, self._now())
        else:
            answer = await asyncio.to_thread(read_answer, trigger, body, self._now())
        if answer.problem is not None:
            SIGNAL_ERRORS.labels(answer.problem).inc()
            logger.info("no signal for %s: %s: %s", policy, answer.problem, answer.message)
        return answer

    async def _check_target(self, policy: Key, trigger: SignalTrigger) -> None:
        """Raise SignalError unless the URL leads to where it says: a Service may stand for any other name."""
        name = find_service(trigger.url, policy.namespace, self._allowed_hosts)
        if name is None:
            return
        service = await self._cluster.get(SERVICE, policy.namespace, name)
        if service is None:
            raise SignalError(LookProblem.SIGNAL_UNREACHABLE, f"There is no Service {name}.")
        if service.get("spec", {}).get("type") == "ExternalName":
            message = f"The Service {name} is an ExternalName; the chart's signals.allowedHosts may list it."
            raise SignalError(LookProblem.SIGNAL_REFUSED, message)
