"""Traditional and Simplified Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.script import script_of, simplified


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("行政院推動社會住宅", "行政院推动社会住宅"),
        ("乾隆年間的乾淨水源", "乾隆年间的干净水源"),
        ("瀋陽、臺北與香港", "沈阳、台北与香港"),
        ("資訊科技（IT）佔3.5%", "资讯科技（IT）占3.5%"),
        ("皇后、里程、台灣", "皇后、里程、台湾"),
        ("共同富裕", "共同富裕"),
        ("", ""),
    ],
)
def test_reads_traditional_as_simplified(text: str, expected: str) -> None:
    assert simplified(text) == expected


@given(st.text() | st.text(alphabet="行政院長後後乾隆着著於于臺台灣裏里裡髮發面麵\n ,A\ud800\0😀𠮷〇"))
def test_every_offset_stays(text: str) -> None:
    read = simplified(text)
    assert len(read) == len(text)
    assert simplified(read) == read
    assert all(a == b for a, b in zip(text, read, strict=True) if ord(a) < 0x3000)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("台北市政府", ""),
        ("臺北市政府推動社會住宅", "hant"),
        ("推动社会住房", "hans"),
        ("在台湾的后台里", "hans"),
        ("皇后與里長", "hant"),
        ("Taipei", ""),
        ("", ""),
    ],
)
def test_tells_the_script(text: str, script: str) -> None:
    assert script_of(text) == script
