"""`hourglass-keras`: imports a subcommand's module only when it is called."""

import os
import sys
from difflib import get_close_matches
from importlib import import_module

import click

from keras_hourglass_cli.terminal.console import configure_logging
from keras_hourglass_cli.terminal.wording import (
    COMMAND,
    describe_error,
    discard_unwritten,
    flush_output,
    is_of_output,
)

COMMANDS = {
    "train": "Train a network.",
    "evaluate": "Score a network, or a file of predictions.",
    "submit-mpii": "Write the file that MPII's test server asks for.",
    "predict": "Find people's keypoints in images and videos.",
    "export": "Write a network for TensorFlow Serving and other runtimes.",
    "compare": "Train presets alike, and print the paper's table of them.",
    "data": "Check, show or prepare a dataset.",
    "convert": "Convert PyTorch checkpoints to .keras files, and back.",
    "info": "Parameters and multiply-adds of the presets.",
    "benchmark": "Measure the loader and the networks.",
}
STOPPED = 130  # exit status of a program that Ctrl-C ended


class LazyGroup(click.Group):
    """A group that lists its subcommands without importing them.

    Args:
        package: Name of the package that has a module for each subcommand, with its
            `command`.
        commands_help: Name of each subcommand -> one line of help.
    """

    def __init__(self, *args, package: str, commands_help: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.package, self.commands_help = package, commands_help

    def list_commands(self, context):
        return list(self.commands_help)

    def get_command(self, context, name):
        if name not in self.commands_help:
            return None
        from keras_hourglass.utils import silence

        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with silence(2, show_on_error=True):
            module = import_module(f"{self.package}.{name.replace('-', '_')}")
        context.meta[COMMAND] = module.command
        return module.command

    def resolve_command(self, context, args):
        if args and args[0] not in self.commands_help:
            close = get_close_matches(args[0], self.commands_help, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            context.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(context, args)

    def format_commands(self, context, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(self.commands_help.items()))


class MainGroup(LazyGroup):
    """The group of all subcommands: an error is one line, and exits with 1."""

    def invoke(self, context):
        try:
            try:
                return super().invoke(context)
            finally:
                if not isinstance(sys.exception(), OSError):
                    flush_output()
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except BrokenPipeError:  # the reader, `| head` say, has ended: so does click
            raise
        except KeyboardInterrupt:
            click.echo("\nStopped.", err=True)
            context.exit(STOPPED)
        except Exception as error:
            if context.params["traceback"]:
                raise
            message = describe_error(error)
            if type(error).__name__ == "Interrupted":  # not imported, for its time
                click.echo(f"\n{message}", err=True)
                context.exit(STOPPED)
            click.echo(f"Error: {message}", err=True)
            context.exit(1)

    def main(self, *args, **kwargs):
        try:
            return super().main(*args, **kwargs)
        except OSError as error:  # of printing the help
            if not is_of_output(error):
                raise
            click.echo(f"Error: {describe_error(error)}", err=True)
            sys.exit(1)
        finally:
            discard_unwritten()


@click.group(cls=MainGroup, package=__package__, commands_help=COMMANDS)
@click.option("--quiet", "-q", is_flag=True, help="Show only warnings and errors.")
@click.option("--verbose", "-v", is_flag=True, help="Show more of what is done.")
@click.option("--traceback", is_flag=True, help="Show where an error was raised.")
@click.version_option(package_name="keras-hourglass")
def main(quiet, verbose, traceback):
    """Train, evaluate and run stacked hourglass networks for human pose estimation."""
    configure_logging(quiet, verbose)


if __name__ == "__main__":
    sys.exit(main())
