"""What a terminal shows, and what a file holds."""

import os
import select

import pytest

from keras_hourglass.callbacks.progress import ProgressLogger, format_duration


class Clock:
    """Ten seconds pass whenever somebody says so."""

    now = 0.0

    def __call__(self):
        return self.now


def train(progress, clock, epochs=2, steps=3, first=0, between=lambda: None):
    """What `fit` would call: ten seconds a step, the first of them a hundred more."""
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


@pytest.fixture
def pipe():
    out, into = os.pipe()
    with open(into, "w") as stream:
        yield out, stream
    os.close(out)


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    out, into = os.openpty()
    with open(into, "w") as stream:
        yield out, stream
    os.close(out)


def written(out):
    """All that was written: a terminal hands it over in parts."""
    text = b""
    while select.select([out], [], [], 0.1)[0]:
        text += os.read(out, 1 << 16)
    return text.decode()


def test_a_file_holds_plain_lines(pipe):
    out, stream = pipe
    clock = Clock()
    progress = ProgressLogger(
        lambda line: print(line, file=stream, flush=True), stream, 60, clock
    )
    train(progress, clock)
    assert written(out).splitlines() == [
        "Epoch 1/2  1/3  loss 12.35  pckh 45.68",
        "Epoch 1/2  took 2:10  loss 10.35  pckh 45.68  val_loss 11  val_pckh 50.13  "
        "0:30 left",
        "Epoch 2/2  took 0:30  loss 10.35  pckh 45.68  val_loss 11  val_pckh 50.13",
    ]


def test_a_terminal_shows_one_line_that_changes(terminal):
    out, stream = terminal
    clock = Clock()
    progress = ProgressLogger(
        lambda line: print(line, file=stream, flush=True), stream, 60, clock
    )
    train(progress, clock, epochs=1)
    text = written(out)
    lines = text.split("\r\n")
    *live, last = [part.strip() for part in lines[0].split("\r") if part.strip()]
    assert live == [
        "Epoch 1/1  1/3  loss 12.35  pckh 45.68",
        "Epoch 1/1  2/3  loss 11.35  pckh 45.68  0:10 left",
        "Epoch 1/1  3/3  loss 10.35  pckh 45.68",
    ]
    assert last.startswith("Epoch 1/1  took 2:10") and lines[1:] == [""]
    assert "\x1b" not in text


def test_the_live_line_fits_the_terminal_and_covers_what_was_longer(
    terminal, monkeypatch
):
    out, stream = terminal
    monkeypatch.setenv("COLUMNS", "20")
    clock = Clock()
    progress = ProgressLogger(lambda line: None, stream, 60, clock)
    train(progress, clock)
    assert max(len(part) for part in written(out).split("\r")) == 19
    progress.line.draw("long")
    progress.line.draw("s")
    assert written(out) == "\rlong\rs   "


def test_other_lines_come_between(terminal):
    out, stream = terminal
    clock, lines = Clock(), []
    progress = ProgressLogger(lines.append, stream, 60, clock)
    train(progress, clock, between=lambda: progress.say("Warning: hot"))
    shown = "Epoch 1/2  1/3  loss 12.35  pckh 45.68"
    assert written(out).startswith(f"\r{shown}\r{' ' * len(shown)}\r\r")
    assert lines[0] == "Warning: hot"


def test_a_run_that_goes_on_has_less_left_and_unknown_lengths_are_learnt(pipe):
    _, stream = pipe
    for steps in (3, None):
        clock, lines = Clock(), []
        progress = ProgressLogger(lines.append, stream, 0, clock)
        train(progress, clock, epochs=4, first=2, steps=steps)
        assert lines[1].startswith("Epoch 3/4  2/3" if steps else "Epoch 3/4  2  ")
        assert lines[1].endswith("0:40 left" if steps else "pckh 45.68")
        assert lines[3].startswith("Epoch 3/4  took") and "0:30 left" in lines[3]


def test_an_epoch_that_goes_on_is_counted_whole(pipe):
    _, stream = pipe
    clock, lines = Clock(), []
    progress = ProgressLogger(lines.append, stream, 0, clock)
    progress.behind = 5
    train(progress, clock, epochs=1)
    places = [line.split()[2] for line in lines[:3]]
    assert places == ["6/8", "7/8", "8/8"] and progress.behind == 0


def test_epochs_of_a_later_fit_are_counted_and_still_to_come(pipe):
    _, stream = pipe
    clock, lines = Clock(), []
    progress = ProgressLogger(lines.append, stream, 0, clock)
    progress.beyond = 3
    train(progress, clock, epochs=1)
    assert lines[-1].startswith("Epoch 1/4  took")
    assert lines[-1].endswith("1:30 left")  # three epochs of three steps


def test_an_older_batch_that_a_thread_brings_too_late_is_left_out(pipe):
    _, stream = pipe
    clock, lines = Clock(), []
    progress = ProgressLogger(lines.append, stream, 0, clock)
    progress.set_params({"epochs": 1, "steps": 3})
    progress.on_train_begin()
    progress.on_epoch_begin(0)
    for batch in (1, 0, 2):
        progress.on_train_batch_end(batch, {})
    assert [line.split()[2] for line in lines] == ["2/3", "3/3"]
    progress.clear()  # `fit` was broken off, but one of its threads is not done
    progress.on_train_batch_end(2, {})
    assert len(lines) == 2


def test_durations_are_read_at_a_glance():
    seconds = (0, 59.6, 61, 3599, 3600, 45296)
    read = ["0:00", "1:00", "1:01", "59:59", "1:00:00", "12:34:56"]
    assert [format_duration(each) for each in seconds] == read
