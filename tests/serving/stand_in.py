"""A stand-in for TensorFlow Serving, which speaks its two protocols; for tests alone.

python stand_in.py FOLDER NAME GRPC_PORT REST_PORT

It is Python around a session of TensorFlow's: what it shows is that exported networks
load, warm up and answer through the official messages, not how fast a server is.
"""

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

sys.path.insert(0, str(Path(__file__).parent))
from versions import Versions  # noqa: E402

THREADS = 4
UNLIMITED = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]
REFUSED = KeyError, ValueError, TypeError, tf.errors.OpError


class Prediction(prediction_service_pb2_grpc.PredictionServiceServicer):
    """gRPC."""

    def __init__(self, name, versions):
        self.name, self.versions = name, versions

    def Predict(self, request, context):
        version, spec = self.versions.current, request.model_spec
        if spec.name != self.name or version is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no model {spec.name!r}")
        try:
            inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
            outputs = version.run(spec.signature_name, inputs)
        except REFUSED as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, _message(error))
        response = predict_pb2.PredictResponse()
        response.model_spec.name = self.name
        response.model_spec.version.value = version.number
        response.model_spec.signature_name = spec.signature_name or "serving_default"
        for key, value in outputs.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(value))
        return response


class Rest(BaseHTTPRequestHandler):
    """`GET /v1/models/NAME`, and `POST /v1/models/NAME:predict` by rows."""

    name, versions = "", None
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        version = self.versions.current
        if self.path != f"/v1/models/{self.name}" or version is None:
            return self._answer(404, {"error": f"no model at {self.path}"})
        state = {"version": str(version.number), "state": "AVAILABLE"}
        self._answer(200, {"model_version_status": [state]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        version = self.versions.current
        if self.path != f"/v1/models/{self.name}:predict" or version is None:
            return self._answer(404, {"error": f"no model at {self.path}"})
        try:
            request = json.loads(body)
            name = request.get("signature_name", "serving_default")
            inputs = _columns(request["instances"], version.signatures[name].inputs)
            outputs = version.run(name, inputs)
        except REFUSED as error:
            return self._answer(400, {"error": _message(error)})
        rows = zip(*(value.tolist() for value in outputs.values()))
        self._answer(200, {"predictions": [dict(zip(outputs, row)) for row in rows]})

    def _answer(self, status, content):
        data = json.dumps(content, allow_nan=False).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Logs nothing."""


def _columns(instances, infos):
    """Rows of JSON as arrays by name; `{"b64": ...}` are bytes."""
    (first, *others) = infos
    named = [
        row if isinstance(row, dict) and "b64" not in row else {first: row}
        for row in instances
    ]
    return {
        name: np.array(
            [_value(row[name]) for row in named],
            tf.as_dtype(infos[name].dtype).as_numpy_dtype,
        )
        for name in (first, *others)
    }


def _value(value):
    if isinstance(value, dict):
        return base64.b64decode(value["b64"], validate=True)
    return value


def _message(error):
    return str(getattr(error, "message", error))[:500]


def main(folder, name, grpc_port, rest_port):
    versions = Versions(folder)
    server = grpc.server(ThreadPoolExecutor(THREADS), options=UNLIMITED)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        Prediction(name, versions), server
    )
    server.add_insecure_port(f"127.0.0.1:{grpc_port}")
    server.start()
    Rest.name, Rest.versions = name, versions
    ThreadingHTTPServer(("127.0.0.1", int(rest_port)), Rest).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
