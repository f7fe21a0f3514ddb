"""The OAuth endpoints (protocol file, section 3): the merchant's consent, tokens for its code, and new tokens."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from sandbox.jd.tokens import Denied, Tokens
from sandbox.settings import JdSettings
from sandbox.world import World, form_fields


def oauth_router(world: World, settings: JdSettings, tokens: Tokens) -> APIRouter:
    """`/oauth2/...`. Query and form carry the same fields."""
    router = APIRouter(prefix="/oauth2")

    @router.get("/to_login")
    async def to_login(app_key: str, redirect_uri: str, state: str = "") -> Response:
        """The merchant's browser: here it always agrees, and goes where the app wants it."""
        if app_key != settings.app_key:
            return _denied(Denied(400, "app_key 不存在"))
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': tokens.consent(), 'state': state})}", 302)

    @router.api_route("/access_token", methods=["GET", "POST"])
    async def access_token(request: Request) -> Response:
        """Tokens for a code."""
        fields = await _fields(request)
        return await answer(
            "access_token", fields, "authorization_code", lambda: tokens.by_code(fields.get("code", ""))
        )

    @router.api_route("/refresh_token", methods=["GET", "POST"])
    async def refresh_token(request: Request) -> Response:
        """A new access token."""
        fields = await _fields(request)
        return await answer(
            "refresh_token", fields, "refresh_token", lambda: tokens.refresh(fields.get("refresh_token", ""))
        )

    async def answer(
        operation: str, fields: Mapping[str, str], grant_type: str, issue: Callable[[], dict[str, Any]]
    ) -> Response:
        def handle() -> Response:
            try:
                _check(settings, fields, grant_type)
                return JSONResponse(issue())
            except Denied as denied:
                return _denied(denied)

        return await world.answer(
            "jd",
            f"oauth2.{operation}",
            handle,
            system_error=lambda: _denied(Denied(500, "系统繁忙，请稍后重试")),
            throttled=lambda: _denied(Denied(429, "请求过于频繁，已被限流")),
        )

    return router


def _check(settings: JdSettings, fields: Mapping[str, str], grant_type: str) -> None:
    """Raise Denied for an app that is not ours, or another kind of grant."""
    if fields.get("app_key") != settings.app_key:
        raise Denied(400, "app_key 不存在")
    secret = settings.app_secret.get_secret_value()
    if not hmac.compare_digest(fields.get("app_secret", "").encode(), secret.encode()):
        raise Denied(400, "app_secret 错误")
    if fields.get("grant_type") != grant_type:
        raise Denied(400, "grant_type 错误")


def _denied(denied: Denied) -> Response:
    return JSONResponse({"code": denied.code, "msg": denied.words, "requestId": "sandbox"})


async def _fields(request: Request) -> dict[str, str]:
    try:
        form = form_fields(await request.body())
    except ValueError:
        form = {}
    return {**request.query_params, **form}
