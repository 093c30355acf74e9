import json
from pathlib import Path

import numpy as np
import pytest
from conformance.hinge import HingeFrames
from hypothesis import given, settings
from hypothesis import strategies as st

from models.exceptions import ModelFileError
from models.features import BeadFeatures
from models.pca import PcaModel
from models.registry import load_model, make_trainer
from models.store import DOCUMENT, WEIGHTS, StoredModel, read_model, write_model
from models.vae import VaeModel

FILES = (DOCUMENT, WEIGHTS)


@pytest.fixture(scope="module")
def folder(featurizer: BeadFeatures, frames: HingeFrames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "0001"
    make_trainer("pca", featurizer, n_latents=2).fit(frames.positions, version=1, seed=1).save(path)
    return path


def damaged(folder: Path, name: str, content: bytes) -> Path:
    """A copy of the folder in which one file has this content."""
    copy = folder.parent / "damaged"
    copy.mkdir(exist_ok=True)
    for file in FILES:
        (copy / file).write_bytes(content if file == name else (folder / file).read_bytes())
    return copy


@settings(deadline=None, max_examples=150)
@given(data=st.data(), name=st.sampled_from(FILES), flip=st.integers(1, 255))
def test_no_flipped_byte_goes_unseen(folder: Path, data: st.DataObject, name: str, flip: int) -> None:
    content = bytearray((folder / name).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= flip
    with pytest.raises(ModelFileError):
        load_model(damaged(folder, name, bytes(content)))


@settings(deadline=None, max_examples=60)
@given(data=st.data(), name=st.sampled_from(FILES))
def test_no_truncation_goes_unseen(folder: Path, data: st.DataObject, name: str) -> None:
    content = (folder / name).read_bytes()
    with pytest.raises(ModelFileError):
        load_model(damaged(folder, name, content[: data.draw(st.integers(0, len(content) - 1))]))


@settings(deadline=None, max_examples=60)
@given(content=st.binary(max_size=200), name=st.sampled_from(FILES))
def test_foreign_files_are_refused(folder: Path, content: bytes, name: str) -> None:
    with pytest.raises(ModelFileError):
        load_model(damaged(folder, name, content))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[]", "{}", '{"format": 2}', '{"format": 1}', "NaN", '"format"']
)
def test_other_json_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(ModelFileError):
        load_model(damaged(folder, DOCUMENT, text.encode()))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    copy = damaged(folder, "", b"")
    (copy / name).unlink()
    with pytest.raises(ModelFileError, match=name):
        load_model(copy)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="nowhere"):
        load_model(tmp_path / "nowhere")


def test_the_document_can_be_read_by_people(folder: Path) -> None:
    document = json.loads((folder / DOCUMENT).read_text())
    assert document["name"] == "pca"
    assert document["version"] == 1
    assert document["n_latents"] == 2
    assert document["featurizer"]["n_beads"] == 20
    assert document["statistics"]["frames"] == 300


def test_another_kind_of_model_is_refused(folder: Path) -> None:
    assert PcaModel.load(folder).n_latents == 2
    with pytest.raises(ModelFileError, match="'pca'"):
        VaeModel.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "vampnet"},
        {"n_latents": 3},
        {"featurizer": {"name": "unheard of"}},
        {"tensors": {}},
        {"tensors": {"standardisation.mean": np.zeros(3, np.float32)}},
    ],
)
def test_a_sealed_model_whose_parts_do_not_fit_is_refused(folder: Path, tmp_path: Path, change: dict) -> None:
    write_model(tmp_path / "0001", StoredModel(**(vars(read_model(folder)) | change)))
    with pytest.raises(ModelFileError):
        load_model(tmp_path / "0001")


def test_a_failed_write_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    stored = read_model(folder)
    with pytest.raises(ValueError, match="JSON"):
        write_model(tmp_path / "0001", StoredModel(**(vars(stored) | {"statistics": {"loss": float("nan")}})))
    (tmp_path / "occupied").write_text("a file")
    with pytest.raises(ModelFileError):
        write_model(tmp_path / "occupied", stored)
    with pytest.raises(ModelFileError):
        write_model(tmp_path / "occupied" / "0001", stored)
    assert [path.name for path in tmp_path.iterdir()] == ["occupied"]


def test_a_folder_with_something_else_is_left_alone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "0001").mkdir()
    (tmp_path / "0001" / "notes.txt").write_text("mine")
    with pytest.raises(ModelFileError):
        write_model(tmp_path / "0001", read_model(folder))
    assert [path.name for path in (tmp_path / "0001").iterdir()] == ["notes.txt"]
