"""A run of tests as JSON and as JUnit XML."""

from typing import Any
from xml.sax.saxutils import quoteattr

from policy_engine.explain.tested import Run, Tested, reasons
from policy_engine.report.trial import figures_to_data, properties, survivors, trial_to_data
from policy_engine.report.visible import visible


def run_to_data(run: Run) -> dict[str, Any]:
    """Give a run as data."""
    return {
        "passed": run.passed,
        "cases": [
            {"case": one.case, "path": one.path, "passed": one.passed, "expects": one.expects, "unmet": [u._asdict() for u in one.unmet]}
            for one in run.tested
        ],
        "coverage": [
            {"edition": coverage.edition.id, "total": coverage.total, "uncovered": [one._asdict() for one in coverage.uncovered()]}
            for coverage in run.coverage
        ],
        "figures": [figures_to_data(figures) for figures in run.figures],
        "mutation": [trial_to_data(trial) for trial in run.trials],
    }


def run_to_junit(run: Run, language: str) -> str:
    """Give a run as JUnit XML, which CI systems read; what a user wrote cannot become markup."""
    alive = list(survivors(run, language))
    failed, total = sum(not one.passed for one in run.tested) + len(alive), len(run.tested) + len(alive)
    head = f'<testsuite name="policy-engine" tests="{total}" failures="{failed}" errors="0" skipped="0">'
    cases = [*(_case(one, language) for one in run.tested), *(_survivor(*one) for one in alive)]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *_properties(run), *cases, "</testsuite>"])


def _properties(run: Run) -> list[str]:
    """Write how well the cases cover the editions."""
    lines = [f"    <property name={_attribute(name)} value={_attribute(value)}/>" for name, value in properties(run).items()]
    return ["  <properties>", *lines, "  </properties>"] if lines else []


def _survivor(place: str, name: str, text: str) -> str:
    """Write one small change that no case noticed."""
    begin = f"  <testcase classname={_attribute(place)} name={_attribute(name)}>"
    return f'{begin}<failure type="mutation" message={_attribute(text)}/></testcase>'


def _case(one: Tested, language: str) -> str:
    """Write one case."""
    begin = f"  <testcase classname={_attribute(one.path)} name={_attribute(one.case)}"
    if one.passed:
        return f"{begin}/>"
    text = "; ".join(reasons(one, language))
    return f'{begin}><failure type="expectation" message={_attribute(text)}/></testcase>'


def _attribute(text: str) -> str:
    """Write a text as an attribute; signs that XML cannot hold are shown by their names."""
    return quoteattr(visible(text))
