import { defaultStringifySearch } from '@tanstack/react-router';

/** Writes the state of an address: lists of texts as repeated names, as the API takes them, and the rest as the router does. */
export function stringifySearch(search: Record<string, unknown>): string {
  const lists = Object.entries(search).filter(([, value]) => Array.isArray(value));
  const rest = Object.fromEntries(Object.entries(search).filter(([, value]) => !Array.isArray(value)));
  const query = new URLSearchParams(defaultStringifySearch(rest));
  for (const [name, values] of lists) {
    for (const value of values as readonly unknown[]) query.append(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
