"""Numbers as English words: cardinals, ordinals, years, decimals, money, times, fractions."""

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = ". . twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = " thousand million billion trillion quadrillion".split(" ")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_LARGEST = 10**18
MONTHS = (
    "January February March April May June July August September October November December"
).split()
CURRENCIES = {
    "$": (("dollar", "dollars"), ("cent", "cents")),
    "€": (("euro", "euros"), ("cent", "cents")),
    "£": (("pound", "pounds"), ("penny", "pence")),
    "¥": (("yen", "yen"), ("sen", "sen")),
}


def cardinal(number: int) -> list[str]:
    """Words of a whole number; beyond 10**18 digit by digit."""
    if number < 0:
        return ["minus", *cardinal(-number)]
    if number >= _LARGEST:
        return digits(str(number))
    if number < 1000:
        return _below_thousand(number)
    words: list[str] = []
    groups = []
    while number:
        number, group = divmod(number, 1000)
        groups.append(group)
    for scale in range(len(groups) - 1, -1, -1):
        if groups[scale]:
            words += _below_thousand(groups[scale]) + [_SCALES[scale]] * (scale > 0)
    return words


def _below_thousand(number: int) -> list[str]:
    if number < 20:
        return [_ONES[number]]
    if number < 100:
        return [_TENS[number // 10]] + ([_ONES[number % 10]] if number % 10 else [])
    rest = number % 100
    return [_ONES[number // 100], "hundred"] + (_below_thousand(rest) if rest else [])


def digits(text: str, zero: str = "zero") -> list[str]:
    """Words of each digit in `text`."""
    return [zero if item == "0" else _ONES[int(item)] for item in text if item.isdigit()]


def ordinal(number: int) -> list[str]:
    """Words of 1st, 2nd, 3rd and so on."""
    *head, last = cardinal(number)
    if last in _ORDINALS:
        last = _ORDINALS[last]
    else:
        last = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return [*head, last]


def year(number: int) -> list[str]:
    """Words of a year: 1905 'nineteen oh five', 2007 'two thousand seven'."""
    century, rest = divmod(number, 100)
    if number < 1000 or number > 9999 or number % 1000 < 10:
        return cardinal(number)
    if rest == 0:
        return [*cardinal(century), "hundred"]
    return cardinal(century) + (["oh"] if rest < 10 else []) + cardinal(rest)


def plural(words: list[str]) -> list[str]:
    """The same number as a decade: 'nineteen eighty' → 'nineteen eighties'."""
    *head, last = words
    return [*head, last[:-1] + "ies" if last.endswith("y") else last + "s"]


def decimal(text: str) -> list[str]:
    """Words of '1,234', '3.14' or '.5'; leading zeros are read digit by digit."""
    whole, _, fraction = text.replace(",", "").partition(".")
    if whole.startswith("0") and len(whole) > 1 and not fraction:
        return digits(whole)
    words = cardinal(int(whole)) if whole else []
    return [*words, "point", *digits(fraction)] if fraction else words


def money(symbol: str, text: str, scale: str = "") -> list[str]:
    """Words of an amount: ('$', '5.20') → five dollars twenty cents; scale such as 'million'."""
    (one, many), (small_one, small_many) = CURRENCIES[symbol]
    whole, _, fraction = text.replace(",", "").partition(".")
    if scale or len(fraction) not in (0, 2):
        return [*decimal(text), *([scale] if scale else []), many]
    units, cents = int(whole or 0), int(fraction or 0)
    words = []
    if units or not cents:
        words += [*cardinal(units), one if units == 1 else many]
    if cents:
        words += [*cardinal(cents), small_one if cents == 1 else small_many]
    return words


def clock(hour: int, minute: int, second: int | None = None) -> list[str]:
    """Words of a time of day; whole hours are followed by nothing ('seven')."""
    words = cardinal(hour)
    if minute:
        words += (["oh"] if minute < 10 else []) + cardinal(minute)
    if second:
        words += ["and", *cardinal(second), "second" if second == 1 else "seconds"]
    return words


def fraction(top: int, bottom: int) -> list[str]:
    """Words of top/bottom: 1/2 'one half', 3/4 'three quarters', 2/3 'two thirds'."""
    if bottom == 0:
        return [*cardinal(top), "over", "zero"]
    if bottom == 1:
        return [*cardinal(top), "over", "one"]
    names = {2: ("half", "halves"), 4: ("quarter", "quarters")}
    if bottom in names:
        return [*cardinal(top), names[bottom][top != 1]]
    *head, last = ordinal(bottom)
    return [*cardinal(top), *head, last if top == 1 else last + "s"]


def date(month: int, day: int, year_number: int | None) -> list[str]:
    """Words of a date, month first."""
    words = [MONTHS[month - 1].lower(), *ordinal(day)]
    return words if year_number is None else words + year(year_number)
