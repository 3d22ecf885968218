"""What the demo makes of its weather: a table of monthly means, and a chart of that table. Pure."""

import csv
from io import StringIO
from statistics import fmean
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WIDTH: Final = 640
_HEIGHT: Final = 360
_MARGIN: Final = 48


def monthly_temperatures(daily: bytes) -> bytes:
    """Mean daily minimum and maximum of each calendar month over all years, in °C with one decimal.

    `daily` is CSV with the columns `date` (2012/01/31), `temp_min` and `temp_max`.
    """
    rows = list(csv.DictReader(StringIO(daily.decode("utf-8"))))
    output = StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(("month", "temp_min", "temp_max"))
    for number in range(1, 13):
        days = [row for row in rows if int(row["date"].split("/")[1]) == number]
        means = (fmean(float(day[column]) for day in days) for column in ("temp_min", "temp_max"))
        writer.writerow((number, *(f"{mean:.1f}" for mean in means)))
    return output.getvalue().encode("ascii")


def temperature_chart(monthly: bytes) -> bytes:
    """Draw the table that `monthly_temperatures` makes: one bar a month from minimum to maximum, as SVG."""
    rows = list(csv.DictReader(StringIO(monthly.decode("ascii"))))
    spans = [(float(row["temp_min"]), float(row["temp_max"])) for row in rows]
    warmest = max(high for _, high in spans)
    coldest = min(0.0, *(low for low, _ in spans))
    pixels_per_degree = (_HEIGHT - 2 * _MARGIN) / (warmest - coldest)
    step = (_WIDTH - 2 * _MARGIN) / len(spans)
    bars: list[str] = []
    for month, (low, high) in enumerate(spans):
        left = _MARGIN + month * step
        top = _MARGIN + (warmest - high) * pixels_per_degree
        middle = left + step / 2
        height = (high - low) * pixels_per_degree
        size = f'width="{step - 8:.1f}" height="{height:.1f}"'
        bars += [
            f'<rect x="{left + 4:.1f}" y="{top:.1f}" {size} rx="3" fill="#3b7ea1"/>',
            f'<text x="{middle:.1f}" y="{top - 6:.1f}">{high:.0f}</text>',
            f'<text x="{middle:.1f}" y="{top + height - 6:.1f}" fill="white">{low:.0f}</text>',
            f'<text x="{middle:.1f}" y="{_HEIGHT - _MARGIN / 2:.1f}">{_MONTHS[month]}</text>',
        ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12" text-anchor="middle">'
    )
    title = f'<text x="{_WIDTH / 2:.0f}" y="24" font-size="15">Seattle: mean daily minimum to maximum, °C</text>'
    return "\n".join([head, title, *bars, "</svg>\n"]).encode("utf-8")
