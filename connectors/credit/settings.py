"""Settings of the credit bureau."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.transport import Limits


class CreditSettings(BaseModel):
    """Where the bureau is and who we are there. The contract is a proposal, so there is no production address."""

    model_config = ConfigDict(extra="forbid")

    base_url: str = Field(description="address before `/credit/v1`; a path prefix in it is part of what is signed")
    app: str = Field(min_length=1, description="our client id, `X-Credit-App`")
    secret: SecretStr = Field(description="shared HMAC key, for requests and callbacks")
    callback_url: str = Field(description="where late answers are posted: our `/hooks/credit`")
    # The contract gives one attempt 5 s of the 30 s that an order may wait in all.
    limits: Limits = Field(default_factory=Limits)
