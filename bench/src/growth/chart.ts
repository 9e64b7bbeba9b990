const STEPS = [1, 2, 2.5, 5, 10];

const MOST_TICKS = 5;

/** One line of a panel; a value for each size. */
interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

interface Panel {
  /** What is drawn, with its unit. */
  readonly title: string;
  readonly series: readonly Series[];
}

export interface Chart {
  /** What the sizes count. */
  readonly unit: string;
  /** Ascending, above zero; they are set apart by their ratio. */
  readonly sizes: readonly number[];
  /** Side by side. */
  readonly panels: readonly Panel[];
}

/** Of middling lightness, so that they are seen on white as well as on black. */
const TEXT = '#777';
const GRID = '#8884';
const COLOURS = ['#2f81f7', '#d9730d', '#2da44e', '#a371f7'];
const DASHES = ['', '6 3', '2 3', '8 3 2 3'];
const WIDTH = 380;
const HEIGHT = 240;
const LEFT = 56;
const RIGHT = WIDTH - 16;
const BOTTOM = HEIGHT - 40;
const LINE = 16;

interface Scales {
  readonly x: (size: number) => number;
  readonly y: (value: number) => number;
}

/**
 * Draws an SVG document without references to other files; the same figures give the same text.
 *
 * Own code: Observable Plot with a DOM for the server is 62 packages and 16 MB for six charts of lines.
 */
export function chart({ unit, sizes, panels }: Chart): string {
  const width = WIDTH * panels.length;
  const drawn = panels.map((panel, index) => {
    return `<g transform="translate(${index * WIDTH} 0)">\n${panelOf(panel, sizes, unit)}\n</g>`;
  });
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="11" fill="${TEXT}">`;
  return `${[head, ...drawn, '</svg>'].join('\n')}\n`;
}

function panelOf({ title, series }: Panel, sizes: readonly number[], unit: string): string {
  const top = 40 + LINE * series.length;
  const ticks = niceTicks(Math.max(...series.flatMap(({ values }) => values)));
  const scales = { x: ratioScale(sizes), y: linearScale(ticks.at(-1) ?? 1, top) };
  return [
    text({ x: 8, y: 18, weight: 600 }, title),
    ...series.map(({ name }, index) => legend(name, index)),
    ...ticks.map((tick) => gridLine(tick, scales.y(tick))),
    ...sizes.map((size) => text({ x: scales.x(size), y: BOTTOM + 14, anchor: 'middle' }, short(size))),
    text({ x: (LEFT + RIGHT) / 2, y: BOTTOM + 30, anchor: 'middle' }, unit),
    ...series.map((one, index) => curve(one, sizes, scales, index)),
  ].join('\n');
}

function ratioScale(sizes: readonly number[]): Scales['x'] {
  const [first, last] = [Math.log(sizes[0] ?? 1), Math.log(sizes.at(-1) ?? 1)];
  const [from, to] = [LEFT + 16, RIGHT - 16];
  return (size) =>
    last === first ? (from + to) / 2 : from + ((Math.log(size) - first) / (last - first)) * (to - from);
}

function linearScale(most: number, top: number): Scales['y'] {
  return (value) => BOTTOM - (value / most) * (BOTTOM - top);
}

function legend(name: string, index: number): string {
  const y = 36 + LINE * index;
  const sample = `<path d="M8 ${y - 4}H32" ${stroke(index)}/>`;
  return `${sample}\n${text({ x: 38, y }, name)}`;
}

function gridLine(tick: number, y: number): string {
  const line = `<path d="M${LEFT} ${at(y)}H${RIGHT}" stroke="${GRID}"/>`;
  return `${line}\n${text({ x: LEFT - 6, y: y + 4, anchor: 'end' }, short(tick))}`;
}

function curve({ values }: Series, sizes: readonly number[], { x, y }: Scales, index: number): string {
  const points = sizes.map((size, at_) => ({ x: at(x(size)), y: at(y(values[at_] ?? 0)) }));
  const line = `<polyline points="${points.map((point) => `${point.x},${point.y}`).join(' ')}" ${stroke(index)}/>`;
  const colour = COLOURS[index % COLOURS.length];
  return [line, ...points.map((point) => `<circle cx="${point.x}" cy="${point.y}" r="3" fill="${colour}"/>`)].join(
    '\n',
  );
}

function stroke(index: number): string {
  const dash = DASHES[index % DASHES.length];
  const dashed = dash ? ` stroke-dasharray="${dash}"` : '';
  return `fill="none" stroke="${COLOURS[index % COLOURS.length]}" stroke-width="2"${dashed}`;
}

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'middle' | 'end';
  readonly weight?: number;
}

function text({ x, y, anchor, weight }: Placed, content: string): string {
  const how = `${anchor ? ` text-anchor="${anchor}"` : ''}${weight ? ` font-weight="${weight}"` : ''}`;
  return `<text x="${at(x)}" y="${at(y)}"${how}>${escaped(content)}</text>`;
}

/** A tenth of a unit is finer than can be seen. */
function at(position: number): string {
  return String(Math.round(position * 10) / 10);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** 1500 as 1.5 k, 2000000 as 2 M. */
function short(value: number): string {
  if (value >= 1_000_000) return `${rounded(value / 1_000_000)} M`;
  return value >= 1_000 ? `${rounded(value / 1_000)} k` : rounded(value);
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** From zero to at least `most` in at most five equal steps of a round number. */
export function niceTicks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((one) => one * power >= rough) ?? 10) * power;
  const count = Math.ceil(most / step);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
