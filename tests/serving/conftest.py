"""An exported network, and a server of it.

The server is `tensorflow_model_server` where it is on the PATH, and a stand-in for it,
`stand_in.py`, everywhere.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import cv2
import pytest

from keras_hourglass import StackedHourglass, export_model
from keras_hourglass.data.datasets.synthetic.scene import draw_image

SIDE = 32  # pixels of the network's crops
START_TIMEOUT = 300  # seconds, on slow machines


@pytest.fixture(scope="session")
def version(tmp_path_factory, lively_detector):
    """The folder of an exported version."""
    network = StackedHourglass(
        stacks=1, filters=4, stem_filters=2, depth=1, image_size=SIDE
    )
    # Scores of some height: people of low ones are left out.
    network.get_layer("stack_1_heatmaps").bias.assign([0.5] * 16)
    folder = tmp_path_factory.mktemp("models") / "people"
    (result,) = export_model(network, folder, detector=lively_detector)
    return result.path


@pytest.fixture(scope="session")
def images():
    """Contents of image files of mixed sizes and kinds."""
    sizes = [(192, 150), (40, 90), (333, 700), (1, 1)]
    return [
        cv2.imencode(kind, cv2.resize(draw_image(1, index)[0], size))[1].tobytes()
        for index, size in enumerate(sizes)
        for kind in (".jpg", ".png")
    ]


@pytest.fixture(scope="session")
def expected(version, images):
    """Keypoints of the network without a server, on each image."""
    tf = pytest.importorskip("tensorflow")
    served = tf.saved_model.load(version).signatures["serving_default"]
    return [served(image_bytes=tf.constant([data]))["keypoints"][0] for data in images]


class Server:
    """A process that serves a folder of versions, and clients of it."""

    name = "people"

    def __init__(self, kind, folder):
        self.folder = folder
        rpc, rest = free_port(), free_port()
        self.url = f"http://127.0.0.1:{rest}/v1/models/{self.name}"
        self.address = f"127.0.0.1:{rpc}/{self.name}"
        if kind == "stand-in":
            program = Path(__file__).with_name("stand_in.py")
            command = [sys.executable, program, folder, self.name, str(rpc), str(rest)]
        else:
            command = [kind, f"--port={rpc}", f"--rest_api_port={rest}"]
            command += [f"--model_name={self.name}", f"--model_base_path={folder}"]
            command += ["--file_system_poll_wait_seconds=1"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        grpc = pytest.importorskip("grpc")
        apis = "tensorflow_serving.apis"
        self.messages = pytest.importorskip(f"{apis}.predict_pb2")
        service = pytest.importorskip(f"{apis}.prediction_service_pb2_grpc")
        self.channel = grpc.insecure_channel(f"127.0.0.1:{rpc}")
        self.stub = service.PredictionServiceStub(self.channel)

    def wait(self):
        """Waits until the first version is served."""
        for _ in range(START_TIMEOUT):
            assert self.process.poll() is None, "the server has ended"
            try:
                return urlopen(self.url).close()
            except (HTTPError, URLError):
                time.sleep(1)

    def close(self):
        self.channel.close()
        self.process.terminate()
        self.process.wait()

    def predict(self, signature="serving_default", name=name, **inputs):
        """Returns outputs by name, and the version that computed them; over gRPC."""
        from tensorflow import make_ndarray, make_tensor_proto

        spec = {"name": name, "signature_name": signature}
        request = self.messages.PredictRequest(model_spec=spec)
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(make_tensor_proto(value))
        response = self.stub.Predict(request, timeout=120)
        outputs = {key: make_ndarray(value) for key, value in response.outputs.items()}
        return outputs, response.model_spec.version.value

    def post(self, content):
        """Returns status and content, over REST; bytes are sent as `{"b64": ...}`."""
        if not isinstance(content, bytes):
            content = json.dumps(content, default=_in_base_64).encode()
        request = Request(f"{self.url}:predict", content)
        try:
            with urlopen(request, timeout=120) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            return error.code, json.load(error)


def _in_base_64(data):
    return {"b64": b64encode(data).decode()}


def free_port():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


@pytest.fixture(scope="session", params=["stand-in", "tensorflow_model_server"])
def server(request, version, tmp_path_factory):
    """A server of a copy of the version, to which others can be added."""
    if request.param != "stand-in" and shutil.which(request.param) is None:
        pytest.skip(f"needs {request.param} on the PATH")
    pytest.importorskip("grpc")
    pytest.importorskip("tensorflow_serving")
    folder = tmp_path_factory.mktemp("served") / Server.name
    shutil.copytree(version.parent, folder)
    started = Server(request.param, folder)
    try:
        started.wait()
        yield started
    finally:
        started.close()
