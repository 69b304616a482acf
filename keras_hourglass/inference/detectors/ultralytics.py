"""Detectors of Ultralytics, by the file of their weights: `ultralytics:yolo11n.pt`.

Its code and its weights are under the AGPL, or a license that is bought.
https://docs.ultralytics.com/modes/predict
"""

import numpy as np

MIN_CONFIDENCE = 0.01  # of boxes before `min_score`


def load(file: str):
    """Loads a detector.

    Args:
        file: Of weights; Ultralytics downloads those that it knows by name.

    Returns:
        A function from an image to boxes `(people, 5)` with scores.
    """
    from ultralytics import YOLO

    return UltralyticsFunction(YOLO(file))


class UltralyticsFunction:
    """A detector of Ultralytics as a function from an image to boxes of people.

    Args:
        model: An `ultralytics.YOLO`.

    Raises:
        ValueError: If it has no class "person".
    """

    def __init__(self, model):
        people = [index for index, name in model.names.items() if name == "person"]
        if not people:
            raise ValueError("the network has no class 'person'")
        self.model, self.classes = model, people

    def __call__(self, image) -> np.ndarray:
        bgr = np.ascontiguousarray(image[..., ::-1])  # as it takes arrays
        options = {"classes": self.classes, "conf": MIN_CONFIDENCE, "verbose": False}
        (found,) = self.model.predict(bgr, **options)
        boxes = found.boxes.xyxy.cpu().numpy().astype(float).reshape(-1, 4)
        boxes[:, 2:] -= boxes[:, :2]
        rows = np.column_stack([boxes, found.boxes.conf.cpu().numpy()])
        return rows[(boxes[:, 2:] > 0).all(-1)]
