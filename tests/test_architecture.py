"""The import rules of the package: arrows only point down."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import keras_hourglass
import keras_hourglass_cli

ROOT = Path(keras_hourglass.__file__).parent
CLI = Path(keras_hourglass_cli.__file__).parent
ORDER = [  # a subpackage may import those before it
    *("utils", "skeletons", "geometry", "heatmaps", "models", "losses", "metrics"),
    *("visualization", "data", "callbacks", "inference", "evaluation", "export"),
    "training",
]
ARRAYS = {"numpy", "scipy", "h5py", "cv2"}

# Subpackage -> what it may import from outside, beside those above it. The longest
# entry that a module lies in counts.
OUTSIDE = {
    "utils": {"rich", "pandas"},
    **{name: set() for name in ("skeletons", "geometry", "heatmaps.labels")},
    **{name: {"keras"} for name in ("heatmaps", "losses", "metrics")},
    "heatmaps.array_library": {"keras", "numpy"},
    "models": {"keras", "numpy"},
    "models.config": set(),
    "models.blocks.batch_norm": {"keras", "tensorflow", "torch"},
    "models.torch_threads": {"keras", "torch"},
    "models.presets": set(),
    "models.presets.folder": {"keras", "h5py"},
    "models.presets.hub": {"huggingface_hub"},
    "models.pytorch": {"keras", "numpy", "torch"},
    "visualization": {"numpy", "cv2"},
    "data": ARRAYS | {"PIL", "pillow_heif", "pandas"},
    "data.pipeline.batches": ARRAYS | {"keras"},
    "data.pipeline.pydataset": {"keras"},
    "data.pipeline.tf_data": {"numpy", "tensorflow"},
    "data.pipeline.torch_data": {"torch"},
    "callbacks": {"keras", "numpy", "tensorboard", "rich"},
    "inference": {"numpy", "scipy", "cv2", "av"},
    "inference.detectors.keras_hub": {"numpy", "keras_hub"},
    "inference.detectors.torchvision": {"numpy", "torch", "torchvision"},
    "inference.detectors.ultralytics": {"numpy", "ultralytics"},
    "inference.runtimes.boxes": {"keras", "numpy"},
    "inference.runtimes.keypoints": {"keras", "numpy"},
    "inference.runtimes": {"numpy"},
    "inference.runtimes.litert": {"numpy", "ai_edge_litert", "tensorflow"},
    "inference.runtimes.onnx": {"onnxruntime"},
    "inference.runtimes.openvino": {"openvino"},
    "inference.runtimes.savedmodel": {"tensorflow"},
    "inference.runtimes.metadata": {"ai_edge_litert", "tensorflow", "onnxruntime"},
    "evaluation": ARRAYS | {"keras"},
    "evaluation.oks": {"numpy", "pycocotools"},
    "export": {"keras", "numpy", "tensorflow"}
    | {"flatbuffers", "onnx", "tf2onnx", "openvino"},
    "training": {"keras", "numpy"},
    "training.optimizers.flat_optimizer": {"keras", "numpy", "tensorflow"},
    "training.distribution": {"keras", "numpy", "jax", "tensorflow", "torch"},
    "training.comparison.paper_table": {"matplotlib"},
}
STANDARD = sys.stdlib_module_names
MAX_ENTRIES, MAX_LINES = 14, 400


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = [(module_of(path), path) for path in sorted(ROOT.rglob("*.py"))]


def imported(path):
    """The subpackages of the library, and the other packages, that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, *rest = name.split(".")
            yield (rest[0] if rest else "") if package == ROOT.name else package


@pytest.mark.parametrize(
    "module, path", MODULES[1:], ids=lambda value: str(value)[-40:]
)
def test_a_subpackage_imports_only_what_it_may(module, path):
    subpackage, *_ = module.split(".")
    inside = [r for r in OUTSIDE if f"{module}.".startswith(f"{r}.")]
    allowed = OUTSIDE[max(inside, key=len)] | {*ORDER[: ORDER.index(subpackage) + 1]}
    assert {*imported(path)} - STANDARD <= allowed


def test_only_what_is_of_tensorflow_alone_names_it():
    naming = {module for module, path in MODULES if "tensorflow" in imported(path)}
    subpackages = {module for module in naming if not module.startswith("export.")}
    assert subpackages <= {
        *("data.pipeline.tf_data", "models.blocks.batch_norm"),
        *("inference.runtimes.litert", "inference.runtimes.savedmodel"),
        *("inference.runtimes.metadata",),
        *("training.optimizers.flat_optimizer", "training.distribution"),
    }


def entries(folder):
    """The modules and packages of a folder, beside its `__init__.py`."""
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return packages | {path.stem for path in folder.glob("*.py")} - {"__init__"}


def test_every_entry_of_the_package_is_a_room():
    names = {path.stem for path in ROOT.iterdir() if path.name[0] not in "._"}
    assert names - {"py"} == {*ORDER}  # py.typed


@pytest.mark.parametrize(
    "subpackage",
    sorted(path.parent for top in (ROOT, CLI) for path in top.rglob("__init__.py")),
    ids=lambda subpackage: str(subpackage)[-40:],
)
def test_a_subpackage_has_at_most_14_entries(subpackage):
    assert len(entries(subpackage)) <= MAX_ENTRIES


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.rglob("*.py"), *CLI.rglob("*.py")]),
    ids=lambda path: str(path)[-40:],
)
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_importing_the_library_imports_nothing_heavy(backend):
    heavy = "{'keras', 'tensorflow', 'cv2', 'scipy', 'tensorboard', 'numpy'}"
    code = f"import sys, keras_hourglass; assert not {heavy} & sys.modules.keys()"
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_under_jax_classes_are_registered_without_tensorflow():
    pytest.importorskip("jax")
    code = "import sys, keras, keras_hourglass as kh; from keras.saving import "
    code += "get_registered_object as get; assert get('keras_hourglass>PCKh'); "
    code += "assert get('keras_hourglass>StackedHourglass'); "
    code += "assert get('keras_hourglass>Muon'); "
    code += "assert 'tensorflow' not in sys.modules"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
