"""Values as somebody types them in a hurry: the same slips for the same seed.

An edit replaces a letter, leaves one out, adds one, or exchanges it with the next; place and letter
(a to z) are drawn. Then each letter is upper case with a chance of 0.3. What came out as the value
itself, or as another value that there is, is drawn again: nobody could tell what was meant.
"""

from string import ascii_lowercase

EDITS = ("replace", "leave out", "add", "exchange")


def slipped(chance, value, edits, values):
    """The value with so many edits; `values` are all there are."""
    taken = {each.casefold() for each in values}
    while True:
        typed = value
        for _ in range(edits):
            typed = _edited(chance, typed)
        typed = "".join(
            letter.upper() if chance.random() < 0.3 else letter.lower() for letter in typed
        ).strip()
        if typed and typed.casefold() not in taken:
            return typed


def _edited(chance, text):
    at, letter = chance.randrange(len(text)), chance.choice(ascii_lowercase)
    match chance.choice(EDITS):
        case "replace":
            return text[:at] + letter + text[at + 1 :]
        case "leave out":
            return (text[:at] + text[at + 1 :]) or letter
        case "add":
            return text[:at] + letter + text[at:]
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
