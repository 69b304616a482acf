"""Export of networks to SavedModel, LiteRT, ONNX, OpenVINO and the web.

Exported files need neither Keras nor this library. A format is a module of this package
and a line of `formats.FORMATS`. Nothing here imports Keras before it exports.
"""

import logging
import math

from keras_hourglass.export.formats import (
    ALL,
    FORMATS,
    format_name,
    parse_formats,
    require_task,
)
from keras_hourglass.heatmaps import DEFAULT_DECODER, validate_decoder
from keras_hourglass.utils import first_line
from keras_hourglass.utils.files import require_writable

logger = logging.getLogger(__name__)


def export_model(
    model,
    directory,
    formats="savedmodel",
    *,
    images=None,
    dataset=None,
    crops=None,
    decoder: str = DEFAULT_DECODER,
    tolerance: float = 1.0,
    **options,
):
    """Writes a network for other programs, verified by the runtime of each format.

    A file holds the inference form of the network (`fuse`) and the decoder. It takes
    crops of people, `(batch, height, width, 3)`, uint8, RGB, and returns `keypoints`
    `(batch, joints, 2)`, x before y, in pixels of the crops, `scores`
    `(batch, joints)`, and `heatmaps` `(batch, height / 4, width / 4, joints)`. A
    SavedModel, for TensorFlow Serving, takes the bytes of image files, too, and finds
    everyone in them.

    Of a `PersonDetector`, crops are whole photographs, scaled to fit into the network's
    size (letterbox), and a file returns `boxes` `(batch, 128, 4)`, x, y, width, height
    in pixels of the crops, and `scores` `(batch, 128)`, the highest first.

    Each file is run by its own runtime on crops of people, and written only if its
    keypoints are the network's own: of the joints that the network is sure of, nearly
    none may have moved by more than 2 % of the window, and the median is limited, too
    (`verification.LIMITS`). Beside a file NAME lies its metadata, NAME.about.json.

    Args:
        model: A `StackedHourglass`, a `PersonDetector`, or whatever `load_model` takes:
            the path of a `.keras` file, the folder of a run, or the name of a preset
            with weights.
        directory: Folder of the files; made if it is missing. A SavedModel becomes its
            next version, `directory/1`, `directory/2`, ...
        formats: A name, a list of names, or "all". The names are "savedmodel",
            "litert", "litert:float16" (weights in 16 bits), "litert:int8" (network in
            8 bits), "onnx", "openvino" and "web": `index.html`, a page that runs
            the network in a browser.
        images: Paths of image files, or folders of them, with one person each, to
            calibrate and verify on.
        dataset: People to calibrate and verify on: a name as "mpii:DIR" or a `People`;
            of a detector, photographs: "coco:DIR", "synthetic" or `Photographs`.
        crops: The same as `(people, height, width, 3)`, uint8, RGB, of the network's
            size. Without any of the three, photographs that come with the library.
        decoder: Name of the decoder of keypoints: "argmax", "quarter", "newton" or
            "dark".
        tolerance: Factor of the limits of the verification: 2 is twice as loose.
        options: `detector` of "savedmodel" and "web": the `PersonDetector` that finds
            everyone, or what `load_model` takes; None leaves it out. By default it is
            "people", for networks of a person's joints. `max_pixels` of "savedmodel":
            an image with more is refused before it is decoded. `batch_size` of
            "litert": people at once, a fixed number.
            `assets` of "web": the folder `node_modules` with `@litertjs/core`, which
            is copied; by default the page loads it from jsdelivr.net.

    Returns:
        A list of `ExportResult`, one for each format, with `format`, `path`, `bytes`,
        `milliseconds`, `moved` (a share), `median_error`, `mean_error`, `max_error`
        (pixels) and `limit`, or the `reason` why it was not written. Printed, it is a
        table.

    Raises:
        RuntimeError: If Keras does not run on TensorFlow.
        ValueError: If there is no such model or format, if an option belongs to
            another format, if a weight is NaN or infinite, if `tolerance` is not
            above 0, or if no format could be written: the error of the first.
        ModuleNotFoundError: If no format could be written, as a package is missing.
        TypeError: If there is no such option.
        OSError: If `directory` cannot be written.

    Example:

    ```python
    import keras_hourglass as kh

    results = kh.export_model("photo", "exported", ["savedmodel", "litert"])
    print(results)
    ```
    """
    chosen = parse_formats(formats, options)
    validate_decoder(decoder)
    if not 0 < tolerance < math.inf:
        raise ValueError(
            f"`tolerance` must be above 0 and finite. Received: tolerance={tolerance}"
        )
    _require_tensorflow()
    from keras_hourglass.export.box_verification import BoxReference
    from keras_hourglass.export.crops import calibration_split, load_crops
    from keras_hourglass.export.exporter import export_format
    from keras_hourglass.export.metadata import require_finite_weights
    from keras_hourglass.export.results import ExportResult, ExportResults
    from keras_hourglass.export.verification import Reference
    from keras_hourglass.models.loading import load_model
    from keras_hourglass.models.trunk.precision import to_float32

    model = to_float32(load_model(model))
    named, chosen = chosen, require_task(chosen, model.task)
    require_finite_weights(model)
    require_writable(directory, folder=True)
    crops, described = load_crops(model, images, dataset, crops)
    calibration, held_out = calibration_split(crops)
    if model.task == "detect":
        reference = BoxReference(model, held_out)
    else:
        reference = Reference(model, held_out, decoder)
    results = ExportResults(crops=f"{len(held_out)} of {described}")
    errors = []
    for name, precision in chosen:
        own = {k: options[k] for k in FORMATS[name].options if k in options}
        logger.info("Exporting %s", format_name(name, precision))
        try:
            result = export_format(
                model,
                directory,
                name,
                precision,
                calibration,
                reference,
                tolerance,
                **own,
            )
        except OSError:  # the folder, which the other formats need, too
            raise
        except Exception as error:  # converters raise anything
            reason = first_line(error)
            result = ExportResult(format_name(name, precision), reason=reason)
            errors.append(error)
        results.append(result)
    if len(errors) == len(results):
        raise errors[0]
    if ALL not in ([formats] if isinstance(formats, str) else formats):
        reason = f"not for networks of the task {model.task!r}"
        dropped = [format_name(*pair) for pair in named if pair not in chosen]
        results += [ExportResult(each, reason=reason) for each in dropped]
    for result in results.failed:
        logger.warning("%s was not written: %s", result.format, result.reason)
    return results


def _require_tensorflow():
    import keras

    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "`export_model` needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow "
            "before Keras is imported. Received: the backend "
            f"{keras.backend.backend()!r}"
        )
