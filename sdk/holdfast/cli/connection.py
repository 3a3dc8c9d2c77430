"""The options -n, --context and --kubeconfig of every command that talks to a cluster, as in kubectl."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

import typer

from holdfast.cli.cluster import Cluster

P = ParamSpec("P")
R = TypeVar("R")

NamespaceOption = Annotated[
    str | None,
    typer.Option("--namespace", "-n", help="Namespace; default: the context's.", show_default=False),
]
ContextOption = Annotated[
    str | None, typer.Option("--context", help="Context of the kubeconfig.", show_default=False)
]
KubeconfigOption = Annotated[
    str | None,
    typer.Option(
        "--kubeconfig", help="Kubeconfig file; default: $KUBECONFIG or ~/.kube/config.", show_default=False
    ),
]
_OPTIONS = {"namespace": NamespaceOption, "context": ContextOption, "kubeconfig": KubeconfigOption}


@dataclass(frozen=True)
class Connection:
    """Which cluster and namespace a command is about."""

    namespace: str | None = None
    context: str | None = None
    kubeconfig: str | None = None

    def open(self) -> Cluster:
        """Return the cluster; nothing is sent yet.

        Raises:
            CommandError: there is no usable configuration.
        """
        # Here, so that commands without a cluster start without the Kubernetes client (0.7 s).
        from holdfast.cli.kubernetes_cluster import connect

        return connect(self.namespace, self.context, self.kubeconfig)


def with_connection(command: Callable[Concatenate[Connection, P], R]) -> Callable[..., R]:
    """Give a command the three options, and pass them to it as its first argument."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> R:
        chosen = {name: options.pop(name) for name in _OPTIONS}
        return command(Connection(**chosen), *arguments, **options)

    signature = inspect.signature(command, eval_str=True)
    own = list(signature.parameters.values())[1:]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    wrapped.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]  # inspect reads it
    wrapped.__annotations__ = {each.name: each.annotation for each in (*own, *added)}
    return wrapped
