"""A round: a year's cases rated together, bottom up, each level taken from the case that it belongs to."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.errors import Problem
from policy_engine.evaluate.round.round import rate_round
from policy_engine.load.round import load_round
from policy_engine.model.case import Case
from policy_engine.model.round import Entry, RatedEntry, Round, RoundFiles
from policy_engine.report.data import round_to_data
from tests.build import Cli, cells, rows, tuples
from tests.editions.small import FOLDER, check, edition_of, library_of, schema_of, with_change, write_cases

NAME = "orchard"
DECIDED: Mapping[str, object] = {"level": "good", "by": "owner", "day": "2020-12-10"}
Content = Mapping[str, object]
Files = Mapping[str, Content]


def picker(name: str, baskets: object = 7, **more: object) -> Content:
    return {"case": name, "edition": NAME, "facts": {"kind": "picker", "baskets": baskets}, **more}


def plot(name: str, facts: Mapping[str, object] | None = None, **more: object) -> Content:
    return {"case": name, "edition": NAME, "facts": {"kind": "plot", **(facts or {})}, **more}


def with_facts(content: Content, **facts: object) -> Content:
    return {**content, "facts": {**facts_of(content), **facts}}


def facts_of(content: Content) -> Mapping[str, object]:
    return cast("Mapping[str, object]", content["facts"])


def named(*contents: Content) -> dict[str, Content]:
    return {str(content["case"]): content for content in contents}


def rate(folder: Path, files: Files, as_of: date | None = None) -> Round:
    return rate_round(load_round(str(write_cases(folder / "year", files)), library_of(NAME)), as_of)


def by_name(done: Round) -> dict[str, RatedEntry]:
    return {one.case.id: one for one in done.rated}


def gathered(done: Round, name: str) -> list[tuple[str, str, str | None, str]]:
    return [(taken.fact, taken.case, taken.level, taken.origin) for taken in by_name(done)[name].verdict.duties.gathered]


def findings(done: Round, name: str) -> list[str]:
    return [finding.id for finding in by_name(done)[name].verdict.duties.findings]


def told(problems: Sequence[Problem]) -> list[tuple[str, str, int]]:
    return [(p.code, Path(p.location.file).name, p.location.line) for p in problems]


@pytest.mark.parametrize(
    ("link", "name", "target"),
    [
        ("unit", "north", "north"),
        ("unit", "N-1", "north"),
        ("collective", "north", "north"),
        ("superior", "N-1", "north"),
        ("unit", "twice", "twice"),
    ],
)
def test_a_link_names_a_case_or_its_subject(tmp_path: Path, link: str, name: str, target: str) -> None:
    cases = named(
        plot("north", subject={"id": "N-1", "name": "The north"}),
        plot("south", subject={"id": "twice"}),
        plot("twice", subject={"id": "T-1"}),
        picker("p", **{link: name}),
    )
    done = rate(tmp_path, cases)

    assert done.problems == ()
    assert {link: target} == by_name(done)["p"].links


@st.composite
def forests(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    count = draw(st.integers(1, 12))
    names: list[str] = draw(st.permutations([f"c{n}" for n in range(count)]))
    found: dict[str, dict[str, str]] = {}
    for place, name in enumerate(names):
        links: dict[str, str] = {}
        for link in ("unit", "collective", "superior"):
            others = names[place + 1 :] if link == "superior" else names[:place]
            target: str | None = draw(st.none() | st.sampled_from(others)) if others else None
            if target:
                links[link] = target
        found[name] = links
    return found


def in_memory(links: Mapping[str, Mapping[str, str]]) -> RoundFiles:
    entries = tuple(
        Entry(name, f"{name}.yaml", "", Case(name, NAME, {}, {"kind": "picker", "baskets": 7}, {}, {}, (), mine), mine, {}, ())
        for name, mine in links.items()
    )
    return RoundFiles("drawn", edition_of(NAME), entries, {}, whole=True, named=True, problems=())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(forests())
def test_everything_awaited_comes_first(links: dict[str, dict[str, str]]) -> None:
    """Units and collectives are rated before the cases that name them, superiors after; each case once, and none left out."""
    done = rate_round(in_memory(links))

    order = [one.case.id for one in done.rated]
    assert sorted(links) == sorted(order)
    assert done.problems == ()
    for name, mine in links.items():
        for link, target in mine.items():
            first, then = (name, target) if link == "superior" else (target, name)
            assert order.index(first) < order.index(then)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(forests())
def test_levels_are_taken_from_where_the_links_lead(links: dict[str, dict[str, str]]) -> None:
    done = rate_round(in_memory(links))

    for one in done.rated:
        mine = links[one.case.id]
        crew = sorted(name for name, others in links.items() if others.get("superior") == one.case.id)
        expected = [("plot_level", mine["unit"])] if "unit" in mine else []
        expected += [("team_level", mine["collective"])] if "collective" in mine else []
        expected += [("crew", name) for name in crew]
        taken = one.verdict.duties.gathered
        assert sorted(expected) == sorted((t.fact, t.case) for t in taken)
        assert {("good", "proposed")} >= {(t.level, t.origin) for t in taken}


@pytest.mark.parametrize(("unit", "expected"), cells("round", "a_level_is_decided_else_proposed_else_open"))
def test_a_level_is_decided_else_proposed_else_open(tmp_path: Path, unit: Content, expected: tuple[str | None, str]) -> None:
    done = rate(tmp_path, named(unit, picker("p", unit="u")))

    assert [("plot_level", "u", *expected)] == gathered(done, "p")
    assert expected == tuple(by_name(done)["u"].standing)
    tie = next(trace for trace in by_name(done)["p"].verdict.ceilings if trace.id == "not_above_plot")
    assert (expected[0], "unknown" if expected[0] is None else "exceeded" if expected[0] == "poor" else "kept") == (tie.other, tie.outcome)


def test_nobody_named_is_not_nobody(tmp_path: Path) -> None:
    done = rate(tmp_path, named(plot("north"), picker("a")))

    assert "crew" not in by_name(done)["north"].case.facts
    assert ("undetermined", []) == (by_name(done)["north"].verdict.outcome, gathered(done, "north"))


@pytest.mark.parametrize(("crew", "expected"), rows("round", "a_stated_list_is_kept_and_held_against_the_round"))
def test_a_stated_list_is_kept_and_held_against_the_round(tmp_path: Path, crew: list[object], expected: list[str]) -> None:
    cases = named(plot("north", {"crew": crew}), picker("a", superior="north"), picker("b", 0, superior="north"))
    done = rate(tmp_path, cases)

    assert expected == findings(done, "north")
    assert len(crew) == len(by_name(done)["north"].case.facts["crew"])  # type: ignore[arg-type]
    assert gathered(done, "north") == []


CIRCLES: Mapping[str, tuple[Files, list[str], int]] = {
    "of one": (named(picker("a", unit="a"), picker("z")), ["a"], 1),
    "of one superior": (named(picker("a", superior="a"), picker("z")), ["a"], 1),
    "of two units": (named(picker("a", unit="b"), picker("b", unit="a"), picker("z")), ["a", "b"], 2),
    "of two superiors": (named(picker("a", superior="b"), picker("b", superior="a"), picker("z")), ["a", "b"], 2),
    "in one file": (named(picker("a", superior="b", unit="b"), picker("b"), picker("z")), ["a", "b"], 2),
    "of three": (named(picker("a", unit="b"), picker("b", collective="c"), picker("c", unit="a"), picker("z")), ["a", "b", "c"], 3),
    "of three by all links": (
        named(picker("a", unit="b"), picker("c", superior="b"), picker("c2", unit="c"), picker("b"), picker("c3", superior="c", unit="c2")),
        ["c", "c2", "c3"],
        3,
    ),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_what_waits_for_itself_is_told_with_every_link(tmp_path: Path, name: str) -> None:
    files, circle, links = CIRCLES[name]
    done = rate(tmp_path, files)

    [problem] = [problem for problem in done.problems if problem.code == "PE702"]
    chain = problem.details["chain"].split(" -> ")
    assert (circle, chain[0]) == (sorted(chain[:-1]), chain[-1])
    assert links == len(problem.details["places"].split("; "))
    assert all(place.rsplit(":", 2)[1].isdigit() for place in problem.details["places"].split("; "))
    assert not set(circle) & set(by_name(done))
    assert set(files) - set(circle) == set(by_name(done))


@pytest.mark.parametrize(
    ("facts", "given", "counted"), [({"crew_total": 5}, "5", "2"), ({"crew_good": 0}, "0", "1"), ({"crew_good": 2}, "2", "1")]
)
def test_a_figure_against_a_gathered_list_names_the_cases(tmp_path: Path, facts: Mapping[str, object], given: str, counted: str) -> None:
    cases = named(plot("north", facts), picker("a", superior="north"), picker("b", 0, superior="north"))
    done = rate(tmp_path, cases)

    [problem] = done.problems
    assert ("PE704", "north.yaml") == told([problem])[0][:2]
    expected = {"name": next(iter(facts)), "given": given, "counted": counted, "case": "north", "link": "superior", "cases": "a, b"}
    assert expected == dict(problem.details)
    assert {"a", "b"} == set(by_name(done))


@pytest.mark.parametrize(
    "head",
    [
        b'round: "2020"\n',
        b'# the year\nround: "2020"\n',
        b'"round": "2020"\n',
        b'units: {west: {name: The west}}\r\nround: "2020"\r\n',
        pytest.param(b'\xef\xbb\xbfround: "2020"\n'),
    ],
    ids=["plain", "after a remark", "in quotes", "second, with the ends of lines of Windows", "after a byte order mark"],
)
def test_the_rounds_own_file_is_known_by_its_key(tmp_path: Path, head: bytes) -> None:
    folder = write_cases(tmp_path / "year", named(picker("a")))
    (folder / "own.yaml").write_bytes(head)
    done = rate_round(load_round(str(folder), library_of(NAME)))

    assert ("2020", (), {"a"}) == (done.id, done.problems, set(by_name(done)))


@pytest.mark.parametrize(
    ("as_of", "standing", "taken"),
    [
        (None, ("top", "decided"), "top"),
        ("2020-12-12", ("top", "decided"), "top"),
        ("2020-12-10", ("top", "decided"), "top"),
        ("2020-12-09", ("poor", "proposed"), "poor"),
    ],
)
def test_a_round_can_be_seen_as_it_stood(tmp_path: Path, as_of: str | None, standing: tuple[str, str], taken: str) -> None:
    cases = named(
        plot("u", {"crew_total": 0, "crew_good": 0}, decided={**DECIDED, "level": "top", "reason": "a new plot"}), picker("p", unit="u")
    )
    done = rate(tmp_path, cases, date.fromisoformat(as_of) if as_of else None)

    assert standing == tuple(by_name(done)["u"].standing)
    assert [("plot_level", "u", taken, standing[1])] == gathered(done, "p")
    assert (as_of, 1 if standing[1] == "decided" else 0) == (round_to_data(done)["as_of"], len(by_name(done)["u"].case.record.decisions))


@pytest.mark.parametrize(("as_of", "sent", "key"), rows("round", "papers_not_yet_due_are_told_apart"))
def test_papers_not_yet_due_are_told_apart(tmp_path: Path, as_of: str | None, sent: str, key: str) -> None:
    done = rate(tmp_path, named(with_facts(picker("p"), book_sent_on=sent)), date.fromisoformat(as_of) if as_of else None)

    data = round_to_data(done)
    listed = {name: [paper["id"] for paper in data[name]] for name in ("missing", "late", "overdue", "due")}
    assert {name: ["book_sent"] if name == key else [] for name in listed} == {
        name: [paper for paper in papers if paper == "book_sent"] for name, papers in listed.items()
    }


def rich() -> dict[str, Content]:
    return {
        **named(
            plot("north", subject={"id": "N-1", "name": "The north"}),
            plot("south", {"crew_total": 0, "crew_good": 0}, decided={**DECIDED, "level": "top"}),
            with_facts(picker("a", 12, superior="north", unit="south", decided=DECIDED), book_sent_on="2020-12-20", roles=["taster"]),
            with_facts(picker("b", 3, superior="north", unit="west", self_level="top"), book_sent_on="none", tells_losses=False),
            picker("c", "unknown", superior="north", collective="south", proposed="top"),
            picker("d", 0, unit="N-1", decided=[DECIDED, {**DECIDED, "level": "top"}]),
            {**picker("v"), "facts": {"kind": "visitor"}},
        ),
        "year": {"round": "2020", "units": {"west": {"name": "The west"}, "east": {"name": "The east"}}},
    }


@pytest.mark.parametrize("as_of", [None, date(2020, 12, 1), date(2020, 12, 31)])
def test_the_json_of_a_round_fits_its_schema(tmp_path: Path, as_of: date | None) -> None:
    done = rate(tmp_path, rich(), as_of)
    data: Any = json.loads(json.dumps(round_to_data(done)))

    check("round", data)
    assert set(schema_of("round")["required"]) == set(data)
    assert ("2020", NAME, 7, 0) == (data["round"], data["edition"], data["spread"]["cases"], len(done.problems))
    assert {("a", "taster_not_covered")} == {(one["case"], one["id"]) for one in data["not_covered"]}
    for case in data["cases"]:
        place = case.pop("round")
        assert {"unit", "links", "stands_at", "stands_by"} == set(place)
        check("verdict", case)


@pytest.mark.parametrize("seed", range(4))
def test_a_round_is_the_same_whatever_the_order_of_its_files(tmp_path: Path, seed: int) -> None:
    files = list(rich().items())
    first = write_cases(tmp_path / "one" / "year", dict(files))
    Random(seed).shuffle(files)
    second = write_cases(tmp_path / "two" / "year", dict(files))
    one, other = (json.dumps(round_to_data(rate_round(load_round(str(folder), library_of(NAME))))) for folder in (first, second))

    assert one == other


@pytest.mark.parametrize(("old", "new", "code"), rows("round", "what_can_be_gathered_is_checked_when_an_edition_is_loaded"))
def test_what_can_be_gathered_is_checked_when_an_edition_is_loaded(tmp_path: Path, old: str, new: str, code: str) -> None:
    _, problems = with_change(NAME, tmp_path, "facts.yaml", old, new)

    assert code in {problem.code for problem in problems}


@pytest.mark.parametrize(("files", "arguments", "code"), tuples("round", "the_exit_code_says_how_a_round_went"))
def test_the_exit_code_says_how_a_round_went(cli: Cli, tmp_path: Path, files: Files, arguments: tuple[str, ...], code: int) -> None:
    folder = write_cases(tmp_path / "year", files)
    found, out, err = cli("round", "--rulebook", str(FOLDER / NAME), *arguments, str(folder))

    assert code == found
    assert "Traceback" not in err
    assert bool(err) == (code in {2, 3})
    assert bool(out) == (code < 2 or (code == 3 and bool(files) and "year" not in files and "--edition" not in arguments))


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_round_can_be_told(cli: Cli, tmp_path: Path, lang: str, form: str) -> None:
    folder = write_cases(tmp_path / "year", rich())
    code, out, err = cli("round", "--rulebook", str(FOLDER / NAME), "--format", form, str(folder), lang=lang)

    assert (0, "") == (code, err)
    assert all(name in out for name in ("The west", "The north", "2020"))
    assert ("proposal" if lang == "en" else "đề xuất") in out.lower()
    assert not any(word in out for word in ("UNKNOWN", "Fraction(", "frozenset("))
