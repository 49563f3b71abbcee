"""What the steps of a run tell its report, as metadata that people read as well.

A step writes its result by `metadata`, the report reads it back by the same class: the words on the
page stand here once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dagster as dg

    from rcm_platform.proof.line import ProofLine

_PROBLEMS = "problems"


@dataclass(frozen=True)
class LoadResult:
    """What a load added to one table, and the files that it read for all of its feed."""

    rows_added: int
    files_loaded: int

    def metadata(self) -> dict[str, Any]:
        return {"rows added": self.rows_added, "files loaded": self.files_loaded}

    @classmethod
    def of(cls, metadata: Mapping[str, dg.MetadataValue]) -> LoadResult | None:
        """The result in the metadata of a table; None where it is no load's."""
        found = _values(metadata, "rows added", "files loaded")
        return cls(*found) if found else None


@dataclass(frozen=True)
class ConservationResult:
    """Quantities that must be equal at each place; of each its scope, unit and amounts as text."""

    rows: tuple[tuple[str, str, dict[str, str]], ...]

    @classmethod
    def of_lines(cls, lines: Sequence[ProofLine]) -> ConservationResult:
        """The lines of a proof; a place that one of them lacks is empty."""
        places = list(dict.fromkeys(place for line in lines for place in line.figures))
        return cls(
            tuple(
                (line.scope, line.unit, {p: _text(line.figures.get(p)) for p in places})
                for line in lines
            )
        )

    def metadata(self) -> dict[str, Any]:
        import dagster as dg

        records = [
            dg.TableRecord({"scope": scope, "unit": unit} | amounts)
            for scope, unit, amounts in self.rows
        ]
        return {"figures": dg.MetadataValue.table(records)} if records else {}

    @classmethod
    def of(cls, metadata: Mapping[str, dg.MetadataValue]) -> ConservationResult | None:
        """The result in the metadata of a check; None where it is none of conservation."""
        found = _values(metadata, "figures")
        if not found:
            return None
        rows = []
        for record in found[0]:
            scope, unit, *_ = record.data.values()
            amounts = {k: str(v) for k, v in record.data.items() if k not in ("scope", "unit")}
            rows.append((str(scope), str(unit), amounts))
        return cls(tuple(rows))


@dataclass(frozen=True)
class TruthResult:
    """Rows of a mart against those of the synthetic world's truth."""

    rows_in_mart: int
    rows_in_truth: int
    only_in_mart: int
    only_in_truth: int

    def metadata(self) -> dict[str, Any]:
        return {
            "rows in mart": self.rows_in_mart,
            "rows in truth": self.rows_in_truth,
            "only in mart": self.only_in_mart,
            "only in truth": self.only_in_truth,
        }

    @classmethod
    def of(cls, metadata: Mapping[str, dg.MetadataValue]) -> TruthResult | None:
        """The result in the metadata of a check; None where it compares no mart."""
        names = ("rows in mart", "rows in truth", "only in mart", "only in truth")
        found = _values(metadata, *names)
        return cls(*found) if found else None


@dataclass(frozen=True)
class FaultsResult:
    """Planted faults, those missed, and findings that are none."""

    planted: int
    missed: int
    wrong_findings: int

    def metadata(self) -> dict[str, Any]:
        return {
            "faults planted": self.planted,
            "faults missed": self.missed,
            "findings that are no fault": self.wrong_findings,
        }

    @classmethod
    def of(cls, metadata: Mapping[str, dg.MetadataValue]) -> FaultsResult | None:
        """The result in the metadata of a check; None where it is not about planted faults."""
        names = ("faults planted", "faults missed", "findings that are no fault")
        found = _values(metadata, *names)
        return cls(*found) if found else None


def problems_metadata(problems: Sequence[str]) -> dict[str, str]:
    """What is wrong, a line each, as people are told."""
    return {_PROBLEMS: "\n".join(problems)} if problems else {}


def problems_of(metadata: Mapping[str, dg.MetadataValue]) -> list[str]:
    """The lines of `problems_metadata`; none where there are none."""
    found = _values(metadata, _PROBLEMS)
    return str(found[0]).splitlines() if found else []


def _values(metadata: Mapping[str, dg.MetadataValue], *names: str) -> list[Any] | None:
    """What stands under these names; None where one of them is missing."""
    if any(name not in metadata for name in names):
        return None
    found = (metadata[name] for name in names)
    return [getattr(one, "records", None) or one.value for one in found]


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,}"
