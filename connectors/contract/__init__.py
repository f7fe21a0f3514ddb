"""What every connector must keep to, as checks that run against anybody's: ours, and a third party's package.

A connector's author describes it once, as a `Case`; `checks(case)` gives one `Check` for each rule of the ports. A
check needs no network, no partner and no pytest plugin:

    @pytest.mark.parametrize("check", checks(CASE), ids=str)
    def test_contract(check: Check) -> None:
        check.run()

docs/connectors.md shows a whole one.
"""

from connectors.contract.case import Broken, Call, Case, Pull, Pushes
from connectors.contract.stage import Peer, playing, serving
from connectors.contract.suite import Check, checks

__all__ = ["Broken", "Call", "Case", "Check", "Peer", "Pull", "Pushes", "checks", "playing", "serving"]
