"""The commands `takt source ...`: make a source folder and look at one before anything depends on it."""

from __future__ import annotations

import typer

sourcing = typer.Typer(no_args_is_help=True, help="Make a source folder, or check one.")
