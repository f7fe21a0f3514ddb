"""The drop that settings describe."""

from __future__ import annotations

from connectors.drops import FileDrop
from connectors.errors import Misconfigured
from connectors.filedrop.ftp import FtpDrop
from connectors.filedrop.names import PARTNER
from connectors.filedrop.settings import FileSource


def open_drop(source: FileSource) -> FileDrop:
    """The drop of `source`, not connected yet. Raises Misconfigured for SFTP where its library is not installed."""
    if source.protocol != "sftp":
        return FtpDrop(source)
    try:
        from connectors.filedrop.sftp import SftpDrop  # noqa: PLC0415 - an extra that not every installation has
    except ImportError as error:
        raise Misconfigured(PARTNER, "connect", "SFTP needs the extra: pip install 'orderhub[sftp]'") from error
    return SftpDrop(source)
