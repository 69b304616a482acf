"""Choose the scores from which people count, on photographs with everyone annotated.

python examples/calibrate_people.py coco:COCO --split train --count 300
"""

import argparse

import numpy as np

import keras_hourglass as kh

BOX_SCORES = 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5
POSE_SCORES = 0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5


def main(dataset, split="train", count=300, model="photo", detector="people"):
    photographs = {"split": split, "count": count}
    result = kh.evaluate_end_to_end(
        model, dataset, detector, **photographs, true_boxes=False
    )
    print(result)
    best = 0
    print("min_score  min_pose_score  found  missed  false  F1")
    for box_score in BOX_SCORES:
        for pose_score in POSE_SCORES:
            counts = result.count(box_score, pose_score)
            shown = [counts[name] for name in ("found", "missed", "false")]
            best = max(best, counts["f1"])
            print(box_score, pose_score, *shown, f"{counts['f1']:.1f}", sep="\t")
    limits = {"min_score": 0.01, "min_pose_score": 0.0}
    estimator = kh.PoseEstimator(model, detector=detector, **limits)
    for name, image in empty_images().items():
        poses = estimator(image)
        scores = max(((p.box_score, p.score) for p in poses), default=(0, 0))
        print(f"{name}: {len(poses)} people, highest scores {np.round(scores, 3)}")
    return best


def empty_images():
    """Makes images without people."""
    random, shape = np.random.default_rng(0), (480, 640, 3)
    across = np.linspace(0, 255, 640).astype("uint8")
    return {
        **{f"gray {v}": np.full(shape, v, "uint8") for v in (0, 127, 255)},
        "noise": random.integers(0, 256, shape, "uint8"),
        "gradient": np.broadcast_to(across[:, None], shape).copy(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--split", default="train")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--detector", default="people")
    main(**vars(parser.parse_args()))
