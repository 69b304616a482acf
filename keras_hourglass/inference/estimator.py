"""Pose estimation on images."""

from collections import deque
from collections.abc import Iterator
from functools import partial

import numpy as np

from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.calibration import calibrate
from keras_hourglass.inference.batching import prefetch, run_batched
from keras_hourglass.inference.boxes import zip_boxes
from keras_hourglass.inference.detectors import DEFAULT_DETECTOR, load_detector
from keras_hourglass.inference.detectors.detector import DetectorError
from keras_hourglass.inference.pose import FramePoses, Pose
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.keypoint_options import (
    KeypointOptions,
    validate_scales,
)
from keras_hourglass.inference.runtimes.selection import AUTO, load_network
from keras_hourglass.inference.sources.images import is_single, iterate, to_region
from keras_hourglass.inference.suppression import (
    default_min_joint_score,
    default_min_pose_score,
    suppress_poses,
)
from keras_hourglass.inference.tracking.follower import DETECT_EVERY, PeopleFollower
from keras_hourglass.inference.video import Frame
from keras_hourglass.inference.video.reader import DEFAULT_FPS
from keras_hourglass.inference.views import WINDOW_RULES, ViewBuilder
from keras_hourglass.models import presets
from keras_hourglass.models.config import validate_positive_integers
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.utils.cores import core_count
from keras_hourglass.visualization.skeletons import MIN_JOINT_SCORE

PACKAGED = presets.PRESETS_OF["detect"]  # detectors, that run in these:
PRESET_RUNTIMES = ("keras", "litert")


class PoseEstimator:
    """Predicts the keypoints of everyone in images.

    A detector finds the people, then the network looks at each of them. Without a
    detector, one person is searched for.

    Args:
        model: A `StackedHourglass`, the path of one, or the name of a preset with
            weights; or what `export` wrote: a `.tflite`, `.onnx` or `.xml` file, or the
            folder of a SavedModel.
        flip: Averages with the mirrored image (flip test): about twice the time, a
            little more accurate.
        scales: Factors of the windows' edges; the heatmaps of all are averaged.
        passes: Passes over each detected person, by default 1, or over an image
            without a detector, by default 2: there, the first is over the whole image.
            Each further one is around the keypoints of the one before. Given boxes are
            passed over once.
        decoder: Method that reads keypoints from heatmaps, a key of
            `heatmaps.DECODERS`.
        batch_size: People per call of the network. On a GPU, more are faster.
        runtime: The program that runs the network: "keras", "litert", "onnx",
            "openvino" or "savedmodel". "auto" is that of an exported file; LiteRT for a
            preset with weights, where it is installed and there is no NVIDIA GPU; else
            Keras, which runs the inference form of the network (see `fuse`). "keras"
            and "litert" also run a packaged detector.
        detector: What `load_detector` takes: its name, "people" say, a path, a
            `PersonDetector` or a function; None searches for one person in each image.
            "auto" is "people" for networks of a person's joints, else None.
        max_people: People in an image, at most: those with the highest scores of boxes;
            see `load_detector`.
        min_score: Boxes of lower scores are left out; see `load_detector`.
        min_pose_score: Poses of lower scores are left out, of people who were not given
            by boxes. By default, a threshold of detected people.
        min_joint_score: Joints of lower scores are `Pose.uncertain`, and not drawn. By
            default 0.4, and 0.5 for calibrated scores.

    Attributes:
        runtime: The name of the runtime.
        model: The network: with Keras, a `StackedHourglass` in its inference form; else
            what its file says of it, with the same attributes.
        detector: The `Detector`, or None.

    An estimator can be pickled, for other processes, and copied: with Keras, the
    network goes along, and is compiled anew; an exported file is read anew.

    Raises:
        ValueError: If an argument is out of range, `model` has no weights, a file is
            damaged, or the runtime does not run it.
        FileNotFoundError: If there is no such file.
        ModuleNotFoundError: If the runtime is not installed.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    image = np.full((480, 640, 3), 127, "uint8")  # or "photo.jpg"
    estimator = kh.PoseEstimator("photo", flip=True)
    for pose in estimator(image):
        x, y, score = pose["left_wrist"]
        image = pose.plot(image)
    (pose,) = kh.PoseEstimator(detector=None)(image)
    ```
    """

    def __init__(
        self,
        model=presets.DEFAULT_PRESET,
        flip: bool = False,
        scales: tuple[float, ...] = (1.0,),
        passes: int | None = None,
        decoder: str = DEFAULT_DECODER,
        batch_size: int = 8,
        runtime: str = AUTO,
        detector=AUTO,
        max_people: int | None = None,
        min_score: float | None = None,
        min_pose_score: float | None = None,
        min_joint_score: float | None = None,
    ):
        KeypointOptions(flip, decoder, batch_size)  # validates them
        if passes is not None:
            validate_positive_integers(passes=passes)
        limits = {"min_pose_score": min_pose_score, "min_joint_score": min_joint_score}
        for name, limit in limits.items():
            if limit is not None and np.isnan(limit):
                raise ValueError(f"`{name}` must be a number. Received: {name}={limit}")
        self.runtime, network = load_network(model, runtime)
        self.model = RUNTIMES[self.runtime].for_inference(network)
        if isinstance(detector, str) and detector == AUTO:
            detector = DEFAULT_DETECTOR if self.skeleton.is_person else None
        self.detector = None
        if detector is not None:
            packaged = isinstance(detector, str) and detector in PACKAGED
            own = runtime if packaged and runtime in PRESET_RUNTIMES else AUTO
            self.detector = load_detector(detector, min_score, max_people, own)
        self.flip, self.scales = flip, validate_scales(scales)
        self.passes = passes or (2 if detector is None else 1)
        if min_joint_score is None:
            min_joint_score = default_min_joint_score(self.model)
        self.min_pose_score, self.min_joint_score = min_pose_score, min_joint_score
        self.batch_size, self.decoder = batch_size, decoder
        self._predictor = self._make_predictor()

    def __getstate__(self):
        return {name: v for name, v in vars(self).items() if name != "_predictor"}

    def __setstate__(self, state):
        old = {"runtime": "keras", "detector": None, "min_pose_score": None}
        old |= {"min_joint_score": MIN_JOINT_SCORE}  # of versions without them
        vars(self).update(old | state)
        self._predictor = self._make_predictor()

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton of the keypoints."""
        return self.model.skeleton

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the network's input, in pixels."""
        return self.model.input_size

    def __call__(
        self, images, boxes=None, exif: bool = True, passes: int | None = None
    ) -> list[list[Pose]] | list[Pose]:
        """Predicts poses in one image or in several.

        Args:
            images: One image or an iterable of them: a list, an array `(images,
                height, width, 3)`, a generator. An image is a path; the contents of a
                file, as bytes; a PIL image; or a uint8 or uint16 array `(height,
                width, 3)`, RGB, with a fourth channel, which is ignored, or gray, with
                one channel or none.
            boxes: For each image `(people, 4)`, or `(4,)` for one person: x and y of
                the first pixel, width and height, in pixels; or a function that
                detects such boxes in an image's pixels `(height, width, 3)`. A fifth
                column may hold their scores. By default, the detector finds them.
            exif: Whether PIL images are turned as their EXIF orientation says, as
                files always are.
            passes: Passes over each person; by default those of the estimator, and 1
                with `boxes`.

        Returns:
            For one image a list with a `Pose` for each person, none where the detector
            finds none; for several images a list of such lists.

        Raises:
            OSError: If there is no such file.
            ImageDecodeError: If a file is not an image, is damaged or too large.
            DetectorError: If a detector other than a network fails on an image.
            ValueError: If images or boxes are not valid, or their numbers differ.

        Example:

        ```python
        import numpy as np
        import keras_hourglass as kh

        image = np.full((480, 640, 3), 127, "uint8")
        left, right = kh.PoseEstimator()(image, [[0, 0, 320, 480], [320, 0, 320, 480]])
        print(kh.to_dataframe([left, right]))
        ```
        """
        if not is_single(images):
            return [*self.stream(images, boxes, exif=exif, passes=passes)]
        shared = boxes is None or callable(boxes)
        boxes = boxes if shared else [boxes]
        (poses,) = self.stream([images], boxes, exif=exif, passes=passes)
        return poses

    def stream(
        self,
        images,
        boxes=None,
        on_broken=None,
        exif: bool = True,
        passes: int | None = None,
    ) -> Iterator[list[Pose]]:
        """Predicts poses image by image, in constant memory.

        A few images are read ahead in threads, and batches reach from one image to
        the next: an image's poses are yielded when the batch of its people was full.

        Args:
            images: An iterable; see `__call__`. A `Video` is one, of frames.
            boxes: As many, or a function, called in order; see `__call__`.
            on_broken: Called with (image, error) for an image that cannot be read, or
                on which the detector fails, in place of raising the error; its list of
                poses is empty.
            exif, passes: See `__call__`.

        Yields:
            For each image, a list with a `Pose` for each person; of a `Frame`, a
            `FramePoses`, which has the frame's `time` and `index`, too.

        Example:

        ```python
        import numpy as np
        import keras_hourglass as kh

        frames = (np.full((48, 64, 3), value, "uint8") for value in range(20))
        for poses in kh.PoseEstimator(batch_size=4).stream(frames):
            print(len(poses))
        ```

        For a video, `for poses in estimator.stream(kh.Video("clip.mp4"))` also gives
        `poses.time`, in seconds, and `poses.index`.
        """
        # The length of a list is compared with that of the boxes before any work.
        sized = hasattr(images, "shape") or isinstance(images, (list, tuple))
        images = [*iterate(images)] if sized else iterate(images)
        detector = self.detector if boxes is None else None
        if passes is None:
            passes = self.passes if boxes is None else 1
        validate_positive_integers(passes=passes)
        builder = ViewBuilder(
            *(self.input_size, self.scales, on_broken is not None, exif),
            rules=self.window_rules,
            detector=detector,
            refines=passes > 1,
        )
        times = deque()  # of the images that were read, until their poses are known

        def numbered():
            for index, (image, rows) in enumerate(zip_boxes(images, boxes)):
                is_frame = isinstance(image, Frame)
                times.append((image.time, image.index) if is_frame else None)
                yield index, (image, rows)

        views = self._first_views(builder, numbered(), callable(boxes))
        for _ in range(passes - 1):
            views = (builder.refined(*result) for result in self._predict(views))
        for view, people in self._predict(views):
            if view.failure:
                on_broken(*view.failure)
            poses = [
                self._make_pose(*keypoints, *box)
                for keypoints, box in zip(people, view.people())
            ]
            if boxes is None:
                poses = self.suppress(poses)
            time = times.popleft()
            yield poses if time is None else FramePoses(poses, *time)

    def _make_pose(self, joints, peaks, box, box_score) -> Pose:
        scores = calibrate(peaks, self.model.calibration, NUMPY)
        known = {"peaks": peaks, "min_joint_score": self.min_joint_score}
        return Pose(joints, scores, box, self.skeleton, box_score, **known)

    def _first_views(self, builder: ViewBuilder, numbered, finds: bool):
        """Yields views of each image, which threads read and crop ahead."""
        threads = min(core_count(), self.batch_size)  # more would delay a camera
        if finds:  # by a function, which is called in one thread and in order
            found = map(builder.find, prefetch(builder.open, numbered, threads))
            return prefetch(builder.boxed, found, threads)
        if builder.detector is None:
            return prefetch(builder.initial, numbered, threads)
        # Each image is in memory until its people are cropped: batches are small.
        found = run_batched(
            prefetch(builder.read, numbered, threads),
            partial(self._detect, skip_broken=builder.skip_broken),
            threads if self.detector.takes_batches else 1,
        )
        return prefetch(builder.detected, found, threads)

    def _detect(self, inputs, min_batch, skip_broken):
        try:
            return self.detector.detect(inputs, min_batch)
        except DetectorError as error:  # of a function, which takes one image
            if not skip_broken:
                raise
            return [error]

    def track(
        self, frames, detect_every: int = DETECT_EVERY, smooth: bool = False
    ) -> Iterator[FramePoses]:
        """Predicts poses in a video, with a number for each person.

        A person who comes back within a second usually keeps the number. A person
        missed by the detector is followed for a second, from one window to the next.
        Without a detector, each frame begins at the window of the last one, which
        takes the place of the first of its `passes`.

        Args:
            frames: A `Video`, or an iterable of `Frame`; of other images, which
                `__call__` takes, 25 make a second.
            detect_every: Frames from one pass of the detector to the next; between
                them, windows follow the people, and new people wait.
            smooth: Smooths the joints of each person; see `PoseTracker`.

        Yields:
            For each frame, `FramePoses`: a list with a `Pose` for each person, whose
            number is its `id`, and `time` and `index`.

        Raises:
            DetectorError: If a detector other than a network fails on a frame.
            ValueError: If `detect_every` is less than 1.

        Example:

        ```python
        import numpy as np
        import keras_hourglass as kh

        frames = [np.full((48, 64, 3), value, "uint8") for value in (90, 127)]
        for poses in kh.PoseEstimator(detector=None).track(frames):
            print(poses.time, [pose.id for pose in poses])
        ```
        """
        follow = PeopleFollower(self, detect_every, smooth)
        for index, image in enumerate(iterate(frames)):
            time = index / DEFAULT_FPS
            if isinstance(image, Frame):
                index, time, image = image.index, image.time, image.image
            pixels = to_region(image, f"image {index}").pixels
            yield FramePoses(follow(pixels, time), time, index)

    def suppress(self, poses: list[Pose], given: bool = False) -> list[Pose]:
        """Leaves out poses of low scores; of detected people, also double ones.

        Args:
            poses: Those of an image.
            given: Treats them as poses in given boxes: the one limit is a
                `min_pose_score` that was set.
        """
        limit = self.min_pose_score
        if self.detector is not None and not given:
            default = default_min_pose_score(self.model)
            return suppress_poses(poses, default if limit is None else limit)
        return [pose for pose in poses if limit is None or pose.score >= limit]

    @property
    def window_rules(self) -> dict:
        """The rules of windows, those of the network; see `views.WINDOW_RULES`."""
        return getattr(self.model, "window_rules", WINDOW_RULES)

    def _make_predictor(self):
        """Makes the compiled part, which a pickle or a copy makes anew."""
        return RUNTIMES[self.runtime].make_predictor(
            self.model, self.flip, self.scales, self.decoder
        )

    def _predict(self, views):
        """Yields each view with (joints in image pixels, peaks) of its windows."""
        for view, people in run_batched(views, self._predict_batch, self.batch_size):
            yield (
                view,
                [
                    (window.to_image(points, self.model.heatmap_size), peaks)
                    for window, (points, peaks) in zip(view.windows, people)
                ],
            )

    def _predict_batch(self, crops, min_batch):
        return zip(*self._predictor.predict_keypoints(crops, min_batch))
