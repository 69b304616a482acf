"""Calibrate the scores of joints, and see which joints a least score would hide.

python examples/calibrate_joints.py coco:COCO --min-joints 1 --output calibrated.keras
"""

import argparse

import numpy as np

import keras_hourglass as kh

LIMITS = 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6


def main(
    dataset, split="val", min_joints=None, model="photo", output="calibrated.keras"
):
    network = kh.load_model(model)
    network.calibration = None
    people = kh.load_dataset(dataset, split=split, min_joints=min_joints)
    plain = kh.evaluate(network, people)
    fit = plain.fit_calibration()
    print(fit)
    network.calibration = fit.calibration
    network.save(output)
    calibrated = kh.evaluate(network, people)
    for title, result in [("peaks", plain), ("calibrated scores", calibrated)]:
        print(f"\n{title}, %\nleast  of correct  of wrong  of unlabeled  correct below")
        for limit in LIMITS:
            shares = hidden(result.predictions, limit)
            print(f"{limit:5}", *(f"{100 * share:11.1f}" for share in shares))
    return fit


def hidden(predictions, limit):
    """Shares of correct, wrong and unlabeled joints below a score, and of correct ones.

    Joints that no person of the dataset has are left out.
    """
    known = np.isfinite(predictions.errors).any(0)
    errors, scores = predictions.errors[:, known], predictions.scores[:, known]
    correct, wrong, below = errors <= 0.5, errors > 0.5, scores < limit
    labeled = below & (correct | wrong)
    return (
        *(below[kind].mean() for kind in (correct, wrong, np.isnan(errors))),
        (labeled & correct).sum() / max(1, labeled.sum()),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--split", default="val")
    parser.add_argument("--min-joints", type=int, help="of a person of COCO")
    parser.add_argument("--model", default="photo")
    parser.add_argument("--output", default="calibrated.keras")
    main(**vars(parser.parse_args()))
