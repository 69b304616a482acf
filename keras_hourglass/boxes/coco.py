"""COCO's people: a list of detections, or an annotation file.

https://cocodataset.org/#format-results
"""

PERSON = 1  # COCO's number of this category


def is_coco(listed) -> bool:
    """Whether what a JSON file says is of COCO's kind."""
    if isinstance(listed, dict):
        return "annotations" in listed
    return bool(listed) and isinstance(listed[0], dict) and "bbox" in listed[0]


def entries(listed):
    """Name or number of the picture, None for the frame, and the row, of each person.

    Raises:
        KeyError, TypeError: If something is missing.
    """
    named, detections, people = {}, listed, {PERSON}
    if isinstance(listed, dict):
        named = {image["id"]: image["file_name"] for image in listed.get("images", [])}
        detections = listed["annotations"]
        kinds = listed.get("categories", [])
        people = {kind["id"] for kind in kinds if kind["name"] == "person"} or people
    for found in detections:
        if found.get("category_id", PERSON) in people and not found.get("iscrowd"):
            score = [found["score"]] if "score" in found else []
            picture = found["image_id"]
            yield named.get(picture, picture), None, [*found["bbox"], *score]
