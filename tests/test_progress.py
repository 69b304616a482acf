"""Progress of training, on terminals and in files."""

import os
import re
import select
from io import StringIO

import pytest
from rich.console import Console

from keras_hourglass.callbacks.progress import ProgressLogger, format_duration


class Clock:
    """Time passes only when a test says so."""

    now = 0.0

    def __call__(self):
        return self.now


def train(progress, clock, epochs=2, steps=3, first=0, between=lambda: None):
    """Calls what `fit` calls: ten seconds a step, the first of them a hundred more."""
    progress.set_params({"epochs": epochs, "steps": steps, "verbose": 0})
    progress.on_train_begin()
    for epoch in range(first, epochs):
        progress.on_epoch_begin(epoch)
        for batch in range(3):
            clock.now += 10 + 100 * (batch == 0 and epoch == first)
            logs = {"loss": 12.3456 - batch, "pckh": 45.678}
            progress.on_train_batch_end(batch, logs)
            between()
        logs |= {"val_loss": 11.0, "val_pckh": 50.126, "val_pckh_wrist": 1.0}
        progress.on_epoch_end(epoch, logs)
    progress.on_train_end()


def in_file(interval=0.0):
    """A logger that writes into a file, its clock, and a function that reads lines."""
    file, clock = StringIO(), Clock()
    progress = ProgressLogger(Console(file=file), interval=interval, clock=clock)
    return progress, clock, lambda: file.getvalue().splitlines()


@pytest.fixture
def terminal(monkeypatch):
    """A function that makes a console of a width on a terminal, and its other end."""
    monkeypatch.setenv("TERM", "xterm")
    out, into = os.openpty()
    with open(into, "w") as stream:
        yield lambda width: Console(file=stream, width=width, color_system=None), out
    os.close(out)


def written(out):
    """Reads all that was written: a terminal hands it over in parts."""
    text = b""
    while select.select([out], [], [], 0.1)[0]:
        text += os.read(out, 1 << 16)
    return text.decode()


def shown(text):
    """The texts that a terminal showed, without bars and control characters."""
    parts = re.split(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]", text)
    parts = [re.sub(r" *[━╸╺]+ *", "  ", part).strip() for part in parts]
    return [part for part in parts if part]


def test_a_file_holds_plain_lines():
    progress, clock, lines = in_file(interval=60)
    train(progress, clock)
    assert lines() == [
        "Epoch 1/2  1/3  loss 12.35  pckh 45.68",
        "Epoch 1/2  took 2:10  loss 10.35  pckh 45.68  val_loss 11  val_pckh 50.13  "
        "0:30 left",
        "Epoch 2/2  took 0:30  loss 10.35  pckh 45.68  val_loss 11  val_pckh 50.13",
    ]


def test_a_terminal_shows_a_line_that_changes_and_one_for_each_epoch(terminal):
    console, out = terminal
    clock = Clock()
    train(ProgressLogger(console(80), clock=clock), clock, epochs=1)
    *live, last = shown(written(out))
    for line in (
        "Epoch 1/1  1/3  loss 12.35  pckh 45.68",
        "Epoch 1/1  2/3  loss 11.35  pckh 45.68  0:10 left",
        "Epoch 1/1  3/3  loss 10.35  pckh 45.68",
    ):
        assert line in live
    assert any(line.startswith("Epoch 1/1  took 2:10") for line in [*live, last])


def test_the_live_line_fits_the_terminal(terminal):
    console, out = terminal
    clock = Clock()
    train(ProgressLogger(console(30), clock=clock), clock)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written(out))
    live = [line for line in re.split(r"[\r\n]+", text) if "took" not in line]
    assert any(line.startswith("Epo") for line in live)
    assert max(map(len, live)) <= 30


def test_plain_lines_can_be_had_on_a_terminal(terminal):
    console, out = terminal
    clock = Clock()
    train(ProgressLogger(console(200), live=False, clock=clock), clock, epochs=1)
    assert [line[:10] for line in written(out).splitlines()] == ["Epoch 1/1 "] * 2


def test_other_lines_come_above_the_live_one(terminal):
    console, out = terminal
    clock = Clock()
    progress = ProgressLogger(console(80), clock=clock)
    train(progress, clock, between=lambda: progress.print("Warning: [hot]"))
    assert shown(written(out)).count("Warning: [hot]") == 6


def test_a_run_that_goes_on_has_less_left_and_unknown_lengths_are_learned():
    for steps in (3, None):
        progress, clock, lines = in_file()
        train(progress, clock, epochs=4, first=2, steps=steps)
        assert lines()[1].startswith("Epoch 3/4  2/3" if steps else "Epoch 3/4  2  ")
        assert lines()[1].endswith("0:40 left" if steps else "pckh 45.68")
        assert lines()[3].startswith("Epoch 3/4  took") and "0:30 left" in lines()[3]


def test_an_epoch_that_goes_on_is_counted_whole():
    progress, clock, lines = in_file()
    progress.initial_step, progress.total_steps = 5, 8
    train(progress, clock, epochs=1)
    assert [line.split()[2] for line in lines()[:3]] == ["6/8", "7/8", "8/8"]
    assert progress.initial_step == 0


def test_epochs_of_a_later_fit_are_counted_as_left():
    progress, clock, lines = in_file()
    progress.total_epochs = 4
    train(progress, clock, epochs=1)
    assert lines()[-1].startswith("Epoch 1/4  took")
    assert lines()[-1].endswith("1:30 left")  # three epochs of three steps


def test_an_older_batch_that_a_thread_brings_too_late_is_left_out():
    progress, _, lines = in_file()
    progress.set_params({"epochs": 1, "steps": 3})
    progress.on_train_begin()
    progress.on_epoch_begin(0)
    for batch in (1, 0, 2):
        progress.on_train_batch_end(batch, {})
    assert [line.split()[2] for line in lines()] == ["2/3", "3/3"]
    progress.stop()  # `fit` was broken off, but one of its threads is not done
    progress.on_train_batch_end(2, {})
    assert len(lines()) == 2


def test_durations_are_hours_minutes_and_seconds():
    seconds = (0, 59.6, 61, 3599, 3600, 45296)
    texts = ["0:00", "1:00", "1:01", "59:59", "1:00:00", "12:34:56"]
    assert [format_duration(each) for each in seconds] == texts
