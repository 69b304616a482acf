"""Tracking: each person keeps their number."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from keras_hourglass import Pose, PoseTracker, Skeleton
from keras_hourglass.data.datasets.synthetic.walking import WalkingScene
from keras_hourglass.inference.tracking.switches import SwitchCounter
from keras_hourglass.inference.views import box_of_joints, refine_window, whole_window
from keras_hourglass.skeletons import MPII
from keras_hourglass_cli import main as cli

FPS = 25
CORNERS = Skeleton(("nose", "left_hip", "right_hip", "left_ankle"))


def person(x, y, size=100.0, noise=0.0, random=None):
    """Four joints, in a box of `size`."""
    joints = np.array([[0, 0], [0.5, 0.2], [0.4, 0.7], [1, 1]]) * size + (x, y)
    joints = joints + (random.normal(0, noise * size, (4, 2)) if noise else 0)
    return Pose(joints, np.full(4, 0.8), np.array([x, y, size, size]), CORNERS)


def numbers(tracker, poses, seconds):
    return [pose.id for pose in tracker(poses, seconds)]


def test_people_keep_their_numbers_in_any_order():
    tracker = PoseTracker()
    assert numbers(tracker, [person(0, 0), person(300, 0)], 0) == [1, 2]
    assert numbers(tracker, [person(304, 0), person(4, 0)], 1 / FPS) == [2, 1]
    moved = [person(308, 0), person(600, 0), person(8, 0)]
    assert numbers(tracker, moved, 2 / FPS) == [2, 3, 1]
    assert numbers(tracker, [], 3 / FPS) == []


@pytest.mark.parametrize("gap, number", [(0.9, 1), (1.1, 2)])
def test_a_person_who_comes_back_within_a_second_keeps_the_number(gap, number):
    tracker = PoseTracker()
    assert numbers(tracker, [person(0, 0)], 0) == [1]
    assert numbers(tracker, [], gap / 2) == []
    assert numbers(tracker, [person(5, 0)], gap) == [number]


def test_a_second_is_a_second_wherever_in_a_video():
    """Times of frames are rounded, and so are their differences."""
    for start in range(100):
        tracker, counter = PoseTracker(), SwitchCounter()
        box = {"ours": person(0, 0).box}
        for number, frame in enumerate([start, start + 30]):
            (pose,) = tracker([person(0, 0)], frame / 30)
            assert pose.id == 1
            counter.add(box, [replace(pose, id=number)], frame / 30)
        assert counter.switches == 1


def test_two_who_pass_each_other_are_told_apart_by_their_motion():
    """Both look alike; the second is hidden for a fifth of a second."""
    tracker, found = PoseTracker(), []
    for frame in range(2 * FPS):
        shift = 200 * frame / FPS
        people = [person(shift, 0), person(400 - shift, 0)]
        hidden = abs(people[0].box[0] - people[1].box[0]) < 40
        found.append(numbers(tracker, people[: 1 if hidden else 2], frame / FPS))
    assert found.count([1]) == 5 and {*map(tuple, found)} == {(1, 2), (1,)}


def test_joints_of_low_scores_do_not_decide():
    tracker = PoseTracker()
    tracker([person(0, 0)], 0)
    wrong = person(2, 0)
    wrong.joints[3], wrong.scores[3] = (900, 900), 0.01
    lost = person(4, 0)
    lost.joints[3], lost.scores[3] = np.nan, np.nan
    for frame, pose in enumerate([wrong, lost, person(6, 0)], 1):
        assert numbers(tracker, [pose], frame / FPS) == [1]


def test_without_smoothing_poses_are_as_they_were_but_for_the_number():
    tracker, random = PoseTracker(), np.random.default_rng(0)
    for frame in range(3):
        pose = person(0, 0, noise=0.01, random=random)
        (tracked,) = tracker([pose], frame / FPS)
        np.testing.assert_array_equal(tracked.joints, pose.joints)


def test_times_must_rise():
    tracker = PoseTracker()
    tracker([person(0, 0)], 1.0)
    with pytest.raises(ValueError, match="`seconds` must be above 0"):
        tracker([person(0, 0)], 1.0)
    with pytest.raises(ValueError, match="`max_missed_seconds` must be 0 or more"):
        PoseTracker(max_missed_seconds=-1)


@pytest.mark.parametrize("fps, size", [(25, 100), (60, 100), (25, 900)])
def test_still_joints_are_steadier_and_fast_ones_hardly_lag(fps, size):
    """As a share of the person, who stands for 4 s, then walks by twice their size."""
    random, tracker, found, meant = np.random.default_rng(0), PoseTracker(True), [], []
    for frame in range(6 * fps):
        time = frame / fps
        walked = max(0, time - 4) * size
        meant.append(person(200 + walked, 300, size).joints)
        noisy = person(200 + walked, 300, size, 0.01, random)
        found += [pose.joints for pose in tracker([noisy], time)]
    off = (np.array(found) - meant) / size
    assert off[fps : 4 * fps].std() < 0.6 * 0.01
    assert 0 < -off[5 * fps :, :, 0].mean() < 0.03


def test_a_person_is_not_smoothed_towards_another_or_one_long_gone():
    tracker = PoseTracker(smooth=True)
    tracker([person(0, 0)], 0)
    (jumped,) = tracker([person(400, 0)], 1 / FPS)
    np.testing.assert_allclose(jumped.joints, person(400, 0).joints)
    (again,) = tracker([person(410, 0)], 2.0)
    np.testing.assert_allclose(again.joints, person(410, 0).joints)


def test_the_box_of_joints_has_the_window_around_them():
    """So a box that follows a person gives the network what a further pass gives."""
    joints, scores = np.array([[30.0, 40], [90, 60], [50, 160]]), np.ones(3)
    whole = whole_window_of(400, 300)
    window = refine_window(joints, scores, whole, (64, 64))
    box = box_of_joints(joints, scores)
    again = type(whole).from_box(box, 1.25, (64, 64))
    np.testing.assert_allclose(again.box(), window.box())
    assert box[2] < box[3]


def whole_window_of(width, height):
    from keras_hourglass.data.images.decoding import ImageRegion
    from keras_hourglass.geometry import Window

    place = Window.from_rectangle(np.array([0.0, 0, width, height]))
    return whole_window(
        ImageRegion(np.zeros((height, width, 3), "uint8"), place), (64, 64)
    )


def test_a_walking_scene_knows_who_is_seen():
    scene = WalkingScene(people=3, size=(320, 180))
    pixels, walkers = scene.frame(0.4)
    assert pixels.shape == (180, 320, 3) and [w.number for w in walkers] == [0, 1, 2]
    np.testing.assert_array_equal(scene.frame(0.4)[0], pixels)
    for walker in walkers:
        assert 0 <= walker.visible <= 1 and walker.joints.shape == (16, 2)
    assert walkers[-1].visible > 0.9  # the nearest one, within the image


def test_of_people_who_walk_past_and_behind_each_other_few_change_numbers():
    """Two scenes of four people, 12 s each, seen with noise, and missed at random.

    People of whom less than a third is seen are not found. Those who are away for half
    a second may be new ones.
    """
    switches = seen = 0
    for seed in (1, 2):
        scene, tracker, last = WalkingScene(seed), PoseTracker(), {}
        random = np.random.default_rng(seed)
        for frame in range(12 * 12):
            seconds = frame / 12
            walkers = [w for w in scene.frame(seconds)[1] if w.visible > 0.33]
            walkers = [w for w in walkers if random.random() > 0.05]
            poses = [
                Pose(w.joints + random.normal(0, 2, (16, 2)), np.ones(16), w.box, MPII)
                for w in walkers
            ]
            for walker, pose in zip(walkers, tracker(poses, seconds)):
                number, time = last.get(walker.number, (pose.id, seconds))
                switches += number != pose.id and seconds - time < 0.5
                last[walker.number], seen = (pose.id, seconds), seen + 1
    assert seen > 800 and switches <= 1


def test_a_number_that_changes_within_a_second_is_a_switch():
    counter, box = SwitchCounter(), np.array([0.0, 0, 100, 100])
    other = np.array([300.0, 0, 100, 100])
    pose, number = person(0, 0), iter([7, 7, 8, 9])
    for seconds in (0.0, 0.5, 1.0, 2.5):  # the last one is new: over a second later
        tracked = replace(pose, id=next(number))
        counter.add({"ours": box, "unseen": other}, [tracked], seconds)
    counter.add({}, [pose], 3.0)
    assert (counter.people, counter.found, counter.switches) == (8, 4, 1)


def test_the_command_counts_switches_with_the_packaged_networks():
    call = ["benchmark", "tracking", "--scenes", "1", "--seconds", "0.2", "--json"]
    result = CliRunner().invoke(cli.main, call, catch_exceptions=False)
    (row,) = json.loads(result.stdout)
    assert row["frames"] == 2 and row["people"] >= row["found"] >= row["switches"] == 0
