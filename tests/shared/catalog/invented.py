"""Catalogs of some size that are made up: the same ones on every machine, built in a moment.

What only needs many products with brands, categories, prices and variants uses these. How good
search is, and what real feeds look like, is asked of the real catalogs.
"""

import random

from shared.catalog.products.product import Brand, Color, Price, Product, Variant

KINDS = {
    "phone": ("Cell Phones", "Prepaid Phones"),
    "headphones": ("Audio", "Headphones"),
    "speaker": ("Audio", "Speakers"),
    "laptop": ("Computers", "Laptops"),
    "mouse": ("Computers", "Accessories", "Mice"),
    "laptop lock": ("Computers", "Accessories", "Locks"),
    "external usb cd drive": ("Computers", "Drives"),
    "camera": ("Cameras", "Digital Cameras"),
    "tv": ("Television",),
}
BRANDS = ("Sony", "Bose", "Samsung", "HP", "Kensington", "Acme & Sons", "Björk")
LOOKS = ("wireless", "wired", "portable", "gaming", "compact")
COLORS = ("Black", "Silver", "Red", "Blue")
PRICES = ("9.99", "25", "49.99", "50.00", "99.99", "100", "149.5", None)
GARMENTS = (("Tops", "Tees"), ("Tops", "Tanks"), ("Tops", "Hoodies"), ("Bottoms", "Pants"))


def electronics(amount: int, seed: int = 1) -> list[Product]:
    """Products without variants: a brand, a path of one to three categories, mostly a price."""
    chance = random.Random(seed)
    return [_device(f"{seed}{number:05}", chance) for number in range(amount)]


def _device(key: str, chance: random.Random) -> Product:
    kind, path = chance.choice(list(KINDS.items()))
    brand, color = chance.choice(BRANDS), chance.choice(COLORS)
    title = f"{brand} {chance.choice(LOOKS)} {kind} {color} M{chance.randrange(10_000)}"
    amount = chance.choice(PRICES)
    return Product(
        key=key,
        url=f"https://shop.example/site/{key}.p",
        title=title,
        description=f"A {chance.choice(LOOKS)} {kind} for {chance.choice(list(KINDS))} and home.",
        brand=Brand(name=brand, slug=brand.lower().replace(" ", "-")),
        category_path=path,
        colors=(Color(label=color),),
        price=Price(amount=amount, currency="USD") if amount else None,
    )


def clothes(amount: int) -> list[Product]:
    """Pieces of clothing, each in every one of its sizes and colours, with a page for each."""
    chance = random.Random(amount)
    return [_garment(f"MH{number:02}", number, chance) for number in range(1, amount + 1)]


def _garment(key: str, number: int, chance: random.Random) -> Product:
    kind = GARMENTS[number % len(GARMENTS)]
    whom = ("Men", "Women")[number % 3 == 0]
    sizes = ("28", "29", "30") if kind[0] == "Bottoms" else ("XS", "S", "M")
    colors = tuple(chance.sample(COLORS, 2))
    page = f"https://shop.example/{key.lower()}"
    return Product(
        key=key,
        url=f"{page}.html",
        title=f"{whom} {kind[1]} {key}",
        category_path=(whom, *kind),
        sizes=sizes,
        colors=tuple(Color(label=color) for color in colors),
        materials=tuple(chance.sample(("Wool", "Cotton", "Nylon"), 2)),
        price=Price(amount=chance.choice(("29.00", "52.00")), currency="USD"),
        attributes={
            "pattern": (chance.choice(("Solid", "Striped")),),
            "climate": (chance.choice(("Cold", "Mild")),),
        },
        option_axes=("Color", "Size"),
        variants=tuple(
            Variant(
                id=f"{key}-{size}-{color}",
                url=f"{page}-{size}-{color}.html".lower(),
                options={"Color": color, "Size": size},
            )
            for size in sizes
            for color in colors
        ),
    )
