"""Which room may import which. The arrows only point down."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import keras_hourglass

ROOT = Path(keras_hourglass.__file__).parent
STANDARD = sys.stdlib_module_names
NETWORK = {"heatmaps", "layers", "model", "losses", "metrics", "presets", "weights"}
NETWORK |= {"stepping", "norms"}
FIRST = {"choices", "skeleton", "geometry", "interrupted", "labels", "live"}
FIRST |= {"replacing"}
FILES = {"numpy", "scipy", "h5py", "cv2", "data"} | FIRST

# Room -> the packages and rooms that it may import; every room may import itself.
ROOMS = {
    **{room: {"choices"} for room in FIRST},
    "data": FILES,
    "data.pipeline": FILES | {"tensorflow"},
    "data.pydataset": FILES | {"keras"},
    "draw": {"numpy", "cv2", "geometry", "skeleton"},
    "video": FILES,
    "smoothing": {"numpy"},
    "boxes": FILES,
    "detectors": {"boxes"} | FILES,
    "inputs": {"video"} | FILES,
    "outputs": {"boxes", "draw", "inputs", "video"} | FILES,
    **{room: {"keras"} | FIRST | NETWORK for room in NETWORK},
    "norms": {"keras", "tensorflow", "torch"} | NETWORK,
    "contact": {"draw"} | FILES,
    "weights": {"numpy", "replacing"},
    "convert": {"keras", "numpy", "torch"} | FIRST | NETWORK,
    "joined": {"keras", "numpy", "tensorflow"},
    "callbacks": {"keras", "numpy", "tensorboard", "draw", "joined"} | FIRST | NETWORK,
    "predict": {"keras", "numpy", "cv2", "draw", "fuse"} | FILES | NETWORK,
    "seen": {"numpy", "inputs", "predict", "smoothing"},
    "fuse": {"keras", "numpy"} | FIRST | NETWORK,
    "evaluation": {"keras", "draw", "predict"} | FILES | NETWORK,
    "evaluation.oks": {"evaluation", "pycocotools"} | FILES,
    "report": {"draw", "evaluation", "predict"} | FILES,
    "training": {"keras", "numpy", "data", "draw", "callbacks", "predict"}
    | {"evaluation", "joined", "training"}
    | FIRST
    | NETWORK,
    "training.devices": {"keras", "jax", "tensorflow", "torch", "numpy", "data"},
    "training.compare": {"keras", "data", "matplotlib", "predict", "training"}
    | FIRST
    | NETWORK,
    "export": {"keras", "numpy", "tensorflow", "predict", "data", "fuse"}
    | {"ai_edge_litert", "flatbuffers", "onnxruntime", "openvino"}
    | FIRST
    | NETWORK,
    "": {"fuse", "losses", "metrics", "model", "skeleton", "predict", "callbacks"},
}


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = [(module_of(path), path) for path in sorted(ROOT.rglob("*.py"))]


def room_of(module):
    """The longest entry of `ROOMS` that a module lies in."""
    inside = [r for r in ROOMS if module == r or module.startswith(r + ".")]
    return max(inside, key=len, default="")


def imported(path):
    """What a file imports: rooms of the library, or other packages."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, *rest = name.split(".")
            yield (rest[0] if rest else "") if package == ROOT.name else package


@pytest.mark.parametrize("module, path", MODULES, ids=lambda value: str(value)[-40:])
def test_a_room_imports_only_what_it_may(module, path):
    assert module == "" or room_of(module), f"{module} has no room in the table"
    room = room_of(module)
    allowed = ROOMS[room] | STANDARD | {room.split(".")[0]}
    assert {*imported(path)} <= allowed


def test_only_what_is_of_tensorflow_alone_names_it():
    naming = {
        room_of(module) for module, path in MODULES if "tensorflow" in imported(path)
    }
    assert naming == {
        *("data.pipeline", "joined", "norms", "training.devices", "export")
    }


@pytest.mark.parametrize("module, path", MODULES, ids=lambda value: str(value)[-40:])
def test_files_are_short(module, path):
    assert len(path.read_text().splitlines()) <= 200


def test_importing_the_library_under_jax_leaves_tensorflow_alone():
    pytest.importorskip("jax")
    code = "import sys, keras_hourglass; assert 'tensorflow' not in sys.modules"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
