"""What an audit found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `subject` is an id; neither it nor `text` holds personal data."""

    subject: str
    text: str


@dataclass
class Outcome:
    """What one check saw: how many things it looked at, and what was wrong with them."""

    looked_at: int = 0
    findings: list[Finding] = field(default_factory=list)

    def find(self, subject: str, text: str) -> None:
        """Note something wrong."""
        self.findings.append(Finding(subject, text))


@dataclass(frozen=True)
class CheckResult:
    """One check that ran. `what` says what it proves."""

    name: str
    what: str
    looked_at: int
    findings: list[Finding]


@dataclass(frozen=True)
class Skipped:
    """What was not looked at, and why."""

    check: str
    why: str


@dataclass(frozen=True)
class AuditReport:
    """All checks that ran, and what was left out."""

    checks: list[CheckResult]
    skipped: list[Skipped]

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not any(check.findings for check in self.checks)

    def findings(self) -> Iterator[tuple[str, Finding]]:
        """Every finding with the name of its check."""
        for check in self.checks:
            for finding in check.findings:
                yield check.name, finding

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: `checks` with the number of findings each, all `findings`, and what was `skipped`."""
        return {
            "checks": [
                {"name": check.name, "what": check.what, "looked_at": check.looked_at, "findings": len(check.findings)}
                for check in self.checks
            ],
            "findings": [
                {"check": name, "subject": finding.subject, "text": finding.text} for name, finding in self.findings()
            ],
            "skipped": [{"check": skipped.check, "why": skipped.why} for skipped in self.skipped],
        }
