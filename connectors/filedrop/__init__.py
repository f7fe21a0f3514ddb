"""Directories on file servers that orders are put into, by FTP, FTPS and SFTP: `open_drop`.

No partner by itself: a channel that gets its orders as files has one for each shop (`connectors.drops`).
"""

from connectors.filedrop.drop import open_drop
from connectors.filedrop.settings import FileSource

__all__ = ["FileSource", "open_drop"]
