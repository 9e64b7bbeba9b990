import { stripVTControlCharacters } from 'node:util';
import measure from 'fast-string-truncated-width';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers stand on the right. */
  readonly right?: true;
  /** May be cut off where the terminal is too narrow. */
  readonly flexible?: true;
  /** Makes the text of the cell stand out, after it was measured. */
  readonly paint?: (text: string, row: Row) => string;
}

interface Layout {
  /** Columns of the terminal; undefined when there is none, and nothing is cut off. */
  readonly width: number | undefined;
  readonly heading: (text: string) => string;
}

const GAP = '  ';
const LEAST_WIDTH = 8;

/** Makes a table with a heading; its flexible columns are cut off so that it fits into the terminal. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, heading }: Layout,
): string {
  const cells = rows.map((row) => columns.map(({ value }) => plainText(value(row))));
  const widths = fit(columns, naturalWidths(columns, cells), width);
  const line = (texts: readonly string[], paint: (text: string, index: number) => string) =>
    texts
      .map((text, index) =>
        placed(text, { width: widths[index] ?? 0, right: columns[index]?.right, last: index === texts.length - 1 }),
      )
      .map(paint)
      .join(GAP)
      .trimEnd();
  const titles = line(
    columns.map(({ title }) => title),
    heading,
  );
  return [
    titles,
    ...rows.map((row, at) => line(cells[at] ?? [], (text, index) => columns[index]?.paint?.(text, row) ?? text)),
  ].join('\n');
}

/** One line without what would steer a terminal: texts in jobs come from anybody. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** Makes a line for each property that has a value, with its name in front. */
export function formatProperties(
  properties: Readonly<Record<string, string | undefined>>,
  paintName: (text: string) => string,
): string {
  const shown = Object.entries(properties).filter(([, text]) => text !== undefined && text !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, text]) => `${paintName(name.padEnd(width))}  ${text}`).join('\n');
}

function naturalWidths<Row>(columns: readonly Column<Row>[], cells: readonly (readonly string[])[]): readonly number[] {
  return columns.map(({ title }, index) =>
    Math.max(...[title, ...cells.map((row) => row[index] ?? '')].map((text) => measure(text).width)),
  );
}

/** Takes what is too much from the flexible columns, from the widest first. */
function fit<Row>(
  columns: readonly Column<Row>[],
  natural: readonly number[],
  width = Number.POSITIVE_INFINITY,
): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1)) - width;
  for (; excess > 0; excess -= 1) {
    const widest = widestFlexible(columns, widths);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function widestFlexible<Row>(columns: readonly Column<Row>[], widths: readonly number[]): number | undefined {
  return widths
    .map((width, index) => ({ width, index }))
    .filter(({ width, index }) => columns[index]?.flexible === true && width > LEAST_WIDTH)
    .toSorted((one, other) => other.width - one.width)[0]?.index;
}

function placed(
  text: string,
  { width, right, last }: { width: number; right: true | undefined; last: boolean },
): string {
  const cut = measure(text, { limit: width, ellipsis: '…', ellipsisWidth: 1 });
  const shown = cut.truncated ? `${text.slice(0, cut.index)}…` : text;
  const space = ' '.repeat(Math.max(0, width - measure(shown).width));
  if (right) return space + shown;
  return last ? shown : shown + space;
}
