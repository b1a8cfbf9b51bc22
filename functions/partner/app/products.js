/* Cards of products: what a search found, or what stands behind addresses. */
const STOCK = {
  in_stock: "In stock", out_of_stock: "Out of stock", preorder: "Preorder",
  backorder: "On order", discontinued: "Discontinued",
};
const MOST_VARIANTS = 50;

function money(amount, currency) {
  if (typeof amount !== "number") return null;
  try {
    return new Intl.NumberFormat(client.context.locale, { style: "currency", currency }).format(amount);
  } catch {
    return currency ? `${amount} ${currency}` : String(amount);
  }
}

function price(offer, currency) {
  const now = money(offer.currentPrice, offer.currency || currency);
  if (!now) return null;
  const before = money(offer.originalPrice, offer.currency || currency);
  const reduced = before && offer.originalPrice > offer.currentPrice;
  const was = reduced && [" ", make("s", { class: "quiet" }, make("span", { class: "hidden" }, "before "), before)];
  return make("span", { class: "price" }, now, was);
}

function stock(offer) {
  const word = STOCK[offer.availability] || (offer.inStock === true ? STOCK.in_stock : offer.inStock === false ? STOCK.out_of_stock : null);
  if (!word) return null;
  const day = (offer.availabilityDate || "").slice(0, 10);
  return make("span", { class: offer.inStock ? "good" : "quiet" }, day ? `${word}, ${day}` : word);
}

function picture(address) {
  const url = web(address);
  const empty = () => make("span", { class: "picture none", "aria-hidden": "true" });
  if (!url) return empty();
  const image = make("img", { class: "picture", src: url, alt: "", loading: "lazy", referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.replaceWith(empty()));
  return image;
}

function line(...parts) {
  const some = parts.filter(Boolean);
  return some.length ? make("p", {}, some.flatMap((part, at) => (at ? [" · ", part] : [part]))) : null;
}

function variant(each, currency) {
  const options = Object.entries(each.options || {}).map(([name, value]) => `${name}: ${value}`);
  const name = options.join(", ") || (each.color && each.color.label) || each.size || each.sku || each.id || "Variant";
  return make("li", {}, line(link(name, each.productUrl), price(each, currency), stock(each)));
}

function variants(product) {
  const all = product.variants || [];
  const rows = all.slice(0, MOST_VARIANTS).map((each) => variant(each, product.currency));
  if (all.length > MOST_VARIANTS) rows.push(make("li", { class: "quiet" }, `and ${all.length - MOST_VARIANTS} more`));
  const word = all.length === 1 ? "1 variant" : `${all.length} variants`;
  return make("details", {}, make("summary", {}, word), make("ul", { class: "variants" }, rows));
}

/* What a list leaves out is a lookup away, if the client lets pages call tools. */
function lookup(product) {
  const find = async () => {
    button.disabled = true;
    say("Looking…");
    try {
      const asked = { canonical_url: product.productUrl, view: "compact" };
      if (product.catalogKey) asked.catalogs = [product.catalogKey];
      const found = answered(await client.ask("tools/call", { name: "lookup_product", arguments: asked })).result;
      const whole = found.product;
      if (!whole) throw new Error(found.message);
      if (!whole.variants || !whole.variants.length) {
        button.replaceWith(make("p", { class: "quiet", tabindex: "-1" }, "It comes in one form."));
      } else {
        const list = variants(whole);
        list.open = true;
        button.replaceWith(list);
        list.firstChild.focus();
      }
      say("");
    } catch (error) {
      button.disabled = false;
      say(error.message || "It was not found.");
    }
  };
  const button = make("button", { type: "button", click: find }, "Show variants", make("span", { class: "hidden" }, ` of ${product.title}`));
  return button;
}

function choices(word, values) {
  const some = (values || []).map((each) => each.label || each).filter((each) => typeof each === "string");
  return some.length ? make("span", { class: "quiet" }, `${word}: ${some.slice(0, 8).join(", ")}${some.length > 8 ? " …" : ""}`) : null;
}

function more(product, whole) {
  if (product.variants && product.variants.length) return make("div", { class: "more" }, variants(product));
  return !whole && client.can.serverTools ? make("div", { class: "more" }, lookup(product)) : null;
}

function card(product, matched, whole) {
  const offer = matched || product;
  const address = offer.productUrl || product.productUrl;
  return make("li", {}, make("article", { class: "card" },
    picture(offer.imageUrl || product.imageUrl),
    make("div", {},
      make("h2", {}, link(product.title || "Product", address)),
      line(product.brand && product.brand.name && make("span", { class: "quiet" }, product.brand.name)),
      line(price(offer, product.currency), stock(offer)),
      line(choices("Sizes", product.sizes), choices("Colours", product.colors))),
    more(product, whole)));
}

function entry(each) {
  if (each.error) return make("li", { class: "bad" }, each.message || each.error);
  return each.product ? card(each.product, each.matchedVariant, true) : card(each, null, false);
}

function titled(found) {
  const meant = (found.understood && found.understood.query) || client.asked.query;
  return typeof meant === "string" && meant ? `Products for “${meant}”` : "Products";
}

function showProducts(result) {
  const value = answered(result);
  const found = value && value.result !== undefined ? value.result : value;
  if (!found || typeof found !== "object" || found.error || result.isError) {
    show(make("p", { class: "bad" }, (found && found.message) || "There is no answer to show."));
    return;
  }
  const items = found.items || [found];
  if (!items.length) {
    show(make("p", {}, "No product was found."));
    return;
  }
  show(
    make("h1", {}, titled(found)),
    make("ul", { class: "cards", keydown: walk }, items.map(entry)),
    found.note && make("p", { class: "quiet" }, found.note),
    found.nextCursor && make("p", { class: "quiet" }, "There are more: ask for the next page."),
  );
}

/* Arrows go from card to card; tab goes through everything. */
function walk(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const own = event.target.closest(".card");
  if (!step || !own) return;
  const cards = [...event.currentTarget.querySelectorAll(".card")];
  const next = cards[cards.indexOf(own) + step];
  const target = next && next.querySelector("h2 a");
  if (!target) return;
  event.preventDefault();
  target.focus();
}

client.on("ui/notifications/tool-result", showProducts);
begin("catalog-mcp products");
