"""Export to a static page that runs the network in a browser.

The page is `index.html` and its scripts; the network and the person detector are LiteRT
files, which LiteRT.js runs: as WebAssembly on one core, and, where the browser can, by
WebGPU. It needs no build, and a server of files alone: no special headers, no HTTPS on
one's own computer.

https://ai.google.dev/edge/litert/web
"""

import base64
import json
import shutil
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from string import Template

from keras_hourglass.export import litert
from keras_hourglass.export.graph import load_export_detector
from keras_hourglass.export.metadata import describe_detector
from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.runtimes.metadata import METADATA_NAME
from keras_hourglass.inference.runtimes.selection import AUTO
from keras_hourglass.inference.suppression import default_min_joint_score
from keras_hourglass.visualization import skeletons as drawing

NETWORK = "index.tflite"  # other than that of the format "litert"
DETECTOR, DETECTOR_METADATA = "people.tflite", "people.json"
SCRIPTS = ("hourglass.js", "estimator.js", "detector.js", "geometry.js", "drawing.js")
RUNTIME_FOLDER = "runtime"  # beside the page
LITERT_VERSION = "2.5.3"
CDN = "https://cdn.jsdelivr.net/npm/{package}@{version}/"
CORE, UTILITIES = "@litertjs/core", "@litertjs/wasm-utils"
MODULE = "dist/index.js"  # of both packages
# Of the modules from the CDN: a browser refuses others. What they load in turn is
# bound to the version alone.
INTEGRITY = {  # SHA-384
    CORE: "MapSVJ/DPwvaWpp7q+Bid9O3uY1oB0KOU1QRMP+Mm5zdz5oMme/BUyX6dVAMWnPg",
    UTILITIES: "HIPwlWsctS5BRqrnvJKDVJ8SvqKB0QmiImdr6+hpP7+8UqeMJX/qrBkdfKQV2WZ/",
}
# Builds of the runtime, of which a browser loads one: with relaxed SIMD, for browsers
# without it, and with WebGPU.
BUILDS = ("litert_wasm_internal", "litert_wasm_compat_internal")
BUILDS += ("litert_wasm_jspi_internal",)
ASSETS = {
    CORE: ("package.json", MODULE)
    + tuple(f"wasm/{build}.{end}" for build in BUILDS for end in ("js", "wasm")),
    UTILITIES: ("package.json", MODULE),
}


def write(
    model, path, decoder: str = DEFAULT_DECODER, assets=None, detector=AUTO
) -> None:
    """Writes a page, and beside it its scripts, the networks and their metadata.

    Args:
        model: A `StackedHourglass`.
        path: Path of the page.
        decoder: One of `heatmaps.DECODER_NAMES`.
        assets: A folder `node_modules` with `@litertjs/core`, whose files are copied.
            Without it, the page loads them from jsdelivr.net.
        detector: The detector that finds everyone; None for one person in each image.
            See `load_export_detector`.

    Raises:
        ValueError: If `assets` lacks the runtime.
    """
    folder = Path(path).parent
    if assets is not None:
        _copy_runtime(Path(assets), folder / RUNTIME_FOLDER)
    about = litert.write(model, folder / NETWORK, decoder)
    _write_json(folder / METADATA_NAME, about)
    if (detector := load_export_detector(detector, model)) is not None:
        litert.write(detector, folder / DETECTOR)
        about = describe_detector(detector, model)
        _write_json(folder / DETECTOR_METADATA, about)
    for name in SCRIPTS:
        (folder / name).write_text(_read(name), "utf-8")
    page = render_page(model, assets is None, detector is not None)
    Path(path).write_text(page, "utf-8")


def render_page(model, from_cdn: bool = True, everyone: bool = True) -> str:
    """Fills in the page.

    Args:
        model: A `StackedHourglass`.
        from_cdn: Loads the runtime from jsdelivr.net, not from beside the page.
        everyone: Whether a detector lies beside the page.
    """
    places = {
        package: CDN.format(package=package, version=LITERT_VERSION)
        if from_cdn
        else f"./{RUNTIME_FOLDER}/{package}/"
        for package in ASSETS
    }
    modules = {package: place + MODULE for package, place in places.items()}
    import_map = {"imports": modules}
    if from_cdn:
        import_map["integrity"] = {
            modules[name]: f"sha384-{digest}" for name, digest in INTEGRITY.items()
        }
    style, import_map = _read("style.css"), json.dumps(import_map)
    allowed = " ".join(("'self'", *(places.values() if from_cdn else ())))
    return Template(_read("index.html")).substitute(
        policy=_policy(allowed, style, import_map),
        style=style,
        importmap=import_map,
        drawing=json.dumps(_drawing(model)),
        detects=json.dumps(everyone),
        found="everyone" if everyone else "one person",
        scores="heights of heatmaps' peaks, about 0 to 1"
        if model.calibration is None
        else "probabilities that a joint is correct",
    )


def _policy(allowed, style, import_map):
    """The Content Security Policy: nothing is sent, nor loaded from elsewhere."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {allowed} 'wasm-unsafe-eval' {_hash_source(import_map)}",
            f"connect-src {allowed}",
            f"style-src {_hash_source(style)}",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash_source(text):
    digest = base64.b64encode(sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _drawing(model):
    """Colors and widths of `visualization.skeletons`, which the script draws with."""
    skeleton = model.skeleton
    return {
        "joint_colors": drawing.joint_colors(skeleton),
        "limb_colors": drawing.limb_colors(skeleton),
        "outline_color": drawing.OUTLINE_COLOR,
        "min_joint_score": default_min_joint_score(model),
        "image_line_ratio": drawing.IMAGE_LINE_RATIO,
        "person_line_ratio": drawing.PERSON_LINE_RATIO,
        "min_line_width": drawing.MIN_LINE_WIDTH,
        "joint_radius_ratio": drawing.JOINT_RADIUS_RATIO,
        "point_radius_ratio": drawing.POINT_RADIUS_RATIO,
        "outline_width": drawing.OUTLINE_WIDTH,
        "outline_opacity": drawing.OUTLINE_OPACITY,
    }


def _write_json(path, facts):
    path.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def _read(name):
    return (files(__name__) / name).read_text("utf-8")


def _copy_runtime(node_modules: Path, folder: Path):
    for package, names in ASSETS.items():
        for name in names:
            source, copy = node_modules / package / name, folder / package / name
            if not source.is_file():
                raise ValueError(
                    f"`assets` must be a folder node_modules with {package}/{name} "
                    f"(npm install {CORE}@{LITERT_VERSION}). "
                    f"Received: assets={str(node_modules)!r}"
                )
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
