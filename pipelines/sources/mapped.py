"""What a source delivered, counted: good rows, quarantined rows with their reasons, rows left out on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from features.errors import QuarantineExceeded
from features.facts.contract import TABLES, Checked
from features.facts.definitions import Definitions
from features.facts.ledger import Facts

_EXAMPLES: Final = 3


@dataclass(frozen=True)
class Mapped:
    """What a source delivered, after the contract.

    Attributes
    ----------
    source : str
        Name of the source.
    definitions : Definitions
        Its words.
    checked : mapping of str to Checked
        All nine tables of the contract, good and quarantined rows; several versions of a key are all kept.
    left_out : DataFrame, columns table, reason, rows
        Raw rows that the SQL leaves out on purpose, as `left_out.sql` counts them; empty where there is none.
    skipped : tuple of str
        Optional tables whose raw file is absent.
    """

    source: str
    definitions: Definitions
    checked: Mapping[str, Checked]
    left_out: pd.DataFrame
    skipped: tuple[str, ...] = ()

    def facts(self) -> Facts:
        """Return the good rows as facts."""
        return Facts.of({name: c.good for name, c in self.checked.items()})

    def summary(self) -> pd.DataFrame:
        """Count each table: rows in, good, quarantined, the reasons with their counts, and what was left out."""
        lines = [
            {
                "table": name,
                "rows": len(c.good) + len(c.quarantined),
                "good": len(c.good),
                "quarantined": len(c.quarantined),
                "reasons": "; ".join(f"{r} ({n})" for r, n in reasons(c).items()),
                "left_out": self._left_out(name),
            }
            for name, c in self.checked.items()
        ]
        return pd.DataFrame(lines)

    def raise_if_exceeded(self, max_quarantine: float | None = None) -> None:
        """Stop when a table has a larger share of quarantined rows than allowed.

        Parameters
        ----------
        max_quarantine : float, optional
            Largest share that is accepted, per table; by default the one of definitions.yaml.

        Raises
        ------
        QuarantineExceeded
            With the reasons and up to three example rows of each.
        """
        limit = self.definitions.max_quarantine if max_quarantine is None else max_quarantine
        over = {name: c for name, c in self.checked.items() if c.share > limit}
        if over:
            raise QuarantineExceeded(
                f"{self.source}: more than {limit:.2%} of a table set aside; nothing is published.\n"
                + "\n".join(_complaint(name, c) for name, c in over.items())
                + "\nCorrect the source, or raise max_quarantine in definitions.yaml if these rows may be missing."
            )

    def _left_out(self, name: str) -> str:
        if name in self.skipped:
            return "no file"
        rows = self.left_out[self.left_out["table"] == name]
        return "; ".join(f"{r} ({n})" for r, n in zip(rows["reason"], rows["rows"], strict=True))


def reasons(checked: Checked) -> dict[str, int]:
    """Count the quarantined rows of a table by reason, the most frequent first."""
    return {str(r): int(n) for r, n in checked.quarantined["reason"].value_counts().items()}


def _complaint(name: str, checked: Checked) -> str:
    rows = len(checked.good) + len(checked.quarantined)
    head = f"  {name}: {len(checked.quarantined)} of {rows} rows ({checked.share:.2%})"
    return "\n".join([head, *(_examples(name, checked, reason) for reason in reasons(checked))])


def _examples(name: str, checked: Checked, reason: str) -> str:
    rows = checked.quarantined[checked.quarantined["reason"] == reason]
    key = list(TABLES[name].key)
    shown = [
        f"{', '.join(f'{k}={row[k]}' for k in key)} (got {row['got']})" for _, row in rows.head(_EXAMPLES).iterrows()
    ]
    return f"    {reason}: {len(rows)} rows, for example {'; '.join(shown)}"
