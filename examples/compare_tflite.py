"""Score MoveNet or BlazePose, a LiteRT file, on the same people in the same windows.

python examples/compare_tflite.py movenet_lightning.tflite crops:CROPS
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
from ai_edge_litert.interpreter import Interpreter

import keras_hourglass as kh

PARTS = "shoulder", "elbow", "wrist", "hip", "knee", "ankle"
LIMBS = [f"{side}_{part}" for part in PARTS for side in ("left", "right")]


def main(network, dataset, model="photo", min_joints=None, min_size=1.0):
    people = kh.load_dataset(dataset, split="val", min_joints=min_joints)
    people = people.to_skeleton(kh.Skeleton(LIMBS, reference="head"))
    people = people[people.weights.any(1) & (people.source_box_lengths >= min_size)]
    path, interpreter = Path(network), Interpreter(str(network), num_threads=2)
    interpreter.allocate_tensors()
    (given,), found = interpreter.get_input_details(), interpreter.get_output_details()
    blazepose, size = given["dtype"] == np.float32, int(given["shape"][1])
    points, seconds = [], []
    for images, _ in people.batches(size, batch_size=1):
        image = np.asarray(images) / (255 if blazepose else 1)
        interpreter.set_tensor(given["index"], image.astype(given["dtype"]))
        start = perf_counter()
        interpreter.invoke()
        seconds.append(perf_counter() - start)
        values = interpreter.get_tensor(found[0]["index"]).ravel()
        if blazepose:  # x, y in pixels and three more of each of 39 points
            values = values.reshape(39, 5)[[*range(11, 17), *range(23, 29)], :2] / size
        else:  # y, x and score of COCO's joints
            values = values.reshape(17, 3)[5:, 1::-1]
        points.append(values - 0.5)
    joints = people.centers[:, None] + np.stack(points) * people.sides[:, None, None]
    theirs = kh.evaluate_joints(joints, people, name=path.stem)
    results = theirs, kh.evaluate(model, people)
    print(*results, sep="\n")
    for rows in zip(*(sum(result.groups.values(), []) for result in results)):
        percents = (f"{row['percent']:8.1f}" for row in rows)
        print(f"{rows[0]['name']:22}{rows[0]['people']:6}", *percents)
    print(f"{1000 * np.median(seconds):.1f} ms, {path.stat().st_size:,} bytes")
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", metavar="FILE.tflite")
    parser.add_argument("dataset")
    parser.add_argument("--model", default="photo")
    parser.add_argument("--min-joints", type=int, help="of a person of COCO")
    parser.add_argument("--min-size", type=float, default=1.0, help="of a box, pixels")
    main(**vars(parser.parse_args()))
