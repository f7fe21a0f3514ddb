"""Settings of a directory on a file server that orders are put into."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from connectors.drops import DropRules

Folder = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$")]

_PORTS = {"ftp": 21, "ftps": 21, "sftp": 22}


class FileSource(BaseModel):
    """Where a shop's files are put, and how they are taken from there.

    The user needs to read `directory`, and to rename and write into `archive` and `errors`; never to delete.
    """

    model_config = ConfigDict(extra="forbid")

    protocol: Literal["ftp", "ftps", "sftp"]
    host: Annotated[str, StringConstraints(min_length=1)]
    port: int = Field(default=0, ge=0, le=65535, description="0: the protocol's own")
    user: str
    password: SecretStr
    directory: Folder = "/"
    pattern: str = Field(default="*.csv", min_length=1, description="which names are taken; *.tmp and *.part never are")
    archive: Folder = Field(default="archive", description="taken files go to {archive}/yyyyMMdd; below the directory")
    errors: Folder = Field(default="error", description="what could not be read goes here; below the directory")
    settle_s: float = Field(
        default=30.0, gt=0, description="a file is complete when two listings so far apart show it alike"
    )
    marker_only: bool = Field(default=False, description="take only files with <name>.ok beside them")
    max_bytes: int = Field(default=1_000_000_000, gt=0, description="a larger file is refused")
    timeout_s: float = Field(default=30.0, gt=0, description="of connecting, and of a silence of the server")
    names: str = Field(default="utf-8", description="ftp, ftps: encoding of file names, e.g. gbk for old servers")
    implicit_tls: bool = Field(default=False, description="ftps: TLS from the first byte (port 990), no AUTH TLS")
    ca_file: str = Field(default="", description="ftps: trust this certificate authority (PEM) instead of the system's")
    host_key: str = Field(default="", description="sftp: the server's public key, 'ssh-ed25519 AAAA…'")

    @model_validator(mode="after")
    def _sftp_knows_its_server(self) -> FileSource:
        if self.protocol == "sftp" and not self.host_key.strip():
            raise ValueError("sftp needs host_key: without it, anybody could be the server")
        return self

    def port_number(self) -> int:
        """The port to connect to."""
        if self.port:
            return self.port
        return 990 if self.protocol == "ftps" and self.implicit_tls else _PORTS[self.protocol]

    def rules(self) -> DropRules:
        """What whoever takes the files needs to know."""
        return DropRules(
            pattern=self.pattern,
            settle_s=self.settle_s,
            marker_only=self.marker_only,
            archive=self.archive,
            errors=self.errors,
            max_bytes=self.max_bytes,
        )
