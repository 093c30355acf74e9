from __future__ import annotations

from pathlib import Path

import jsonschema
import keda
import kubernetes_validate
import pytest
import yaml

from steer.exceptions import ConfigError
from steer.launchers.kubernetes import manifest

VERSIONS = ("1.29", "1.33")


def parts(request) -> tuple[dict, dict]:
    deployment, scaled = yaml.safe_load_all(manifest(request))
    return deployment, scaled


def container(deployment: dict) -> dict:
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    return only


@pytest.mark.parametrize("version", VERSIONS)
def test_the_deployment_fits_the_schema(request_of, version) -> None:
    deployment, _ = parts(request_of(workers=8, campaign="Trp.Cage_2"))
    kubernetes_validate.validate(deployment, version, strict=True)


def test_gpus_secret_volume_and_grace_are_asked_for(request_of) -> None:
    deployment, _ = parts(request_of(gpus=2, cpus=6))
    pod = deployment["spec"]["template"]["spec"]
    worker = container(deployment)
    assert worker["resources"]["limits"] == {"nvidia.com/gpu": "2"}
    assert worker["env"] == [
        {
            "name": "STEER_REDIS_PASSWORD",
            "valueFrom": {"secretKeyRef": {"name": "steer-redis", "key": "password"}},
        }
    ]
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "steer-campaigns"}
    assert pod["terminationGracePeriodSeconds"] >= 90
    assert worker["args"][:4] == [
        "worker",
        "redis://steer-redis:6379/0",
        "--directory",
        "/campaigns/trp-cage",
    ]


def test_the_scaler_counts_the_jobs_of_every_kind(request_of) -> None:
    deployment, scaled = parts(request_of(workers=8, gpus=2, slots_per_gpu=2))
    spec = scaled["spec"]
    assert spec["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, 8)
    assert [trigger["metadata"]["stream"] for trigger in spec["triggers"]] == [
        "trp-cage:cg:stream", "trp-cage:refine:stream", "trp-cage:train:stream",
    ]  # fmt: skip
    assert {trigger["metadata"]["address"] for trigger in spec["triggers"]} == {"steer-redis:6379"}
    names = [trigger["name"] for trigger in spec["triggers"]]
    assert spec["advanced"]["scalingModifiers"] == {
        "formula": " + ".join(names), "target": "4", "metricType": "AverageValue",
    }  # fmt: skip
    assert all(
        isinstance(value, str) for trigger in spec["triggers"] for value in trigger["metadata"].values()
    )


def test_the_scaler_finds_the_password_where_the_container_has_it(request_of) -> None:
    deployment, scaled = parts(request_of())
    names = {variable["name"] for variable in container(deployment)["env"]}
    assert {trigger["metadata"]["passwordFromEnv"] for trigger in scaled["spec"]["triggers"]} <= names


@pytest.mark.parametrize("url", [None, "rediss://worker@redis.site:6390/2"])
def test_the_scaler_fits_what_keda_documents(request_of, url) -> None:
    _, scaled = parts(request_of(url=url, workers=8, gpus=2, slots_per_gpu=2, mps=True))
    keda.validate(scaled)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda spec: spec.pop("scaleTargetRef"),
        lambda spec: spec.update(maxReplicas=8),
        lambda spec: spec["triggers"][0].update(type="redis-stream"),
        lambda spec: spec["triggers"][0]["metadata"].update(streamLength=4),
        lambda spec: spec["triggers"][0]["metadata"].update(lagCount="4"),
        lambda spec: spec["triggers"][0]["metadata"].pop("address"),
        lambda spec: spec["triggers"][0].pop("name"),
        lambda spec: spec["advanced"]["scalingModifiers"].update(formula="cg + bake"),
        lambda spec: spec["advanced"]["scalingModifiers"].update(target="four"),
        lambda spec: spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"].update(scaleSideways={}),
    ],
)
def test_a_scaler_that_keda_would_not_take_is_noticed(request_of, spoil) -> None:
    _, scaled = parts(request_of())
    spoil(scaled["spec"])
    with pytest.raises((jsonschema.ValidationError, kubernetes_validate.ValidationError, AssertionError)):
        keda.validate(scaled)


def test_an_encrypted_server_with_a_user_is_told_to_the_scaler(request_of) -> None:
    deployment, scaled = parts(request_of(url="rediss://worker@redis.site:6390/2", kinds=("refine",)))
    assert {"name": "STEER_REDIS_USER", "value": "worker"} in container(deployment)["env"]
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["metadata"] == {
        "address": "redis.site:6390",
        "stream": "trp-cage:refine:stream",
        "streamLength": "1",
        "passwordFromEnv": "STEER_REDIS_PASSWORD",
        "usernameFromEnv": "STEER_REDIS_USER",
        "enableTLS": "true",
        "databaseIndex": "2",
    }


@pytest.mark.parametrize(
    "url", ["redis://h/0#}", "redis://a%3A b@h", 'redis://"x"@h', "redis://$(STEER_REDIS_PASSWORD)@h"]
)
def test_a_hostile_url_changes_nothing_but_itself(request_of, url) -> None:
    deployment, _ = parts(request_of(url=url))
    ordinary, _ = parts(request_of())
    assert "$(STEER" not in container(deployment)["args"][1].replace("$$(", "")
    container(deployment)["args"][1] = container(ordinary)["args"][1]
    password, *user = container(deployment)["env"]
    assert [variable["name"] for variable in user] in ([], ["STEER_REDIS_USER"])
    assert not any("$(STEER" in variable["value"].replace("$$(", "") for variable in user)
    container(deployment)["env"] = [password]
    assert deployment == ordinary


def test_a_socket_is_refused(request_of) -> None:
    with pytest.raises(ConfigError, match="which pods cannot reach"):
        manifest(request_of(url="unix:///run/redis.sock"))


def test_a_path_of_the_submitting_machine_is_not_in_the_manifest(request_of) -> None:
    assert "/home/alice" not in manifest(request_of(directory=Path("/home/alice/trp-cage")))
