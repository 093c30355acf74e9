"""The Kubernetes manifests, against the API's schemas and against each other."""

from __future__ import annotations

import textwrap
from pathlib import Path

import keda
import kubernetes_validate
import pytest
import yaml

from steer.cli import main
from steer.config import load_config

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
OBJECTS = [(file.name, thing) for file in FILES for thing in yaml.safe_load_all(file.read_text())]
OWN_KINDS = [(name, thing) for name, thing in OBJECTS if thing["apiVersion"] != "keda.sh/v1alpha1"]


def found(kind: str, name: str) -> dict:
    (one,) = (thing for _, thing in OBJECTS if (thing["kind"], thing["metadata"]["name"]) == (kind, name))
    return one


def pods() -> list[dict]:
    return [thing["spec"]["template"]["spec"] for _, thing in OBJECTS if "template" in thing.get("spec", {})]


@pytest.mark.parametrize(
    ("file", "thing"), OWN_KINDS, ids=lambda value: value if isinstance(value, str) else value["kind"]
)
@pytest.mark.parametrize("version", ["1.29", "1.33"])
def test_every_object_fits_the_schema(file, thing, version) -> None:
    kubernetes_validate.validate(thing, version, strict=True)


def test_the_scaler_fits_what_keda_documents() -> None:
    keda.validate(found("ScaledObject", "steer-worker-trp-cage"))


def test_the_worker_is_what_the_command_prints(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["worker", "--print", "kubernetes", "--campaign", "trp-cage", "--workers", "8"])
    assert (ROOT / "deploy" / "kubernetes" / "worker.yaml").read_text() == capsys.readouterr().out


def test_redis_starts_with_the_script_that_is_tested() -> None:
    script = (ROOT / "deploy" / "container" / "start-redis.sh").read_text()
    assert found("ConfigMap", "steer-redis")["data"]["start-redis.sh"] == script


def test_the_campaign_in_the_manifest_is_valid_and_the_one_that_is_run(tmp_path) -> None:
    text = textwrap.dedent(found("ConfigMap", "steer-trp-cage")["data"]["campaign.toml"])
    (tmp_path / "campaign.toml").write_text(text)
    name = load_config(tmp_path / "campaign.toml").campaign.name
    (container,) = found("Job", "steer-trp-cage")["spec"]["template"]["spec"]["containers"]
    assert f"/campaigns/{name}" in container["args"]


def test_what_pods_refer_to_is_there() -> None:
    for pod in pods():
        for volume in pod["volumes"]:
            if "persistentVolumeClaim" in volume:
                found("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
            if "secret" in volume:
                found("Secret", volume["secret"]["secretName"])
            if "configMap" in volume:
                found("ConfigMap", volume["configMap"]["name"])
        for container in pod["containers"]:
            for variable in container.get("env", []):
                if "valueFrom" in variable:
                    key = variable["valueFrom"]["secretKeyRef"]
                    assert key["key"] in found("Secret", key["name"])["stringData"]


def test_no_pod_is_root_or_keeps_capabilities() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_server_is_reached_by_the_name_that_workers_are_told() -> None:
    service = found("Service", "steer-redis")
    labels = found("StatefulSet", "steer-redis")["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    allowed = found("NetworkPolicy", "steer-redis")["spec"]["ingress"][0]["from"][0]["podSelector"][
        "matchLabels"
    ]
    for kind, name in [("Deployment", "steer-worker-trp-cage"), ("Job", "steer-trp-cage")]:
        template = found(kind, name)["spec"]["template"]
        assert allowed.items() <= template["metadata"]["labels"].items()
        assert "redis://steer-redis:6379/0" in template["spec"]["containers"][0]["args"]
