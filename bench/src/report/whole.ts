/** A number without decimals, with separators. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
