"""`policy-engine prove`: what holds in every case, and the smallest case where something does not."""

import os
import re
from collections.abc import Sequence

from policy_engine.cli.files import Output, hold_outputs
from policy_engine.cli.session import Session
from policy_engine.errors import InputError
from policy_engine.explain.proofs import explain_proof
from policy_engine.load.files import unwritten, write_new
from policy_engine.load.layout import modelines_for
from policy_engine.messages import N_
from policy_engine.prove.ask import BUDGET
from policy_engine.prove.edition import Proof, case_text, prove
from policy_engine.report.data import notes_of, nothing_proven, proof_to_data


def show_proof(session: Session, *, edition: str | None, witnesses: str | None, budget: int | None) -> int:
    """Print the proof of one edition as one object, of all as an array; return the exit code.

    Raises:
        InputError: where an edition cannot be read; the document that was asked for is printed all the same, and says so.
        MissingExtraError: where z3 is not installed.
    """
    if witnesses is not None:
        hold_outputs(session, [Output("--witnesses", witnesses, is_folder=True)])
    try:
        editions = [session.library.edition(name) for name in ([edition] if edition else session.library.folders())]
        session.note_reworded(*editions)
        proofs = [prove(one, budget or BUDGET) for one in editions]
    except InputError as error:
        session.answer_refused(error, edition or session.text(N_("Proof")), nothing_proven())
        raise
    if session.form == "json":
        data = [proof_to_data(proof) for proof in proofs]
        session.write_data(data[0] if len(data) == 1 else data)
    else:
        for proof in proofs:
            notes = notes_of((proof.edition,), session.language, (), rated=False)
            session.write_page(explain_proof(proof, session.language, notes))
    if witnesses is not None:
        try:
            count = _keep(proofs, witnesses)
        except OSError as error:
            raise unwritten(str(error.filename or witnesses), error) from error
        session.note(N_("case files written: {count}"), count=count)
    return int(not all(proof.passed for proof in proofs))


def _keep(proofs: Sequence[Proof], folder: str) -> int:
    """Write every witness as a case file of its own; return how many were written."""
    os.makedirs(folder, exist_ok=True)
    written = 0
    for proof in proofs:
        for claim in proof.claims:
            name = re.sub(r"[/_+]", "-", f"{proof.edition.id}-{claim.id}")
            path = os.path.join(folder, f"{name}.yaml")
            if claim.witness and not os.path.lexists(path):
                head = modelines_for(folder, "case.schema.json")
                write_new(path, case_text(claim.witness, name, head, [f"{claim.id}: {claim.answer}"]))
                written += 1
    return written
