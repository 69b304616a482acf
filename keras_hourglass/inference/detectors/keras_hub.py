"""Object detectors of KerasHub, by the name of a preset: `keras_hub:PRESET`.

https://keras.io/keras_hub/presets
"""

import numpy as np

CLASSES_OF_COCO_IDS = 91  # where a class is COCO's number of a category
ORDERS = {  # format of boxes -> columns of x, y and of the second pair
    "xyxy": (0, 1, 2, 3),
    "yxyx": (1, 0, 3, 2),
    "xywh": (0, 1, 2, 3),
    "center_xywh": (0, 1, 2, 3),
}


def load(preset: str):
    """Loads a detector with its weights.

    Args:
        preset: "retinanet_resnet50_fpn_coco", say.

    Returns:
        A predictor of boxes, as of `runtimes.boxes`.
    """
    import keras_hub

    return KerasHubPredictor(keras_hub.models.ObjectDetector.from_preset(preset))


class KerasHubPredictor:
    """An object detector of KerasHub as a predictor of people's boxes.

    Args:
        model: A `keras_hub.models.ObjectDetector` with its preprocessor.

    Attributes:
        input_size, heatmap_size: Width and height of the images, to which boxes refer.
    """

    def __init__(self, model):
        self.model = model
        height, width = model.preprocessor.image_size[:2]
        self.input_size = self.heatmap_size = (int(width), int(height))
        self.person = 1 if model.num_classes == CLASSES_OF_COCO_IDS else 0

    def predict_boxes(self, images, min_batch: int = 1):
        """Predicts people's boxes; see `BoxPredictor`. Scores of others are 0."""
        found = self.model.predict(np.asarray(images, "float32"), verbose=0)
        boxes, labels = (np.asarray(found[name]) for name in ("boxes", "labels"))
        scores = np.where(labels == self.person, np.asarray(found["confidence"]), 0)
        return to_xywh(boxes, self.model.bounding_box_format, self.input_size), scores


def to_xywh(boxes, format: str, size: tuple[int, int]) -> np.ndarray:
    """Converts boxes `(..., 4)` of KerasHub's formats to x, y, width, height.

    Args:
        boxes: In pixels of the image or, in formats "rel_...", in its sides.
        format: "xyxy", "rel_yxyx" and so on.
        size: Width and height of the image.
    """
    kind = format.removeprefix("rel_")
    first, second = np.split(boxes[..., ORDERS[kind]].astype(float), 2, axis=-1)
    if kind != format:
        first, second = first * size, second * size
    if kind in ("xyxy", "yxyx"):
        second = second - first
    elif kind == "center_xywh":
        first = first - second / 2
    return np.concatenate([first, second], axis=-1)
