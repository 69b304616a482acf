"""How far a prepared folder has come, kept so that a kill at any moment loses little.

While it is made, `unfinished.jsonl` says in its first line what is made, then an entry
of `annotations.json` in each. At the end they become that file, and it goes.
"""

import json
from pathlib import Path

from keras_hourglass.data.readers.files import DatasetError, read_json
from keras_hourglass.utils import atomic_write

WHOLE, UNFINISHED, IMAGES = "annotations.json", "unfinished.jsonl", "images"


class Journal:
    """The people of a prepared folder that are there already.

    Args:
        folder: Which; made if it does not exist.
        making: Name -> value of all that decides what comes out.

    Attributes:
        entries: Image -> what `annotations.json` says of it; each one's file is whole.

    Raises:
        DatasetError: If the folder holds something else.
        OSError: If it cannot be written to.
    """

    def __init__(self, folder, making: dict):
        self.folder, self.making = Path(folder), making
        self.images = self.folder / IMAGES
        self._unfinished, self._whole = self.folder / UNFINISHED, self.folder / WHOLE
        self._file, listed = None, []
        if self._unfinished.is_file():
            listed = self._read_unfinished()
        elif self._whole.is_file():
            listed = self._read_whole()
        elif self.folder.exists():
            self._refuse_unless_empty()
        self.images.mkdir(parents=True, exist_ok=True)
        for partial in self.images.glob(".*.partial.*"):  # of one who was killed
            partial.unlink(missing_ok=True)
        here = {path.name for path in self.images.iterdir() if path.stat().st_size}
        self.entries = {e["image"]: e for e in listed if e["image"] in here}
        if self._unfinished.is_file() or len(self.entries) < max(1, len(listed)):
            self._begin()

    def keep(self, entry: dict):
        """Notes a person whose image is written."""
        if self._file is None:
            self._begin()
        self.entries[entry["image"]] = entry
        self._file.write(_line(entry))

    def pause(self):
        """Leaves the folder as it is, to go on with another time."""
        if self._file is not None:
            self._file.close()

    def finish(self, joint_names):
        """Writes `annotations.json`, if there is anything new."""
        if self._file is None:
            return
        people = [self.entries[image] for image in sorted(self.entries)]
        whole = {"joint_names": [*joint_names], "prepared": self.making}
        with atomic_write(self._whole) as path:
            text = json.dumps({**whole, "people": people})
            path.write_text(text, encoding="utf-8")
        self._file.close()
        self._unfinished.unlink()

    def _begin(self):
        """Opens the unfinished list, with what is known, and no line cut off."""
        with atomic_write(self._unfinished) as path:
            known = [self.making, *self.entries.values()]
            path.write_text("".join(map(_line, known)), encoding="utf-8")
        self._file = self._unfinished.open("a", buffering=1, encoding="utf-8")

    def _read_unfinished(self):
        *whole, _ = self._unfinished.read_text(encoding="utf-8").split("\n")
        try:
            made, *listed = map(json.loads, whole)
        except ValueError as error:
            raise DatasetError(f"{self._unfinished} is damaged: {error}") from None
        self._refuse_unless_same(made)
        return listed

    def _read_whole(self):
        whole = read_json(self._whole)
        made = whole.get("prepared") if isinstance(whole, dict) else None
        if made is None:
            raise DatasetError(
                f"`output` must be a new folder, or one that was prepared before; "
                f"{self._whole} was not"
            )
        self._refuse_unless_same(made)
        return whole["people"]

    def _refuse_unless_same(self, made):
        different = [
            f"{name}: {made.get(name)}, now {value}"
            for name, value in self.making.items()
            if made.get(name) != value
        ]
        if different:
            raise DatasetError(
                "`output` must be a new folder, or one that was prepared of the same "
                f"people in the same way; in {self.folder} these differ: "
                f"{'; '.join(different)}"
            )

    def _refuse_unless_empty(self):
        if not self.folder.is_dir() or any(self.folder.glob("[!.]*")):
            raise DatasetError(
                "`output` must be a new folder, or one that was prepared before. "
                f"Received: output={str(self.folder)!r}"
            )


def _line(value) -> str:
    return json.dumps(value) + "\n"
