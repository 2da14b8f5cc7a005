"""`policy-engine evaluate`: rate files and print verdicts, whoever read the command line."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from typing import Any

from policy_engine.cli.session import Refusals, Session
from policy_engine.errors import InputError
from policy_engine.evaluate.rate import Rater
from policy_engine.explain.blocks import Explanation, notices_of
from policy_engine.load.case import expand
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import OUTCOMES, Verdict

_FEW, _MANY = 20, 500
"""For more files than the first, code is made of an edition; for more than the second, several processes pay."""
_FIRST, _BATCH = 100, 16
"""How many files are rated before other processes begin, which then have what was prepared; how many such a process rates at a time."""


def evaluate_files(
    session: Session, *, cases: Sequence[str], edition: str | None, record: str | None = None, fail_on: str | None = None
) -> int:  # fmt: skip
    """Rate files and print the verdicts on standard output; return the exit code.

    Raises:
        InputError: with the problems of every bad file, after the verdicts of the others were printed.
    """
    session.cached = record is None
    failing = _outcomes(session, fail_on)
    if record is not None:
        from policy_engine.cli.record import hold_record

        hold_record(session, record, cases)
    refusals = Refusals()
    paths = expand(cases, refusals.others)
    run = EvaluateRun(session, _rater(session, edition, paths), refusals)
    with ExitStack() as stack:
        if record is not None:
            _record(session, record, run, paths, edition)
        elif len(paths) > _MANY:
            run.rate_many(paths, stack)
        else:
            run.rate(paths)
        session.note_reworded(*(session.library.edition(name) for name in dict.fromkeys(edition for _, edition in run.rated)))
        run.write(several=len(cases) > 1 or (bool(paths) and os.path.isdir(cases[0])))
    if refusals.problems:
        raise refusals.error()
    return int(any(outcome in failing for outcome, _ in run.rated))


def _rater(session: Session, edition: str | None, paths: Sequence[str]) -> Rater:
    if len(paths) <= _FEW:
        return Rater(session.library, edition)
    from policy_engine.compiled.evaluator import for_many

    return Rater(session.library, edition, for_many)


def _record(session: Session, record: str, run: "EvaluateRun", paths: Sequence[str], asked: str | None) -> None:
    """Rate files, and append every verdict to a file of records."""
    from policy_engine.audit.record import Rating
    from policy_engine.cli.record import append_run, path_kept

    ratings: list[Rating] = []
    for path, one in run.refusals.taken(paths, run.rater.rate):
        run.keep(one.verdict, one.edition)
        ratings.append(Rating(file=path_kept(path), raw=one.raw, asked=asked, edition=one.edition, verdict=one.verdict))
    if ratings:
        append_run(session, record, ratings)


class EvaluateRun:
    """What came of the files; the verdicts are kept until all are rated, since the files that were refused stand first."""

    def __init__(self, session: Session, rater: Rater, refusals: Refusals) -> None:
        self.session, self.rater, self.refusals = session, rater, refusals
        self.rated: list[tuple[str, str]] = []
        """Of each case its outcome and its edition."""
        self._kept: list[tuple[Verdict, Edition]] = []
        self._elsewhere: Iterable[Any] = ()
        """The texts of the verdicts that other processes keep."""

    def keep(self, verdict: Verdict, edition: Edition) -> None:
        self.rated.append((verdict.outcome, edition.id))
        self._kept.append((verdict, edition))

    def rate(self, paths: Sequence[str]) -> None:
        for _, one in self.refusals.taken(paths, self.rater.rate):
            self.keep(one.verdict, one.edition)

    def rate_many(self, paths: Sequence[str], stack: ExitStack) -> None:
        """Rate files in several processes, which end with the stack; by itself where two of them met one name, or one ends."""
        from policy_engine.cli.processes import Processes, processors

        number = processors()
        self.rate(paths if number == 1 else paths[:_FIRST])
        if number == 1:
            return
        batches = [paths[begin : begin + _BATCH] for begin in range(_FIRST, len(paths), _BATCH)]
        processes = Processes()
        stack.callback(processes.end)
        named, rated, refused = dict(self.rater.named), list(self.rated), list(self.refusals.files)
        undone = False
        try:
            processes.start(number, batches, self._answer)
            for outcomes, problems, names in processes.answers():
                undone = undone or not named.keys().isdisjoint(names)
                named |= names
                rated += outcomes
                refused += [(path, InputError(several)) for path, several in problems]
        except (EOFError, OSError):
            undone = True
        if undone:
            processes.end()
            self.rate(paths[_FIRST:])
        else:
            self.rated, self.refusals.files, self._elsewhere = rated, refused, chain.from_iterable(processes.answers())

    def _answer(self, batches: Sequence[Sequence[str]]) -> Iterator[Any]:
        """Rate batches of files in another process: answer with what came of each, and then with the texts of each."""
        kept: list[list[tuple[Verdict, Edition]]] = []
        for paths in batches:
            before = len(self.rater.named)
            self.rated, self._kept, self.refusals.files = [], [], []
            self.rate(paths)
            kept.append(self._kept)
            problems = [(path, error.problems) for path, error in self.refusals.files]
            yield self.rated, problems, dict(list(self.rater.named.items())[before:])
        for self._kept in kept:
            yield list(self._texts())

    def _texts(self) -> Iterator[Any]:
        """Write the verdicts that are kept here."""
        session = self.session
        if session.form == "json":
            from policy_engine.report.json import verdict_to_write

            return (session.writer.text(verdict_to_write(verdict), b"\n  ") for verdict, _ in self._kept)
        from policy_engine.explain.verdict import explain

        notes = ((one, edition, notices_of(one.status, sealed=one.sealed)) for one, edition in self._kept)
        return (session.page_text(explain(verdict, edition, session.language, several)) for verdict, edition, several in notes)

    def write(self, *, several: bool) -> None:
        """Print one object for one case, an array for several, the refused ones first; nothing where the only case was bad."""
        session, texts = self.session, chain(self._texts(), self._elsewhere)
        if session.form != "json":
            if several and self.refusals.files:
                empty = Explanation(title=session.text(N_("Cases")), headline="", outcome="round", notes=(), sections=())
                texts = chain([session.page_text(self.refusals.before(empty, len(self.rated), session.language))], texts)
            for number, text in enumerate(texts):
                sys.stdout.write("\n" + text if number else text)
        elif several:
            session.write_data(chain(self.refusals.each(), texts))
        elif self._kept:
            from policy_engine.report.json import verdict_to_data

            session.write_data(verdict_to_data(self._kept[0][0]))


def _outcomes(session: Session, fail_on: str | None) -> frozenset[str]:
    """Read the outcomes of `--fail-on`."""
    if fail_on is None:
        return frozenset()
    outcomes = frozenset(filter(None, (word.strip() for word in fail_on.split(","))))
    known = ", ".join(OUTCOMES)
    if not outcomes:
        raise session.misused(N_("no outcome is named; outcomes: {known}"), "--fail-on", known=known)
    if unknown := sorted(outcomes.difference(OUTCOMES)):
        raise session.misused(N_("`{found}` is not an outcome; outcomes: {known}"), "--fail-on", found=", ".join(unknown), known=known)
    return outcomes
