"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_HOME = Path(".orderhub")
HomeOption = Annotated[Path, typer.Option("--home", help="Folder of the embedded installation: databases, logs, keys.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; logs go to stderr.")]
