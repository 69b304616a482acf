"""Options on devices and processes."""

import click

ENV_PREFIX = "KERAS_DISTRIBUTION_"  # of Keras's own environment variables


def _parse_devices(context, option, text):
    """Parses a number of devices, or "all"."""
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
        help="Number of GPUs of this computer, or of CPUs where there are none.",
    ),
    click.option(
        "--coordinator",
        envvar=f"{ENV_PREFIX}JOB_ADDRESSES",
        metavar="HOST:PORT",
        help="Address of the first of several processes (JAX only).",
    ),
    click.option(
        "--processes",
        envvar=f"{ENV_PREFIX}NUM_PROCESSES",
        type=click.IntRange(1),
        help="Number of processes that train together, each on its own --devices.",
    ),
    click.option(
        "--process",
        envvar=f"{ENV_PREFIX}PROCESS_ID",
        type=click.IntRange(0),
        help="Index of this process, from 0.",
    ),
]


def device_options(function):
    """Adds the options to a command."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function
