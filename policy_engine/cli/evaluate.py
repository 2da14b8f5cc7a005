"""`policy-engine evaluate`: rate files and print verdicts, whoever read the command line."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from policy_engine.cli.session import Refusals, Session
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.rate import Rater
from policy_engine.explain.blocks import Explanation
from policy_engine.load.case import expand
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import OUTCOMES, Verdict
from policy_engine.report.json import notices_of, verdict_to_data, verdict_to_write

if TYPE_CHECKING:
    from policy_engine.audit.record import Rating
    from policy_engine.cli.processes import Workers

_FEW, _MANY = 20, 500
"""For more files than the first, code is made of an edition; for more than the second, several processes pay."""
_FIRST, _BATCH = 100, 50
"""How many files are rated before other processes begin, so that all is prepared; and how many such a process rates at a time."""


def evaluate_files(
    session: Session, *, cases: Sequence[str], edition: str | None, record: str | None = None, fail_on: str | None = None
) -> int:  # fmt: skip
    """Rate files and print the verdicts on standard output; return the exit code.

    Raises:
        InputError: with the problems of every bad file, after the verdicts of the others were printed.
    """
    failing = _outcomes(session, fail_on)
    if record is not None:
        from policy_engine.cli.record import hold_record

        hold_record(session, record, cases)
    refusals = Refusals()
    paths = expand(cases, refusals.others)
    run = _Run(session, _rater(session, edition, paths), refusals, several=len(cases) > 1 or (bool(paths) and os.path.isdir(cases[0])))
    with ExitStack() as stack:
        if record is not None:
            ratings = list(run.recorded(paths, edition))
            if ratings:
                from policy_engine.cli.record import append_run

                append_run(session, record, ratings)
        else:
            run.rate_all(paths, stack)
        session.note_reworded(*run.editions.values())
        run.write()
    if refusals.problems:
        raise refusals.error()
    return int(not failing.isdisjoint(run.outcomes))


def _rater(session: Session, edition: str | None, paths: Sequence[str]) -> Rater:
    if len(paths) <= _FEW:
        return Rater(session.library, edition)
    from policy_engine.compiled.evaluator import for_many

    return Rater(session.library, edition, for_many)


class _Part(NamedTuple):
    """What came of a batch of files in another process, but for the texts."""

    rated: int
    refused: tuple[tuple[str, tuple[Problem, ...]], ...]
    named: Mapping[tuple[str, str], str]
    editions: tuple[str, ...]
    outcomes: frozenset[str]


class _Run:
    """What came of the files so far; the verdicts are kept until it is known which files were refused, since those stand first."""

    def __init__(self, session: Session, rater: Rater, refusals: Refusals, *, several: bool) -> None:
        self.session, self.rater, self.refusals, self.several = session, rater, refusals, several
        self.editions: dict[str, Edition] = {}
        self.outcomes: set[str] = set()
        self._rated = 0
        self._kept: list[tuple[Verdict, Edition]] = []
        self._elsewhere: Iterable[Any] = ()
        """The texts of the verdicts that other processes keep, batch by batch."""

    def recorded(self, paths: Sequence[str], asked: str | None) -> "Iterator[Rating]":
        """Rate files, each with what a record keeps of it."""
        from policy_engine.audit.record import Rating
        from policy_engine.cli.record import path_kept

        for path, one in self.refusals.taken(paths, self.rater.rate):
            self._keep(one.verdict, one.edition)
            yield Rating(file=path_kept(path), raw=one.raw, asked=asked, edition=one.edition, verdict=one.verdict)

    def rate_all(self, paths: Sequence[str], stack: ExitStack) -> None:
        """Rate files, many of them in several processes, which end with the stack."""
        number = 1
        if len(paths) > _MANY:
            from policy_engine.cli.processes import Workers, asked_for

            number = asked_for(self.session)
        self._rate(paths if number == 1 else paths[:_FIRST])
        if number > 1:
            batches = [paths[begin : begin + _BATCH] for begin in range(_FIRST, len(paths), _BATCH)]
            workers = stack.enter_context(closing(Workers()))
            workers.start(number, lambda place: self._part_of(batches[place::number]))
            if self._gather(workers, len(batches)):
                self._elsewhere = workers.told(len(batches))
            else:
                workers.close()
                self._rate(paths[_FIRST:])

    def _keep(self, verdict: Verdict, edition: Edition) -> None:
        self._rated += 1
        self._kept.append((verdict, edition))
        self.editions[edition.id] = edition
        self.outcomes.add(verdict.outcome)

    def _rate(self, paths: Sequence[str]) -> None:
        for _, one in self.refusals.taken(paths, self.rater.rate):
            self._keep(one.verdict, one.edition)

    def _part_of(self, batches: Sequence[Sequence[str]]) -> Iterator[Any]:
        """Rate batches of files in another process: tell what came of each, then the texts of each."""
        kept: list[list[tuple[Verdict, Edition]]] = []
        for paths in batches:
            before = len(self.rater.named)
            self._kept, self.refusals.files, self.editions, self.outcomes = [], [], {}, set()
            self._rate(paths)
            kept.append(self._kept)
            yield _Part(
                rated=len(self._kept), refused=tuple((path, error.problems) for path, error in self.refusals.files),
                named=dict(list(self.rater.named.items())[before:]), editions=tuple(self.editions), outcomes=frozenset(self.outcomes),
            )  # fmt: skip
        between = b",\n  " if self.session.form == "json" else "\n"
        for self._kept in kept:
            yield between.join(self._texts())

    def _gather(self, workers: "Workers", batches: int) -> bool:
        """Take in what came of batches elsewhere; not where two processes met one name, or one has ended."""
        named = dict(self.rater.named)
        parts: list[_Part] = []
        try:
            for part in workers.told(batches):
                if not named.keys().isdisjoint(part.named):
                    return False
                named.update(part.named)
                parts.append(part)
        except EOFError:
            return False
        for part in parts:
            self._rated += part.rated
            self.refusals.files += [(path, InputError(problems)) for path, problems in part.refused]
            self.editions |= {name: self.session.library.edition(name) for name in part.editions if name not in self.editions}
            self.outcomes |= part.outcomes
        return True

    def _texts(self) -> Iterator[Any]:
        """Write what is kept, verdict by verdict."""
        session = self.session
        if session.form == "json":
            return (session.writer.text(verdict_to_write(verdict), b"\n  ") for verdict, _ in self._kept)
        from policy_engine.explain.verdict import explain

        return (session.page_text(explain(v, e, session.language, notices_of(v.status, sealed=v.sealed))) for v, e in self._kept)

    def write(self) -> None:
        """Print one object for one case, an array for several, the refused ones first; nothing where the only case was bad."""
        session, texts = self.session, chain(self._texts(), filter(None, self._elsewhere))
        if session.form != "json":
            if self.several and self.refusals.files:
                empty = Explanation(title=session.text(N_("Cases")), headline="", outcome="round", notes=(), sections=())
                texts = chain([session.page_text(self.refusals.before(empty, self._rated, session.language))], texts)
            for number, text in enumerate(texts):
                sys.stdout.write("\n" + text if number else text)
        elif self.several:
            session.write_data(chain(self.refusals.each(), texts))
        elif self._kept:
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
