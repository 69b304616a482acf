"""Request the poses of everyone in an image from TensorFlow Serving.

python examples/serving_client.py photo.jpg http://localhost:8501/v1/models/people
python examples/serving_client.py photo.jpg localhost:8500/people
"""

import json
import sys
from base64 import b64encode
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np


def read_upright(path) -> bytes:
    """Reads a file, turned as its EXIF orientation says, which the server ignores."""
    data = Path(path).read_bytes()
    upright = cv2.imread(str(path), cv2.IMREAD_COLOR)
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    same = np.array_equal(upright, stored)
    return data if same else cv2.imencode(".png", upright)[1].tobytes()


def over_rest(data, url):
    instances = [{"b64": b64encode(data).decode()}]
    content = {"signature_name": "serve_people", "instances": instances}
    with urlopen(f"{url}:predict", json.dumps(content).encode()) as response:
        return json.load(response)["predictions"][0]


def over_grpc(data, server):
    import grpc  # pip install grpcio tensorflow-serving-api
    from tensorflow import make_ndarray, make_tensor_proto
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    address, name = server.split("/")
    spec = {"name": name, "signature_name": "serve_people"}
    inputs = {"image_bytes": make_tensor_proto([data])}
    request = predict_pb2.PredictRequest(model_spec=spec, inputs=inputs)
    with grpc.insecure_channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        outputs = stub.Predict(request, timeout=60).outputs
    return {name: make_ndarray(value)[0].tolist() for name, value in outputs.items()}


def main(path, server):
    request = over_rest if server.startswith("http") else over_grpc
    answer = request(read_upright(path), server)
    count = answer["count"]  # rows of zeros follow
    people = zip(answer["boxes"][:count], answer["keypoints"], answer["scores"])
    for box, *joints in people:
        print("person at", box, *np.column_stack(joints).round(2), sep="\n")
    return answer["keypoints"][:count]


if __name__ == "__main__":
    main(*sys.argv[1:])
