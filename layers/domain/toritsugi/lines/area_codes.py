"""Area codes of North America, and which of them share an area: there alone a number tells where somebody is at home.

A new area code is laid over an old one when that has no numbers left, so neighbors have different ones. The list is
written by hand: a code that is missing has its area to itself.
https://www.nanpa.com/numbering/area-codes and https://www.cnac.ca/area_code_maps/canadian_area_codes.htm
"""

import re

IN_NORTH_AMERICA = re.compile(r"\+1([2-9][0-9]{2})[2-9][0-9]{6}")
NOWHERE = frozenset({"800", "833", "844", "855", "866", "877", "888", "900", "500", "600"})  # toll-free, and the like

OVERLAYS = [
    frozenset(codes.split())
    for codes in (
        # United States
        *("205 659", "256 938", "480 602 623", "870 327"),
        *("209 350", "213 323 738", "310 424", "408 669", "415 628", "510 341", "619 858", "657 714", "707 369"),
        *("747 818", "442 760", "805 820", "840 909", "279 916", "303 720 983"),
        *("203 475", "860 959", "202 771", "305 645 786", "321 407 689", "561 728", "754 954", "656 813", "324 904"),
        *("448 850", "404 470 678 770 943", "706 762", "208 986"),
        *("217 447", "309 861", "312 773 872", "618 730", "331 630", "464 708", "779 815", "224 847"),
        *("317 463", "812 930", "270 364", "227 240 301", "410 443 667"),
        *("508 774", "617 857", "339 781", "351 978", "248 947", "507 924", "601 769", "314 557", "816 975"),
        *("402 531", "702 725", "201 551", "732 848", "862 973", "609 640"),
        *("212 332 646 917", "347 718 917 929", "363 516", "631 934", "329 845", "315 680", "624 716", "518 838"),
        *("336 743", "704 980", "919 984", "472 910"),
        *("436 440", "234 330", "419 567", "283 513", "380 614", "220 740", "326 937"),
        *("405 572", "539 918", "503 971", "458 541"),
        *("215 267 445", "412 878", "724 878", "484 610 835", "272 570", "223 717", "582 814"),
        *("803 839", "843 854", "615 629"),
        *("210 726", "214 469 945 972", "281 346 713 832", "512 737", "682 817", "430 903"),
        *("385 801", "571 703", "757 948", "686 804", "540 826", "360 564", "304 681"),
        *("353 608", "534 715", "274 920", "787 939"),
        # Canada
        *("236 604 672 778", "236 250 672 778", "368 403 587 825", "368 587 780 825", "306 474 639", "204 431 584"),
        *("416 437 647 942", "289 365 742 905", "226 382 519 548", "343 613 753", "249 683 705"),
        *("263 438 514", "354 450 579", "367 418 581", "468 819 873", "428 506", "782 902", "709 879"),
        # the Caribbean
        *("809 829 849", "658 876"),
    )
]


def find_area_code(number: str) -> str | None:
    """The area code of a number; None of one that tells nothing of a place, as those elsewhere in the world."""
    match = IN_NORTH_AMERICA.fullmatch(number)
    return match[1] if match and match[1] not in NOWHERE else None


def find_area_codes(number: str, level: str) -> frozenset[str] | None:
    """The area codes that are near enough to a number; None where its whole country is.

    `overlay` are those of the same area. Nobody tells us distances, so `radius` and `extended-area-code` are the same.
    """
    code = find_area_code(number)
    if code is None or level == "country":
        return None
    others = [codes for codes in OVERLAYS if code in codes and level != "area-code"]
    return frozenset({code}).union(*others)
