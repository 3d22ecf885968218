"""What the demo computes from its weather."""

from xml.etree import ElementTree as ET

from app.demo.derived import monthly_temperatures, temperature_chart

DAILY = b"""date,precipitation,temp_max,temp_min,wind,weather
2012/01/01,0.0,12.8,5.0,4.7,drizzle
2012/01/02,10.9,10.6,2.8,4.5,rain
2013/01/02,0.0,3.0,-3.0,4.5,sun
""" + b"".join(b"2012/%02d/15,0,%d,%d,0,sun\n" % (month, 2 * month, month) for month in range(2, 13))


def test_a_month_is_the_mean_of_its_days_in_all_years() -> None:
    lines = monthly_temperatures(DAILY).decode().splitlines()

    # Of January: 4.8 and 26.4 degrees, over three days.
    assert lines[:3] == ["month,temp_min,temp_max", "1,1.6,8.8", "2,2.0,4.0"]
    assert len(lines) == 13


def test_the_chart_has_a_bar_a_month_as_high_as_its_span() -> None:
    root = ET.fromstring(temperature_chart(monthly_temperatures(DAILY)))
    bars = root.findall("{http://www.w3.org/2000/svg}rect")

    heights = [float(bar.attrib["height"]) for bar in bars]
    assert len(heights) == 12
    # December spans 12 degrees, June 6: the scale is linear.
    assert heights[11] / heights[5] == 2.0
    assert all(float(bar.attrib["y"]) >= 0 for bar in bars)
