"""What after the name of a place says that no place is meant: the title of an event (某地冬奥会), or people (某国人)."""

from __future__ import annotations

import re

_HEADS = (
    "冬奥会|冬残奥会|夏奥会|奥运会|残奥会|冬季奥运会|夏季奥运会|冬奥|亚运会|青奥会|大运会|全运会|世博会|园博会|服贸会|"
    "博览会|交易会|洽谈会|展览会|推介会|论坛|电影节|音乐节|艺术节|文化节|马拉松|马拉松赛|锦标赛|公开赛|大奖赛|邀请赛|世界杯|"
    "欧洲杯|亚洲杯"
)
# After a place; what organises or opens an event is no part of its title.
_EVENT = re.compile(
    rf"(?:[0-9０-９]{{4}}年?)?(?:[^，。、；：！？（）《》“”\s的在和与及于是有将对向以并等说称为举办参加了]{{0,10}}?)(?:{_HEADS})"
    r"(?!组委会|组织委员会|组委|参展商|执委会|筹委会|场馆)"
)


# 云洲模式会谈: a round of talks that is called after a place.
_FORMAT = re.compile(
    "(?:模式|机制)(?:的)?(?:会谈|峰会|会晤|谈判|磋商|四方)|(?<=诺曼底)模式|(?<=诺曼底)机制|(?<=阿斯塔纳)进程|(?<=奥斯陆)进程"
)


def event_follows(text: str, end: int) -> bool:
    """Whether the words after `end` make the title of an event with the name that ends there.

    >>> event_follows("云洲冬奥会开幕", 2), event_follows("云洲的论坛", 2)
    (True, False)
    """
    return _EVENT.match(text, end, end + 24) is not None or _FORMAT.match(text, end) is not None


# 希腊人 are people; 希腊人民 and 希腊人士 say more of the place.
_PEOPLE = re.compile(
    '人(?![民士口大员均权文力才类质工造行为])|裔|制造(?=[”」"])|特色社会主义|特色大国'
    # An animal that is called after the place: 云洲湖裸鲤.
    "|[\u4e00-\u9fff]{0,2}(?:鲤|鲟|江豚|白鳍豚|海豚|虎|豹|仰鼻猴|金丝猴|猴|鳄|陆龟|丹顶鹤|羚羊|大熊猫|雪豹)(?![\u4e00-\u9fff]?[门山石丘岭滩])"
)


def people_follow(text: str, end: int) -> bool:
    """Whether the name of a place that ends there only names its people, or an animal.

    >>> people_follow("秘鲁人说", 2), people_follow("秘鲁人民", 2)
    (True, False)
    """
    return _PEOPLE.match(text, end) is not None
