"""Rows that are refused, written down as they are met, and told of at the end."""

from collections.abc import Callable, Sequence

from policy_engine.columnar.headings import kept_headings, told_names
from policy_engine.columnar.odd import AT, FIRST
from policy_engine.columnar.opening import Opened
from policy_engine.columnar.order import Note, Order, Refused, Told
from policy_engine.columnar.polars_rate import Rejected
from policy_engine.columnar.rejects import Rejects
from policy_engine.columnar.writing import beside, sink
from policy_engine.errors import N_, InputError, Problem
from policy_engine.source import Location

SHOWN = 20
"""How many refused rows are shown where no file was asked for."""
_KEPT_AS = N_("the column `{heading}` is handed on as `{name}`, since an answer has a column of that name")


class Refusing:
    """The rows that a batch refuses."""

    def __init__(self, order: Order, files: Sequence[Opened], rejects: Rejects, say: Callable[[Problem], str]) -> None:
        """Take what is asked, the files, where rejects are kept, and how a problem is told."""
        self.order, self.files, self.rejects, self.say = order, files, rejects, say

    def refuse(self, place: int, one: Rejected, file: str | None = None) -> None:
        """Write a row down.

        Args:
            place: the place of its file in the run.
            one: the row.
            file: the name of the file, where the one of that place is a folder.
        """
        found = self.files[place]
        problems = [self._placed(problem) for problem in one.problems]
        columns = list(dict.fromkeys(name for problem in problems for name in columns_of(problem)))
        reason = "; ".join(map(self.say, problems))
        at = int(problems[0].details.get(AT, 0))
        line, cell, told = found.place(one.row, self.order.language, columns[0] if columns else "", at, file)
        path = file or found.source.path
        self.rejects.add(place, Refused(path, one.row, one.case, ", ".join(columns), problems[0].code, reason, line, cell, told))

    def _placed(self, problem: Problem) -> Problem:
        """Return a problem that names another row by its place, as it is told."""
        if FIRST not in problem.details or problem.code != "PE860":
            return problem
        file, row = map(int, problem.details[FIRST].split(":"))
        _, _, told = self.files[file].place(row, self.order.language)
        return problem._replace(details={**problem.details, FIRST: told})

    def told(
        self, rows: int, by_row: tuple[str, ...], moves: tuple[tuple[str, str, int], ...] = (), own: Sequence[str] = ()
    ) -> Told:  # fmt: skip
        """Write the rejects where they were asked for, and say what came of the batch.

        Raises:
            InputError: PE855, where there was no row at all: an empty run is never a success.
        """
        if rows == 0:
            raise InputError([Problem("PE855", Location(self.order.sources[0].path, 1, 1), {})])
        if self.order.rejects is not None:
            with beside(self.order.rejects) as where:
                sink(self.rejects.frame(), where, self.order.rejects_format, {}, excel=self.order.excel)
        count = self.rejects.count
        notes = (*(note for file in self.files for note in file.notes), *self._kept_as(own))
        blank = sum(file.blank for file in self.files)
        return Told(rows, rows - count, count, by_row, tuple(self.rejects.first(SHOWN)), moves, blank, notes)

    def _kept_as(self, own: Sequence[str]) -> list[Note]:
        """Say which columns are handed on under another name."""
        kept = kept_headings(self.order.keep)
        told = told_names(kept, own)
        return [Note(_KEPT_AS, {"heading": heading, "name": told[name]}) for name, heading in kept.items() if told[name] != heading]


def columns_of(problem: Problem) -> list[str]:
    """Return the columns that a problem is about."""
    details = problem.details
    if "name" in details and problem.code != "PE860":
        return [details["name"]]
    return [name for name in details.get("facts", "").split(", ") if name]
