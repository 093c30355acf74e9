"""A model on disk: ``weights.safetensors`` and a sealed ``model.json`` in one folder.

``model.json`` holds what a person wants to know (kind, version, features, training statistics), the SHA-256 of the
weights, and a SHA-256 of itself, taken with sixty-four zeros in the place of that digest: no flipped bit goes unseen.
The folder is filled under another name and renamed, so that it is whole or absent. Nothing in it can run code.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from models.exceptions import ModelFileError

__all__ = ["DOCUMENT", "WEIGHTS", "StoredModel", "read_model", "write_model"]

DOCUMENT = "model.json"
"""The description, for people and programs."""

WEIGHTS = "weights.safetensors"
"""The numbers."""

_FORMAT = 1
_BLANK = "0" * 64
_FIELDS: dict[str, type] = {
    "format": int,
    "name": str,
    "version": int,
    "n_latents": int,
    "featurizer": dict,
    "statistics": dict,
    "weights_sha256": str,
    "sha256": str,
}


@dataclass(frozen=True, eq=False)
class StoredModel:
    """What a model folder holds.

    Attributes
    ----------
    name : str
        Kind of model, as the registry knows it.
    version : int
    n_latents : int
    featurizer : dict
        Definition of the features.
    statistics : dict
        Training statistics.
    tensors : dict of str to ndarray
        Weights by name.
    """

    name: str
    version: int
    n_latents: int
    featurizer: dict[str, Any]
    statistics: dict[str, Any]
    tensors: dict[str, NDArray[np.float32]]


def write_model(directory: Path, stored: StoredModel) -> None:
    """Write a model folder; afterwards it is whole, or absent as before.

    Writing the same model again changes nothing.

    Raises
    ------
    ModelFileError
        When `directory` exists and is not this model.
    """
    weights = save({name: np.ascontiguousarray(stored.tensors[name]) for name in sorted(stored.tensors)})
    document = _document(stored, hashlib.sha256(weights).hexdigest())
    if directory.exists():
        _check_same(directory, stored, weights)
        return
    with _new_folder(directory) as folder:
        _write(folder / WEIGHTS, weights)
        _write(folder / DOCUMENT, document)


def read_model(directory: Path) -> StoredModel:
    """Read a model folder and check every byte of it.

    Raises
    ------
    ModelFileError
        When a file is missing, damaged, or not written by `write_model`.
    """
    document = _read_document(directory / DOCUMENT)
    weights = _read(directory / WEIGHTS)
    if hashlib.sha256(weights).hexdigest() != document["weights_sha256"]:
        raise ModelFileError(
            directory / WEIGHTS, f"The weights are not those that {DOCUMENT} speaks of. {_REMEDY}"
        )
    return StoredModel(
        document["name"],
        document["version"],
        document["n_latents"],
        document["featurizer"],
        document["statistics"],
        _tensors(directory / WEIGHTS, weights),
    )


_REMEDY = "Copy the folder again from where it is whole, or delete it and train this version anew."


def _document(stored: StoredModel, weights_sha256: str) -> bytes:
    content = {
        "format": _FORMAT,
        "name": stored.name,
        "version": stored.version,
        "n_latents": stored.n_latents,
        "featurizer": stored.featurizer,
        "statistics": stored.statistics,
        "weights_sha256": weights_sha256,
        "sha256": _BLANK,
    }
    blank = (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()
    return _sealed(blank, _BLANK, hashlib.sha256(blank).hexdigest())


def _sealed(text: bytes, old: str, new: str) -> bytes:
    """The text with the digest, its last occurrence, replaced."""
    head, _, tail = text.rpartition(old.encode())
    return head + new.encode() + tail


def _read_document(path: Path) -> dict[str, Any]:
    text = _read(path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(path, f"This is no JSON: {error}. {_REMEDY}") from error
    if not isinstance(document, dict) or "format" not in document:
        raise ModelFileError(path, "This file does not describe a model of ours.")
    if document["format"] != _FORMAT:
        raise ModelFileError(
            path, f"Format {document['format']!r} is not known here; this program reads {_FORMAT}."
        )
    for field, kind in _FIELDS.items():
        if not isinstance(document.get(field), kind):
            raise ModelFileError(path, f"The key {field!r} is missing or of the wrong type. {_REMEDY}")
    digest = document["sha256"]
    if not digest or hashlib.sha256(_sealed(text, digest, _BLANK)).hexdigest() != digest:
        raise ModelFileError(path, f"The file was changed after it was written. {_REMEDY}")
    return document


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(path, f"The model cannot be read: {error.strerror or error}.") from error


def _tensors(path: Path, weights: bytes) -> dict[str, NDArray[np.float32]]:
    try:
        return dict(load(weights))
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelFileError(path, f"The weights are no safetensors file: {error}. {_REMEDY}") from error


def _check_same(directory: Path, stored: StoredModel, weights: bytes) -> None:
    present = read_model(directory)
    same = present.name == stored.name and present.version == stored.version
    if not same or _read(directory / WEIGHTS) != weights:
        raise ModelFileError(
            directory,
            f"Version {present.version} ({present.name}) is there already; a version is never overwritten.",
        )


@contextmanager
def _new_folder(directory: Path) -> Iterator[Path]:
    """A folder beside `directory` that takes its name when all went well."""
    folder = directory.with_name(f".{directory.name}.{uuid.uuid4().hex}")
    try:
        folder.mkdir(parents=True)
        yield folder
        _sync(folder)
        os.rename(folder, directory)
    except OSError as error:
        raise ModelFileError(directory, f"The model cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _sync(directory.parent)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
