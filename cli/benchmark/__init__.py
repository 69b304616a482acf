"""`hourglass-keras benchmark`: how fast each part is, on its own."""

import click

from keras_hourglass_cli.benchmark.loader import loader
from keras_hourglass_cli.benchmark.model import model
from keras_hourglass_cli.benchmark.network import network
from keras_hourglass_cli.benchmark.predict import predict


@click.group()
def command():
    """Measure the parts of the library, each on its own."""


command.add_command(loader)
command.add_command(model)
command.add_command(network)
command.add_command(predict)
