import gzip

import pytest

from keras_hourglass.data.readers import files, paths, rows
from keras_hourglass.skeletons import Skeleton


def test_json_is_read_compressed_or_not_with_a_mark_before_it_or_without(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):
        for name, opener in (("a.json", open), ("a.json.gz", gzip.open)):
            with opener(tmp_path / name, "wt", encoding=encoding) as file:
                file.write('{"größe": [1, "日本"]}')
            assert files.read_json(tmp_path / name) == {"größe": [1, "日本"]}


@pytest.mark.parametrize("suffix", ["json", "json.gz"])
def test_json_without_an_end_is_not_unpacked_into_memory(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 10**6)
    opener = gzip.open if suffix.endswith("gz") else open
    for length in (10**6, 10**6 + 1):
        with opener(tmp_path / f"a.{suffix}", "wb") as file:
            file.write(b" " * (length - 1) + b"1")
        if length > 10**6:
            with pytest.raises(files.DatasetError, match="more than 1,000,000 bytes"):
                files.read_json(tmp_path / f"a.{suffix}")
        else:
            assert files.read_json(tmp_path / f"a.{suffix}") == 1


def test_hidden_files_are_not_listed(tmp_path):
    root = tmp_path / ".data"  # which the user names
    for name in ("a.json", "._a.json", ".b/a.json", "__MACOSX/a.json", "c/a.json.gz"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    assert files.glob(root, "*.json") == [root / "a.json"]
    assert files.glob(root, "*/*.json") == [root / "c" / "a.json.gz"]


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.json").touch()
    root = tmp_path / "data"
    assert files.require_folder("~/data", "own") == root
    assert files.locate_root("~/data", "own") == (root, None)
    assert files.locate_root("~/data/a.json", "own") == (root, root / "a.json")
    with pytest.raises(files.DatasetError, match="Received: root='~/nothing'"):
        files.locate_root("~/nothing", "own")


WHOLE, LONG = gzip.compress(b"[1]", mtime=0), gzip.compress(b"[" * 10**5, mtime=0)
DAMAGED = {
    **{"empty": b"", "two bytes": WHOLE[:2], "text": b"no gzip", "cut": WHOLE[:-6]},
    **{"wrong sum": WHOLE[:-8] + bytes(8), "wrong data": WHOLE[:12] + b"\xff" * 9},
    "no JSON": LONG,
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_archive_is_refused_by_its_name(tmp_path, data):
    (tmp_path / "a.json.gz").write_bytes(data)
    with pytest.raises(files.DatasetError, match="a.json.gz is not readable as JSON"):
        files.read_json(tmp_path / "a.json.gz")


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../a", "a/../../b", "..", "a/..", "", " ", "//host/a"]
)
def test_an_image_lies_in_the_folder_or_nowhere(tmp_path, name):
    with pytest.raises(files.DatasetError, match="lies outside of"):
        paths.resolve_path(tmp_path, name)


@pytest.mark.parametrize("name", ["a.jpg", "a/b.jpg", "..a/b..jpg", " a ", "a\n", "~"])
def test_an_image_may_have_any_name_within_the_folder(tmp_path, name):
    assert paths.resolve_path(tmp_path, name) == f"{tmp_path}/{name}"


@pytest.mark.parametrize("name", [None, 3, ["a"], {"a": 1}, b"a"])
def test_a_name_of_another_type_is_refused(tmp_path, name):
    with pytest.raises(files.DatasetError, match="must be a file name"):
        paths.resolve_path(tmp_path, name)


def test_faults_are_collected_within_the_context_alone(tmp_path):
    def collect(*entries):
        parse = dict.copy
        return rows.collect_people(entries, parse, skeleton, tmp_path, tmp_path)

    skeleton = Skeleton(("neck",))
    person = {"image": "a", "joints": [[1, 2]], "weights": [1], "center": [1, 2]}
    good, bad = ("good", {**person, "side": 9}), ("bad", person)
    with rows.collect_faults() as faults:
        assert rows.collecting_faults() and len(collect(bad, good, bad)) == 1
    assert faults == [("bad", "`side` is missing")] * 2
    assert not rows.collecting_faults()
    with pytest.raises(files.DatasetError, match="^bad: `side` is missing"):
        collect(good, bad)
