"""Decision records: what `--record` appends; `record verify` and `record head`, which follow their chain; and `replay`."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from policy_engine.audit.chain import PATIENCE, BusyError, HeadFinder, Notice, Verifier, append, read_head
from policy_engine.audit.form import contradictions
from policy_engine.audit.record import Rating, RecordedRun, make_record, moment
from policy_engine.cli.files import STANDARD, WRITTEN, Output, files_read, hold_outputs, lines_of_records, rulebook_files
from policy_engine.cli.session import Session
from policy_engine.errors import InputError, Problem
from policy_engine.explain.replay import chain_faults, explain_replay, minutes
from policy_engine.load.files import unwritten, write_whole
from policy_engine.load.seal import SigningError, signature_of, signature_path, verify_signature
from policy_engine.messages import N_, plural
from policy_engine.report.json import to_json
from policy_engine.report.problems import message_of, visible
from policy_engine.source import Location

_BROKEN = frozenset({"unreadable", "torn", "damaged", "unended", "changed", "out_of_place", "contradicted", "form"})
"""Faults of lines; a chain with one is not signed. A run that was cut, or recorded twice, is what happened, and may be vouched for."""
_NOTICES = {
    "waiting": N_("waiting for another run that writes {path} …"),
    "torn": N_("{path} ended with a line that broke off; it was moved to {path}.torn, and nothing of it is lost"),
    "finished": N_("{path} ended with a whole record without its line end; the line end was put"),
    "cut": N_(
        "the last run in {path} was stopped when {number} of {of} were recorded; it stays so, and `record verify` says it. "
        "This run begins anew"
    ),
}
_HELD = {
    None: N_("not held against a kept head (--head): whole runs cut off at the end are not seen"),
    True: N_("the kept head is in the chain"),
    False: N_("the kept head is not in the chain"),
}


def path_kept(path: str) -> str:
    """Return the name under which a record keeps a file: as it was written on the command line, with forward strokes."""
    return path.replace(os.sep, "/")


def hold_record(session: Session, path: str, cases: Sequence[str]) -> None:
    """Refuse a file of records that cannot be written to, or that is one of the files that are read, before anything is rated."""
    hold_outputs(session, [Output("--record", path)], [*files_read(cases), *rulebook_files(session.library)])


def append_run(session: Session, path: str, ratings: Sequence[Rating]) -> None:
    """Append records as one run, and say where the chain ends now, so that its head can be kept elsewhere.

    Raises:
        InputError: PE886 where the records cannot be written, PE622 where another run holds the file.
    """
    from importlib.metadata import version

    def say(notice: Notice) -> None:
        session.note(_NOTICES[notice.kind], path=visible(path), number=notice.number, of=notice.of)

    engine, now = version("policy-engine"), datetime.now(UTC)
    try:
        head = append(path, (make_record(rating, engine, now) for rating in ratings), RecordedRun(len(ratings), moment(now)), say)
    except ValueError:
        raise session.misused(N_("`{path}` does not end with a record; nothing was written"), "--record", path=visible(path)) from None
    except BusyError:
        raise InputError([Problem("PE622", Location(path, 1, 1), {"seconds": f"{PATIENCE:.0f}"})]) from None
    except OSError as error:
        raise unwritten(path, error) from error
    said = plural(
        "recorded in {path}: {number} record, head {head}", "recorded in {path}: {number} records, head {head}", head.length,
        session.language, path=visible(path), head=head.hash,
    )  # fmt: skip
    sys.stderr.write(said + "\n")


class _Kept(NamedTuple):
    """The head that was kept elsewhere: the digest, which record it is of where that was kept too, and how its signature came out."""

    head: str
    number: int | None = None
    signature: str = ""
    holds: bool = True


def verify_records(
    session: Session, *, path: str, head: str | None, head_file: str | None, signers: str | None, identity: str | None
) -> int:  # fmt: skip
    """Follow the chain and print what is wrong with it, and its head; return the exit code."""
    if bool(signers) != bool(identity):
        raise session.misused(N_("--signers and --identity belong together: a file of allowed signers, and who must have signed"))
    if head is not None and (head_file or signers):
        raise session.misused(N_("name the head with --head, or the file that keeps it; not both"))
    kept = None if head is None else _Kept(head)
    if head_file or signers:
        kept = _read_kept(head_file or f"{path}.head", signers, identity)
    verifier, met = Verifier(contradictions), False
    for line in lines_of_records(path, session.text(N_("verifying"))):
        verifier.read(line)
        met = met or (kept is not None and kept.head == verifier.head.hash and kept.number in (None, verifier.lines))
    if session.form == "json":
        session.write_data({
            "file": path, "records": verifier.lines, "runs": verifier.runs, "head": verifier.head.hash,
            "faults": [fault._asdict() for fault in verifier.faults], "head_found": met if kept else None,
            "signature": kept.signature or None if kept else None, "signature_holds": kept.holds if kept and signers else None,
        })  # fmt: skip
    else:
        _write_verified(session, verifier, kept, met=met)
    return int(bool(verifier.faults) or (kept is not None and not (met and kept.holds)))


def _read_kept(path: str, signers: str | None, identity: str | None) -> _Kept:
    """Read a head that was kept elsewhere, with its signature verified where that was asked; raises InputError where it cannot be read."""
    number, head = read_head(path)
    if not signers or not identity:
        return _Kept(head, number)
    try:
        return _Kept(head, number, verify_signature(path, signers, identity))
    except SigningError as error:
        return _Kept(head, number, str(error), holds=False)


def _write_verified(session: Session, verifier: Verifier, kept: _Kept | None, *, met: bool) -> None:
    """Print the faults, and count; also whether the end of the file was held against anything: the chain alone does not see a cut."""
    language = session.language
    lines = [visible(said) for said in chain_faults(verifier.faults, language)]
    if kept and not met:
        words = N_("the head {head} is not in this chain: records were removed or rewritten")
        lines.append(session.text(words, head=visible(kept.head)))
    if kept and kept.signature:
        words = N_("signature of the kept head: {said}") if kept.holds else N_("the signature of the kept head is not good: {said}")
        lines.append(session.text(words, said=visible(kept.signature)))
    counts = (
        plural("{number} record", "{number} records", verifier.lines, language),
        *([plural("{number} run", "{number} runs", verifier.runs, language)] if verifier.runs else []),
        plural("{number} fault", "{number} faults", len(verifier.faults), language),
        session.text(_HELD[met if kept else None]),
    )
    lines.append(session.text(N_("{counts}; head {head}"), counts=", ".join(counts), head=verifier.head.hash))
    sys.stdout.write("\n".join(lines) + "\n")


def show_head(session: Session, *, path: str, sign: str | None) -> int:
    """Follow the chain, print its head as a line for the minutes, and sign it where that was asked; return the exit code."""
    if sign is not None:
        if path == STANDARD:
            raise session.misused(N_("--sign needs a file of records; the head is kept beside it"))
        hold_outputs(session, [Output("--sign", f"{path}.head"), Output("--sign", f"{path}.head.sig")], [path, sign])
    finder = HeadFinder(Verifier(contradictions))
    for line in lines_of_records(path, session.text(N_("verifying"))):
        finder.read(line)
    faults = finder.verifier.faults
    data = finder.to_data(path)
    broken = any(fault.fault in _BROKEN for fault in faults)
    signed = _signed(session, path, sign, data) if sign is not None and not broken else []
    if session.form == "json":
        session.write_data(data | {"written": signed})
        return int(bool(faults))
    lines = [visible(said) for said in chain_faults(faults, session.language)]
    lines += map(visible, minutes(finder, path, session.language))
    if sign is not None and broken:
        lines.append(session.text(N_("not signed: the chain is broken, and a signature would vouch for it")))
    lines += [session.text(WRITTEN, path=visible(name)) for name in signed]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(faults))


def _signed(session: Session, path: str, key: str, data: "dict[str, object]") -> list[str]:
    """Write the head and its signature, once the signature is made; return their paths."""
    head = f"{path}.head"
    content = (to_json(data | {"file": os.path.basename(path)}) + "\n").encode()
    try:
        signature = signature_of(content, key)
        for one, raw in ((head, content), (signature_path(head), signature)):
            write_whole(one, raw)
    except (SigningError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise session.misused(N_("the head was not signed: {reason}"), reason=visible(reason)) from error
    return [head, signature_path(head)]


def replay_records(session: Session, *, path: str, against: str | None) -> int:
    """Rate the records again, each held against the chain on the way, and print what came out; return the exit code."""
    from policy_engine.audit.replay import Against, Replayer, Tally
    from policy_engine.compiled.evaluator import for_many
    from policy_engine.report.data import replay_to_data

    verifier = Verifier()
    replayer = Replayer(session.library, for_many)
    tally: Tally | Against = Against(replayer, session.library.edition(against)) if against else Tally(replayer)
    for line in lines_of_records(path, session.text(N_("replaying"))):
        record = verifier.read(line)
        if record is not None:
            tally.take(record, verifier.lines)
    language = session.language
    session.answer(
        lambda: replay_to_data(tally, verifier), lambda: explain_replay(tally, verifier, language, partial(message_of, language=language))
    )
    return int(bool(verifier.faults) or tally.drifted)
