"""The work of `export`: what is written, and the table of it."""

from pathlib import Path

import numpy as np

from keras_hourglass import export
from keras_hourglass.data.mixture import DatasetSpec
from keras_hourglass.export import verification
from keras_hourglass.inference import runtimes
from keras_hourglass.inference.sources import find_sources
from keras_hourglass.utils import silence

ALL_FORMATS = (
    ("savedmodel", {}),
    ("litert", {}),
    ("litert", {"precision": "float16"}),
    ("litert", {"precision": "int8"}),
    ("onnx", {}),
    ("openvino", {}),
)
HEADER = (
    f"{'format':18}{'MB':>7}{'ms per person':>15}{'px mean':>10}{'at most':>10}  limit"
)


def load_crops(model, pictures, dataset, say, fail) -> tuple[np.ndarray, str]:
    """Crops to calibrate and check on, and what they are of."""
    if pictures:
        found = find_sources(pictures, say, fail)
        paths = [source.name for source in found if source.kind == "picture"]
        if not paths:
            raise ValueError(
                "`pictures` must be or hold pictures. Received: "
                f"pictures={', '.join(map(str, pictures))}"
            )
        paths = paths[: verification.CALIBRATION_COUNT]
        return verification.image_crops(paths, model), f"{len(paths)} pictures"
    source = DatasetSpec.parse(dataset) if dataset else verification.SYNTHETIC
    crops = verification.dataset_crops(source, model)
    name = source.name if dataset else "people that the library draws"
    return (
        crops,
        f"{len(crops)} people of {name}" if dataset else f"{len(crops)} {name}",
    )


def export_row(model, directory, kind, options, crops) -> dict:
    """Writes a format; says where, how large, how quick and how exact it is."""
    title = " ".join((kind, *(str(options[k]) for k in options if k == "precision")))
    made = {"format": title}
    try:
        with silence(1, 2):
            path = export.export_format(model, directory, kind, crops=crops, **options)
            module = export.format_module(kind)
            answer, (_, checked) = (
                module.opened(path),
                verification.calibration_split(crops),
            )
            off = verification.measure_error(answer, model, checked)
            made["milliseconds"] = runtimes.measure_milliseconds(answer, checked[:1])
    except (ImportError, ValueError, RuntimeError) as error:
        return made | {"error": str(error).strip().splitlines()[0]}
    precision = {k: v for k, v in options.items() if k == "precision"}
    limit = module.error_limit(**precision)
    made |= {"path": str(path), "bytes": file_size(path), **off._asdict()}
    return made | {"limit": limit.pixels, "limit_of": limit.of}


def format_row(made) -> str:
    """A row of the table."""
    if "error" in made:
        return f"{made['format']:18}{made['error']}"
    return (
        f"{made['format']:18}{made['bytes'] / 1e6:7.2f}{made['milliseconds']:15.1f}"
        f"{made['mean']:10.4f}{made['largest']:10.4f}"
        f"  {made['limit']} ({made['limit_of']})"
    )


def file_size(path) -> int:
    """Bytes of a file, of all in a folder, or of an OpenVINO network's two files."""
    path = Path(path)
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    weights = path.with_suffix(".bin")
    both = [path, weights] if path.suffix == ".xml" else [path]
    return sum(file.stat().st_size for file in both)
