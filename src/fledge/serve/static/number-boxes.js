// Number boxes of sampling: empty ones show in grey the values in effect for the chosen model.

/** @typedef {{sampling: Record<string, number | null> | null, context_length: number | null}} Defaults */

const NUMBERS = ["temperature", "top_p", "top_k", "min_p", "max_tokens", "seed"];

/** Show what empty boxes of `form` stand for with a model; forms may have some of them only. */
export function showDefaults(/** @type {any} */ form, /** @type {Defaults | undefined} */ model) {
  const values = model?.sampling;
  const length = model?.context_length;
  /** @type {Record<string, string>} */
  const shown = {
    temperature: String(values?.temperature), top_p: String(values?.top_p),
    top_k: String(values?.top_k ?? "all"), min_p: String(values?.min_p),
    seed: String(values?.seed ?? "random"),
    max_tokens: longest(values?.max_tokens ?? null, length ?? null),
  };
  for (const name of NUMBERS) {
    if (form[name]) form[name].placeholder = values || name === "max_tokens" ? shown[name] : "its server's";
  }
  if (length) form.max_tokens.max = length;
  else form.max_tokens.removeAttribute("max");
}

function longest(/** @type {number | null} */ usual, /** @type {number | null} */ most) {
  if (most === null) return "no limit";
  if (usual === null || usual >= most) return `up to ${most.toLocaleString()}`;
  return usual.toLocaleString();
}
