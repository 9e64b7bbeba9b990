const [DIGITS, UNITS] = [3, ['B', 'KB', 'MB', 'GB', 'TB', 'PB']];

/** A Markdown table; all columns but the first are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

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

/** A number without decimals, with separators. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
