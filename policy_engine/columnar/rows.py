"""Rows looked at one by one: whatever a plan over columns leaves open, rated by the reference or refused with its reasons."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from policy_engine.columnar.answers import Cell, answer_of
from policy_engine.columnar.json_lines import unmarked
from policy_engine.columnar.odd import problems_of
from policy_engine.columnar.order import RatesCases
from policy_engine.errors import InputError, Problem
from policy_engine.language.values import Value, is_object
from policy_engine.load.case import read_value
from policy_engine.load.cells import read_cell, written
from policy_engine.load.node import Node
from policy_engine.load.yaml_text import Data, Document, Refusal
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

Raw: TypeAlias = object
"""A cell as a file has it; see `read_cell`."""
Judgement: TypeAlias = dict[str, Cell] | tuple[Problem, ...]
"""The answer for a row, or why there is none."""
_NOWHERE = Location("", 1, 1)
REMEMBERED = 100_000


class RowReader:
    """Rates rows by themselves; rows with the same figures are rated once."""

    def __init__(self, edition: Edition, evaluator: RatesCases, names: Sequence[str]) -> None:
        """Take the edition, what rates its cases, and the facts that a row gives, in order."""
        self.edition = edition
        self.evaluator = evaluator
        self.facts = [edition.facts[name] for name in names]
        self._remembered: OrderedDict[tuple[Raw, ...], Judgement] = OrderedDict()
        self._read: dict[tuple[str, str], Data | Refusal] = {}
        self._answers: dict[tuple[tuple[str, Cell], ...], dict[str, Cell]] = {}
        """Each answer once: many thousand rows lead to a few hundred of them."""

    def judge_object(self, text: str) -> Judgement:
        """Rate a row that is an object of JSON, or say what is wrong with it."""
        row = unmarked(text)
        if not is_object(row):
            return problems_of(row)
        problems: list[Problem] = []
        facts: dict[str, Value] = {}
        for name, cell in row.items():
            fact = self.edition.facts.get(name)
            if fact is not None:  # else it is one of the edition that this one is held against
                self._add(facts, fact, cell, problems)
        return self._rated(facts, problems)

    def judge(self, cells: tuple[Raw, ...]) -> Judgement:
        """Rate a row, or say what is wrong with it."""
        if any(isinstance(cell, list) for cell in cells):
            return self.judge_anew(cells)
        found = self._remembered.get(cells)
        if found is None:
            found = self._remembered[cells] = self.judge_anew(cells)
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    def judge_anew(self, cells: tuple[Raw, ...]) -> Judgement:
        """Rate a row, or say what is wrong with it, and remember nothing of it."""
        problems: list[Problem] = []
        facts: dict[str, Value] = {}
        for fact, cell in zip(self.facts, cells, strict=True):
            if cell is not None:
                self._add(facts, fact, cell, problems)
        return self._rated(facts, problems)

    def spelt(self, name: str, cell: str) -> str | None:
        """Return what a text says in the one spelling that columns read; a text that is refused stays as it stands."""
        data = self._data(self.edition.facts[name], cell)
        return cell if isinstance(data, Refusal) else written(data)

    def _data(self, fact: FactDeclaration, cell: Raw) -> Data | Refusal:
        """Read a cell; what the texts of a column say is remembered, since there are few of them."""
        if type(cell) is not str:
            return read_cell(cell, fact, self.edition.scale)
        key = fact.name, cell
        if key not in self._read:
            if len(self._read) > REMEMBERED:
                self._read.clear()
            self._read[key] = read_cell(cell, fact, self.edition.scale)
        return self._read[key]

    def _rated(self, facts: Mapping[str, Value], problems: list[Problem]) -> Judgement:
        """Rate the facts of a row, unless something is wrong with them."""
        if problems:
            return tuple(problems)
        try:
            answer = answer_of(self.evaluator.evaluate(Case("", self.edition.id, {}, facts, {}, {})))
            return self._answers.setdefault(tuple(answer.items()), answer)
        except InputError as error:
            return error.problems

    def _add(self, facts: dict[str, Value], fact: FactDeclaration, cell: Raw, problems: list[Problem]) -> None:
        """Read a cell as its fact's type asks, and add it; what is not known is left out, what is no such value is noted."""
        data = self._data(fact, cell)
        if isinstance(data, Refusal):
            problems.append(Problem(data.code, _NOWHERE, {"name": fact.name, **data.details}))
        elif data is not None:
            node = Node(Document("", None, {}, {}, (), problems), data, (fact.name,))
            value = read_value(node, fact, self.edition.scale)
            if value is not None:
                facts[fact.name] = value
