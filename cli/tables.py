"""Scores as tables for a terminal."""

from math import isnan

import click

from keras_hourglass.evaluation.conventions import CONVENTIONS


def print_scores(name, report):
    """Prints what `evaluation.score` says of a model, or of a file."""
    click.echo(f"{name}: {report['people']:,} people, {report['joints']:,} joints")
    for threshold, part in report["thresholds"].items():
        click.echo(f"\nPCKh@{threshold}")
        columns = part["columns"]
        click.echo("".join(f"{name:>{len(name) + 3}}" for name in columns))
        cells = (f"{_number(v):>{len(k) + 3}}" for k, v in columns.items())
        click.echo("".join(cells))
        for convention, value in part["means"].items():
            low, high = part["intervals"][convention]
            click.echo(
                f"  {convention:16}{value:7.2f}  ({low:.1f} to {high:.1f})  "
                f"{CONVENTIONS[convention].says}"
            )
    click.echo("\nArea under the curve from 0 to 0.5")
    for convention, value in report["area"].items():
        click.echo(f"  {convention:16}{value:7.2f}")
    if "offset" in report:
        x, y = report["offset"]
        click.echo(f"\nMean signed error: x {x:+.3f}, y {y:+.3f} heatmap pixels")
    if torso := report.get("torso"):
        means = ", ".join(f"{name} {torso['means'][name]:.1f}" for name in CONVENTIONS)
        click.echo(f"PCK@{torso['threshold']} ({torso['says']}): {means}")
    if oks := report.get("oks"):
        values = [f"{name} {oks[name]:.3f}" for name in ("AP", "AP50", "AP75", "AR")]
        click.echo(
            f"OKS: {', '.join(values)} ({oks['people']:,} people whose boxes were "
            f"given, {len(oks['joints'])} of COCO's joints)"
        )
    if left_out := report.get("left_out"):
        click.echo(left_out)
    if unread := report.get("unread"):
        click.echo(f"{len(unread):,} pictures could not be read, {unread[0]} first")
    click.echo("In brackets: 95 % of 2,000 bootstraps over people.\n")


def _number(value):
    """A percentage, or a dash where nothing was labelled."""
    return "\N{EN DASH}" if isnan(value) else f"{value:.2f}"


def print_difference(first, second, differences):
    """Prints what `bootstrap.compare` says of two models."""
    click.echo(f"{second} less {first}, percentage points, on the same people")
    for threshold, conventions in differences.items():
        click.echo(f"\nPCKh@{threshold}")
        for convention, held in conventions.items():
            low, high = held["interval"]
            click.echo(
                f"  {convention:16}{held['difference']:+7.2f}  "
                f"({low:+.1f} to {high:+.1f})"
            )
    click.echo()
