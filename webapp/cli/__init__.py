"""The command line, `rejoin`: one module for each group of commands, imported only when one of them is called."""

import sys
from importlib import import_module

import click

COMMANDS = {
    "demo": "demo:demo",
    "serve": "serve:serve",
    "worker": "serve:worker",
    "db": "database:db",
    "doctor": "doctor:doctor",
    "program": "people:program",
    "person": "people:person",
    "token": "tokens:token",
    "import": "rosters.command:importing",
    "ladder": "ladder:ladder",
    "audit": "audit:audit",
    "keys": "key_rotation:keys_",
}
"""Command → module and name in this package; in the order of `rejoin --help`."""


class Commands(click.Group):
    """Imports a command's module only when it is called, and shows errors we know with their remedy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"webapp.cli.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        from webapp.cli.console import as_command_error

        try:
            return super().invoke(ctx)
        except Exception as error:
            if (known := as_command_error(error)) is None:
                raise
            raise known from error


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def rejoin() -> None:
    """Rejoin, the attendance companion of virtual intensive outpatient programs.

    What a command makes (a reference, a link, a secret) is the last word on standard output; everything else is said on
    standard error. Settings come from REJOIN_* variables and instance/config.py.
    """


def main() -> None:
    """What `.venv/bin/rejoin` runs."""
    sys.exit(rejoin(prog_name="rejoin"))
