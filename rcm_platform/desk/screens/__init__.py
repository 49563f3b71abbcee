"""The pages of the desk, in the order of their list; each is a script beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rcm_platform.desk.viewer import Viewer
from rcm_platform.publish.audiences import LEADERSHIP, OPERATIONS

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Screen:
    """A page: its script and address, its place in the list, and who may open it.

    `is_of_the_whole`: its figures are of all organizations together, so that who is limited to some
    may not open it.
    """

    name: str
    title: str
    icon: str
    section: str
    help: str
    audiences: tuple[str, ...] = (OPERATIONS,)
    is_of_the_whole: bool = False

    @property
    def script(self) -> Path:
        return FOLDER / f"{self.name}.py"

    @property
    def path(self) -> str:
        """Its address below the desk's."""
        return self.name.replace("_", "-")

    def is_for(self, viewer: Viewer) -> bool:
        """Whether a viewer may open it."""
        return viewer.audience in self.audiences and (
            viewer.sees_all_organizations or not self.is_of_the_whole
        )


EXECUTIVE = Screen(
    "executive", "Executive", ":material/monitoring:", "Overview",
    "Headlines with their targets and the reason of each change, cash to come, and where money "
    "waits.",
    (LEADERSHIP, OPERATIONS), is_of_the_whole=True,
)  # fmt: skip
COMMAND_CENTER = Screen(
    "command_center", "Command Center", ":material/dashboard:", "Overview",
    "What is open: how much, how old, how urgent, with whom.",
)  # fmt: skip
WORKLISTS = Screen(
    "worklists", "Worklists", ":material/checklist:", "Work",
    "One list for each role: what to do next, until when, and what it is worth.",
)  # fmt: skip
CLAIM = Screen(
    "claim", "Claim", ":material/description:", "Work",
    "One claim from end to end, and what was done about it.",
)  # fmt: skip
PAPER_REMITTANCE = Screen(
    "paper_remittance", "Paper remittance", ":material/receipt_long:", "Work",
    "Enter what a payer decided on paper, as if it had come as a file.",
)  # fmt: skip
DENIALS = Screen(
    "denials", "Denials", ":material/block:", "Analysis",
    "Why payers deny, what comes back, and which deadlines are near.",
)  # fmt: skip

PAYERS = Screen(
    "payers", "Payers", ":material/account_balance:", "Analysis",
    "Who pays well, late, or less than agreed, and who has changed.",
)  # fmt: skip
CLINICIANS = Screen(
    "clinicians", "Clinicians", ":material/stethoscope:", "Analysis",
    "From work to charges to cash, and against the target.",
    (LEADERSHIP, OPERATIONS),
)  # fmt: skip
REVENUE = Screen(
    "revenue", "Revenue", ":material/payments:", "Analysis",
    "What services are worth, what was received of it, and what is left.",
)  # fmt: skip
CLAIMS_PERFORMANCE = Screen(
    "claims_performance", "Claims performance", ":material/speed:", "Analysis",
    "How claims go through, and where they stand.",
)  # fmt: skip
PATIENTS = Screen(
    "patients", "Patients", ":material/group:", "Analysis",
    "Who comes, how they are insured, and what they bring.",
    is_of_the_whole=True,
)  # fmt: skip
OPERATIONS_PAGE = Screen(
    "operations", "Operational efficiency", ":material/timer:", "Analysis",
    "Where time is lost between the appointment and the bill.",
)  # fmt: skip
QUALITY = Screen(
    "quality", "Data quality and exceptions", ":material/fact_check:", "Data",
    "What breaks a rule, what it is worth, and what is decided about it.",
)  # fmt: skip

SCREENS = (
    EXECUTIVE, COMMAND_CENTER, WORKLISTS, CLAIM, PAPER_REMITTANCE, DENIALS, PAYERS, CLINICIANS,
    REVENUE, CLAIMS_PERFORMANCE, PATIENTS, OPERATIONS_PAGE, QUALITY,
)  # fmt: skip
