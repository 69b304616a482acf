"""Request the keypoints of the person in an image from TensorFlow Serving.

python examples/serving_client.py photo.jpg http://localhost:8501/v1/models/people
python examples/serving_client.py photo.jpg localhost:8500/people
"""

import json
import sys
from base64 import b64encode
from urllib.request import Request, urlopen

import cv2


def read_upright(path) -> bytes:
    """Reads an image's file; rotated if its EXIF orientation, which the server ignores,
    says so."""
    with open(path, "rb") as file:
        data = file.read()
    upright = cv2.imread(str(path), cv2.IMREAD_COLOR)
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    same = upright.shape == stored.shape and (upright == stored).all()
    return data if same else cv2.imencode(".png", upright)[1].tobytes()


def over_rest(data, url):
    body = json.dumps({"instances": [{"b64": b64encode(data).decode()}]}).encode()
    with urlopen(Request(f"{url}:predict", body)) as response:
        (answer,) = json.load(response)["predictions"]
    return answer["keypoints"], answer["scores"]


def over_grpc(data, server):
    import grpc  # pip install grpcio tensorflow-serving-api
    from tensorflow import make_ndarray, make_tensor_proto
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    address, name = server.split("/")
    request = predict_pb2.PredictRequest(model_spec={"name": name})
    request.inputs["image_bytes"].CopyFrom(make_tensor_proto([data]))
    with grpc.insecure_channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        outputs = stub.Predict(request, timeout=60).outputs
    return [make_ndarray(outputs[name])[0].tolist() for name in ("keypoints", "scores")]


def main(path, server):
    request = over_rest if server.startswith("http") else over_grpc
    keypoints, scores = request(read_upright(path), server)
    for (x, y), score in zip(keypoints, scores):
        print(f"{x:8.1f} {y:8.1f} {score:6.2f}")
    return keypoints


if __name__ == "__main__":
    main(*sys.argv[1:])
