"""The report of a month for people: as a sheet for a spreadsheet, and as a page that runs nothing."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from html import escape
from typing import Any

from toritsugi.costs.views import CostDayView, MonthReportView

SHEET_COLUMNS = ("part", "name", "count", "quantity", "estimate", "told", "amount", "difference", "gap", "currency")
# A browser runs nothing of it, and asks nobody.
FOR_A_PAGE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HEIGHT, BAR, STEP = 120, 16, 22  # of the picture of the days

PAGE_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } .wide { overflow-x: auto }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #8886; text-align: right; font-variant-numeric: tabular-nums }
th:first-child, td:first-child, caption { text-align: left } caption { font-weight: 600; padding: 1rem 0 .3rem }
.total { font-size: 2rem } rect { fill: #2b6cb0 } rect.unusual { fill: #c2410c } svg { max-width: 100%; height: auto }
@media (prefers-color-scheme: dark) { rect { fill: #63a4e8 } rect.unusual { fill: #fb923c } }
"""


def write_report_sheet(report: MonthReportView) -> str:
    """The report as CSV: the lines of the bill, then what was paid over each line, by service and on each day."""
    sheet = io.StringIO()
    rows = csv.DictWriter(sheet, SHEET_COLUMNS, restval="", lineterminator="\r\n")
    rows.writeheader()
    for row in rows_of_report(report):
        rows.writerow({name: value for name, value in row.items() if name in SHEET_COLUMNS and value is not None})
    return sheet.getvalue()


def rows_of_report(report: MonthReportView) -> Iterator[dict[str, Any]]:
    money = {"currency": report["currency"]}
    for line in report["lines"]:
        yield {"part": "bill", **line, **money}
    yield {"part": "total", "name": report["month"], "amount": report["total"], "gap": report["gap"], **money}
    for part, sums in (("line", report["over_lines"]), ("service", report["in_services"])):
        for one in sums:
            yield {"part": part, **one, **money}
    for day in report["days"]:
        yield {"part": "day", "name": day["day"], "amount": day["amount"], **money}


def write_report_page(report: MonthReportView) -> str:
    """The report as a page: the total, its days, the lines of the bill, and what was paid over each line."""
    month, unit = escape(report["month"]), escape(report["currency"])
    lines = ("name", "quantity", "estimate", "told", "amount", "gap")
    sums = ("name", "count", "estimate", "amount", "difference", "without_amount")
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>What {month} did cost</title>
<style>{PAGE_STYLE}</style>
<main>
<h1>What {month} did cost</h1>
<p class="total">{report["total"]} {unit}</p>
<p>{report["gap"]} {unit} of that is neither in a call, text or number that is known, nor in a sum with a name.
<a href="sheet">As a sheet</a></p>
{draw_days(report["days"])}
{write_table("The bill", lines, list(report["lines"]))}
{write_table("Over your lines", sums, list(report["over_lines"]))}
{write_table("In sessions of your services", sums, list(report["in_services"]))}
</main>
</html>
"""


def write_table(caption: str, names: tuple[str, ...], rows: list[Any]) -> str:
    """A table of these columns; nothing, if there are no rows. What is not known is a dash."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{name.replace("_", " ")}</th>' for name in names)
    body = "\n".join(write_row([row[name] for name in names]) for row in rows)
    return f'<div class="wide"><table><caption>{caption}</caption>\n<tr>{head}</tr>\n{body}\n</table></div>'


def write_row(values: list[Any]) -> str:
    cells = ["–" if value is None else escape(str(value)) for value in values]
    return f"<tr><td>{'</td><td>'.join(cells)}</td></tr>"


def draw_days(days: list[CostDayView]) -> str:
    """A bar for each day; of one that was unusual, in another colour, and in words."""
    amounts = [Decimal(one["amount"] or 0) for one in days]
    most = max([*amounts, Decimal(0)]) or Decimal(1)
    bars = "".join(draw_day(place, day, amounts[place] / most) for place, day in enumerate(days))
    size = f"0 0 {STEP * len(days)} {HEIGHT + 16}"
    return f'<svg viewBox="{size}" role="img" aria-label="What each day did cost">{bars}</svg>'


def draw_day(place: int, day: CostDayView, part: Decimal) -> str:
    height = round(HEIGHT * float(part), 1)
    kind, said = (' class="unusual"', ", which is unusual") if day["unusual"] else ("", "")
    told = f"{day['day']}: {day['amount'] or 'not summed up'}{said}"
    return (
        f'<rect{kind} x="{STEP * place}" y="{HEIGHT - height:g}" width="{BAR}" height="{height:g}">'
        f"<title>{escape(told)}</title></rect>"
    )
