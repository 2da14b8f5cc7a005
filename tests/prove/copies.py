"""Copies of the edition of 2020 with texts replaced, and what is proven of them."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from policy_engine.load.edition import load_edition
from policy_engine.load.files import data_root
from policy_engine.prove.claims import Claim
from policy_engine.prove.edition import Proof, prove

SPECIALIST = "criteria/head-office-specialist.yaml"
SPECIALISTS, LEADERS = "head_office_specialist", "head_office_leader"


class Edit(NamedTuple):
    """A text of a file, and what stands in its place."""

    file: str
    old: str
    new: str


def copied(folder: Path, *edits: Edit, name: str = "2020") -> Path:
    """Copy the edition of 2020 into a folder, under a name, with texts replaced that must be there once or more."""
    target = Path(shutil.copytree(Path(data_root(), "rulebook", "2020"), folder / name))
    for file, old, new in (Edit("edition.yaml", 'edition: "2020"', f'edition: "{name}"'), *edits):
        text = (target / file).read_text("utf-8")
        assert old in text, old
        (target / file).write_text(text.replace(old, new), "utf-8")
    return target


def proof_of(folder: Path, *edits: Edit) -> Proof:
    """Prove a copy with texts replaced."""
    return prove(load_edition(str(copied(folder, *edits))))


def open_claims(proof: Proof) -> Mapping[str, Claim]:
    return {claim.id: claim for claim in proof.claims if claim.answer != "PROVEN"}
