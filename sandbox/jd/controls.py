"""What can be done with JD's shop beyond what all platforms have: splitting orders, and files for its FTP server."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from sandbox.drafts import Shape
from sandbox.jd.exports import Encoding
from sandbox.jd.platform import JdPlatform
from sandbox.words import in_words

_NO_FILE = "there is no such file"


class ExportWish(Shape):
    """Which orders a file tells of, and what is wrong with it."""

    order_nos: list[str] = Field(min_length=1)
    encoding: Encoding = "gbk"
    partly: bool = False
    bad_rows: int = Field(0, ge=0, le=1000)
    name: str | None = Field(None, pattern=r"^[A-Za-z0-9_.-]{1,100}\.csv$")


def jd_router(jd: JdPlatform) -> APIRouter:
    """The controls, to be mounted under `/control/jd`."""
    router = APIRouter()

    @router.post("/authorise")
    async def authorise() -> dict[str, str]:
        """The owner consents that the app reads the shop; the code is good for ten minutes and one exchange."""
        return {"code": jd.authorise()}

    @router.post("/{order_no}/split")
    async def split(order_no: str) -> dict[str, list[str]]:
        """Replace an order of several lines by two children."""
        with in_words():
            return {"order_nos": jd.split(order_no)}

    @router.post("/export")
    async def export(wanted: ExportWish) -> dict[str, str]:
        """Put a file with these orders on the FTP server, half of it with `partly`."""
        with in_words():
            name = jd.export(wanted.order_nos, wanted.encoding, wanted.bad_rows, wanted.name, partly=wanted.partly)
            return {"name": name}

    @router.post("/files/{name}/again")
    async def again(name: str) -> dict[str, str]:
        """Put the same content there under another name."""
        with in_words(_NO_FILE):
            return {"name": jd.files.again(name)}

    @router.post("/files/{name}/complete", status_code=204)
    async def complete(name: str) -> None:
        """Finish a file that is half there."""
        with in_words(_NO_FILE):
            jd.files.complete(name)

    return router
