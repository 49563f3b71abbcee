"""Every kind of file is valid in the outside world's eyes and in the platform's.

Clean means: without the faults that make a file invalid or that deliver it twice. All other faults
stay, because what they plant is told in valid files. pyx12 finds nothing to complain about: not in
835, 837P and 837I, and neither in 999 and 277CA.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from pathlib import Path

import pytest

from rcm_platform.sources import x12
from rcm_platform.world.feeds.x12 import FOLDERS, write_clearinghouse
from rcm_platform.world.model import World
from rcm_platform_tests.support.pyx12_oracle import errors, file_errors
from rcm_platform_tests.support.tiny_world import PLAIN, SEED, START, THROUGH

CLEAN = (
    "unbalanced_claim=0,unbalanced_payment=0,bad_npi=0,duplicate_file=0,renumbered_file=0,"
    "replacement_without_reference=0," + PLAIN
)
#: So that a tiny world has every shape of file.
OFTEN = (
    ",late_charge=80000,repeated_claim=20000,reversal_without_correction=20000"
    ",remit_before_submission=20000,other_payer_paid=20000,patient_contractual=20000"
    ",stranger_remit=20000,stranger_ack=20000,deactivated_reason=200000"
    ",whole_charge_contractual=200000,reason_without_remark=200000"
)
#: A text of each shape that must be among the files of a folder.
SHAPES = {
    "837p": [
        "REF*F8*", "REF*G1*", "SBR*S*18****", "SBR*P*18*******WC", "SVD*", "CAS*PR*2",
        "*ABF:", "***1:2", ":26*", ":95*",
    ],
    "837i": [
        "***11:A:1", "***13:A:5", "***13:A:7", "DTP*435*DT*", "HI*DR:", "HI*APR:", ":::::::Y",
        "CL1*1*", "SVD*", "SV2*0120**",
    ],
    "999": ["AK2*837*0001*005010X222A1", "AK2*837*0001*005010X223A2"],
    "277ca": ["*WQ*", "*U*", "HL*5*3*PT", "REF*BLT*131", "*RD8*", "TRN*2*CLX"],
    "835": [
        "BPR*H*", "CAS*PI*", "CAS*PR*27*", "CAS*PR*45*", "**253*", "CAS*OA*23*", "LQ*HE*", "MOA*",
        "MIA*", "*22*-", "NM1*TT*", "PLB*", "L6:", "FB:", "SVC*NU:", "CLP*CLX", "*62*",
    ],
}  # fmt: skip


def clean_world(folder: Path, size: str, faults: str, through: date) -> Path:
    world = World(seed=SEED, size=size, start=START, through=through, faults=faults)
    write_clearinghouse(world, folder, world.start_day, world.through_day)
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_world(tmp_path_factory.mktemp("clean"), "tiny", CLEAN + OFTEN, THROUGH)


@pytest.mark.parametrize("kind", FOLDERS)
def test_pyx12_accepts_every_file(kind: str, clean: Path) -> None:
    pytest.importorskip("pyx12")
    files = sorted((clean / kind).glob("*.edi"))
    text = "".join(path.read_text("ascii") for path in files)
    assert [shape for shape in SHAPES[kind] if shape not in text] == []
    assert file_errors(files) == []


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("837p", "NM1*85*", "NM1*99*"),
        ("837i", "CL1*", "CL9*"),
        ("999", "AK9*A*", "AK9*Q*"),
        ("277ca", "STC*A2:20", "STC*B2:20"),
        ("835", "*XX*", "*QQ*"),
    ],
)
def test_the_oracle_can_say_no(kind: str, right: str, wrong: str, clean: Path) -> None:
    pytest.importorskip("pyx12")
    paths = sorted((clean / kind).glob("*.edi"))[:3]
    texts = [path.read_text("ascii") for path in paths]
    place = next(number for number, text in enumerate(texts) if right in text)
    texts[place] = texts[place].replace(right, wrong, 1)
    found = errors(texts, [path.name for path in paths])
    assert found
    assert all(line.startswith(paths[place].name) for line in found)


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_platform_reads_every_file_without_a_word(kind: str, clean: Path) -> None:
    assert complaints(clean / kind) == []


@pytest.mark.prove
def test_every_file_of_the_small_world(tmp_path: Path) -> None:
    pytest.importorskip("pyx12")
    clean_world(tmp_path, "small", CLEAN, date(2025, 6, 30))
    for kind in FOLDERS:
        assert complaints(tmp_path / kind) == []
    wrong: list[str] = []
    chunks = list(_chunks(tmp_path))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context) as pool:
        waiting = [pool.submit(file_errors, chunk) for chunk in chunks]
        for done, future in enumerate(as_completed(waiting), start=1):
            wrong += future.result()
            print(f"pyx12: {done} of {len(chunks)} parts, {len(wrong)} errors", flush=True)
    assert wrong == []


def _chunks(folder: Path) -> Iterator[list[Path]]:
    """Files of one kind, together about half a megabyte."""
    for kind in FOLDERS:
        chunk: list[Path] = []
        size = 0
        for path in sorted((folder / kind).glob("*.edi")):
            chunk.append(path)
            size += path.stat().st_size
            if size > 500_000:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk


def complaints(folder: Path) -> list[str]:
    """Whatever the platform's reader holds or remarks on in the files of a folder."""
    files = [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.edi"))]
    reading = x12.read(files)
    held = [f"{item.source_file}: {item.reason}" for item in reading.quarantine]
    remarks = [str(row) for row in reading.tables["diagnostics"].to_pylist()]
    unread = [f.source_file for f in reading.received if not f.row_count]
    return held + remarks + unread
