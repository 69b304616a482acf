"""Writing one format: as a draft that its own runtime verifies, then into place."""

import errno
import json
import logging
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from keras_hourglass.export import verification
from keras_hourglass.export.formats import FORMATS, format_name, require_packages
from keras_hourglass.export.results import ExportResult
from keras_hourglass.export.saved_model import serving
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.measurement import measure_milliseconds
from keras_hourglass.inference.runtimes.metadata import METADATA_NAME
from keras_hourglass.utils import silence
from keras_hourglass.utils.files import publish_files

STEMS = {"pose": "hourglass", "detect": "detector"}  # of the names of files, by task
FULL_BELOW = 2**16  # bytes that are free on a disk


def export_format(
    model,
    directory,
    name: str,
    precision: str,
    calibration,
    reference,
    tolerance: float = 1.0,
    **options,
) -> ExportResult:
    """Writes a network in one format, if its predictions there are the network's own.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        directory: Folder of the file, or of the versions of a SavedModel.
        name: A key of `FORMATS`.
        precision: One of the format's precisions.
        calibration: `(people, height, width, 3)`, uint8: crops to calibrate on.
        reference: The network's keypoints on the crops to verify on, and their decoder:
            a `Reference`; of a detector a `BoxReference`.
        tolerance: Factor of the precision's limit.
        options: Of the format's `write`.

    Raises:
        ModuleNotFoundError: If a package is missing.
        ValueError: If keypoints or boxes are further off than the precision's limit.
    """
    entry = FORMATS[name]
    require_packages(name)
    module, written = entry.import_module(), format_name(name, precision)
    if len(entry.precisions) > 1:
        options |= {"precision": precision, "calibration": calibration}
    limit = reference.limits[precision].scaled(tolerance, model.input_size)
    measured = {"limit": str(limit)}

    def write(draft):
        with _full_disk_named(draft):
            facts = module.write(model, draft, decoder=reference.decoder, **options)
        network = draft.with_name(entry.network) if entry.network else draft
        run = RUNTIMES[entry.runtime or name](network)
        error = reference.measure(run)
        verification.require_close(error, limit, written, reference)
        names = ("moved", "median_error", "mean_error", "max_error")
        measured.update(zip(names, error))
        batch = np.repeat(reference.crops[:1], options.get("batch_size", 1), axis=0)
        measured["milliseconds"] = measure_milliseconds(run, batch) / len(batch)
        if facts:
            about = draft.with_name(f"{draft.name}.{METADATA_NAME}")
            about.write_text(json.dumps(facts, indent=2) + "\n")

    with _converters_silenced():
        if entry.suffix:
            mark = "" if precision == entry.precisions[0] else f"_{precision}"
            stem = entry.stem or STEMS[model.task]
            path = Path(directory, f"{stem}{mark}{entry.suffix}")
            files = publish_files(path, write)
        else:
            path = serving.publish_version(directory, write)
            files = [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return ExportResult(written, path, size, **measured)


@contextmanager
def _full_disk_named(draft):
    """Raises an OSError where a converter has other words for a disk that is full."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        if shutil.disk_usage(draft.parent).free < FULL_BELOW:
            full = errno.ENOSPC
            raise OSError(full, os.strerror(full), str(draft)) from error
        raise


@contextmanager
def _converters_silenced():
    """Discards output of converters, and the root logger's handler that one adds."""
    handlers = logging.root.handlers[:]
    try:
        with silence(1, 2):
            yield
    finally:
        logging.root.handlers[:] = handlers
