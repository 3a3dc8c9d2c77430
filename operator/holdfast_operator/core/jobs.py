"""How far a Job is, from its conditions."""

from holdfast_operator.manifests.metadata import Manifest


def has_succeeded(job: Manifest) -> bool:
    """Whether the Job is complete."""
    return _reason(job, "Complete") is not None


def has_failed(job: Manifest) -> str | None:
    """Return why the Job has failed, such as DeadlineExceeded; None when it has not."""
    return _reason(job, "Failed")


def is_finished(job: Manifest) -> bool:
    """Whether nothing more will come of the Job."""
    return has_succeeded(job) or has_failed(job) is not None


def is_suspended(job: Manifest) -> bool:
    """Whether the Job may run no pods for now, as while it waits in a queue."""
    return bool((job.get("spec") or {}).get("suspend"))


def _reason(job: Manifest, type_: str) -> str | None:
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition.get("type") == type_ and condition.get("status") == "True":
            return condition.get("reason") or type_
    return None
