"""Kubernetes: a Deployment of workers, scaled by KEDA on the number of jobs that are queued or running."""

from __future__ import annotations

from itertools import chain
from string import Template
from urllib.parse import unquote, urlsplit

from steer.connection import Connection
from steer.exceptions import ConfigError
from steer.launchers.request import Request
from steer.launchers.text import argument, label, scalar

__all__ = ["MOUNT", "SERVICE", "manifest"]

SERVICE = "redis://steer-redis:6379/0"
"""The server of ``deploy/kubernetes/redis.yaml``."""
MOUNT = "/campaigns"
"""Where the volume with the campaign directories is mounted."""

_DEPLOYMENT = Template("""\
# Workers of the campaign $campaign. kubectl apply -f THIS-FILE
# It needs the Secret steer-redis (key: password), the PersistentVolumeClaim steer-campaigns, and a reachable Redis:
# see deploy/kubernetes. The second part needs KEDA (https://keda.sh); without it: kubectl scale deployment $name --replicas=$workers
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $name
  labels: &labels
    app.kubernetes.io/name: steer-worker
    app.kubernetes.io/instance: $instance
    app.kubernetes.io/part-of: steer
spec:
  selector:
    matchLabels: *labels
  template:
    metadata:
      labels: *labels
    spec:
      # SIGTERM comes first: running jobs save their states and are handed back.
      terminationGracePeriodSeconds: 120
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: worker
          image: $image
          args:
$arguments
          env:
            - name: STEER_REDIS_PASSWORD
              valueFrom: {secretKeyRef: {name: steer-redis, key: password}}
$user          resources:
            requests: {cpu: "$cpus", memory: $memory}
            limits: {$limits}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: campaigns, mountPath: $mount}
      volumes:
        - name: campaigns
          persistentVolumeClaim: {claimName: steer-campaigns}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: $name
  labels:
    app.kubernetes.io/name: steer-worker
    app.kubernetes.io/instance: $instance
    app.kubernetes.io/part-of: steer
spec:
  scaleTargetRef: {name: $name}
  minReplicaCount: 1
  maxReplicaCount: $workers
  advanced:
    # Jobs of all kinds together; a worker runs $capacity at once.
    scalingModifiers: {formula: $formula, target: "$capacity", metricType: AverageValue}
    horizontalPodAutoscalerConfig:
      behavior:
        scaleDown: {stabilizationWindowSeconds: 600}
  triggers:
""")

_USER = Template("""\
            # For KEDA; steer takes it from the URL.
            - name: STEER_REDIS_USER
              value: $user
""")

_TRIGGER = Template("""\
    - type: redis-streams
      name: $kind
      metadata:
        address: $address
        stream: $stream
        streamLength: "$capacity"
        passwordFromEnv: STEER_REDIS_PASSWORD
$more""")


def manifest(request: Request) -> str:
    """A manifest for ``kubectl apply``: a Deployment and a KEDA ScaledObject.

    Raises
    ------
    ConfigError
        When pods cannot reach the URL.
    """
    connection = Connection.parse(request.url or SERVICE, environment={})
    if connection.address.startswith("unix://"):
        raise ConfigError(
            f"{connection} is a socket, which pods cannot reach; give a redis:// or rediss:// URL."
        )
    kinds = _kinds(request)
    head = _DEPLOYMENT.substitute(
        campaign=request.campaign,
        name=f"steer-worker-{label(request.campaign)}",
        instance=scalar(label(request.campaign)),
        workers=request.workers,
        image=scalar(request.image),
        arguments=_arguments(request, connection),
        user=_USER.substitute(user=argument(connection.username)) if connection.username else "",
        cpus=request.cpus,
        memory=f"{4 * request.capacity}Gi",
        limits=f'nvidia.com/gpu: "{request.gpus}"' if request.gpus else f'cpu: "{request.cpus}"',
        mount=MOUNT,
        capacity=request.capacity,
        formula=scalar(" + ".join(kinds)),
    )
    return head + "".join(_trigger(request, connection, kind) for kind in kinds)


def _kinds(request: Request) -> tuple[str, ...]:
    from steer.messages import KINDS

    return request.kinds or KINDS


def _arguments(request: Request, connection: Connection) -> str:
    directory = f"{MOUNT}/{request.campaign}"
    arguments = ["worker", connection.shown, "--directory", directory, *chain.from_iterable(request.options)]
    return "\n".join(f"            - {argument(each)}" for each in arguments)


def _trigger(request: Request, connection: Connection, kind: str) -> str:
    from steer.fleet_keys import FleetKeys

    parts = urlsplit(connection.address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    more = ""
    if connection.username:
        more += "        usernameFromEnv: STEER_REDIS_USER\n"
    if parts.scheme == "rediss":
        more += '        enableTLS: "true"\n'
    if number := unquote(parts.path).strip("/"):
        more += f"        databaseIndex: {scalar(number)}\n"
    return _TRIGGER.substitute(
        kind=kind,
        address=scalar(f"{host}:{parts.port or 6379}"),
        stream=scalar(FleetKeys(request.campaign).stream(kind)),
        capacity=request.capacity,
        more=more,
    )
