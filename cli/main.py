"""`hourglass-keras`: opens a subcommand's file only when it is asked for."""

import os
import sys
from difflib import get_close_matches
from importlib import import_module

import click

COMMANDS = {
    "train": "Train a network on people.",
    "evaluate": "Score a network, or a file of predictions.",
    "submit-mpii": "Write the file that MPII's test server asks for.",
    "predict": "Find people's joints in pictures and videos.",
    "export": "Write a network for TensorFlow Serving and others.",
    "compare": "Train presets alike, and print the paper's table of them.",
    "data": "Check, show or prepare a dataset.",
    "convert": "PyTorch checkpoints to .keras files, and back.",
    "info": "Parameters and multiply-adds of the presets.",
    "benchmark": "Measure the loader and the networks.",
}
STOPPED = 130  # what a shell calls a program that Ctrl-C ended


class LazyGroup(click.Group):
    """A group that shows its subcommands without importing keras for them."""

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        if name not in COMMANDS:
            return None
        from keras_hourglass.utils import silence

        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with silence(2, show_on_error=True):
            module = import_module(f"keras_hourglass_cli.{name.replace('-', '_')}")
        return module.command

    def resolve_command(self, context, args):
        if args and args[0] not in COMMANDS:
            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            context.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(context, args)

    def format_commands(self, context, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, context):
        """Runs a subcommand; what goes wrong is one line, unless more is asked for."""
        try:
            return super().invoke(context)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except BrokenPipeError:  # `| head` has seen enough: click ends quietly
            raise
        except KeyboardInterrupt:
            click.echo("\nStopped.", err=True)
            context.exit(STOPPED)
        except Exception as error:
            if context.params["traceback"]:
                raise
            message, *_ = str(error).strip().splitlines() or [type(error).__name__]
            if type(error).__name__ == "Interrupted":  # importing it would take long
                click.echo(f"\n{message}", err=True)
                context.exit(STOPPED)
            click.echo(f"Error: {message}", err=True)
            context.exit(1)


@click.group(cls=LazyGroup)
@click.option("--traceback", is_flag=True, help="Show where an error arose.")
@click.version_option(package_name="keras-hourglass")
def main(traceback):
    """Train, judge and run stacked hourglass networks for human pose estimation."""


if __name__ == "__main__":
    sys.exit(main())
