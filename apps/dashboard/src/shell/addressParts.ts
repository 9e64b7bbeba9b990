/** The state of an address. */
export type Address = Readonly<Record<string, unknown>>;

/**
 * Makes the validation of a view's address: what `read` does not take is not there for the view, which the router would hand
 * through otherwise.
 */
export function only<Search extends object>(read: (address: Address) => Search): (address: Address) => Search {
  return (address) => ({
    ...Object.fromEntries(Object.keys(address).map((name) => [name, undefined])),
    ...read(address),
  });
}

/** What stands in an address by default, and is left out of it. */
const DEFAULT = 'sort=newest';

/** What of an address a view does not take, as it stands there: `status=bogus`. */
export function leftOut(address: Address, taken: Address): readonly string[] {
  return Object.entries(address).flatMap(([name, value]) => {
    const kept = new Set(textsOf(taken[name]));
    const parts = textsOf(value).filter((text) => !kept.has(text));
    return parts.map((text) => `${name}=${text}`).filter((part) => part !== DEFAULT);
  });
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().flatMap((one: unknown) => (one === undefined ? [] : [textOf(one)]));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
