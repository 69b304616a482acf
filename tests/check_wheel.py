"""Checks what was built: python tests/check_wheel.py DIST

A wheel must bring two top-level packages and never one called `cli`, which would be
anybody's; a source distribution what its tests need.
"""

import sys
import tarfile
import zipfile
from pathlib import Path


def main(dist):
    (wheel,) = Path(dist).glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert top == {"keras_hourglass", "keras_hourglass_cli"}, top
    for needed in (
        "keras_hourglass/py.typed",
        "keras_hourglass/data/datasets/mpii/validation.csv",
        "keras_hourglass/models/weights/photo.npz",
        "keras_hourglass/models/weights/photo.tflite",
        "keras_hourglass/models/weights/photo_small.npz",
        "keras_hourglass/models/weights/photo_small.tflite",
        "keras_hourglass/models/weights/people.npz",
        "keras_hourglass/models/weights/people.tflite",
        "keras_hourglass/export/people/ATTRIBUTION.txt",
        "keras_hourglass/evaluation/report/style.css",
        "keras_hourglass/export/web/hourglass.js",
        "keras_hourglass/export/web/index.html",
        "keras_hourglass/export/web/style.css",
    ):
        assert needed in names, needed
    (source,) = Path(dist).glob("*.tar.gz")
    kept = {name.split("/", 1)[-1] for name in tarfile.open(source).getnames()}
    for needed in (
        "tox.ini",
        "mkdocs.yml",
        "examples/custom_block.py",
        "tests/test_stacked_hourglass.py",
    ):
        assert needed in kept, needed


if __name__ == "__main__":
    main(sys.argv[1])
