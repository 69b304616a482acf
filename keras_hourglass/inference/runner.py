"""Prediction on images, videos and cameras: all that `hourglass-keras predict` does."""

import logging
import signal
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby
from os import PathLike
from typing import NamedTuple

from keras_hourglass.inference.detectors.detector import DetectorError
from keras_hourglass.inference.estimator import PoseEstimator
from keras_hourglass.inference.output.coco import require_numbers
from keras_hourglass.inference.output.image_list import ImageList
from keras_hourglass.inference.output.plan import (
    SHEET_CELL,
    SHEET_COLUMNS,
    OutputPlan,
)
from keras_hourglass.inference.output.summary import PredictionSummary
from keras_hourglass.inference.output.writers import (
    COCO_FORMATS,
    DrawingWriter,
    draw_poses,
    open_writer,
)
from keras_hourglass.inference.pose import Pose
from keras_hourglass.inference.runtimes.selection import AUTO
from keras_hourglass.inference.sources import Failures, as_list, find_sources
from keras_hourglass.inference.sources.frames import InputFrame, read_frames
from keras_hourglass.inference.tracking.follower import DETECT_EVERY
from keras_hourglass.inference.tracking.tracker import PoseTracker
from keras_hourglass.inference.video import Frame
from keras_hourglass.models import presets
from keras_hourglass.utils import GracefulInterrupt, Interrupted
from keras_hourglass.visualization.grids import image_grid, letterbox
from keras_hourglass.visualization.images import save_image

logger = logging.getLogger(__name__)


class FrameResult(NamedTuple):
    """The poses in an image or a frame.

    Attributes:
        frame: The image or frame.
        poses: A `Pose` for each person.
    """

    frame: InputFrame
    poses: list[Pose]


def estimate_frames(
    estimator: PoseEstimator,
    frames,
    find_boxes=None,
    smooth: bool = False,
    failures: Failures | None = None,
    track: bool | None = None,
    detect_every: int = DETECT_EVERY,
):
    """Predicts poses frame by frame, in constant memory.

    Args:
        estimator: Predicts the poses.
        frames: An iterable of `InputFrame`; those of one source follow each other.
        find_boxes: Gives the boxes of a frame, `(people, 5)`, with scores; by default,
            the estimator finds them. Poses below a `min_pose_score` that the estimator
            was given are left out.
        smooth: Smooths the joints in videos; see `PoseTracker`.
        failures: Collects images and videos on which a detector fails. These and their
            further frames are left out.
        track: Numbers the people in videos; by default, where there is a detector.
        detect_every: See `PoseEstimator.track`.

    Yields:
        A `FrameResult` for each frame.

    Raises:
        ValueError: If the detector fails on the frame of a camera.
    """
    detects = find_boxes is None and estimator.detector is not None
    track = detects if track is None else track
    # One person alone is followed, too: their last window is the best guess.
    follows = find_boxes is None and (track or not detects or detect_every != 1)
    run = _Estimation(
        *(estimator, find_boxes, failures or Failures()),
        **{"track": track, "detect_every": detect_every, "smooth": smooth},
    )
    for video, group in groupby(
        frames, lambda frame: frame.source if follows and frame.index is not None else 0
    ):
        for frame, poses in run.follow(group) if video else run.estimate(group):
            poses = poses if track else [replace(pose, id=None) for pose in poses]
            yield FrameResult(frame, poses)


class _Estimation(NamedTuple):
    """Predicts poses; see `estimate_frames` for the attributes."""

    estimator: PoseEstimator
    find_boxes: object
    failures: Failures
    track: bool
    detect_every: int
    smooth: bool

    def follow(self, frames):
        """Yields frames and poses of one video, one after another."""
        pending = deque()

        def images():
            for frame in frames:
                pending.append(frame)
                yield Frame(frame.pixels, frame.seconds, frame.index)

        try:
            for poses in self.estimator.track(
                images(), detect_every=self.detect_every, smooth=self.smooth
            ):
                yield pending.popleft(), poses
        except DetectorError as error:
            self._fail(pending.popleft(), error, set())

    def estimate(self, frames):
        """Yields frames and poses, in batches across frames and sources."""
        pending, boxes = deque(), deque()  # `itertools.tee` keeps 57 items and more
        tracker, failed = None, set()  # without those that the reader fails on

        def images():
            for frame in frames:
                if frame.source in failed:
                    continue
                pending.append(frame)
                if self.find_boxes is not None:
                    boxes.append(self.find_boxes(frame))
                yield frame.pixels

        def taken_boxes():  # the estimator takes each after its image
            while boxes:
                yield boxes.popleft()

        for poses in self.estimator.stream(
            images(),
            self.find_boxes and taken_boxes(),
            lambda _, error: self._fail(pending[0], error, failed),
        ):
            frame = pending.popleft()
            if frame.source in failed:
                continue
            if self.find_boxes is not None:
                poses = self.estimator.suppress(poses, given=True)
            if frame.index is not None and (self.track or self.smooth):
                if not frame.index or tracker is None:
                    tracker = PoseTracker(self.smooth)
                poses = tracker(poses, frame.seconds)
            yield frame, poses

    def _fail(self, frame, error, failed):
        number = "" if frame.index is None else f", frame {frame.index}"
        message = f"{frame.source.name}{number}: {error}"
        if frame.source.kind == "camera":  # which would go on without an end
            raise ValueError(message) from error
        if frame.source not in failed:
            self.failures.add(message, frame.source)
        failed.add(frame.source)


def predict_sources(
    inputs,
    model=presets.DEFAULT_PRESET,
    outputs=(),
    format: str | None = None,
    boxes=None,
    detector=AUTO,
    min_score: float | None = None,
    max_people: int | None = None,
    smooth: bool = False,
    track: bool | None = None,
    detect_every: int = DETECT_EVERY,
    batch_size: int = 8,
    on_frame=None,
    images_json=None,
    category: str | None = None,
    **options,
) -> PredictionSummary:
    """Predicts poses in images, videos or a camera, and writes them.

    Args:
        inputs: Paths of images, videos and folders, one or several, patterns such as
            `photos/**/*.jpg`, "-" for an image on the standard input, an address, or
            the number of a camera; see `find_sources`.
        model: A `StackedHourglass`, the path of one, or the name of a preset.
        outputs: Paths of keypoints, drawings, contact sheets and videos, or one; see
            `OutputPlan.from_paths`. By default, keypoints are printed and drawings
            saved.
        format: Of keypoints: "json", "csv", "coco" or "coco17"; by default that of the
            suffix.
        boxes: Boxes for every image, `(people, 4)`, or the path of a box file.
        detector: Of people in inputs without `boxes`; see `PoseEstimator`.
        min_score: Boxes of lower scores are left out, of `boxes`, too.
        max_people: People in an image, at most: those with the highest scores of boxes;
            all of `boxes`, if it is not given.
        smooth: Smooths the joints in videos.
        track: Numbers the people in videos; by default, where there is a detector.
        detect_every: See `PoseEstimator.track`.
        batch_size: People per call of the network; of a camera, always 1.
        on_frame: Called after each image or frame with its `FrameResult` and the
            `PredictionSummary` so far.
        images_json: Path of a COCO file that lists all images, with the ids and names
            that COCO's formats write.
        category: Name of the category of a COCO file of boxes.
        **options: Further arguments of `PoseEstimator`. A `min_pose_score` counts for
            people in `boxes`, too.

    Returns:
        A `PredictionSummary`; inputs that failed are logged, and in its `failures`.

    Raises:
        ValueError: If arguments do not fit together.
        Interrupted: After Ctrl-C; files that were complete are kept.

    Example:

    ```python
    import cv2
    import numpy as np
    from keras_hourglass.inference.runner import predict_sources

    cv2.imwrite("photo.png", np.full((48, 64, 3), 127, "uint8"))
    summary = predict_sources(["photo.png"], outputs=["poses.csv", "drawn.png"])
    print(summary.done, summary.failures)
    ```
    """
    failures = Failures()
    inputs = as_list(inputs)
    sources = find_sources(inputs, failures)
    live = any(source.kind == "camera" for source in sources)
    if live and len(sources) > 1:
        raise ValueError(
            "`inputs` must have nothing beside a camera. Received: "
            f"{', '.join(map(str, inputs))}"
        )
    plan = OutputPlan.from_paths(outputs, format, sources)
    images = None if images_json is None else ImageList(images_json)
    names = [source.name for source in sources if source.kind == "image"]
    if images is None and any(format == "coco17" for _, format in plan.data):
        require_numbers(names)
    if images is not None:
        if not any(format in COCO_FORMATS for _, format in plan.data):
            raise ValueError(
                "`images_json` goes with output in COCO's formats alone. "
                f"Received: images_json={str(images_json)!r}"
            )
        images.require(names)
    if category is not None and not isinstance(boxes, (str, PathLike)):
        raise ValueError(
            f"`category` goes with a file of `boxes`. Received: category={category!r}"
        )
    find_boxes = None
    if boxes is not None:
        if detector not in (None, AUTO):
            raise ValueError(
                "one of `boxes` and `detector` must be given, or none. "
                f"Received: boxes={boxes!r:.80}, detector={detector!r}"
            )
        from keras_hourglass.inference.boxes.finder import BoxFinder  # takes time

        args = min_score or 0.0, max_people, failures, category
        find_boxes = BoxFinder(boxes, *args)
        find_boxes.require(source.name for source in sources)
        detector = None
    elif detector is None and min_score:
        logger.warning("`min_score` changes nothing without `boxes` or `detector`")
    if smooth and all(source.kind == "image" for source in sources):
        logger.warning("`smooth` applies to videos only")
    if track and all(source.kind == "image" for source in sources):
        logger.warning("`track` applies to videos only")
    summary = PredictionSummary(len(sources), failures)
    if sources:
        plan.make_folders()
        # Batches would delay what a camera shows.
        batch_size = 1 if live else batch_size
        options |= {"detector": detector, "min_score": min_score}
        options |= {"max_people": max_people}
        estimator = PoseEstimator(model, batch_size=batch_size, **options)
        run = _Run(sources, plan, estimator.skeleton, summary, on_frame, images)
        try:
            signals = (signal.SIGINT,) if live else ()
            with GracefulInterrupt(signals, message=b"") as interrupt:
                frames = read_frames(sources, failures, lambda: interrupt.requested)
                args = estimator, frames, find_boxes, smooth, failures
                run.write(estimate_frames(*args, track, detect_every))
        except KeyboardInterrupt:
            raise Interrupted(summary.describe_interrupt()) from None
    if find_boxes is not None:
        find_boxes.report_unmatched()
    return summary


class _Run:
    """Writes the results of all sources as planned."""

    def __init__(self, sources, plan, skeleton, summary, on_frame, images):
        self.plan, self.skeleton, self.summary = plan, skeleton, summary
        self.images = images
        self.has_frames = any(source.kind != "image" for source in sources)
        self.on_frame, self.writers, self.cells = on_frame, [], []

    def write(self, results):
        """Writes `FrameResult`s; those of one source follow each other."""
        self.summary.start_source()  # without the time that loading the network took
        with ExitStack() as stack:
            self.writers = [
                stack.enter_context(
                    open_writer(
                        *(path, format, self.skeleton, self.has_frames, self.images)
                    )
                )
                for path, format in self.plan.data
            ]
            for source, group in groupby(results, key=lambda each: each.frame.source):
                self._write_source(source, group)
        # Last: an error of a sheet leaves the files of keypoints, which are closed.
        if self.cells:
            sheet = image_grid(self.cells, SHEET_COLUMNS, SHEET_CELL)
            for path in self.plan.sheets:
                save_image(path, sheet)

    def _write_source(self, source, results):
        paths = self.plan.drawings_of(source)
        with ExitStack() as stack:
            drawings = [stack.enter_context(DrawingWriter(path)) for path in paths]
            for result in results:
                self._write_frame(result, drawings, paths[0] if paths else None)
        self.summary.end_source(source)

    def _write_frame(self, result, drawings, path):
        if drawings or self.plan.sheets:
            pixels = draw_poses(result)
        for drawing in drawings:
            drawing.write(pixels, result.frame)
        if self.plan.sheets:
            self.cells.append(letterbox(pixels, SHEET_CELL))
        for writer in self.writers:
            writer.write(result, path)
        self.summary.add_frame(result.frame)
        if self.on_frame is not None:
            self.on_frame(result, self.summary)
