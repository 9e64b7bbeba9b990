const [DIGITS, UNITS] = [3, ['B', 'KB', 'MB', 'GB', 'TB', 'PB']];

/** A number to three digits, with separators; what is more is rounded. */
export function figure(value: number): string {
  const rounded = Number(value.toPrecision(DIGITS));
  return rounded.toLocaleString('en', { maximumFractionDigits: 6 });
}

/** Bytes in the unit that suits them, to three digits. */
export function bytesFigure(bytes: number): string {
  const power = Math.max(0, Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${figure(bytes / 1_000 ** power)} ${UNITS[power]}`;
}
