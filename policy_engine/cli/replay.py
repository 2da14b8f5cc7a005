"""`policy-engine replay`: rate recorded cases again, under their own editions or under another one."""

from functools import partial

from policy_engine.audit.chain import Verifier
from policy_engine.audit.replay import Against, Replayer, Tally
from policy_engine.cli.files import lines_of_records
from policy_engine.cli.session import Session
from policy_engine.compiled.evaluator import for_many
from policy_engine.explain.replay import explain_replay
from policy_engine.messages import N_
from policy_engine.report.data import replay_to_data
from policy_engine.report.problems import message_of


def replay_records(session: Session, *, path: str, against: str | None) -> int:
    """Rate the records again, each held against the chain on the way, and print what came out; return the exit code."""
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
