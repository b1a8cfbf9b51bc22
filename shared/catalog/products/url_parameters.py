"""Query parameters by what they do: track a visitor, choose a variant, or name the product.

Each function takes one parameter as it stands in a query (`name=value`); names are compared without
regard to case. `ref` and the like are in no list: they track on one shop and matter on another.
"""

from typing import Final


def is_tracking(param: str) -> bool:
    """Whether the parameter says only how a visitor came; without it the page is the same."""
    name = _name(param)
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def is_variant(param: str) -> bool:
    """Whether the parameter chooses a variant on the product's page."""
    name = _name(param)
    return name in _VARIANT or name.startswith(_VARIANT_PREFIXES)


def is_identity(param: str) -> bool:
    """Whether the parameter names the product: with another value it is another product."""
    return _name(param) in _IDENTITY


def _name(param: str) -> str:
    return param.partition("=")[0].lower()


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_TRACKING_PREFIXES: Final = (
    "utm_",  # Google Analytics
    "hsa_",  # HubSpot
    "mtm_",  # Matomo
    "matomo_",
    "pf_rd_",  # Amazon
    "pd_rd_",
    "oly_",  # Omeda
    "vero_",
)
_TRACKING: Final = _words(
    # Google
    "gclid gclsrc gbraid wbraid dclid gad_source gad_campaignid srsltid _ga _gl _gac",
    "ga_source ga_medium ga_campaign ga_content ga_term",
    # Meta, Microsoft, TikTok, X, Yandex
    "fbclid fb_action_ids fb_action_types fb_source fb_ref igshid igsh msclkid",
    "ttclid twclid ref_src ref_url yclid ysclid _openstat",
    # Pinterest, Snapchat, Reddit, LinkedIn
    "epik sccid rdt_cid li_fat_id",
    # mail and marketing clouds
    "mc_cid mc_eid mkt_tok _hsenc _hsmi hsctatracking _kx dm_i elqtrackid elqtrack s_kwcid ef_id",
    "s_cid bxid wickedid wt_mc _branch_match_id _branch_referrer __s rb_clickid",
    # affiliate and advertising networks
    "irclickid irgwc cjevent awc tduid ranmid raneaid ransiteid sscid zanpid tblci dicbo obclid",
    "ndclid clickid click_id spm scm ref_",
    # Matomo
    "pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid",
    # Shopify's own search, collection and recommendation marks
    "_pos _sid _ss _psq _fid _v _ab _fd _sc pr_prod_strat pr_rec_id pr_rec_pid pr_ref_pid pr_seq",
    "syclid shpxid",
)

_VARIANT_PREFIXES: Final = (
    "dwvar_",  # Salesforce Commerce Cloud
    "attribute_",  # WooCommerce
)
_VARIANT: Final = _words(
    "variant variantid variant_id color colour colorid color_id colorcode color_code selectedcolor",
    "size sizeid size_id sizecode size_code selectedsize swatch material width length",
    "flavor flavour scent",
    # Amazon
    "psc th",
)

_IDENTITY: Final = _words(
    "id pid p product productid product_id products_id prodid prod_id item itemid item_id",
    "article articleid article_id articlenumber artnr artikelnr code productcode product_code",
    "model isbn ean gtin upc asin handle slug",
)
