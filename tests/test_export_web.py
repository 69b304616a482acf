"""Export to a page, and the page in a headless Chromium."""

import json
import re
import runpy
import shutil
import subprocess
import threading
from base64 import b64decode, b64encode
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras_hourglass import (
    PoseEstimator,
    StackedHourglass,
    draw_skeleton,
    export_model,
    load_detector,
)
from keras_hourglass.data.images.decoding import read_image, whole_region
from keras_hourglass.export import web
from keras_hourglass.geometry import Window
from keras_hourglass.inference.runtimes.metadata import read_metadata
from keras_hourglass.inference.suppression import MAX_PEOPLE
from keras_hourglass.inference.views import WINDOW_RULES as RULES
from keras_hourglass.inference.views import crop_views, shrink_to_needed, whole_window
from keras_hourglass.models.loading import load_model

Browser = runpy.run_path(str(Path(__file__).with_name("browser.py")))["Browser"]
TINY = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
CROPS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), "uint8")
# Photographs in which the network sees one person clearly. In the others, rounding of
# the crops, which exported files take in whole numbers, decides between equal peaks.
LANDSCAPE, PORTRAIT, SQUARE = "000000349860", "000000434204", "000000165518"
CLEAR = (LANDSCAPE, PORTRAIT, SQUARE, "000000129648", "000000214753", "000000234748")
SURE = 0.5  # peak of a joint whose heatmap has no other, most often
CALIBRATION = (3.8, -2.1)
READY = "!document.getElementById('files').disabled"
STATUS = "document.getElementById('status').textContent"
NPM_SECONDS = 240
UNREADABLE = "no image or video that this browser can read"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page of a small network, its runtime from the CDN."""
    folder = tmp_path_factory.mktemp("written")
    (result,) = export_model(StackedHourglass(**TINY), folder, "web", crops=CROPS)
    assert result.path == folder / "index.html"
    return result.path


def policy_of(page):
    """Directive -> its sources."""
    (text,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    return {name: sources for name, *sources in map(str.split, text.split(";"))}


def hash_source(text):
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_a_page_lies_beside_its_scripts_its_network_and_its_metadata(written):
    names = {path.name for path in written.parent.iterdir()}
    own = {"index.html", "index.tflite", "about.json", *web.SCRIPTS}
    assert names == own | {"people.tflite", "people.json"}
    about = json.loads((written.parent / "about.json").read_text())
    assert about == read_metadata(written.parent / "index.tflite")
    people = json.loads((written.parent / "people.json").read_text())
    assert people["task"] == "detect" and len(people["limits"]["sigmas"]) == 16
    assert people["limits"]["max_people"] == MAX_PEOPLE
    assert "joints of everyone" in written.read_text()


def test_a_page_says_what_scores_are():
    model = StackedHourglass(**TINY)
    assert "heights of heatmaps' peaks" in web.render_page(model)
    model.calibration = CALIBRATION
    assert "probabilities that a joint is correct" in web.render_page(model)


def test_without_a_detector_a_page_is_of_one_person(tmp_path):
    web.write(StackedHourglass(**TINY), tmp_path / "index.html", detector=None)
    assert not [*tmp_path.glob("people.*")]
    assert "joints of one person" in (tmp_path / "index.html").read_text()


def test_without_assets_the_runtime_is_loaded_from_one_place_of_one_version(written):
    page = written.read_text()
    (text,) = re.findall(r'<script type="importmap">(.*)</script>', page)
    import_map = json.loads(text)
    cdn = f"https://cdn.jsdelivr.net/npm/@litertjs/core@{web.LITERT_VERSION}/"
    assert import_map["imports"]["@litertjs/core"] == f"{cdn}dist/index.js"
    assert {*import_map["integrity"]} == {*import_map["imports"].values()}
    assert cdn in policy_of(page)["connect-src"]


def test_a_page_keeps_its_networks_beside_a_litert_file(tmp_path):
    model, options = StackedHourglass(**TINY), {"crops": CROPS, "batch_size": 2}
    export_model(model, tmp_path, ["litert", "web"], **options)
    sizes = {
        path.name: read_metadata(path)["batch_size"]
        for path in tmp_path.glob("*.tflite")
    }
    assert sizes.pop("hourglass.tflite") == 2
    assert sizes == {"index.tflite": 1, "people.tflite": 1}


def test_the_policy_allows_the_page_alone(written):
    page = written.read_text()
    policy = policy_of(page)
    assert policy["default-src"] == policy["form-action"] == ["'none'"]
    for kind, tag in (("script", 'script type="importmap"'), ("style", "style")):
        (text,) = re.findall(f"<{tag}>(.*?)</{kind}>", page, re.DOTALL)
        assert hash_source(text) in policy[f"{kind}-src"]
    own = web.render_page(StackedHourglass(**TINY), from_cdn=False)
    assert "http" not in " ".join(sum(policy_of(own).values(), []))
    assert policy_of(own)["connect-src"] == ["'self'"]


def test_a_folder_without_the_runtime_is_refused(written, tmp_path):
    before = written.read_text()
    with pytest.raises(ValueError, match="`assets` must.*npm install.*Received: as"):
        export_model(
            StackedHourglass(**TINY),
            written.parent,
            "web",
            crops=CROPS,
            assets=tmp_path,
        )
    assert written.read_text() == before


@pytest.fixture(scope="module")
def node_modules(tmp_path_factory):
    """The page's runtime, as npm installs it."""
    for program in ("chromium", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}, which is not installed")
    folder = tmp_path_factory.mktemp("npm")
    package = f"{web.CORE}@{web.LITERT_VERSION}"
    install = ["npm", "install", "--fetch-retries=1", "--prefix", folder, package]
    try:
        subprocess.run(install, capture_output=True, check=True, timeout=NPM_SECONDS)
    except subprocess.SubprocessError as error:
        reason = (error.stderr or b"").decode().strip()[-200:]
        pytest.skip(f"npm cannot install {package}: {reason or error}")
    return folder / "node_modules"


def test_the_integrity_is_that_of_the_files(node_modules):
    for package, digest in web.INTEGRITY.items():
        line = ["openssl", "dgst", "-sha384", "-binary"]
        done = subprocess.run(
            [*line, node_modules / package / web.MODULE], capture_output=True
        )
        assert b64encode(done.stdout).decode() == digest


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def address(node_modules, tmp_path_factory):
    """Where the page of `photo` is served; `one/` is that without a detector."""
    folder, model = tmp_path_factory.mktemp("page"), calibrated_photo()
    web.write(model, folder / "index.html", assets=node_modules)
    (folder / "one").mkdir()
    page = folder / "one/index.html"
    web.write(model, page, assets=node_modules, detector=None)
    handler = partial(Handler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser(address):
    camera = "--use-fake-device-for-media-stream"
    with Browser(camera, "--window-size=900,900") as browser:
        yield browser


@pytest.fixture
def page(browser, address):
    """The browser with the page loaded: no request to another host, no error logged."""
    browser.open(address)
    browser.wait(READY)
    yield browser
    asked = [
        url for url in browser.requests() if not url.startswith(("data:", "blob:"))
    ]
    assert len(asked) > 5 and all(url.startswith(address) for url in asked)
    assert browser.errors() == []


@pytest.fixture
def download(page, tmp_path):
    """Clicks on the button for joints: the objects of the lines."""

    def click():
        place = {"behavior": "allow", "downloadPath": str(tmp_path)}
        page.call("Browser.setDownloadBehavior", **place, eventsEnabled=True)
        page.evaluate("document.getElementById('download').click()")
        page.wait_for_event("Browser.downloadProgress", state="completed")
        return [*map(json.loads, (tmp_path / "joints.jsonl").read_text().splitlines())]

    return click


@pytest.fixture(scope="module")
def estimator():
    detector = load_detector("people", runtime="keras")
    return PoseEstimator(calibrated_photo(), detector=detector)


def calibrated_photo():
    model = load_model("photo")
    model.calibration = CALIBRATION
    return model


def choose(page, paths):
    page.choose("#files", paths)
    page.wait(f"{STATUS}.includes('{paths[-1].name}')")


def distances(line, poses):
    """From each pose's joints to those of the person whose box is nearest."""
    boxes, apart = np.array([person["box"] for person in line["people"]]), []
    for pose in poses:
        person = line["people"][np.abs(boxes - pose.box).max(1).argmin()]
        assert [*person["joints"]] == [*person["scores"]] == list(pose.names)
        found = [*person["joints"].values()]
        apart.append(np.linalg.norm(found - pose.joints, axis=1))
    return np.array(apart)


def test_everyone_is_as_in_the_library(page, download, estimator, photographs):
    paths, _ = photographs
    choose(page, paths)
    lines, photos = download(), estimator(paths)
    assert [line["image"] for line in lines] == [path.name for path in paths]
    same = [len(line["people"]) == len(poses) for line, poses in zip(lines, photos)]
    assert sum(same) >= 12 and max(map(len, photos)) > 3
    pairs = [pair for pair, equal in zip(zip(lines, photos), same) if equal]
    apart = np.concatenate([distances(*pair) for pair in pairs if pair[1]])
    sure = np.array([pose.peaks for _, poses in pairs for pose in poses]) > 0.6
    assert (apart[sure] < 1).mean() > 0.9 and np.median(apart[sure]) < 0.2
    for line, poses in pairs:
        scores = [person["score"] for person in line["people"]]
        expected = [pose.box_score for pose in poses]
        np.testing.assert_allclose(scores, expected, atol=0.03)


def test_second_poses_of_a_person_are_left_out(page):
    kept = page.evaluate(
        """(async () => {
        const { Detector } = await import("./detector.js");
        const about = await (await fetch("people.json")).json();
        const detector = new Detector(undefined, about, about);
        const pose = (x, box_score, score) => ({
          box: [x, 0, 50, 100], box_score, scores: Array(16).fill(score),
          joints: Array.from({ length: 16 }, (_, i) => [x + 3 * i, 6 * i]),
        });
        const people = [
          pose(0, 0.9, 0.5), pose(1, 0.8, 0.6), pose(60, 0.7, 0.5),
          pose(200, 0.9, 0.01),
        ];
        return detector.select(people).map((each) => people.indexOf(each));
        })()"""
    )
    assert kept == [1, 2]


def test_one_person_is_as_in_the_library(page, download, address, photographs):
    page.open(f"{address}one/")
    page.wait(READY)
    paths, _ = photographs
    choose(page, [path for path in paths if path.stem in CLEAR])
    lines = download()
    assert len(lines) == len(CLEAR)
    estimator = PoseEstimator(calibrated_photo(), detector=None)
    for line in lines:
        (path,) = [path for path in paths if path.name == line["image"]]
        assert distances(line, poses := estimator(path)).max() < 1
        (person,), (pose,) = line["people"], poses
        scores = np.array([*person["scores"].values()])
        np.testing.assert_allclose(scores, pose.scores, atol=0.06)  # decoders differ
        assert np.median(np.abs(scores - pose.scores)) < 0.02
        low = [name for name, s in person["scores"].items() if s < 0.5]
        assert estimator.min_joint_score == 0.5
        assert person["uncertain"] == low


def test_large_and_turned_photographs_are_upright(
    page, download, estimator, photographs, tmp_path, exif, with_exif, as_stored
):
    paths, _ = photographs
    (path,) = [path for path in paths if path.stem == LANDSCAPE]
    large = cv2.resize(cv2.imread(str(path)), None, fx=6, fy=6)
    files = []
    for turn in (1, 6):
        data = cv2.imencode(".jpg", as_stored(large, turn))[1].tobytes()
        files.append(tmp_path / f"{turn}.jpg")
        files[-1].write_bytes(with_exif(data, exif(turn)))
    choose(page, files)
    for line, file in zip(download(), files):
        pose, *_ = estimator(file)
        (apart,) = distances(line, [pose])
        assert apart[pose.peaks > SURE].max() < 3  # of 3,840 pixels
        assert line["people"][0]["box"] == pytest.approx(pose.box, abs=3)


SIZES = [  # of image, of network
    ((640, 425), (256, 256)),
    ((333, 500), (192, 256)),
    ((1501, 2203), (96, 64)),
    ((37, 21), (64, 48)),
    ((5, 300), (48, 64)),
    ((1, 1), (64, 64)),
]


@pytest.mark.parametrize("image, size", SIZES)
def test_crops_are_those_of_the_library(page, image, size):
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (image[1] // 3 + 1, image[0] // 3 + 1, 3), "uint8")
    pixels = cv2.resize(noise, image)
    region = whole_region(pixels)
    windows = [whole_window(region, size)]
    for share in (RULES["min_window_ratio"], 0.3, 1.2):
        side = np.array(share * max(image))
        windows.append(Window.from_center(random.uniform((0, 0), image), side, size))
    region = shrink_to_needed(region, RULES["min_window_ratio"], size)
    expected = np.stack([crop_views(region, w, (1.0,), size)[0] for w in windows])
    places = [(*w.center, w.right[0], w.down[1]) for w in windows]
    data = b64encode(cv2.imencode(".png", pixels[..., ::-1])[1]).decode()
    crops = page.evaluate(
        f"""(async () => {{
        const {{ makeGeometry }} = await import("./geometry.js");
        const window = {json.dumps(RULES)};
        const geometry = makeGeometry({{ image_size: {[*size[::-1]]}, window }});
        const bytes = Uint8Array.from(atob("{data}"), (c) => c.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes]));
        const image = geometry.readImage(bitmap, bitmap.width, bitmap.height);
        const crop = ([x, y, width, height]) =>
          geometry.crop(image, {{ x, y, width, height }});
        return {np.array(places, float).tolist()}.map((place) => [...crop(place)]);
        }})()"""
    )
    apart = np.reshape(crops, expected.shape) - expected
    assert np.abs(apart).max() < 0.51  # rounded to whole numbers


def test_the_drawing_is_that_of_the_library(page, download, estimator, photographs):
    paths, _ = photographs
    (path,) = [path for path in paths if path.stem == SQUARE]
    choose(page, [path])
    data = page.evaluate("document.getElementById('view').toDataURL('image/png')")
    data = np.frombuffer(b64decode(data.partition(",")[2]), np.uint8)
    drawn = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB).astype(int)
    (people,) = [line["people"] for line in download()]
    image = expected = read_image(path)
    skeleton, limit = estimator.model.skeleton, estimator.min_joint_score
    for person in people:
        joints, scores = [[*person[name].values()] for name in ("joints", "scores")]
        expected = draw_skeleton(expected, joints, skeleton, scores, min_score=limit)
    changed = np.abs(expected - image.astype(int)).max(-1) > 8
    assert changed.mean() > 0.005
    assert np.abs(drawn - expected)[changed].mean() < 6  # edges are softer or sharper
    assert np.abs(drawn - expected)[~changed].mean() < 1


def test_a_broken_file_is_said(page, download, photographs, tmp_path):
    paths, _ = photographs
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    page.drop(broken)
    page.wait(f"{STATUS} == 'broken.jpg: {UNREADABLE}'")
    (tmp_path / "broken.webm").write_bytes(b"no video")
    page.choose("#files", [tmp_path / "broken.webm", paths[0]])
    page.wait(f"{STATUS} == 'broken.webm: {UNREADABLE}'")
    assert [line["image"] for line in download()] == [paths[0].name]


def test_frames_of_a_video_have_times(page, download, estimator, photographs, tmp_path):
    paths, _ = photographs
    (path,) = [path for path in paths if path.stem == LANDSCAPE]
    image, film = cv2.imread(str(path)), tmp_path / "film.webm"
    codec = cv2.VideoWriter_fourcc(*"VP80")
    writer = cv2.VideoWriter(str(film), codec, 5, image.shape[1::-1])
    if not writer.isOpened():
        pytest.skip("this OpenCV does not write VP8")
    for _ in range(5):
        writer.write(image)
    writer.release()
    page.drop(film)
    page.wait(f"{STATUS} == 'film.webm'")
    lines = download()
    assert [line["frame"] for line in lines] == [*range(len(lines))]
    assert lines[0]["seconds"] == 0 and lines[-1]["seconds"] <= 0.8
    pose, *_ = estimator(path)
    (apart,) = distances(lines[-1], [pose])
    assert apart[pose.peaks > SURE].max() < 6  # compressed


def test_the_camera_is_followed_and_stopped(page, download):
    page.call("Browser.grantPermissions", permissions=["videoCapture"])
    page.evaluate("document.getElementById('camera').click()")
    page.wait("!document.getElementById('download').disabled")
    page.evaluate("document.getElementById('stop').click()")
    assert page.evaluate(STATUS) == "Stopped"
    assert download()[0]["image"] == "camera"


def test_a_refused_camera_is_said(page):
    permission = {"permission": {"name": "camera"}, "setting": "denied"}
    page.call("Browser.setPermission", **permission)
    page.evaluate("document.getElementById('camera').click()")
    page.wait(f"{STATUS} == 'The camera cannot be used: permission was refused'")


def test_nothing_is_sent_elsewhere(page):
    sent = "fetch('http://127.0.0.2:9/').then(() => 'sent', (error) => error.message)"
    assert page.evaluate(sent) == "Failed to fetch"
    (error, *_) = page.errors()
    assert "Content Security Policy" in error and "connect-src" in error
    page.events.clear()  # of the attempt
    page.open(page.evaluate("location.href"))
    page.wait(READY)


def test_a_file_of_the_server_opens_by_its_address(page, address):
    page.open(f"{address}#open=missing.jpg")
    page.wait(f"{STATUS} == 'There is no missing.jpg on this server'")
    page.events[:] = [e for e in page.events if e.get("method") != "Log.entryAdded"]


def test_a_phone_shows_it_without_scrolling_sideways(page):
    phone = {"width": 360, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    page.call("Emulation.setDeviceMetricsOverride", **phone)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.call("Emulation.clearDeviceMetricsOverride")


def test_without_a_server_it_says_so(browser, written):
    browser.open(written.as_uri())
    assert "http.server --directory" in browser.evaluate(STATUS)
