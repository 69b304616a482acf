"""The command `hourglass-keras`, a file for each subcommand."""
