"""Blocks of README, docs and public docstrings run, with small sizes."""

import inspect
import json
import re
import shlex
import shutil
import subprocess
import textwrap
from importlib.util import find_spec
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from click.testing import CliRunner

import keras_hourglass as kh
from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.data.images.decoding import whole_region
from keras_hourglass.data.prepare import CropOptions, prepare
from keras_hourglass.data.warp import BOX_PADDING
from keras_hourglass.geometry import Window
from keras_hourglass.inference.video import VideoWriter
from keras_hourglass.inference.views import crop_views
from keras_hourglass_cli import main as cli

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>.*?) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>python|bash)\n(?P<code>.*?)^(?P=indent)```",
    re.DOTALL | re.MULTILINE,
)
# A file that a page shows is written before the page's blocks run.
FILE = re.compile(
    r"<!-- file: (?P<path>\S+) -->\n+```\w+\n(?P<text>.*?)^```",
    re.DOTALL | re.MULTILINE,
)

# Sizes that a test can afford, where the page says nothing else.
NETWORK = {"filters": 8, "stem_filters": 4, "depth": 1, "image_size": 64}
SMALL_CALLS = {
    "StackedHourglass": NETWORK,
    "train": {**NETWORK, "stacks": 1, "epochs": 1, "batch_size": 1},
}
SMALL_COMMANDS = {
    "train": "--filters 8 --stem-filters 4 --depth 1 --image-size 64 --epochs 1 "
    "--batch-size 1",
}
# What users have, and what the tests have in its place.
PLACES = [
    (r'kh\.load_model\("photo"\)', "kh.StackedHourglass(stacks=1)"),
    (r'"mpii", "MPII"', '"crops", "CROPS"'),
    (r"\b(?:mpii:MPII|own:PEOPLE)\b", "crops:CROPS"),
    (r"--dataset mpii --root MPII\b", "--dataset crops --root CROPS"),
    (r"\bepochs=\d+", "epochs=1"),
    (r"--epochs \d+", "--epochs 1"),
]
IMAGES = [  # 640 x 480 pixels, of the datasets that pages show
    *("mine/images/anna.jpg", "mine/images/ben.jpg"),
    *("COCO/images/000000000139.jpg", "MPII-JSON/images/015601864.jpg"),
    *("cats/images/tom.jpg", "cats/images/mia.jpg"),
]
NEEDED = {  # page or public name -> packages without which it is skipped
    "convert": ["torch"],
    "convert.md": ["torch"],
    "devices.md": ["ai_edge_litert", "tf2onnx", "onnxruntime", "openvino"],
    "predict.md": ["pandas"],
}


def blocks_of(text):
    """(language, code, reason not to run) of each block of a page."""
    for match in BLOCK.finditer(text):
        code = textwrap.dedent(match["code"])
        yield match["language"], code, match["reason"]


def shrink(code):
    """A block with smaller sizes, and the data that the tests have."""
    for pattern, replacement in PLACES:
        code = re.sub(pattern, replacement, code)
    for name, sizes in SMALL_CALLS.items():
        call = re.compile(
            rf"\bkh\.{name}\((?P<arguments>[^()]*(?:\([^()]*\)[^()]*)*)\)"
        )

        def with_sizes(match, name=name, sizes=sizes):
            given = match["arguments"].rstrip().rstrip(",")
            if "**" in given:  # small as it is
                return match[0]
            missing = [f"{k}={v}" for k, v in sizes.items() if f"{k}=" not in given]
            return f"kh.{name}({', '.join(filter(None, [given, *missing]))})"

        code = call.sub(with_sizes, code)
    return code


def run_commands(code):
    """Runs the lines of a shell block that call the command."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words or words[0] != "hourglass-keras":
            continue  # `pip install`, `export`: not for a test
        if words[1:3] != ["train", "--output"]:  # a run that resumes has its own
            words += shlex.split(SMALL_COMMANDS.get(words[1], ""))
        result = CliRunner().invoke(cli.main, words[1:])
        assert result.exit_code == 0, f"{line}\n{result.output}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder in which pages run, with photographs and a prepared dataset."""
    folder = tmp_path_factory.mktemp("docs")
    people = kh.load_dataset("synthetic:12")[:20]  # eight of them are "val"
    prepare(people, folder / "CROPS", CropOptions(96))
    pixels = cv2.cvtColor(draw_image(0, 3)[0], cv2.COLOR_RGB2BGR)
    (folder / "photos").mkdir()
    for name in ("photo.jpg", "photos/one.jpg", "photos/two.jpg"):
        cv2.imwrite(str(folder / name), pixels)
    for number, name in enumerate(IMAGES):
        large = cv2.resize(pixels, (640, 480)) // 2 + number  # no two are the same
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), large)
    with VideoWriter(folder / "clip.mp4", fps=25) as video:
        for _ in range(3):
            video.write(pixels)
    model = kh.StackedHourglass(2, filters=8, stem_filters=4, depth=1)
    model.save(folder / "model.keras")
    if find_spec("torch"):
        kh.convert(model, folder / "weights.pth")
    return folder


@pytest.fixture
def place(folder, monkeypatch, eager):
    monkeypatch.chdir(folder)
    shutil.rmtree(folder / "runs", ignore_errors=True)  # of another page
    module = "keras_hourglass.data.datasets.synthetic"
    monkeypatch.setattr(f"{module}.DEFAULT_COUNT", 8)
    monkeypatch.setattr(f"{module}.VALIDATION_COUNT", 4)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_blocks_of_a_page_run(path, place):
    names, text = {"__name__": "page"}, path.read_text(encoding="utf-8")
    for module in NEEDED.get(path.name, ()):
        pytest.importorskip(module)
    for file in FILE.finditer(text):
        Path(file["path"]).parent.mkdir(parents=True, exist_ok=True)
        Path(file["path"]).write_text(file["text"])
    for language, code, reason in blocks_of(text):
        if reason:
            continue
        code = shrink(code)
        if language == "bash":
            run_commands(code)
        else:
            exec(compile(code, str(path), "exec"), names)
    keras.utils.clear_session()


@pytest.mark.parametrize("name", kh.__all__)
def test_example_of_a_public_name_runs(name, place):
    for module in NEEDED.get(name, ()):
        pytest.importorskip(module)
    blocks = [*blocks_of(inspect.getdoc(getattr(kh, name)) or "")]
    assert blocks, f"{name} has no example"
    names = {"__name__": "example"}
    for _, code, reason in blocks:
        if not reason:
            exec(compile(shrink(code), name, "exec"), names)
    keras.utils.clear_session()


def test_every_public_name_is_in_the_reference():
    pages = "".join(p.read_text() for p in (ROOT / "docs/reference").glob("*.md"))
    for name in kh.__all__:
        assert re.search(rf"^::: keras_hourglass\S*\.{name}$", pages, re.MULTILINE), (
            name
        )


PATH = re.compile(
    r"\b(?:cli|docs|examples|keras_hourglass|tests)/[\w./-]*\w"  # named in a text
    r"|(?<=\]\()(?!https?:)[^)#\s]+"  # the target of a link
)


@pytest.mark.parametrize(
    "path", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name
)
def test_paths_that_a_page_names_exist(path):
    for name in PATH.findall(path.read_text(encoding="utf-8")):
        assert (ROOT / name).exists() or (path.parent / name).exists(), name


DEVICES = (ROOT / "docs/devices.md").read_text(encoding="utf-8")
BOXES = [[20, 9, 101, 80], [-30, 40.5, 90, 400.25], [0.25, -7, 9, 8]]
SIZES = [(192, 192), (48, 64), (64, 48)]


def formulas(language, start):
    """The block of the page on devices that begins with `start`."""
    (code,) = re.findall(rf"^```{language}\n({start}.*?)^```", DEVICES, re.M | re.S)
    return code


def windows_in_python():
    """Corner, scale and a point of each window, by the page's Python."""
    names = {}
    exec(formulas("python", "def crop_window"), names)
    for box in BOXES:
        for size in SIZES:
            window = names["crop_window"](box, *size)
            yield [*window, *names["to_image"](3.25, 40, *window)]


def test_the_window_of_a_crop_in_python_is_the_librarys():
    rows = windows_in_python()
    for box in BOXES:
        for size in SIZES:
            window = Window.from_box(np.array(box), BOX_PADDING, size)
            corner = window.to_image(np.array([[-0.5, -0.5]]), size)[0] + 0.5
            point = window.to_image(np.array([[3.25, 40]]), size)[0]
            expected = [*corner, 1 / window.scale(size), *point]
            np.testing.assert_allclose(next(rows), expected, atol=1e-6)


def test_the_crop_in_python_is_the_librarys():
    """An image large enough to be halved twice, of odd sides."""
    code = formulas("python", "import cv2\n")
    image = cv2.resize(draw_image(0, 3)[0], (1001, 933))
    box, size, names = (100, 30, 700, 640), (160, 192), {"np": np}
    exec(formulas("python", "def crop_window"), names)
    names |= {"image": image, "box": box, "width": size[0], "height": size[1]}
    names["run"] = lambda crops: {"keypoints": np.array([[[3.25, 40.0]]])}
    taken = re.sub(r"^(image, box|height, width) = .*\n", "", code, flags=re.M)
    exec(taken, names)
    window = Window.from_box(np.array(box), BOX_PADDING, size)
    (expected,) = crop_views(whole_region(image), window, (1.0,), size)
    np.testing.assert_allclose(names["crop"], expected, atol=0.51)  # rounded
    point = window.to_image(np.array([[3.25, 40.0]]), size)
    np.testing.assert_allclose(names["joints"], point, atol=1e-6)


def test_the_window_of_a_crop_in_javascript_is_that_in_python():
    if shutil.which("node") is None:
        pytest.skip("needs node on the PATH")
    calls = f"""
    const rows = [];
    for (const box of {BOXES})
      for (const size of {[*map(list, SIZES)]}) {{
        const crop = cropWindow(box, ...size);
        rows.push([...crop, ...toImage(3.25, 40, crop)]);
        let drawn;
        draw({{ drawImage: (...call) => (drawn = call) }}, "image", crop, ...size);
        rows.at(-1).push(...drawn.slice(1));
      }}
    console.log(JSON.stringify(rows));
    """
    script = formulas("javascript", "function cropWindow") + calls
    done = subprocess.run(["node", "-e", script], capture_output=True, check=True)
    sizes = SIZES * len(BOXES)
    for row, expected, size in zip(json.loads(done.stdout), windows_in_python(), sizes):
        np.testing.assert_allclose(row[:5], expected, atol=1e-9)
        left, top, scale = expected[:3]
        source = [left, top, scale * size[0], scale * size[1]]
        np.testing.assert_allclose(row[5:], [*source, 0, 0, *size], atol=1e-9)
