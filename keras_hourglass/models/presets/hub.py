"""Presets on the Hugging Face Hub, at addresses such as "hf://user/name@revision"."""

import os
import re
from contextlib import contextmanager
from pathlib import Path

from keras_hourglass.models.config import (
    MODEL_CARD,
    PRESET_CONFIG,
    PRESET_METADATA,
    PRESET_WEIGHTS,
)
from keras_hourglass.utils.files import CAUSES, atomic_write

ADDRESS = "hf://USER/NAME"  # in a model card, until it is uploaded
PREFIX = "hf:/"  # also of an address that was a `Path`, which joins slashes
PATTERN = re.compile(
    # No absolute path and no "..": `huggingface_hub` notes revisions in files.
    r"hf://?(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>(?!.*\.\.)\w[\w./-]*))?"
)
NEEDED = (PRESET_CONFIG, PRESET_WEIGHTS)
FILES = (*NEEDED, PRESET_METADATA, MODEL_CARD)


def is_address(name) -> bool:
    """Returns whether a name is an address on the hub, malformed perhaps."""
    return isinstance(name, str | os.PathLike) and str(name).startswith(PREFIX)


def parse_address(address, argument: str = "name") -> tuple[str, str | None]:
    """Splits an address into repository and revision.

    Raises:
        ValueError: If it is malformed.
    """
    match = PATTERN.fullmatch(str(address))
    if match is None:
        raise ValueError(
            f"`{argument}` must be an address 'hf://USER/NAME', or "
            "'hf://USER/NAME@REVISION' for a branch, tag or commit. "
            f"Received: {argument}={str(address)!r}"
        )
    return match["repository"], match["revision"]


def download(address) -> Path:
    """Downloads a preset, unless the cache of the hub has it, and returns its folder.

    Raises:
        ModuleNotFoundError: If `huggingface_hub` is not installed.
        OSError: If it cannot be reached.
        ValueError: If the address is malformed.
    """
    repository, revision = parse_address(address)
    with _hub(address) as hub:
        folder = hub.snapshot_download(
            repository, revision=revision, allow_patterns=[*FILES]
        )
    return Path(folder)


def upload_preset(uri: str, preset):
    """Uploads a preset folder to the Hugging Face Hub.

    Only the files of a preset and its model card are uploaded, whatever else lies in
    the folder. The repository is created unless it exists. The model card names the
    address from then on. Needs `huggingface_hub` (`pip install '.[hub]'`) and a token
    that may write: `hf auth login`, or the environment variable `HF_TOKEN`.

    Args:
        uri: "hf://USER/NAME".
        preset: The folder, as `save_to_preset` writes it.

    Raises:
        FileNotFoundError: If the folder holds no preset.
        ModuleNotFoundError: If `huggingface_hub` is not installed.
        OSError: If the hub cannot be reached, or refuses it.
        ValueError: If the address is malformed.

    Example:

    ```python
    import keras_hourglass as kh

    model = kh.load_model("photo")
    model.save_to_preset("preset")
    # kh.upload_preset("hf://USER/NAME", "preset")
    ```
    """
    repository, revision = parse_address(uri, "uri")
    folder = Path(preset).expanduser()
    for name in NEEDED:
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"`preset` must be the folder of a preset, and has no {name}. "
                f"Received: preset={str(preset)!r}"
            )
    with _hub(uri) as hub:
        hub.create_repo(repository, exist_ok=True)
        _write_address(folder / MODEL_CARD, f"hf://{repository}")
        hub.upload_folder(
            repo_id=repository,
            folder_path=folder,
            revision=revision,
            allow_patterns=[*FILES],
            commit_message="Upload a preset of keras-hourglass",
        )


def _write_address(card, address):
    """Replaces the placeholder in a model card by the address."""
    if card.is_file() and ADDRESS in (text := card.read_text(encoding="utf-8")):
        with atomic_write(card) as path:
            path.write_text(text.replace(ADDRESS, address), encoding="utf-8")


@contextmanager
def _hub(address):
    """Yields `huggingface_hub`, and raises its errors in one line."""
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{address} needs {error.name}: pip install '.[hub]'"
        ) from None
    login = "`hf auth login` gives access to those that are"
    causes = {  # the more special ones first
        errors.GatedRepoError: f"its terms must be accepted on its page; then {login}",
        errors.RepositoryNotFoundError: f"there is none, or it is private: {login}",
        errors.RevisionNotFoundError: "it has no such revision",
        errors.LocalEntryNotFoundError: "no connection, and the cache lacks it",
        errors.OfflineModeIsEnabled: "HF_HUB_OFFLINE is set, and the cache lacks it",
    }
    try:
        yield huggingface_hub
    except errors.HFValidationError as error:
        raise ValueError(f"{address} must be an address. Received: {error}") from error
    except (OSError, errors.HTTPError, errors.EntryNotFoundError) as error:
        if getattr(error, "errno", None) in CAUSES:
            raise  # of the disk
        causes = [cause for kind, cause in causes.items() if isinstance(error, kind)]
        causes += [*str(error).splitlines()[:1], type(error).__name__]
        raise OSError(f"{address} cannot be reached: {causes[0]}") from error
