"""Writing one format: as a draft that its own runtime verifies, then into place."""

import logging
from contextlib import contextmanager
from pathlib import Path

from keras_hourglass.export import serving, verification
from keras_hourglass.export.formats import FORMATS, format_name, require_packages
from keras_hourglass.export.results import ExportResult
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.measurement import measure_milliseconds
from keras_hourglass.utils import silence
from keras_hourglass.utils.files import publish_files

STEM = "hourglass"  # of the names of files


def export_format(
    model, directory, name: str, precision: str, crops, decoder: str, **options
) -> ExportResult:
    """Writes a network in one format, if its keypoints there are the network's own.

    Args:
        model: A `StackedHourglass`.
        directory: Folder of the file, or of the versions of a SavedModel.
        name: A key of `FORMATS`.
        precision: One of the format's precisions.
        crops: `(people, height, width, 3)`, uint8, to calibrate and verify on.
        decoder: One of `heatmaps.DECODER_NAMES`.
        options: Of the format's `write`.

    Raises:
        ModuleNotFoundError: If a package is missing.
        ValueError: If keypoints are further off than the precision's limit.
    """
    entry = FORMATS[name]
    require_packages(name)
    module, written = entry.import_module(), format_name(name, precision)
    calibration, held_out = verification.calibration_split(crops)
    if len(entry.precisions) > 1:
        options |= {"precision": precision, "calibration": calibration}
    measured = {}

    def write(draft):
        module.write(model, draft, decoder=decoder, **options)
        network = draft.with_name(entry.network) if entry.network else draft
        run = RUNTIMES[entry.runtime or name](network)
        error = verification.measure_error(run, model, held_out, decoder)
        limit = verification.LIMITS[precision]
        verification.require_close(error, limit, written, len(held_out))
        measured["mean_error"], measured["max_error"] = error
        measured["limit"] = str(limit)
        measured["milliseconds"] = measure_milliseconds(run, held_out[:1])

    with _converters_silenced():
        if entry.suffix:
            mark = "" if precision == entry.precisions[0] else f"_{precision}"
            path = Path(directory, f"{entry.stem or STEM}{mark}{entry.suffix}")
            files = publish_files(path, write)
        else:
            path = serving.publish_version(directory, write)
            files = [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return ExportResult(written, path, size, **measured)


@contextmanager
def _converters_silenced():
    """Discards output of converters, and the root logger's handler that one adds."""
    handlers = logging.root.handlers[:]
    try:
        with silence(1, 2):
            yield
    finally:
        logging.root.handlers[:] = handlers
