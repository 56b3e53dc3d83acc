"""QR codes as SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import segno

from inpassing.letters.qr import QUIET_ZONE, qr_svg

TEXT = "https://inpassing.example/cek/7K2M-QX4R/"


def test_the_path_draws_the_modules_of_the_code():
    svg = ET.fromstring(qr_svg(TEXT))
    side = int(svg.get("viewBox").split()[2])
    drawn = [[0] * side for _ in range(side)]
    for x, y, length in re.findall(r"M(\d+) (\d+)\.5h(\d+)", svg[0].get("d")):
        for column in range(int(x), int(x) + int(length)):
            drawn[int(y)][column] = 1
    code = segno.make_qr(TEXT, error="m", mask=3, boost_error=False)
    assert side == len(code.matrix) + 2 * QUIET_ZONE
    assert [row[QUIET_ZONE:-QUIET_ZONE] for row in drawn[QUIET_ZONE:-QUIET_ZONE]] == [
        list(row) for row in code.matrix
    ]
    assert sum(map(sum, drawn)) == sum(map(sum, code.matrix))


def test_it_keeps_to_the_content_security_policy():
    svg = qr_svg('"><script>alert(1)</script>')
    assert "script" not in svg
    assert "style" not in svg
    assert ET.fromstring(svg).get("role") == "img"


def test_the_same_text_gives_the_same_code():
    assert qr_svg(TEXT) == qr_svg(TEXT)
    assert qr_svg(TEXT) != qr_svg(TEXT + "x")
