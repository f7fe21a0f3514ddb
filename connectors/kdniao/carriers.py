"""Our carriers and Kuaidiniao's ShipperCode."""

from __future__ import annotations

from domain.shipping import Carrier

_SHIPPER_CODES: dict[Carrier, str] = {
    Carrier.SF: "SF",
    Carrier.ZTO: "ZTO",
    Carrier.YTO: "YTO",
    Carrier.STO: "STO",
    Carrier.YUNDA: "YD",
    Carrier.EMS: "EMS",
    Carrier.JD: "JD",
    Carrier.DEPPON: "DBL",
    Carrier.JTSD: "JTSD",
}
_CARRIERS = {code: carrier for carrier, code in _SHIPPER_CODES.items()}


def shipper_code(carrier: Carrier) -> str | None:
    """Kuaidiniao's code of a carrier; None for one that it cannot be asked about (`Carrier.OTHER`)."""
    return _SHIPPER_CODES.get(carrier)


def carrier_of(code: str) -> Carrier:
    """The carrier behind a ShipperCode; `Carrier.OTHER` for couriers that we have no name for."""
    return _CARRIERS.get(code, Carrier.OTHER)
