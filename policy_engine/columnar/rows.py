"""Rows looked at one by one: whatever a plan over columns leaves open, rated by the reference or refused with its reasons."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from policy_engine.columnar.answers import Cell, answer_of
from policy_engine.columnar.json_lines import Figure, unmarked
from policy_engine.columnar.odd import problems_of
from policy_engine.columnar.order import RatesCases
from policy_engine.errors import InputError, Problem
from policy_engine.language.complaint import nearest
from policy_engine.language.shapes import is_array, is_object
from policy_engine.language.values import Value
from policy_engine.load.case_values import read_value
from policy_engine.load.node import Node
from policy_engine.load.scalars import Data, Refusal, read_scalar
from policy_engine.load.yaml_text import Document
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

Raw: TypeAlias = object
"""A cell as a file has it: a truth, a whole number, a decimal, a text, a day, a list, or nothing."""
Judgement: TypeAlias = dict[str, Cell] | tuple[Problem, ...]
"""The answer for a row, or why there is none."""
_NOWHERE = Location("", 1, 1)
_WORDS = {"choice", "level", "text"}
MOST = 1 << 63
REMEMBERED = 100_000


class RowReader:
    """Rates rows by themselves; rows with the same figures are rated once."""

    def __init__(self, edition: Edition, evaluator: RatesCases, names: Sequence[str]) -> None:
        """Take the edition, what rates its cases, and the facts that a row gives, in order."""
        self.edition = edition
        self.evaluator = evaluator
        self.facts = [edition.facts[name] for name in names]
        self._remembered: OrderedDict[tuple[Raw, ...], Judgement] = OrderedDict()
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
                self._add(facts, fact, _of_json(fact, cell), problems)
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
                self._add(facts, fact, _data(fact, cell), problems)
        return self._rated(facts, problems)

    def _rated(self, facts: Mapping[str, Value], problems: list[Problem]) -> Judgement:
        """Rate the facts of a row, unless something is wrong with them."""
        if problems:
            return tuple(problems)
        try:
            answer = answer_of(self.evaluator.evaluate(Case("", self.edition.id, {}, facts, {}, {})))
            return self._answers.setdefault(tuple(answer.items()), answer)
        except InputError as error:
            return error.problems

    def _add(self, facts: dict[str, Value], fact: FactDeclaration, data: Data | Refusal, problems: list[Problem]) -> None:
        """Read plain data as a fact's type asks, and add it; what is not known is left out, what is no such value is noted."""
        if isinstance(data, Refusal):
            problems.append(Problem(data.code, _NOWHERE, {"name": fact.name, **data.details}))
        elif data is not None and data != "unknown":
            node = Node(Document("", None, {}, {}, (), problems), data, (fact.name,))
            value = read_value(node, fact, self.edition.scale)
            if value is not None:
                facts[fact.name] = value


def _of_json(fact: FactDeclaration, cell: object) -> Data | Refusal:
    """Give a value of JSON as plain data: texts as they stand, figures as a case file would read them."""
    if is_array(cell):
        items = [_of_json(fact, item) for item in cell]
        return next((item for item in items if isinstance(item, Refusal)), [item for item in items if not isinstance(item, Refusal)])
    if is_object(cell):
        return _of_object(fact, cell)
    if isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) >= MOST:
        return Refusal("PE852", {"found": str(cell)})
    if isinstance(cell, Figure) or (isinstance(cell, int) and not isinstance(cell, bool)):
        return read_scalar(str(cell))
    return cell if isinstance(cell, (bool, str)) else None


def _of_object(fact: FactDeclaration, row: Mapping[str, object]) -> Data | Refusal:
    """Give an item of a list as plain data."""
    found: dict[str, Data] = {}
    for name, cell in row.items():
        if name not in fact.fields:
            return Refusal("PE850", {"name": f"{fact.name}: {name}", "nearest": nearest(name, fact.fields)})
        data = _of_json(fact.fields[name], cell)
        if isinstance(data, Refusal):
            return data
        if data is not None:
            found[name] = data
    return found


def _data(fact: FactDeclaration, cell: Raw) -> Data | Refusal:
    """Give a cell as plain data, as a case file would hold it."""
    match cell:
        case bool():
            return cell
        case int() if abs(cell) >= MOST:
            return Refusal("PE852", {"found": str(cell)})
        case int():
            return f"{cell} months" if fact.type.kind == "months" else cell
        case Decimal():
            return Fraction(cell)
        case date():
            return cell.isoformat()
        case _ if is_array(cell):
            return [_item(fact, item) for item in cell]
        case str():
            return _text(fact, cell)
        case _:
            return Refusal("PE113", {"found": str(cell)[:40]})


def _text(fact: FactDeclaration, cell: str) -> Data | Refusal:
    """Give a text as plain data: words as they stand, figures as a case file would read them."""
    if not cell or fact.type.kind in _WORDS:
        return cell or None
    if fact.type.kind == "set" and cell[0] + cell[-1] == "[]":
        return [word.strip() for word in cell[1:-1].split(",")] if cell[1:-1].strip() else []
    return read_scalar(cell)


def _item(fact: FactDeclaration, item: Raw) -> Data:
    """Give an item of a list as plain data; a field without a value is left out."""
    if not is_object(item):
        return item if isinstance(item, str) else None
    found: dict[str, Data] = {}
    for name, cell in item.items():
        data = cell if isinstance(cell, (bool, int, str)) or cell is None else _data(fact.fields[name], cell)
        if data is not None and not isinstance(data, Refusal):
            found[name] = data
    return found
