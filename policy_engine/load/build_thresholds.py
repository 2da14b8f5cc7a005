"""Named figures, and the sentences that show them."""

import re
from collections.abc import Mapping
from fractions import Fraction

from policy_engine.errors import N_
from policy_engine.language.complaint import nearest
from policy_engine.language.quantity import Quantity, nearest_quantity, read_quantity
from policy_engine.language.show import decimal_text
from policy_engine.language.types import WRONG, Named
from policy_engine.load.build_facts import check_name, is_name
from policy_engine.load.declared import is_unread, open_scope
from policy_engine.load.node import Node
from policy_engine.messages import with_unit
from policy_engine.model.facts import FactDeclaration, Texts
from policy_engine.model.threshold import Threshold
from policy_engine.source import Citation

_PLACEHOLDER = r"\{([^{}]*)\}"


def build_thresholds(node: Node, facts: Mapping[str, FactDeclaration], scope: Mapping[str, Named]) -> dict[str, Threshold]:
    """Read the named figures."""
    found: dict[str, Threshold] = {}
    for name, child in node.entries():
        check_name(child, name)
        if name in scope:
            child.complain("PE402", child.key_place, name=name, first=_declared_at(name, facts))
        got = child.fields(("value", "cite", "phrase"))
        quantity = build_quantity(got["value"])
        if quantity:
            found[name] = Threshold(name, quantity, Citation(got["cite"].text(), got["phrase"].text()), child.key_place)
    return found


def build_quantity(node: Node) -> Quantity | None:
    """Read a figure, as a text or as a plain whole number; None where it is none."""
    value = node.value
    written = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    quantity = read_quantity(written)
    if quantity or node.is_no_day():
        return quantity
    if isinstance(value, (list, dict, bool)):
        node.wrong(N_("a figure, with its unit where it has one"))
    elif value is not None:
        found = value if isinstance(value, str) else decimal_text(Fraction(value))
        node.complain("PE404", found=found[:40], nearest=nearest_quantity(found))
    return None


def named_figures(node: Node, thresholds: Mapping[str, Threshold]) -> dict[str, Named]:
    """Give what the names of figures stand for in conditions; one that could not be read agrees with everything."""
    names = node.value if isinstance(node.value, dict) else ()
    named = {name: Named(thresholds[name].quantity.type if name in thresholds else WRONG, constant=True) for name in names}
    return {**named, **open_scope(unread=not node.is_block or any(not is_name(name) for name in names))}


def _declared_at(name: str, facts: Mapping[str, FactDeclaration]) -> str:
    """Say where a name was declared first."""
    fact = facts.get(name)
    return f"{fact.location.file}:{fact.location.line}" if fact else "scale:"


def fill(node: Node, thresholds: Mapping[str, Threshold], scope: Mapping[str, Named]) -> Texts:
    """Read a sentence, its placeholders filled with the figures of the thresholds that they name; one that was not read fills nothing."""
    filled: dict[str, str] = {}
    for language, text in node.texts().items():
        for name in re.findall(_PLACEHOLDER, text) if "{" in text else ():
            if name not in thresholds and not is_unread(name, scope):
                child = node.child(language)
                child.complain("PE408", name=name, nearest=nearest(name, thresholds))
            elif name in thresholds:
                text = text.replace(f"{{{name}}}", _figure(thresholds[name], language))  # noqa: PLW2901  (filled step by step)
        filled[language] = text
    return filled


def _figure(threshold: Threshold, language: str) -> str:
    """Write a threshold's figure, with the comma of Vietnamese or the point of English."""
    text = threshold.quantity.text.replace(".", ",") if language == "vi" else threshold.quantity.text
    return with_unit(text, language)
