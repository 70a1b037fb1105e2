"""The formats that other programs read, held against what those programs take.

The schemas here are closed: a key that they do not name is an error. For SARIF there is a second opinion, classes that were
made from the standard's own schema; that itself is asked too where SARIF_SCHEMA names it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from junitparser import Failure, JUnitXml

from flake8_async_orm.diagnostics import Diagnostic, Range, Related
from flake8_async_orm.edits import Edit, Fix
from flake8_async_orm.report import DOCUMENTS, FORMATS, PROSE, render
from flake8_async_orm.report.colour import Paint
from flake8_async_orm.report.places import below

PLAIN = Paint(False)
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
INDEX: dict[str, Any] = {"type": "integer", "minimum": 0}


def closed(*required: str, **properties: Any) -> dict[str, Any]:
    """An object that may have no other properties; all are required but those whose names end with an underscore."""
    named = {name.rstrip("_"): schema for name, schema in properties.items()}
    needed = [*required, *(name for name in properties if not name.endswith("_"))]
    return {"type": "object", "properties": named, "required": needed, "additionalProperties": False}


def many(schema: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": schema, "minItems": least}


def sarif_schema() -> dict[str, Any]:
    text = closed(text=TEXT)
    region = closed(startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT)
    artifact = closed(uri={**TEXT, "format": "uri-reference"}, uriBaseId_={"const": "%SRCROOT%"})
    physical = closed(artifactLocation=artifact, region=region)
    logical = closed(fullyQualifiedName=TEXT, kind={"const": "function"})
    location = closed(physicalLocation=physical, logicalLocations_=many(logical, 1))
    related = closed(id=INDEX, physicalLocation=physical, message=text)
    replacement = closed(deletedRegion=region, insertedContent=closed(text={"type": "string"}))
    change = closed(artifactLocation=artifact, replacements=many(replacement, 1))
    result = closed(
        ruleId={"type": "string", "pattern": "^AOR[0-9]{3}$"},
        ruleIndex=INDEX,
        level={"enum": ["none", "note", "warning", "error"]},
        message=text,
        locations=many(location, 1),
        relatedLocations_=many(related, 1),
        partialFingerprints=closed(primaryLocationLineHash={"type": "string", "pattern": "^[0-9a-f]{32}:[1-9]"}),
        fixes_=many(closed(description=text, artifactChanges=many(change, 1)), 1),
    )
    rule = closed(
        id=TEXT,
        name=TEXT,
        shortDescription=text,
        fullDescription_=text,
        help=closed(text=TEXT, markdown=TEXT),
        defaultConfiguration=closed(enabled={"type": "boolean"}, level={"enum": ["note", "warning", "error"]}),
        properties=closed(tags=many(TEXT), precision=TEXT),
    )
    driver = closed(name=TEXT, semanticVersion=TEXT, rules=many(rule))
    run = closed(
        tool=closed(driver=driver),
        columnKind={"const": "unicodeCodePoints"},
        originalUriBaseIds={"type": "object", "additionalProperties": closed(description=text)},
        results=many(result),
    )
    schema = closed(version={"const": "2.1.0"}, runs=many(run, 1))
    schema["properties"]["$schema"] = {"type": "string", "format": "uri"}
    return schema


def gitlab_schema() -> dict[str, Any]:
    location = closed(path={"type": "string", "pattern": "^[^/.]"}, lines=closed(begin=COUNT, end=COUNT))
    issue = closed(
        type={"const": "issue"},
        check_name=TEXT,
        description=TEXT,
        categories=many(TEXT, 1),
        severity={"enum": ["info", "minor", "major", "critical", "blocker"]},
        fingerprint=TEXT,
        location=location,
    )
    return many(issue)


def rdjson_schema() -> dict[str, Any]:
    position = closed(line=COUNT, column_=COUNT)
    place = closed(start=position, end_=position)
    diagnostic = closed(
        message=TEXT,
        location=closed(path=TEXT, range=place),
        severity={"enum": ["ERROR", "WARNING", "INFO"]},
        code=closed(value=TEXT),
        suggestions_=many(closed(range=place, text={"type": "string"}), 1),
    )
    return closed(source=closed(name=TEXT), diagnostics=many(diagnostic))


def dropped(line: int = 6, path: str = "app/crud.py", **changes: Any) -> Diagnostic:
    made = Diagnostic(
        code="AOR101",
        name="missing-await",
        message="the coroutine is never awaited; write `await`",
        help="nothing was sent",
        path=path,
        start=0,
        end=0,
        line=line,
        column=4,
        end_line=line,
        end_column=20,
        function="save",
        source_lines=("    session.commit()",),
        fixes=(Fix("Await it", (Edit(4, 4, "await "),), "safe"),),
        fix_ranges=((Range(line, 4, line, 4),),),
        related=(Related("app/db.py", 3, 0, 4, 2, "made here", "x = 1"),),
    )
    return dataclasses.replace(made, **changes)


BARE: dict[str, Any] = {"fixes": (), "fix_ranges": (), "related": (), "function": "", "help": ""}
FOUND = [
    dropped(),
    dropped(9),
    dropped(9, column=24, end_column=40, severity="warning"),
    dropped(12, "app/naïve name.py", end_line=13, end_column=1, severity="info", **BARE),
    dropped(1, "z%,:.py", code="AOR000", name="analysis-failed", end_column=4, severity="hint", **BARE),
    dropped(1, os.path.abspath("/elsewhere/a.py"), **BARE),
]


def documents() -> list[tuple[str, list[Diagnostic]]]:
    return [(name, found) for name in FORMATS for found in ([], FOUND)]


@pytest.mark.parametrize(("name", "found"), documents())
def test_every_format_ends_its_lines_and_is_the_same_again(name: str, found: list[Diagnostic]) -> None:
    text = render(name, found, PLAIN)
    assert text == render(name, found, PLAIN)
    assert text == "" or text.endswith("\n")
    assert "\x1b" not in text


def test_a_format_is_for_people_or_for_programs() -> None:
    assert not set(DOCUMENTS) & set(PROSE)
    assert {*DOCUMENTS, *PROSE} <= set(FORMATS)


def test_json_lines() -> None:
    lines = render("json-lines", FOUND, PLAIN).splitlines()
    assert [json.loads(line) for line in lines] == json.loads(render("json", FOUND, PLAIN))


def test_grouped() -> None:
    assert render("grouped", FOUND[:2] + FOUND[3:4], PLAIN) == (
        "app/crud.py:\n"
        "  6:5  AOR101 [*] the coroutine is never awaited; write `await`\n"
        "  9:5  AOR101 [*] the coroutine is never awaited; write `await`\n\n"
        "app/naïve name.py:\n"
        "  12:5  AOR101 the coroutine is never awaited; write `await`\n\n"
    )


# -- SARIF -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", [[], FOUND])
def test_sarif_is_valid(found: list[Diagnostic]) -> None:
    log = json.loads(render("sarif", found, PLAIN))
    schemas = [sarif_schema()]
    if "SARIF_SCHEMA" in os.environ:
        schemas.append(json.loads(Path(os.environ["SARIF_SCHEMA"]).read_text(encoding="utf-8")))
    for schema in schemas:
        jsonschema.validate(log, schema)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [one.code for one in found]


def unknown(given: Any, known: Any, path: str = "") -> Iterator[str]:
    """What of `given` is not in `known`, or not the same there."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            # what `properties` hold is ours to say
            if path.endswith("/properties"):
                continue
            yield from unknown(value, known[key], f"{path}/{key}") if key in known else [f"{path}/{key}"]
    elif isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        for number, (one, other) in enumerate(zip(given, known, strict=True)):
            yield from unknown(one, other, f"{path}/{number}")
    elif given != known:
        yield path


def through_the_standard(log: dict[str, Any]) -> list[str]:
    """What is lost of a log when it goes through objects of the standard. What they need and have not raises KeyError."""
    # the library's own library speaks of options that it will lose
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pysarif

        return list(unknown(log, pysarif.save_to_dict(pysarif.load_from_dict(log))))


@pytest.mark.parametrize("found", [[], FOUND])
def test_sarif_is_what_the_standard_names(found: list[Diagnostic]) -> None:
    log = json.loads(render("sarif", found, PLAIN))
    assert through_the_standard(log) == ["/$schema"]


def test_what_the_standard_does_not_name_is_noticed() -> None:
    log = json.loads(render("sarif", FOUND, PLAIN))
    log["runs"][0]["results"][0]["fixes"][0]["note"] = "?"
    assert through_the_standard(log) == ["/$schema", "/runs/0/results/0/fixes/0/note"]
    del log["runs"][0]["results"][1]["message"]
    with pytest.raises(KeyError, match="message"):
        through_the_standard(log)


def test_sarif_tells_places_fixes_and_rules() -> None:
    (run,) = json.loads(render("sarif", FOUND, PLAIN))["runs"]
    first, _, third, fourth, fifth, last = run["results"]
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "app/crud.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 6, "startColumn": 5, "endLine": 6, "endColumn": 21},
    }
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "save"
    assert first["relatedLocations"][0]["message"] == {"text": "made here"}
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 6, "startColumn": 5, "endLine": 6, "endColumn": 5},
            "insertedContent": {"text": "await "},
        }
    ]
    assert [one["level"] for one in (first, third, fourth, fifth)] == ["error", "warning", "note", "note"]

    def uri(result: dict[str, Any]) -> Any:
        return result["locations"][0]["physicalLocation"]["artifactLocation"]

    assert uri(fourth)["uri"] == "app/na%C3%AFve%20name.py"
    assert uri(fifth)["uri"] == "z%25%2C%3A.py"
    assert uri(last)["uri"].startswith("file:///") and "uriBaseId" not in uri(last)
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["AOR101"]["name"] == "MissingAwait"
    assert "## Invalid" in rules["AOR101"]["help"]["markdown"]


def fingerprints(found: list[Diagnostic]) -> list[str]:
    (run,) = json.loads(render("sarif", found, PLAIN))["runs"]
    return [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]]


def test_fingerprints_differ_and_survive_moved_lines() -> None:
    found = [dropped(6), dropped(9), dropped(9, function="load"), dropped(9, path="b.py"), dropped(9, code="AOR102")]
    first = fingerprints(found)
    assert len(set(first)) == len(found)
    moved = [
        dataclasses.replace(
            one, line=one.line + 40, end_line=one.end_line + 40, column=8, end_column=24, source_lines=(f"    {line}",)
        )
        for one in found
        for line in one.source_lines
    ]
    assert fingerprints(moved) == first
    assert [one["fingerprint"] for one in json.loads(render("gitlab", moved, PLAIN))] == first


@pytest.mark.parametrize(
    ("lines", "column", "end_column", "expression"),
    [
        (["    session.commit()"], 4, 20, "session.commit()"),
        (["x = f(", "    a,", ").b  # why"], 4, 3, "f( a, ).b"),
        (["async def f(", "    x: int,", ") -> None:", "    pass"], 0, 8, "async def f( x: int, ) -> None:"),
        ([], 0, 0, ""),
    ],
)
def test_the_text_of_a_finding(lines: list[str], column: int, end_column: int, expression: str) -> None:
    last = 6 + max(len(lines) - 1, 0)
    one = dropped(6, column=column, end_line=last, end_column=end_column, source_lines=tuple(lines))
    assert one.expression == expression


# -- the others --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", [[], FOUND[:5]])
def test_gitlab_is_valid(found: list[Diagnostic]) -> None:
    issues = json.loads(render("gitlab", found, PLAIN))
    jsonschema.validate(issues, gitlab_schema())
    assert len({one["fingerprint"] for one in issues}) == len(found)
    assert [one["severity"] for one in issues[2:]] == ["minor", "info", "info"][: len(found)]


@pytest.mark.parametrize("found", [[], FOUND])
def test_rdjson_is_valid(found: list[Diagnostic]) -> None:
    jsonschema.validate(json.loads(render("rdjson", found, PLAIN)), rdjson_schema())


def test_rdjson_counts_bytes() -> None:
    one = dropped(source_lines=("x = 'é€'; session.commit()",), column=10, end_column=26)
    one = dataclasses.replace(one, fix_ranges=((Range(6, 10, 6, 10),),))
    (made,) = json.loads(render("rdjson", [one], PLAIN))["diagnostics"]
    place = {"start": {"line": 6, "column": 14}, "end": {"line": 6, "column": 30}}
    assert made["location"]["range"] == place
    assert made["suggestions"] == [{"range": {"start": place["start"], "end": place["start"]}, "text": "await "}]


def test_rdjson_offers_only_what_is_one_change_in_the_lines_of_the_finding() -> None:
    elsewhere = dropped(fix_ranges=((Range(2, 0, 2, 0),),))
    two = Fix("both", (Edit(0, 0, "x"), Edit(4, 4, "await ")), "safe")
    several = dropped(fixes=(two,), fix_ranges=((Range(6, 0, 6, 0), Range(6, 4, 6, 4)),))
    for one in (elsewhere, several):
        (made,) = json.loads(render("rdjson", [one], PLAIN))["diagnostics"]
        assert "suggestions" not in made
    long = dropped(end_line=40)
    (made,) = json.loads(render("rdjson", [long], PLAIN))["diagnostics"]
    assert made["location"]["range"]["end"] == {"line": 40}


def test_github() -> None:
    lines = render("github", [*FOUND[:1], FOUND[3], dropped(1, "z%,:.py", **{**BARE, "message": "50 %\nof it"})], PLAIN)
    assert lines.splitlines() == [
        "::error title=missing-await (AOR101),file=app/crud.py,line=6,endLine=6,col=5,endColumn=21"
        "::app/crud.py:6:5: AOR101 the coroutine is never awaited; write `await`%0Anothing was sent",
        "::notice title=missing-await (AOR101),file=app/naïve name.py,line=12,endLine=13"
        "::app/naïve name.py:12:5: AOR101 the coroutine is never awaited; write `await`",
        "::error title=missing-await (AOR101),file=z%25%2C%3A.py,line=1,endLine=1,col=5,endColumn=21"
        "::z%25,:.py:1:5: AOR101 50 %25%0Aof it",
    ]


def test_paths_start_where_the_service_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "backend").mkdir()
    monkeypatch.chdir(tmp_path / "backend")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path))
    assert "file=backend/app/crud.py," in render("github", FOUND[:1], PLAIN)
    assert json.loads(render("gitlab", FOUND[:1], PLAIN))[0]["location"]["path"] == "backend/app/crud.py"
    assert below("GITHUB_WORKSPACE", "a.py", {"GITHUB_WORKSPACE": str(tmp_path / "other")}) == "a.py"
    assert below("GITHUB_WORKSPACE", "a.py", {}) == "a.py"


def test_junit() -> None:
    text = render("junit", FOUND, PLAIN)
    report = JUnitXml.fromstring(text.encode())
    suites = list(report)
    assert [(suite.name, suite.tests, suite.failures) for suite in suites][:2] == [
        ("app/crud.py", 3, 3),
        ("app/naïve name.py", 1, 1),
    ]
    case = next(iter(suites[0]))
    assert (case.name, case.classname) == ("AOR101 missing-await (6:5)", "app.crud")
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert failure.message == FOUND[0].message
    assert failure.text.splitlines()[1:] == ["nothing was sent", "    session.commit()"]
    assert (report.tests, report.failures, report.errors) == (len(FOUND), len(FOUND), 0)


def test_junit_without_findings_is_a_test_that_passed() -> None:
    report = JUnitXml.fromstring(render("junit", [], PLAIN).encode())
    (suite,) = report
    assert (report.tests, report.failures, suite.tests) == (1, 0, 1)


def test_junit_takes_what_xml_does_not() -> None:
    one = dropped(message="a \x00 <b> & \ud800 \"'\n", source_lines=("\x1b]]>",), path="\x07.py")
    root = ElementTree.fromstring(render("junit", [one], PLAIN).encode())
    failure = root.find(".//failure")
    assert failure is not None and failure.text is not None
    assert failure.get("message") == "a \u2400 <b> & \ufffd \"'\u240a"
    assert failure.text.endswith("\u241b]]>")
