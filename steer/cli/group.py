"""The `steer` command group, which imports a command's file only when that command is called."""

from __future__ import annotations

from importlib import import_module

import click

import steer
from steer.cli.log import log_options

__all__ = ["COMMANDS", "LazyGroup", "cli"]

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("steer.cli.init:init", "Write a commented campaign file."),
    "validate": ("steer.cli.validate:validate", "Check a campaign file and its molecule; do nothing."),
    "doctor": ("steer.cli.doctor:doctor", "Check that this machine can run campaigns."),
    "run": ("steer.cli.run:run", "Start a campaign, or resume it."),
    "worker": ("steer.cli.worker:worker", "Attach this machine to a running campaign."),
    "status": ("steer.cli.status:status", "Say what a campaign is doing."),
    "stop": ("steer.cli.stop:stop", "Stop a running campaign; it can be resumed."),
    "coverage": ("steer.cli.coverage:coverage", "Draw what has been explored."),
    "report": ("steer.cli.write_report:report", "Write all about a campaign into one HTML file."),
    "dashboard": ("steer.cli.dashboard:dashboard", "Show a campaign live in a browser."),
    "benchmark": ("steer.cli.benchmark:benchmark", "Ask whether steering pays, where the answer is known."),
}
"""Command name to ``module:attribute`` and the sentence that ``steer --help`` shows, in the order shown."""


class LazyGroup(click.Group):
    """A group whose commands are named in a table and imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(steer.__version__, prog_name="steer")
@log_options
def cli() -> None:
    """Find the conformations of a biomolecule that plain simulation would not reach in time.

    Cheap coarse-grained simulations roam; a learned map keeps account of what has been seen; where it is thin,
    configurations are refined by all-atom simulation and start new coarse-grained ones.

    Begin with `steer init`, then `steer validate campaign.toml` and `steer run campaign.toml`.
    """
