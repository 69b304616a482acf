"""Runtimes: the same joints from each, and the choice of one."""

import copy
import json
import os
import pickle
import re
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass import PoseEstimator, StackedHourglass
from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.export.metadata import describe_model
from keras_hourglass.inference.runner import predict_sources
from keras_hourglass.inference.runtimes import RUNTIMES, selection
from keras_hourglass.inference.runtimes.exported import ExportedNetwork
from keras_hourglass.inference.runtimes.metadata import read_metadata
from keras_hourglass.inference.video import VideoWriter
from keras_hourglass.inference.views import WINDOW_RULES
from keras_hourglass.models.presets import PRESETS, PRESETS_OF, places
from keras_hourglass.models.weights import weights_path
from keras_hourglass.skeletons import MPII, Skeleton

MAX_SECONDS, MAX_MEGABYTES = 1.2, 250  # of a process that predicts on one photograph


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    cv2.imwrite(str(path), cv2.resize(draw_image(0, 0)[0], (640, 480)))
    return path


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_predict_takes_a_second_and_little_memory_without_keras(photo, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    if selection.has_nvidia_gpu():
        pytest.skip("a computer with an NVIDIA GPU runs Keras")
    code = f"""
import os, sys, time
from keras_hourglass_cli.main import main
found = ["--max-people", "1", "--min-score", "0", "--min-pose-score", "0"]
main(["-v", "predict", {photo.name!r}, *found], standalone_mode=False)
loaded = {{"keras", "tensorflow", "jax", "torch", "scipy", "h5py"}} & {{*sys.modules}}
(memory,) = (line for line in open("/proc/self/status") if line[:5] == "VmHWM")
print(sorted(loaded), int(memory.split()[1]) // 1000, time.process_time())
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=photo.parent
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.startswith("Runtime: litert, ")
    found, last = ended.stdout.splitlines()
    loaded, megabytes, seconds = last.rsplit(None, 2)
    assert loaded == "[]" and int(megabytes) < MAX_MEGABYTES
    # Of work: the elapsed time is that of other programs, too.
    assert float(seconds) < MAX_SECONDS
    assert len(json.loads(found)["people"][0]["joints"]) == 16
    assert photo.with_name("photo.joints.png").is_file()


AVERAGED = {"flip": True, "scales": (1, 1.25), "decoder": "quarter"}


@pytest.fixture(scope="module")
def tflite(lively, tmp_path_factory):
    """A LiteRT file of `lively`, for one person at a time, and one for eight."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("`export` needs TensorFlow")
    from keras_hourglass.export import litert

    folder = tmp_path_factory.mktemp("exported")
    for batch_size in (1, 8):
        litert.write(lively, folder / f"{batch_size}.tflite", batch_size=batch_size)
    return [folder / f"{batch_size}.tflite" for batch_size in (1, 8)]


@pytest.mark.parametrize("options", [{}, AVERAGED], ids=["plain", "averaged"])
def test_joints_of_the_runtime_are_those_of_keras(options, tflite, joints_of_keras):
    """Tests of each export hold the other runtimes; see `joints_of_keras`."""
    joints_of_keras(tflite[0], "litert", **options)


def test_a_file_for_eight_people_takes_any_number(tflite, photographs):
    one, eight = (PoseEstimator(path, batch_size=11, detector=None) for path in tflite)
    for count in (1, 3, 15):
        for first, second in zip(
            *(each(photographs[0][:count]) for each in (one, eight))
        ):
            np.testing.assert_allclose(first[0].joints, second[0].joints, atol=0.01)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_runtime_that_is_not_installed_is_one_line_with_the_extra(
    runtime, monkeypatch
):
    monkeypatch.setattr(
        RUNTIMES[runtime], "installed_packages", classmethod(lambda c: [])
    )
    with pytest.raises(ModuleNotFoundError) as caught:
        selection.require_installed(runtime)
    assert re.fullmatch(
        rf"The runtime '{runtime}' needs \w+: pip install \S+", str(caught.value)
    )


REASON = "Runtime: litert, which starts fastest, as there is no NVIDIA GPU"


def test_auto_is_litert_for_presets_without_a_gpu(monkeypatch, caplog):
    pytest.importorskip("ai_edge_litert")
    caplog.set_level("DEBUG", logger="keras_hourglass")
    monkeypatch.setattr(selection, "has_nvidia_gpu", lambda: False)
    name, network = selection.load_network("photo")
    assert name == "litert" and network.path.name == "photo.tflite"
    assert network.skeleton == MPII and network.input_size == (256, 256)
    assert caplog.messages == [REASON]
    monkeypatch.setattr(selection, "has_nvidia_gpu", lambda: True)
    assert selection.choose("photo")[0] == "keras"
    assert selection.choose("photo", "litert")[::2] == ("litert", "as chosen")
    monkeypatch.setattr(selection, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(
        RUNTIMES["litert"], "installed_packages", classmethod(lambda c: ["tensorflow"])
    )
    assert selection.choose("photo")[::2] == (
        "keras",
        "as ai-edge-litert is not installed",
    )
    for other in ("hg2", object()):
        assert selection.choose(other)[0] == "keras"


def test_a_packaged_preset_is_loaded_with_a_warning_of_a_folder_of_its_name(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path / "photo/photo.jpg")  # photographs are no network
    selection.choose("photo", "litert")
    assert not caplog.messages
    for file in ("config.json", "best.keras"):
        touch(tmp_path / "photo" / file)
        selection.choose("photo", "litert")
        assert places.find_folder("photo") is None
        expected = "photo is the preset of the package; the folder of that name is "
        assert caplog.messages == [f"{expected}./photo"] * 2
        caplog.clear()


def test_no_gpu_is_visible_where_the_environment_hides_it(monkeypatch):
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not selection.has_nvidia_gpu()


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_files_and_folders_of_export_are_found(tmp_path):
    touch(tmp_path / "a/9/saved_model.pb", tmp_path / "a/10/saved_model.pb")
    touch(tmp_path / "a/hourglass.onnx", tmp_path / "run/best.keras")
    touch(tmp_path / "run/hourglass.tflite", tmp_path / "b/x.xml")
    touch(tmp_path / "preset/config.json", tmp_path / "preset/hourglass.tflite")
    for path, runtime, expected in [
        ("a", "auto", ("savedmodel", "a/10")),  # the newest version
        ("a/9", "auto", ("savedmodel", "a/9")),
        ("a", "onnx", ("onnx", "a/hourglass.onnx")),
        ("a/hourglass.onnx", "auto", ("onnx", "a/hourglass.onnx")),
        ("b", "auto", ("openvino", "b/x.xml")),
        ("run", "auto", ("keras", None)),
        ("run", "litert", ("litert", "run/hourglass.tflite")),
        ("preset", "auto", ("keras", None)),
        ("preset", "litert", ("litert", "preset/hourglass.tflite")),
        ("run/best.keras", "keras", ("keras", None)),
    ]:
        name, file, _ = selection.choose(tmp_path / path, runtime)
        assert (name, file) == (expected[0], expected[1] and tmp_path / expected[1])
    touch(tmp_path / "b/y.xml")
    with pytest.raises(ValueError, match="must hold one .xml file.*x.xml, y.xml"):
        selection.choose(tmp_path / "b")


def test_capitals_of_a_suffix_are_of_the_same_kind(tmp_path):
    for name, runtime in [("A.TFLITE", "litert"), ("b/C.Onnx", "onnx")]:
        touch(tmp_path / name)
        for path in {tmp_path / name, (tmp_path / name).parent}:
            assert selection.choose(path)[:2] == (runtime, tmp_path / name)
    with pytest.raises(FileNotFoundError, match="must be a file that exists"):
        PoseEstimator(tmp_path / "NONE.ONNX")
    pytest.importorskip("ai_edge_litert")
    path = write(tmp_path / "A.TFLITE", packaged())
    assert PoseEstimator(path, detector=None).runtime == "litert"
    detector = weights_path(PRESETS_OF["detect"]["people"].litert).read_bytes()
    people = write(tmp_path / "PEOPLE.TFLITE", detector)
    assert kh.load_detector(str(people)).load().input_size == (320, 320)


def test_openvino_reads_files_in_capitals(lively, tmp_path):
    pytest.importorskip("openvino")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("`export` needs TensorFlow")
    kh.export_model(lively, tmp_path, "openvino")
    for path in [*tmp_path.iterdir()]:
        path.rename(path.with_name(path.name.upper()))
    estimator = PoseEstimator(tmp_path, detector=None)
    assert estimator.runtime == "openvino"
    assert len(estimator(np.zeros((9, 9, 3), "uint8"))) == 1


@pytest.mark.parametrize(
    "model, runtime, message",
    [
        ("photo", "litrt", "Did you mean 'litert'.*runtime='litrt'"),
        ("a.tflite", "keras", "must be 'litert' for 'a.tflite': only 'litert' runs"),
        ("a.onnx", "openvino", "must be 'onnx' for 'a.onnx': only 'onnx' runs"),
        ("a.keras", "litert", "hourglass-keras export a.keras DIR --format litert"),
        ("run", "onnx", "hourglass-keras export run DIR --format onnx"),
        ("photo", "openvino", "must be 'keras' or 'litert' for the preset 'photo'"),
        ("photo_small", "onnx", "hourglass-keras export photo_small DIR --format onnx"),
        ("hg2", "savedmodel", "hourglass-keras export hg2 DIR\\. Received"),
        (None, "litert", "a network in memory: export it first"),
    ],
)
def test_a_runtime_that_does_not_run_a_network_is_one_line(
    model, runtime, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    touch(*(tmp_path / name for name in ("a.tflite", "a.onnx", "a.keras")))
    touch(tmp_path / "run/best.keras")
    with pytest.raises(ValueError, match=message) as caught:
        PoseEstimator(object() if model is None else model, runtime=runtime)
    assert "\n" not in str(caught.value)


def test_an_exported_file_is_scored_as_its_network_is(lively, tflite, tmp_path):
    people = kh.load_dataset("synthetic", "2").split("val")[:5]
    expected, found = (kh.evaluate(each, people) for each in (lively, tflite[0]))
    assert found.runtime == "litert" and found.name == str(tflite[0])
    joints = [each.predictions.joints for each in (found, expected)]
    np.testing.assert_allclose(*joints, atol=0.05)
    assert found.pckh == pytest.approx(expected.pckh, abs=2)
    report = found.save_report(tmp_path / "report").read_text()
    assert "litert" in report


def test_evaluate_and_benchmark_need_no_keras_for_an_exported_file(tflite):
    code = """
import sys
import keras_hourglass.data.datasets.synthetic as synthetic
from keras_hourglass_cli.main import main
synthetic.VALIDATION_COUNT = 3
file = sys.argv[1]
main(["evaluate", file, "--dataset", "synthetic:2"], standalone_mode=False)
main(["benchmark", "predict", "--model", file, "--people", "2"], standalone_mode=False)
print(sorted({"keras", "tensorflow"} & {*sys.modules}))
"""
    command = [sys.executable, "-c", code, tflite[0]]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "people per second" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "[]"


def packaged() -> bytes:
    return weights_path(PRESETS["photo"].litert).read_bytes()


def of_other_network() -> bytes:
    """The packaged file under another name of its metadata."""
    return packaged().replace(b"about.json", b"other.json")


XML = "<net><rt_info><keras_hourglass>{}</keras_hourglass></rt_info></net>"
JOINTS = '<joints value="[&quot;nose&quot;]"/>'
BAD_FILES = {  # name -> (contents, what is said)
    "empty.tflite": (b"", "not a LiteRT file"),
    "foreign.tflite": (bytes(99), "not a LiteRT file"),
    "other.tflite": (of_other_network, "no metadata of `keras_hourglass.export`"),
    "half.tflite": (lambda: packaged()[:900_000], "damaged"),
    "less.tflite": (lambda: packaged()[:-900], "damaged"),
    "json.tflite": (
        lambda: packaged().replace(b'"joints":', b'"joints",'),
        "delimiter",
    ),
    "none.tflite": (lambda: packaged().replace(b'"joints":', b'"jointz":'), "'joints'"),
    "empty.onnx": (b"", "damaged"),
    "foreign.onnx": (bytes(99), "damaged"),
    "empty.xml": (b"", "damaged"),
    "foreign.xml": (b"<svg></svg>", "no metadata"),
    "json.xml": (XML.format('<joints value="[1, "/>').encode(), "Expecting value"),
    "sizes.xml": (XML.format(JOINTS).encode(), "none of 'image_size'"),
    "wrong.xml": (XML.format('<joints value="[1]"/>').encode(), "must be names"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_damaged_or_foreign_file_is_one_line(name, tmp_path):
    runtime, _ = selection.find_exported(write(tmp_path / name, b""))
    if not RUNTIMES[runtime].installed_packages():
        pytest.skip(f"{runtime} is not installed")
    contents, message = BAD_FILES[name]
    path = write(tmp_path / name, contents() if callable(contents) else contents)
    with pytest.raises(ValueError) as caught:
        PoseEstimator(path)
    text = str(caught.value)
    assert message in text and text.startswith(str(path)) and "\n" not in text
    assert len(text) < 300 + len(str(path))


def write(path, contents):
    path.write_bytes(contents)
    return path


def test_openvino_needs_both_files(tmp_path):
    pytest.importorskip("openvino")
    with pytest.raises(FileNotFoundError, match="a.xml needs its weights: .*a.bin"):
        RUNTIMES["openvino"](tmp_path / "a.xml")


def test_metadata_of_another_network_are_noticed(tmp_path):
    pytest.importorskip("ai_edge_litert")
    for text, other, message in [
        (b'"image_size": [256, 256]', b'"image_size": [128, 256]', "must run on crops"),
        (
            b'"heatmap_size": [64, 64]',
            b'"heatmap_size": [32, 64]',
            "must predict heatm",
        ),
    ]:
        assert text in packaged()
        path = write(tmp_path / "a.tflite", packaged().replace(text, other))
        with pytest.raises(ValueError, match=message):
            PoseEstimator(path, passes=1, detector=None)(np.zeros((9, 9, 3), "uint8"))


def test_window_rules_that_a_file_does_not_give_are_the_default(tmp_path):
    about = tmp_path / "assets/about.json"
    about.parent.mkdir()
    facts = read_metadata(weights_path(PRESETS["photo"].litert))
    about.write_text(json.dumps(facts | {"window": {"box_padding": 1.5}}))
    rules = ExportedNetwork.read(tmp_path).window_rules
    assert rules == WINDOW_RULES | {"box_padding": 1.5}
    for wrong in ({"sides": 2}, {"score_ratios": [1, 1]}, {"box_padding": None}, [1]):
        about.write_text(json.dumps(facts | {"window": wrong}))
        with pytest.raises(ValueError, match="metadata of `export` that this version"):
            ExportedNetwork.read(tmp_path)


def test_a_file_keeps_the_whole_skeleton_and_older_ones_that_of_their_joints(tmp_path):
    about = tmp_path / "assets/about.json"
    about.parent.mkdir()
    parts = {"limbs": [("nose", "tail")], "groups": {"Ends": ("nose", "tail")}}
    parts |= {"unscored": ("tail",), "reference": "box", "sigmas": (0.1, 0.2)}
    cat = Skeleton(("nose", "tail"), **parts, category="cat")
    tiny = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    model = StackedHourglass(1, **tiny, skeleton=cat)
    facts = describe_model(model, "dark")
    about.write_text(json.dumps(facts))
    skeleton = ExportedNetwork.read(tmp_path).skeleton
    assert skeleton == cat and skeleton.category == "cat"
    del facts["skeleton"]
    about.write_text(json.dumps(facts))
    older = Skeleton(cat.joints, cat.limbs)
    assert ExportedNetwork.read(tmp_path).skeleton == older


def test_a_missing_file_is_reported_without_keras(tmp_path):
    code = "import sys; from keras_hourglass import PoseEstimator\n"
    code += "try: PoseEstimator('none.tflite')\nexcept FileNotFoundError as error: "
    code += "print(error); assert not {'keras', 'tensorflow'} & {*sys.modules}"
    output = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path)
    assert output.startswith(b"`model` must be a file that exists. Received: model=")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_loads_the_file_anew(tmp_path):
    pytest.importorskip("ai_edge_litert")
    code = """
import os, numpy as np
from keras_hourglass import PoseEstimator
estimator = PoseEstimator(runtime="litert", passes=1, detector=None)
images = [np.eye(64) * 255] * 3
images = [np.repeat(each[..., None], 3, 2).astype("uint8") for each in images]
before = [pose.joints for (pose,) in estimator(images)]
if child := os.fork():
    assert os.waitpid(child, 0)[1] == 0
else:
    after = [pose.joints for (pose,) in estimator(images)]
    os._exit(not np.allclose(before, after))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_interrupted_call_leaves_interpreters_to_the_next_one(monkeypatch):
    pytest.importorskip("ai_edge_litert")
    run = RUNTIMES["litert"](weights_path(PRESETS["photo"].litert), threads=2)
    crops = np.random.default_rng(0).integers(0, 256, (6, 256, 256, 3), "uint8")
    expected = run(crops)

    def interrupt(self, timeout=None):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Future, "result", interrupt)
        run(crops[::-1])
    found = run(crops)  # while the threads still run the others
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_an_estimator_with_an_exported_file_is_pickled_and_copied(photo):
    pytest.importorskip("ai_edge_litert")
    estimator = PoseEstimator(runtime="litert", passes=1, detector=None)
    (expected,) = estimator(photo)
    for other in (pickle.loads(pickle.dumps(estimator)), copy.deepcopy(estimator)):
        (pose,) = other(photo)
        np.testing.assert_array_equal(pose.joints, expected.joints)


def test_videos_are_run_by_a_runtime_too(tmp_path, tflite):
    with VideoWriter(tmp_path / "film.mp4", 10) as writer:
        for frame in range(5):
            writer.write(np.roll(draw_image(0, 0)[0], 3 * frame, axis=1))
    output = tmp_path / "found.csv"
    options = {"model": tflite[0], "runtime": "litert", "outputs": [output]}
    options["detector"] = None
    summary = predict_sources([tmp_path / "film.mp4"], **options)
    assert not summary.failures and len(output.read_text().splitlines()) == 1 + 5
