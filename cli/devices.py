"""Options that say what to train on."""

from functools import wraps

import click

from keras_hourglass.training.devices import together


def _number(context, option, text):
    """A number of devices, or "all"."""
    if text == "all" or text.isdecimal() and int(text):
        return text if text == "all" else int(text)
    raise click.BadParameter(f"{text!r} is neither 'all' nor a number from 1.")


OPTIONS = [
    click.option(
        "--devices",
        default="1",
        show_default=True,
        metavar="all|N",
        callback=_number,
        help="Train on so many GPUs of this computer, or CPUs where there are none.",
    ),
]


def device_options(function):
    """Adds them to a command, which gets the `together.Devices` that it has taken."""

    @wraps(function)
    def on_devices(devices, **options):
        return function(devices=together.take(devices), **options)

    for option in reversed(OPTIONS):
        on_devices = option(on_devices)
    return on_devices
