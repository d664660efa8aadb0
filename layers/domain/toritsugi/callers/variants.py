"""Variants: characters that are written differently and read alike, in names and in places.

The old forms are those beside which the tables of 1949 and 2010 put the new ones (常用漢字表) and of the characters for
names (人名用漢字別表); the others are what people have in their names beside them.
"""

import re
import unicodedata

# How a character is looked up, and what else is written for it.
FORMS = """
高髙 崎﨑嵜埼碕㟢 斎齋斉齊 辺邊邉 沢澤 浜濱濵 徳德 桜櫻 広廣 国國 恵惠 真眞 瀬瀨 島嶋嶌 柳栁桺
吉𠮷 富冨 峰峯 滝瀧 竜龍 館舘 関關 塩鹽 竹𥫗 万萬 与與 豊豐 蔵藏 会會 黒黑 黄黃 横橫 歩步 増增
穂穗 栄榮 円圓 桧檜 条條 弥彌 渋澁 渓溪 実實 寿壽 寛寬 帯帶 歳歲 歴歷 児兒 亜亞 悪惡 為爲 鋭銳
衛衞 縁緣 応應 欧歐 殴毆 奥奧 温溫 穏穩 仮假 価價 画畫 懐懷 絵繪 壊壞 拡擴 殻殼 覚覺 学學 岳嶽
楽樂 缶罐 巻卷 陥陷 勧勸 観觀 歓歡 気氣 帰歸 偽僞 戯戲 犠犧 旧舊 拠據 挙擧 虚虛 峡峽 挟挾 狭狹
郷鄕 暁曉 区區 駆驅 勲勳 薫薰 径徑 茎莖 掲揭 経經 蛍螢 軽輕 継繼 鶏鷄雞 芸藝 撃擊 欠缺 研硏
県縣 倹儉 剣劍劔劒釼 険險 圏圈 検檢 献獻 権權 顕顯 験驗 厳嚴 効效 恒恆 鉱鑛 号號 済濟 砕碎 剤劑
雑雜 参參 桟棧 蚕蠶 惨慘 賛贊 残殘 糸絲 歯齒 辞辭 湿濕 釈釋 収收 従從 縦縱 獣獸 粛肅 処處 緒緖
叙敍 渉涉 将將 称稱 焼燒 証證 奨奬 乗乘 浄淨 剰剩 畳疊 縄繩 壌壤 嬢孃 譲讓 醸釀 嘱囑 触觸 慎愼
寝寢 晋晉 尽盡 図圖 粋粹 酔醉 随隨 髄髓 枢樞 数數 声聲 静靜 窃竊 摂攝 専專 浅淺 戦戰 践踐 銭錢
潜潛 繊纖 禅禪 双雙 壮壯 争爭 荘莊 捜搜 挿插 巣巢 曽曾 痩瘦 装裝 総總 騒騷 臓臟 即卽 属屬 続續
堕墮 対對 体體 滞滯 台臺 択擇 担擔 単單 胆膽 団團 断斷 弾彈 遅遲 痴癡 虫蟲 昼晝 鋳鑄 庁廳 徴徵
聴聽 勅敕 鎮鎭 逓遞 鉄鐵鉃 点點 転轉 伝傳 灯燈 当當 党黨 盗盜 稲稻 闘鬪 読讀 届屆 弐貳 悩惱
脳腦 覇霸 拝拜 廃廢 売賣 麦麥 発發 髪髮 抜拔 晩晚 蛮蠻 秘祕 姫姬 瓶甁 払拂 仏佛 併倂 並竝 変變
弁辨瓣辯 舗舖 宝寶 萌萠 褒襃 没沒 翻飜 毎每 満滿 麺麵 黙默 餅餠 戻戾 訳譯 薬藥 予豫 余餘 誉譽
揺搖 様樣 謡謠 遥遙 来來 頼賴 乱亂 覧覽 略畧 両兩 猟獵 緑綠 涙淚 塁壘 礼禮 励勵 霊靈 隷隸 齢齡
恋戀 錬鍊 炉爐 労勞 郎郞 楼樓 録錄 湾灣 尭堯 槙槇 瑶瑤 凛凜 祢禰 祷禱 禄祿 侠俠 頬頰 填塡 巌巖
桑桒 土圡 角⻆ 芦蘆 鴎鷗 麹麴 蝋蠟 篭籠 梼檮 涛濤 撹攪 莱萊 薮藪籔 桝枡 匡匤 冴冱 昂昻 晃晄
晧皓 煕熙熈 穰穣 諌諫 笹𥱋 畑畠 崗岡 裏裡 野埜 松枩 秋穐 船舩 凉涼 杉椙 刃刄 卯夘 亘亙 柏栢
紘綋 鶴靏鸖靎 園薗 脇𦚰 祇祗 侭儘 淵渕渊 村邨 同仝
"""
NEW_FORM = {ord(old): forms[0] for forms in FORMS.split() for old in forms[1:]}

# Letters with a stroke, which Unicode takes for letters of their own.
STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i"})
# Apostrophes, hyphens and dots, which some write and others do not; not the mark of a long vowel.
SMALL_MARKS = re.compile("['’‘ʼʹʻ`´′\"“”.,·・･‐-―−\\-゠]")
# What stands for the letter before it, and its voiced kind; and a sound that some write otherwise: ヴァイオリン.
SAME_AGAIN, VOICED_AGAIN = re.compile("(.)[々ゝ]"), re.compile("(.)ゞ")
VU = {"ゔぁ": "ば", "ゔぃ": "び", "ゔぇ": "べ", "ゔぉ": "ぼ", "ゔ": "ぶ"}
COMPANIES = {"(株)": "株式会社", "(有)": "有限会社"}  # as NFKC writes ㈱
UMLAUT = re.compile("(?<=[aou])e")  # Müller writes herself Mueller where there is no ü
ANY_KANJI = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
GA = re.compile(
    f"ゖ|ゕ|(?<=[{ANY_KANJI}])[けがか](?=[{ANY_KANJI}])|(?<![ぁ-ゖー])[けが](?=[{ANY_KANJI}])|(?<=[{ANY_KANJI}])[けが](?![ぁ-ゖー])"
)


def fold_variants(text: str) -> str:
    """What is left of a folded text if accents, marks and the forms of a character make no difference."""
    letters = unicodedata.normalize("NFD", text)
    kana_stay = re.sub(r"[\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef]", "", letters)
    plain = unicodedata.normalize("NFC", kana_stay).translate(STROKES).translate(NEW_FORM)
    for written, meant in (COMPANIES | VU).items():
        plain = plain.replace(written, meant)
    again = VOICED_AGAIN.sub(lambda one: one[1] + unicodedata.normalize("NFC", one[1] + "\u3099"), plain)
    return GA.sub("が", SAME_AGAIN.sub(r"\1\1", UMLAUT.sub("", SMALL_MARKS.sub("", again))))
