"""Label and annotation keys of Holdfast; the only place where they are spelled."""

from typing import Final

GROUP: Final = "holdfast.dev"

MODEL_DEPLOYMENT: Final = "holdfast.dev/model-deployment"
"""Label on every child: the name of the ModelDeployment that it serves."""
REVISION: Final = "holdfast.dev/revision"
"""Label on a revision's Deployment and pods: the revision's name."""
COMPONENT: Final = "app.kubernetes.io/component"
"""Label: ``server``, ``inspection`` or ``training``."""
POLICY: Final = "holdfast.dev/retrain-policy"
"""Label on RetrainRuns and their Jobs: the name of the RetrainPolicy."""
RUN: Final = "holdfast.dev/retrain-run"
"""Label on a training Job and its pods: the name of the RetrainRun."""
INSPECTION_KEY: Final = "holdfast.dev/inspection-key"
"""Label on an inspection Job: hash of what it inspects."""
PINNED_REVISION: Final = "holdfast.dev/pinned-revision"
"""Annotation on a ModelDeployment: the revision to hold (set by ``holdfast rollback``)."""
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
"""Label on every child; the value is ``holdfast``. The operator watches children by it."""
