"""What KEDA takes for a ScaledObject with redis-streams triggers, and what it would refuse.

KEDA's own schema (the CustomResourceDefinition ``scaledobjects.keda.sh``) is in no registry that is reached from here.
``data/keda_scaledobject.json`` is written after its documentation (keda.sh/docs, ScaledObject specification and Redis
Streams scaler, 2.12 to 2.16), closed, so that a misspelt field is an error; what the documentation says beyond a
schema's reach is checked here, and the autoscaler's behaviour against the Kubernetes schema that it is handed to.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate

__all__ = ["validate"]

SCHEMA = json.loads((Path(__file__).parent / "data" / "keda_scaledobject.json").read_text())


def validate(scaled: dict[str, Any]) -> None:
    """Raise when KEDA would not take this object."""
    jsonschema.Draft202012Validator(SCHEMA).validate(scaled)
    spec = scaled["spec"]
    _check_formula(spec)
    behaviour = spec.get("advanced", {}).get("horizontalPodAutoscalerConfig", {}).get("behavior")
    if behaviour is not None:
        kubernetes_validate.validate(_autoscaler(behaviour), "1.33", strict=True)


def _check_formula(spec: dict[str, Any]) -> None:
    """A formula is arithmetic on triggers by their names, and every trigger it could mean has one."""
    modifiers = spec.get("advanced", {}).get("scalingModifiers")
    if modifiers is None:
        return
    names = [trigger.get("name") for trigger in spec["triggers"]]
    assert None not in names, "with scalingModifiers every trigger needs a name"
    assert len(set(names)) == len(names), "two triggers of one name"
    assert set(re.findall(r"[A-Za-z_]\w*", modifiers["formula"])) <= set(names), (
        "the formula names no trigger"
    )


def _autoscaler(behaviour: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "x"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"},
            "maxReplicas": 1,
            "behavior": behaviour,
        },
    }
