"""Poses: keypoints by name, comparison, drawing, tables."""

import json
import pickle
import sys
from dataclasses import replace

import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.inference.pose import Keypoint
from keras_hourglass.skeletons import MPII
from keras_hourglass.visualization.skeletons import draw_skeleton


def pose(shift=0.0, skeleton=MPII):
    count = len(skeleton.joints)
    joints = np.stack([10 + 3 * np.arange(count), np.full(count, 20)], 1) + shift
    scores = np.linspace(0.25, 0.75, count, dtype="float32")
    return kh.Pose(joints.astype(float), scores, np.array([1.0, 2, 60, 40]), skeleton)


def test_a_keypoint_is_found_by_its_name():
    index = MPII.joints.index("left_wrist")
    x, y, score = pose()["left_wrist"]
    assert (x, y, score) == (10 + 3 * index, 20, 0.75)
    assert isinstance(pose()["pelvis"], Keypoint)
    assert isinstance(pose()["pelvis"].x, float)


def test_an_unknown_joint_is_a_key_error_with_a_guess():
    with pytest.raises(KeyError, match="Did you mean 'left_wrist'.*name='left_wirst'"):
        pose()["left_wirst"]
    with pytest.raises(KeyError, match="Received: name=3"):
        pose()[3]
    assert "left_wrist" in pose() and "nose" not in pose()
    assert pose()["Wrist-L"] == pose()["left_wrist"] and "LeftWrist" in pose()


def test_a_pose_is_a_mapping_from_names():
    assert [*pose()] == [*MPII.joints] == [*pose().names] and len(pose()) == 16


def test_the_score_is_the_mean_over_all_joints():
    assert pose().score == pytest.approx(0.5) and isinstance(pose().score, float)


def test_poses_are_equal_if_their_arrays_and_skeletons_are():
    assert pose() == pose() and not pose() != pose()
    assert pose() != pose(shift=1) and pose() != "pose"
    assert pose() != replace(pose(), box=np.zeros(4))
    shorter = kh.Skeleton(("nose", "tail"))
    assert pose() != pose(skeleton=shorter) and pose() in [pose(1), pose()]
    lost = replace(pose(), joints=np.full((16, 2), np.nan))
    assert lost == replace(lost)


def test_joints_of_low_scores_are_uncertain():
    low = MPII.joints[:5]  # scores grow from 0.25 by 1/30
    assert pose().uncertain == low and pose().to_dict()["uncertain"] == [*low]
    assert pose().certain.tolist() == [name not in low for name in MPII.joints]
    strict = replace(pose(), min_joint_score=0.75)
    assert strict.uncertain == MPII.joints[:-1] and strict != pose()
    unknown = replace(pose(), scores=np.full(16, np.nan))
    assert unknown.uncertain == MPII.joints
    frame = pytest.importorskip("pandas") and kh.to_dataframe(pose())
    assert frame["uncertain"].tolist() == [", ".join(low)]


def test_peaks_are_the_scores_where_no_others_are_given():
    np.testing.assert_array_equal(pose().peaks, pose().scores)
    calibrated = replace(pose(), scores=pose().scores + 0.2, peaks=pose().scores)
    assert calibrated.mean_peak == pytest.approx(0.5) != calibrated.score
    assert calibrated.score == pytest.approx(0.7)


def test_poses_are_pickled_but_not_hashed():
    assert pickle.loads(pickle.dumps(pose())) == pose()
    with pytest.raises(TypeError, match="unhashable"):
        hash(pose())


def test_a_pose_is_converted_to_json_and_back():
    content = json.loads(json.dumps(pose().to_dict()))
    assert content["score"] == pytest.approx(0.5) and content["box"] == [1, 2, 60, 40]
    assert content["joints"]["right_ankle"] == [10, 20]
    assert content["scores"]["left_wrist"] == 0.75
    assert [*content["joints"]] == [*content["scores"]] == [*MPII.joints]
    joints = np.array([*content["joints"].values()])
    scores = np.array([*content["scores"].values()], "float32")
    assert kh.Pose(joints, scores, np.array(content["box"]), MPII) == pose()


def test_it_is_drawn_on_a_copy_of_an_image():
    image = np.full((60, 80), 90, "uint8")  # gray
    drawn = pose().plot(image)
    rgb = np.repeat(image[..., None], 3, -1)
    expected = draw_skeleton(rgb, pose().joints, MPII, pose().scores)
    np.testing.assert_array_equal(drawn, expected)
    assert drawn.dtype == np.uint8 and (drawn != rgb).any() and (image == 90).all()


def test_it_shows_itself():
    assert repr(pose()) == (
        "<Pose of 16 joints, score=0.500, box: x=1.0, y=2.0, width=60.0, height=40.0>"
    )
    html = pose()._repr_html_()
    assert html.startswith("<table>") and html.count("<tr>") == 1 + 16
    assert "<td>left_wrist</td><td>55.0</td><td>20.0</td><td>0.750</td>" in html
    odd = kh.Skeleton(("<b>", "tail"))
    assert "<td>&lt;b&gt;</td>" in pose(skeleton=odd)._repr_html_()


def test_a_dataframe_has_a_row_for_each_person():
    pandas = pytest.importorskip("pandas")
    frame = kh.to_dataframe([[pose()], [], [pose(1), pose(2)]])
    assert isinstance(frame, pandas.DataFrame)
    assert frame["image"].tolist() == [0, 2, 2]
    assert frame["left_wrist_x"].tolist() == [55, 56, 57]
    assert frame.loc[2, ["x", "y", "width", "height"]].tolist() == [1, 2, 60, 40]
    assert frame["pelvis_score"][0] == pytest.approx(pose()["pelvis"].score)
    assert frame.columns.tolist() == [
        *("image", "x", "y", "width", "height"),
        *(f"{name}_{end}" for name in MPII.joints for end in ("x", "y", "score")),
        "uncertain",
    ]


def test_a_dataframe_is_made_of_one_image_one_pose_or_none():
    pytest.importorskip("pandas")
    assert kh.to_dataframe([pose(), pose()])["image"].tolist() == [0, 0]
    assert kh.to_dataframe(pose()).equals(kh.to_dataframe([pose()]))
    for none in ([], [[]]):
        frame = kh.to_dataframe(none)
        assert not len(frame) and "image" in frame.columns


def test_without_pandas_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install '.\[pandas\]'"):
        kh.to_dataframe([pose()])
