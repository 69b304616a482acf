"""Messages and errors in the words of the command line."""

import errno
import subprocess
import sys

import click
import pytest

from keras_hourglass_cli import main as cli
from keras_hourglass_cli.terminal.wording import BOXES, describe_error, in_options

Exhausted = type("ResourceExhaustedError", (Exception,), {})


@pytest.fixture
def within():
    """Enters the context of a subcommand."""

    def enter(*names):
        command, context = cli.main, click.Context(cli.main)
        for name in names:
            command = command.get_command(context, name)
            context = click.Context(command, parent=context)
        return context

    return enter


@pytest.mark.parametrize(
    "names, text, expected",
    [
        (
            ["train"],
            "`image_size` must be ... Received: image_size=31",
            "`--image-size` must be ... Received: --image-size=31",
        ),
        (["train"], "`broken='skip'` goes on", "`--broken-images skip` goes on"),
        (["evaluate"], "`broken='skip'` goes on", "`--broken-images skip` goes on"),
        (["data", "prepare"], "`missing='skip'`", "`--missing-images skip`"),
        (["train"], "`restart=True` begins anew", "`--restart` begins anew"),
        (["train"], "`init_weights` takes it", "`--from` takes it"),
        (["train"], "x.json: `images` is missing", "x.json: `images` is missing"),
        (
            ["train"],
            "one of `teacher` and `stem` must be. Received: teacher=None, stem=1",
            "one of `--teacher` and `stem` must be. Received: --teacher=None, stem=1",
        ),
        (["evaluate"], "`model` must be", "`MODEL` must be"),
        (["info"], "`name` must be", "`MODEL` must be"),
        (["predict"], "as a dataset, `images=DIR`", "as a dataset, `--images DIR`"),
        (["evaluate"], "with `skeleton='dataset'`", "with `--skeleton dataset`"),
        (["predict"], "`inputs` must be", "`INPUT` must be"),
        (
            ["data", "check"],
            "`root` must be a folder. Received: root='x'",
            "`DIR` must be a folder. Received: DIR='x'",
        ),
        (["submit-mpii"], "`root` must be", "`--root` must be"),
        (["train"], "`center` must be", "`center` must be"),
    ],
)
def test_arguments_become_the_options_of_the_command(within, names, text, expected):
    with within(*names):
        assert in_options(text) == expected
    assert in_options(text) == text  # in Python


@pytest.mark.parametrize("option", ["--box", "--boxes", None])
def test_boxes_are_of_the_option_that_was_given(within, option):
    with within("predict") as context:
        context.meta[BOXES] = option
        given = option or "boxes"
        expected = f"photo.png: `{given}` must be ... Received: {given}=1"
        assert (
            in_options("photo.png: `boxes` must be ... Received: boxes=1") == expected
        )


@pytest.mark.parametrize(
    "error, expected",
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.png"), "a.png: no space"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), "a: permission"),
        (OSError("`boxes` must be a file"), "`boxes` must be a file"),
        (ValueError("one\ntwo"), "one"),
        (ValueError("\n  \x1b[1mred\x1b[0m"), "red"),
        (
            ValueError("Exception encountered when calling X.call().\n\nThe shape"),
            "The shape",
        ),
        (RuntimeError("Graph execution error:\n\nNode: 'a'"), "Node: 'a'"),
        (RuntimeError(), "RuntimeError"),
        (KeyError("people"), "unexpected KeyError: 'people' (`--traceback` shows"),
        (TypeError("`fast` must be an option of a format"), "`fast` must be"),
        (Exhausted("OOM when allocating"), "out of memory: a smaller --batch-size"),
        (RuntimeError("RESOURCE_EXHAUSTED: 3GiB"), "out of memory: a smaller --batch"),
        (RuntimeError("CUDA out of memory. Tried"), "out of memory: a smaller --batch"),
        (Exhausted("a.pb; No space left on device"), "a.pb; No space left on device"),
        (MemoryError(), "out of memory: a smaller --batch-size"),
    ],
)
def test_an_error_is_described_in_one_line(within, error, expected):
    with within("train"):
        text = describe_error(error)
    assert text.startswith(expected) and "\n" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="has no /dev/full")
@pytest.mark.parametrize("arguments", ["info", "info --json", "--help", "info --help"])
@pytest.mark.parametrize("flag", ["-u", "-B"])
def test_a_full_standard_output_is_one_line(arguments, flag):
    command = [sys.executable, flag, "-m", "keras_hourglass_cli.main"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*command, *arguments.split()], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 1
    assert done.stderr == b"Error: standard output: no space left\n"


def test_a_closed_standard_output_is_quiet():
    command = f"{sys.executable} -m keras_hourglass_cli.main info"
    for end in ("| head -1 | wc -l", ">&-"):
        done = subprocess.run(f"{command} {end}", shell=True, capture_output=True)
        assert not done.stderr and done.stdout.strip() in (b"", b"1")
