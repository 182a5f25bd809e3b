"""A report as one HTML file that looks right on a light or dark screen and on A4 paper.

Called by `report`. Templates escape every value; the file refers to nothing outside itself.
"""

from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

from muniment import graph, model, register
from muniment.flows import report_charts as charts
from muniment.flows.report_charts import Part

if TYPE_CHECKING:
    from muniment.flows.report_contents import Report

_BANDS = ("doubtful, below .50", "weak, to .70", "fair, to .85", "likely, to .95", "sure, from .95")
_STATES = {"retired": "rest", "discovered": "band2"}
_COVERED = (
    "owner", "environment", "criticality", "application", "os", "cpu_count", "memory_mib", "storage_gib",
    "ip_address", "serial", "site", "support_group", "cost_centre", "end_of_life_on",
)  # fmt: skip
_LONGEST = 160
_TYPES = 6
_ROWS = 14


def page(report: "Report") -> str:
    """The report as HTML."""
    import jinja2

    folder = resources.files("muniment.flows") / "templates"
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters.update(value=_value, kind=_kind, number=lambda value: f"{value:,}", share=share)
    template = environment.from_string((folder / "report.html.j2").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        css=(folder / "report.css").read_text(encoding="utf-8"),
        version=metadata.version("muniment"),
        assets=sum(report.live.values()),
        retired=sum(count for _, state, count in report.states if state == "retired"),
        open_conflicts=sum(report.severities.values()),
        charts=_charts(report),
        coverage=_coverage(report),
        health=health(report),
        sources=by_source(report),
        weakest=weakest(report),
    )


def _kind(name: str) -> str:
    known = model.asset_types().get(name)
    return known.label if known else name.replace("_", " ")


def _value(value: Any) -> str:
    """A value as people read it; a long one is cut."""
    if value is None:
        return "none"
    if isinstance(value, list):
        text = ", ".join(_value(item) for item in value)
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _charts(report: "Report") -> dict[str, Any]:
    states = list(dict.fromkeys(state for _, state, _ in report.states))
    of: dict[str, list[Part]] = {}
    for kind, state, count in report.states:
        of.setdefault(_kind(kind), []).append(Part(_STATES.get(state, "accent"), state, count))
    by_attribute: dict[str, dict[str, int]] = {}
    for one in report.disputes:
        by_attribute.setdefault(one.attribute, {})[one.severity] = one.count
    ranked = sorted(by_attribute.items(), key=lambda item: (-sum(item[1].values()), item[0]))[:_ROWS]
    shades = dict(zip(register.SEVERITIES, ("band0", "band1", "band2", "rest"), strict=True))
    return {
        "types": charts.stacked("Assets by type and state", list(of.items())),
        "states": charts.legend([(_STATES.get(state, "accent"), state) for state in states]),
        "confidence": charts.stacked(
            "Assets by confidence",
            [
                (word, [Part(f"band{band}", "assets", count)])
                for band, (word, count) in enumerate(zip(_BANDS, report.confidences, strict=True))
            ],
        ),
        "conflicts": charts.stacked(
            "Open conflicts by attribute and severity",
            [
                (report.label(name), [Part(shades[one], one, found.get(one, 0)) for one in register.SEVERITIES])
                for name, found in ranked
            ],
        ),
        "severities": charts.legend([(shades[one], one) for one in register.SEVERITIES]),
        "sources": charts.stacked(
            "What each source says, compared with the others",
            [
                (name, [Part("band4", "agreed", row[1]), Part("rest", "said by it alone", row[0]),
                        Part("band1", "contradicted", row[2])])
                for name, row in by_source(report).items()
            ],
            share=True,
        ),
        "quality": charts.legend(
            [("band4", "agreed by another source"), ("rest", "said by it alone"), ("band1", "contradicted")]
        ),
    }  # fmt: skip


def by_source(report: "Report") -> dict[str, tuple[int, int, int, int, int]]:
    """Per source, values: unique, agreed, contradicted, filled, lost."""
    sums: dict[str, list[int]] = {one.name: [0] * 5 for one in report.origins}
    for one in report.contributions:
        row = sums.setdefault(one.source, [0] * 5)
        for place, value in enumerate((one.unique, one.agreed, one.contradicted, one.filled, one.lost)):
            row[place] += value
    return {name: (row[0], row[1], row[2], row[3], row[4]) for name, row in sums.items()}


def health(report: "Report") -> list[graph.Health]:
    """How the sources do, those that want a look first; a score that is not known yet comes last."""
    return sorted(report.health, key=lambda one: (one.score is None, one.score or 0.0, one.source))


def share(score: float | None) -> str:
    """A share in per cent, or that it is not known yet."""
    return "not known" if score is None else f"{score:.0%}"


def weakest(report: "Report") -> list[Any]:
    """Source and attribute pairs that lose most, of attributes with open conflicts."""
    disputed = {one.attribute for one in report.disputes}
    found = [one for one in report.contributions if one.lost and one.attribute in disputed]
    return sorted(found, key=lambda one: (-one.lost, one.source, one.attribute))[:_ROWS]


def _coverage(report: "Report") -> dict[str, Any]:
    """Small multiples: how full the attributes that matter are, by type."""
    kinds = list(report.live)[:_TYPES]
    names = [name for name in _COVERED if any((kind, name) in report.filled for kind in kinds)]
    return {
        "kinds": [(_kind(kind), report.live[kind]) for kind in kinds],
        "rows": [
            (
                report.label(name),
                [
                    charts.share(report.filled.get((kind, name), 0), report.live[kind]) if (kind, name) in report.filled
                    else None
                    for kind in kinds
                ],
            )
            for name in names
        ],
    }  # fmt: skip
