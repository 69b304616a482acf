"""Default limits of who is found in an image: of boxes, and of poses.

They are calibrated on photographs that no network was trained on.
"""

MIN_SCORE = 0.3  # of a box of a `PersonDetector`
MIN_POSE_SCORE = 0.1  # of a detected person's pose
MAX_OKS = 0.8  # of two poses in an image: above it, they are of one person
MAX_PEOPLE = 20  # in an image: those with the highest scores
MIN_SCORES = {"keras_hub": 0.5, "torchvision": 0.5, "ultralytics": 0.25}  # of libraries
