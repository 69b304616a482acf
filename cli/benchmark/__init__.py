"""`hourglass-keras benchmark`: how fast each part is, on its own."""

import click

from keras_hourglass_cli.benchmark.loader import loader_command
from keras_hourglass_cli.benchmark.model import model_command
from keras_hourglass_cli.benchmark.network import network_command
from keras_hourglass_cli.benchmark.predict import predict_command


@click.group()
def command():
    """Measure the parts of the library, each on its own."""


command.add_command(loader_command)
command.add_command(model_command)
command.add_command(network_command)
command.add_command(predict_command)
