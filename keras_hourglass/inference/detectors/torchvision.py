"""Detectors of torchvision, by name: `torchvision:fasterrcnn_resnet50_fpn_v2`.

https://docs.pytorch.org/vision/stable/models.html
"""

import numpy as np

PERSON_LABEL = 1  # of COCO, where weights say nothing of categories


def load(name: str):
    """Loads a detector with its default weights.

    Args:
        name: Of a model of object detection or of person keypoints.

    Returns:
        A function from an image to boxes `(people, 5)` with scores.
    """
    from torchvision.models import get_model, get_model_weights

    weights = get_model_weights(name).DEFAULT
    categories = list(weights.meta.get("categories", ()))
    label = categories.index("person") if "person" in categories else PERSON_LABEL
    return TorchvisionFunction(get_model(name, weights=weights), label)


class TorchvisionFunction:
    """A detector of torchvision as a function from an image to boxes of people.

    It runs on the GPU, if PyTorch has one.

    Args:
        model: It takes a list of images, `(3, height, width)`, 0 to 1.
        label: Of people.
    """

    def __init__(self, model, label: int = PERSON_LABEL):
        import torch

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model, self.label = model.eval().to(self.device), label

    def __call__(self, image) -> np.ndarray:
        import torch

        pixels = torch.from_numpy(np.ascontiguousarray(image)).to(self.device)
        with torch.inference_mode():
            (found,) = self.model([pixels.permute(2, 0, 1).float() / 255])
        people = found["labels"] == self.label
        boxes = found["boxes"][people].cpu().numpy().astype(float)
        scores = found["scores"][people].cpu().numpy()
        boxes[:, 2:] -= boxes[:, :2]
        return np.column_stack([boxes, scores])[(boxes[:, 2:] > 0).all(-1)]
