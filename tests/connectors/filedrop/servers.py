"""File servers in the test's own process: FTP, FTP over TLS, SFTP. None of them shares code with what is tested."""

from __future__ import annotations

import datetime
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from connectors.filedrop import FileSource

USER, PASSWORD = "jd", "made-up"


def source(protocol: str, port: int, **changes: Any) -> FileSource:
    values: dict[str, Any] = {
        "protocol": protocol,
        "host": "127.0.0.1",
        "port": port,
        "user": USER,
        "password": SecretStr(PASSWORD),
        "timeout_s": 5.0,
        "settle_s": 30.0,
    }
    return FileSource(**(values | changes))


@contextmanager
def ftp_server(
    root: Path, *, certificate: Path | None = None, implicit: bool = False, rights: str = "elrfmw"
) -> Iterator[int]:
    """The port of a server whose directory is `root`; with a certificate it wants TLS on both connections, by AUTH TLS
    or from the first byte."""
    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, str(root), perm=rights)
    base = FTPHandler if certificate is None else TLS_FTPHandler
    handler: Any = type("Handler", (base,), {"authorizer": authorizer, "banner": "ready", "log_prefix": ""})
    if certificate is not None:
        handler.certfile = str(certificate)
        handler.tls_control_required = handler.tls_data_required = True
        if implicit:
            handler.handle = _secure_at_once
    server = FTPServer(("127.0.0.1", 0), handler, ioloop=IOLoop())
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            server.ioloop.loop(timeout=0.02, blocking=False)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        over.set()
        thread.join()
        server.close_all()


def _secure_at_once(handler: Any) -> None:
    handler.secure_connection(handler.ssl_context)
    FTPHandler.handle(handler)


@asynccontextmanager
async def sftp_server(root: Path) -> AsyncIterator[tuple[int, str]]:
    """The port and the public key of a server whose directory is `root`."""
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Login(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    def files(channel: Any) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(root).encode())

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[key], server_factory=Login, sftp_factory=files, allow_scp=False
    )
    async with server:
        yield server.get_port(), key.export_public_key().decode().strip()


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made-up")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path
