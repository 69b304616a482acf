import json

import pytest

from keras_hourglass import skeletons
from keras_hourglass.skeletons import (
    COCO,
    LSP,
    MEASURES,
    MPII,
    SKELETONS,
    Skeleton,
    canonical_name,
    get,
)


@pytest.mark.parametrize("name", SKELETONS)
def test_flipping_twice_changes_nothing(name):
    flip = skeletons.get(name).flip_indices
    assert [flip[i] for i in flip] == [*range(len(flip))]


def test_flip_indices_of_mpii_are_the_published_ones():
    assert MPII.flip_indices == (5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10)


def test_mpii_has_its_joints_in_its_order():
    listed = (
        "r_ankle r_knee r_hip l_hip l_knee l_ankle pelvis thorax upper_neck head_top "
        "r_wrist r_elbow r_shoulder l_shoulder l_elbow l_wrist"
    )
    assert Skeleton(tuple(listed.split())).joints == MPII.joints
    assert [len(skeletons.get(name).joints) for name in SKELETONS] == [16, 14, 17]


def test_the_lower_body_is_that_of_hrnet():
    upper, lower = MPII.upper_lower
    assert lower == (0, 1, 2, 3, 4, 5, 6) and upper == tuple(range(7, 16))
    assert COCO.upper_lower == (tuple(range(11)), tuple(range(11, 17)))


def test_halves_are_given_or_those_of_a_person_or_none():
    horse = ("left_shoulder", "right_shoulder", "left_hip", "right_hip", "tail base")
    assert Skeleton(horse).upper_lower == ((), ()) and not Skeleton(horse).is_person
    assert all(known.is_person for known in SKELETONS.values())
    given = Skeleton(horse, lower=("Hip L", "right_hip", "Tail Base"))
    assert given.upper_lower == ((0, 1), (2, 3, 4))
    assert given.lower == ("left_hip", "right_hip", "tail base")
    assert skeletons.get(given.get_config()) == given
    assert given.select(horse[1:3]).upper_lower == ((0,), (1,))
    assert Skeleton(("Head", "L_Knee", "kneeR")).upper_lower == ((0,), (1, 2))
    assert Skeleton(("nose", "left_ear", "right_ear")).upper_lower == ((), ())
    with pytest.raises(ValueError, match="joint that is used; \\['leg'\\]"):
        Skeleton(horse, lower=("leg",))


def test_the_torso_is_shoulders_and_hips_right_before_left():
    assert MPII.torso == ((12, 13), (2, 3))
    assert Skeleton(("left_hip", "neck", "right_hip")).torso == ((2, 0),)


def test_limb_segments_are_those_of_arms_and_legs_that_exist():
    assert len(MPII.limb_segments) == len(COCO.limb_segments) == 8
    assert (MPII.joints.index("left_elbow"), MPII.joints.index("left_wrist")) in (
        MPII.limb_segments
    )
    assert Skeleton(
        ("left_knee", "right_knee", "left_ankle", "right_ankle")
    ).limb_segments == (
        (1, 3),
        (0, 2),
    )


def test_published_means_leave_out_pelvis_and_thorax():
    assert {*range(16)} - {*MPII.scored} == {6, 7}


@pytest.mark.parametrize("name", SKELETONS)
def test_a_configuration_survives_json(name):
    restored = json.loads(json.dumps(skeletons.get(name).get_config()))
    assert skeletons.get(restored) == skeletons.get(name)


SPELLINGS = (
    "left_eye|Left Eye|LEFT-EYE|eye_left|L_eye|l eye|eyeL|leftEye|LEye|Eye (l)|lefteye"
)


@pytest.mark.parametrize("spelled", SPELLINGS.split("|"))
def test_usual_spellings_are_one_joint(spelled):
    assert canonical_name(spelled) == "left_eye"
    eyes = Skeleton((spelled, "nose", "eye.R"), limbs=[("nose", "left eye")])
    assert eyes.flip_indices == (2, 1, 0)
    assert eyes.limbs == (("nose", eyes.joints[0]),)
    assert eyes.indices(["LEFT_EYE"]) == (0,) and "leftEye" in eyes


@pytest.mark.parametrize(
    "name, canonical",
    {
        "front_left_paw": "left_front_paw",
        "F_R_Paw": "right_f_paw",
        "Tail Base": "tail_base",
        "rear": "rear",  # begins with an r, but is no right ear
        "lip": "lip",
        "L": "l",  # of a series of letters: nothing is left of it
        "left_right_middle": "left_right_middle",
        "T1R": "right_t1",
        "nez droit": "nez_droit",
        "頭": "頭",
        "?": "?",
    }.items(),
)
def test_other_names_keep_their_words(name, canonical):
    assert canonical_name(name) == canonical


def test_a_name_keeps_its_spelling():
    joints = (" Left Ear ", "Right Ear", "tailBase", "l_paw", "r_paw")
    own = ("Left Ear", "Right Ear", "tailBase", "left_paw", "right_paw")
    assert Skeleton(joints).joints == own


def test_a_joint_without_its_counterpart_stays_and_is_warned_of_once(caplog):
    for _ in range(2):
        lone = Skeleton(("left_knee", "pelvis", "wing_R"))
        assert lone.flip_indices == (0, 1, 2) and lone.flip_pairs == ()
        skeletons.get(lone.get_config())
    assert caplog.text.count("not exchanged in mirrored images: left_knee, wing_R") == 1


@pytest.mark.parametrize(
    "pair",
    [
        *(("lwrist", "rwrist"), ("Lear", "Rear"), ("forelegL4", "forelegR4")),
        *(("LF_paw", "RF_paw"), ("handleft", "handright")),
    ],
)
def test_joints_that_look_like_sides_are_warned_of_once(caplog, pair):
    for joints in ((*pair, "nose"), ("nose", *pair)):
        assert Skeleton(joints).flip_pairs == ()
    assert caplog.text.count(f"mirrored images: {' and '.join(pair)}. `flip_p") == 1
    caplog.clear()
    Skeleton(pair, flip_pairs=[pair])
    Skeleton(pair, flip_pairs=[(name, name) for name in pair])
    Skeleton(("nose", "lip", "left_ear", "right_ear"))
    assert not caplog.text


def test_pairs_may_be_given_for_names_without_a_side(caplog):
    fish = Skeleton(
        ("port", "left_eye", "starboard", "Right Eye", "left_fin"),
        flip_pairs=[("Port", "starboard"), ("left_fin", "left_fin")],
    )
    assert fish.flip_indices == (2, 3, 0, 1, 4) and not caplog.text
    assert fish.flip_pairs == (
        ("port", "starboard"),
        ("left_fin", "left_fin"),
        ("left_eye", "Right Eye"),
    )
    assert skeletons.get(json.loads(json.dumps(fish.get_config()))) == fish


@pytest.mark.parametrize(
    "pairs", [[("a", "b"), ("b", "c")], [("a",)], [("a", "b", "c")], [("a", "z")]]
)
def test_pairs_that_are_none_are_refused(pairs):
    with pytest.raises(ValueError, match="flip_pairs|missing"):
        Skeleton(("a", "b", "c"), flip_pairs=pairs)


@pytest.mark.parametrize("limbs", [("a", "b"), [("a", "b", "c")], [(0, 1)]])
def test_limbs_that_are_no_pairs_of_names_are_refused(limbs):
    with pytest.raises(ValueError, match="`limbs` must be pairs of names"):
        Skeleton(("a", "b", "c"), limbs=limbs)


def test_a_group_without_joints_is_refused():
    with pytest.raises(ValueError, match="one or more joints.*'Arm' without"):
        Skeleton(("a", "b"), groups={"Arm": ()})


def test_configurations_of_version_0_2_load():
    for known in SKELETONS.values():
        old = known.get_config()
        del old["flip_pairs"], old["sigmas"]
        assert skeletons.get(old) == known


def test_the_sigmas_of_coco_are_the_official_ones():
    at = dict(zip(COCO.joints, COCO.sigmas, strict=True))
    assert at["nose"] == 0.026 and at["left_eye"] == at["right_eye"] == 0.025
    assert at["right_hip"] == 0.107 and at["left_ankle"] == 0.089
    assert MPII.sigmas == ()
    with pytest.raises(ValueError, match="2 positive numbers.*0.1"):
        Skeleton(("a", "b"), sigmas=[0.1])


def test_a_skeleton_of_a_file_is_that_of_its_configuration(tmp_path):
    path = tmp_path / "cat.json"
    cat = Skeleton(("left_ear", "right_ear", "tail"), [("left_ear", "tail")])
    path.write_text(json.dumps(cat.get_config()))
    assert skeletons.get(path) == skeletons.get(str(path)) == cat


@pytest.mark.parametrize(
    "text, said",
    {
        "{": "Expecting property name",
        "[]": "one JSON object",
        "{}": "needs the key 'joints'",
        '{"joints": ["a"], "limb": []}': "Did you mean 'limbs'",
        '{"joints": [1]}': "must be names",
        '{"joints": "abc"}': "must be names",
        '{"joints": ["a"], "limbs": 3}': "invalid",
        '{"joints": ["a"], "groups": [1]}': "invalid",
        '{"joints": ["a"], "sigmas": ["b"]}': "float",
    }.items(),
)
def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path, text, said):
    path = tmp_path / "cat.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"cat.json: .*{said}"):
        skeletons.get(path)
    with pytest.raises(ValueError, match="dog.json: No such file"):
        skeletons.get("dog.json")


def test_joints_of_a_dataset_that_are_part_of_a_named_skeleton_get_its_limbs():
    joints = tuple(name for name in reversed(COCO.joints) if "ear" not in name)
    part = skeletons.of_joints(joints)
    assert part.joints == joints and ("nose", "left_eye") in part.limbs
    assert not any("ear" in name for limb in part.limbs for name in limb)
    assert part.sigmas[part.joints.index("nose")] == 0.026
    face = skeletons.of_joints(("nose", "left_eye", "right_eye"))
    assert face.limbs == () and face.groups == {}


def test_the_same_joints_in_another_order_are_the_named_skeleton():
    assert skeletons.find_known(sorted(COCO.joints)) is COCO
    assert skeletons.find_known([n.upper() for n in LSP.joints]) is LSP
    assert skeletons.find_known(COCO.joints[1:]) is None


def test_a_joint_named_twice_is_refused():
    for names in (("pelvis", "pelvis"), ("left_eye", "eyeL")):
        with pytest.raises(ValueError, match="different names"):
            Skeleton(names)


def test_a_limb_to_an_unknown_joint_is_refused():
    with pytest.raises(ValueError, match="tail"):
        Skeleton(("pelvis",), limbs=(("pelvis", "tail"),))


def test_an_unknown_name_suggests_a_skeleton():
    with pytest.raises(ValueError, match="Did you mean 'mpii'.*skeleton='mpi'"):
        skeletons.get("mpi")
    with pytest.raises(ValueError, match="Choose from.*skeleton=\\['nose'\\]"):
        skeletons.get(["nose"])


@pytest.mark.parametrize("name", ["mpii", "lsp", "coco"])
def test_arms_and_legs_are_twelve_joints_in_every_skeleton(name):
    body = skeletons.get(name)
    limbs = {body.joints[i] for i in body.arms_and_legs}
    kinds = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    assert limbs == {side + kind for side in ("left_", "right_") for kind in kinds}


def test_a_midpoint_is_of_the_joint_itself_or_of_the_two_around_it():
    assert MPII.midpoint_of("pelvis") == MPII.indices(["pelvis"])
    assert LSP.midpoint_of("pelvis") == LSP.indices(["right_hip", "left_hip"])
    assert LSP.midpoint_of("thorax") == LSP.indices(["right_shoulder", "left_shoulder"])
    assert (
        LSP.midpoint_of("nose") == () == Skeleton(("head_top",)).midpoint_of("pelvis")
    )


def test_a_skeleton_with_a_head_is_measured_in_heads_and_others_in_boxes():
    for known in SKELETONS.values():
        assert known.measure is MEASURES["head"]
        # As of version 0.2, whose files have no `reference`.
        config = {k: v for k, v in known.get_config().items() if k != "reference"}
        assert get(config) == known and get(config).measure is MEASURES["head"]
    shuffled = Skeleton(tuple(reversed(get("coco").joints)))
    assert shuffled.measure is MEASURES["head"]
    assert Skeleton(get("coco").joints + ("tail",)).measure is MEASURES["box"]
    assert Skeleton(("head_top", "upper_neck", "hand")).measure is MEASURES["head"]
    tail = Skeleton(("snout", "tail"))
    assert tail.measure is MEASURES["box"] and tail.measure.title == "PCK@0.1"
    assert Skeleton(("snout",), reference="head").measure.title == "PCKh@0.5"
    with pytest.raises(ValueError, match="`reference` must be None or one of"):
        Skeleton(("snout",), reference="tail")
