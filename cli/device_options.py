"""Options that say what to train on, and together with whom."""

import atexit
import os
from contextlib import nullcontext, redirect_stdout
from functools import wraps

import click

from keras_hourglass.training import distribution
from keras_hourglass.utils import Interrupted

ENV_PREFIX = "KERAS_DISTRIBUTION_"  # what Keras's own environment variables begin with


def _parse_devices(context, option, text):
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
        callback=_parse_devices,
        help="Train on so many GPUs of this computer, or CPUs where there are none.",
    ),
    click.option(
        "--coordinator",
        envvar=f"{ENV_PREFIX}JOB_ADDRESSES",
        metavar="HOST:PORT",
        help="Of the first of several processes, which train together (JAX alone).",
    ),
    click.option(
        "--processes",
        envvar=f"{ENV_PREFIX}NUM_PROCESSES",
        type=click.IntRange(1),
        help="How many train together, each on --devices of its own.",
    ),
    click.option(
        "--process",
        envvar=f"{ENV_PREFIX}PROCESS_ID",
        type=click.IntRange(0),
        help="Which of them this is, from 0.",
    ),
]


def device_options(function):
    """Adds them to a command, which gets the `together.Devices` that it has taken.

    Of several processes, only the first speaks; errors all may tell.
    """

    @wraps(function)
    def on_devices(devices, coordinator, processes, process, **options):
        if (coordinator, processes, process) != (None, None, None):
            distribution.join_processes(coordinator, processes, process)
        taken = distribution.use_devices(devices)
        with open(os.devnull, "w") as nowhere:
            with nullcontext() if taken.first else redirect_stdout(nowhere):
                try:
                    return function(devices=taken, **options)
                except Exception as error:
                    if not taken.alone and not isinstance(error, Interrupted):
                        # Before JAX's own end, which waits for others in vain.
                        atexit.register(os._exit, 1)
                    if distribution.is_process_lost(error):
                        raise distribution.ProcessLostError from error
                    raise

    for option in reversed(OPTIONS):
        on_devices = option(on_devices)
    return on_devices
