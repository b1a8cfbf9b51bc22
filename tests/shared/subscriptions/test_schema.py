"""Columns of the exported table are only ever added to: a question of the first days still runs."""

from shared.subscriptions.schema import COLUMNS

FIRST = """
uuid string, catalog_key string, product_key string, product_url string, title string, description
string, language string, brand record, brand.name string, brand.slug string, current_price
decimal, original_price decimal, currency string, availability string, is_active boolean,
condition string, image_url string, images record[], images.url string, images.width integer,
images.height integer, rating record, rating.average number, rating.count integer, product_type
string, category_path string[], tags string[], genders string[], age_groups string[], sizes
string[], colors string[], color_families string[], materials string[], attributes record[],
attributes.name string, attributes.values string[], gtins string[], mpn string, product_group_id
string, seller string, variants record[], variants.id string, variants.sku string,
variants.product_url string, variants.price decimal, variants.original_price decimal,
variants.currency string, variants.availability string, variants.gtins string[], variants.mpn
string, variants.options record[], variants.options.name string, variants.options.value string,
variants.image_url string, updated_at time, catalog_version integer, exported_at time
"""


def flat(columns, before=""):
    for column in columns:
        yield f"{before}{column.name} {column.type}{'[]' if column.repeated else ''}"
        yield from flat(column.fields, f"{before}{column.name}.")


def test_every_column_of_the_first_day_is_there_with_its_type():
    assert set(FIRST.replace("\n", " ").strip().split(", ")) <= set(flat(COLUMNS))


def test_every_column_says_what_it_holds():
    for column in COLUMNS:
        for each in (column, *column.fields):
            assert each.description.endswith("."), each.name
