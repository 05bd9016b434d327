"""What abbreviations, units and symbols are read as."""

import re

SYMBOLS = {
    "&": "and",
    "%": "percent",
    "+": "plus",
    "@": "at",
    "=": "equals",
    "<": "less than",
    ">": "greater than",
    "×": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "°": "degrees",
    "/": "slash",
    "©": "copyright",
    "®": "registered",
    "™": "trademark",
    "§": "section",
    "¢": "cents",
    "µ": "micro",
    "$": "dollars",
    "£": "pounds",
    "€": "euros",
    "¥": "yen",
}

UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ft": ("foot", "feet"),
    "mph": ("mile per hour", "miles per hour"),
    "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"),
    "sec": ("second", "seconds"),
    "hrs": ("hour", "hours"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "GB": ("gigabyte", "gigabytes"),
    "MB": ("megabyte", "megabytes"),
    "kB": ("kilobyte", "kilobytes"),
    "TB": ("terabyte", "terabytes"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
}

DOTTED = {"e.g.": "for example", "i.e.": "that is"}

ABBREVIATIONS = {
    "Mr": "mister",
    "Mrs": "missus",
    "Ms": "miz",
    "Prof": "professor",
    "Jr": "junior",
    "Sr": "senior",
    "Gen": "general",
    "Sgt": "sergeant",
    "Capt": "captain",
    "Lt": "lieutenant",
    "Col": "colonel",
    "Rev": "reverend",
    "Gov": "governor",
    "Sen": "senator",
    "vs": "versus",
    "etc": "et cetera",
    "approx": "approximately",
    "Ave": "avenue",
    "Rd": "road",
    "Blvd": "boulevard",
    "Inc": "incorporated",
    "Ltd": "limited",
    "Corp": "corporation",
    "Dept": "department",
    "dept": "department",
    "Jan": "January",
    "Feb": "February",
    "Aug": "August",
    "Sept": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}

SENTENCE_ENDING = frozenset(
    "et cetera|incorporated|limited|corporation|junior|senior|avenue|road|boulevard|street|"
    "drive|department|no".split("|")
)
"""Readings whose dot also ends a sentence when a capital follows."""

TITLES = frozenset({"Dr", "St", "No"})
"""Abbreviations whose reading depends on what stands around them."""


def expand_title(name: str, before: str, after: str) -> str:
    """Read 'Dr', 'St' or 'No' from the text before and after it."""
    name_follows = bool(re.match(r"\s+[A-Z]", after))
    street = bool(re.search(r"[A-Z0-9][a-z]*\s+$", before)) and not name_follows
    if name == "No":
        return "number" if re.match(r"\s*\d", after) else "no"
    if name == "Dr":
        return "drive" if street else "doctor"
    return "saint" if name_follows else "street"
