"""The package's metadata."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (HERE / "keras_hourglass/__init__.py").read_text().splitlines()
    if line.startswith("__version__")
)

# Where `ai-edge-litert` has wheels; elsewhere Keras runs the networks.
LITERT_WHEELS = (
    'platform_python_implementation == "CPython" and python_version < "3.15" and ('
    'sys_platform == "linux" and platform_machine == "x86_64" or '
    'sys_platform == "linux" and platform_machine == "aarch64" or '
    'sys_platform == "darwin" and platform_machine == "arm64" or '
    'sys_platform == "win32" and platform_machine == "AMD64")'
)

setup(
    name="keras-hourglass",
    version=VERSION,
    description="Stacked hourglass networks for human pose estimation, in Keras 3",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    classifiers=[
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
    python_requires=">=3.11",
    # Installed under a name of its own: a top-level package `cli` would be anybody's.
    packages=[
        *find_packages(include=["keras_hourglass*"]),
        "keras_hourglass_cli",
        *(f"keras_hourglass_cli.{name}" for name in find_packages("cli")),
    ],
    package_dir={"keras_hourglass_cli": "cli"},
    package_data={
        "keras_hourglass": ["py.typed"],
        "keras_hourglass.data.datasets.mpii": ["*.csv"],
        "keras_hourglass.evaluation.report": ["*.css"],
        "keras_hourglass.export": ["people/*"],
        "keras_hourglass.export.web": ["*.css", "*.html", "*.js"],
        "keras_hourglass.models.weights": ["*.npz", "*.tflite"],
    },
    install_requires=[
        "keras>=3.13",
        "tensorflow>=2.18",
        "tensorboard",
        "numpy",
        "scipy",
        "h5py",
        "opencv-python-headless>=4.11",
        "click",
        "rich",
        f"ai-edge-litert; {LITERT_WHEELS}",
    ],
    extras_require={
        "gpu": ["tensorflow[and-cuda]"],
        "jax": ["jax"],
        "torch": ["torch>=2.6"],
        "addons": ['tensorflow-addons==0.23.0; python_version < "3.12"'],
        "coco": ["pycocotools"],
        "pandas": ["pandas"],
        "plot": ["matplotlib"],
        "litert": ["ai-edge-litert"],
        "onnx": ["onnx", "onnxruntime", "tf2onnx"],
        "openvino": ["openvino"],
        "video": ["av"],  # 100 MB, with an encoder of H.264
        "heif": ["pillow-heif", "pillow>=11.3"],  # of which Pillow reads AVIF
        "hub": ["huggingface_hub"],
        "keras_hub": ["keras-hub"],
        "torchvision": ["torchvision"],
        "ultralytics": ["ultralytics"],  # under the AGPL
        "serving": ["grpcio", "tensorflow-serving-api"],
        "test": ["pytest"],
        "docs": ["mkdocs-material", "mkdocstrings[python]"],
    },
    entry_points={
        "console_scripts": ["hourglass-keras = keras_hourglass_cli.main:main"]
    },
)
