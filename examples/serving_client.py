"""Request the poses of everyone in an image from TensorFlow Serving.

python examples/serving_client.py photo.jpg http://localhost:8501/v1/models/people
python examples/serving_client.py photo.jpg localhost:8500/people
"""

import json
import sys
from base64 import b64encode
from urllib.request import Request, urlopen

import cv2

SIGNATURE = "serve_people"


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
    instances = [{"b64": b64encode(data).decode()}]
    body = json.dumps({"signature_name": SIGNATURE, "instances": instances}).encode()
    with urlopen(Request(f"{url}:predict", body)) as response:
        (answer,) = json.load(response)["predictions"]
    return answer


def over_grpc(data, server):
    import grpc  # pip install grpcio tensorflow-serving-api
    from tensorflow import make_ndarray, make_tensor_proto
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    address, name = server.split("/")
    spec = {"name": name, "signature_name": SIGNATURE}
    request = predict_pb2.PredictRequest(model_spec=spec)
    request.inputs["image_bytes"].CopyFrom(make_tensor_proto([data]))
    with grpc.insecure_channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        outputs = stub.Predict(request, timeout=60).outputs
    return {name: make_ndarray(value)[0].tolist() for name, value in outputs.items()}


def main(path, server):
    request = over_rest if server.startswith("http") else over_grpc
    answer = request(read_upright(path), server)
    count = answer["count"]  # what follows are rows of zeros
    for number in range(count):
        x, y, width, height = answer["boxes"][number]
        print(f"person {number + 1} at {x:.1f}, {y:.1f}, {width:.1f} x {height:.1f}")
        for (x, y), score in zip(answer["keypoints"][number], answer["scores"][number]):
            print(f"{x:8.1f} {y:8.1f} {score:6.2f}")
    return answer["keypoints"][:count]


if __name__ == "__main__":
    main(*sys.argv[1:])
