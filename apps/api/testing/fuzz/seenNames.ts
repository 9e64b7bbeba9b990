/**
 * Names seen in responses: of jobs, schedules, types, keys, pages. They make requests for missing things the exception.
 */
export class SeenNames {
  readonly #names = new Map<string, string[]>();
  static readonly #MOST = 500;

  /** Collects names from a response. */
  learn(path: string, text: string): void {
    const kind = kindOf(path);
    for (const [, name = ''] of text.matchAll(NAMES[kind] ?? /(?!)/g)) this.#keep(kind, name);
    for (const [, cursor = ''] of text.matchAll(/"nextCursor":"([^"]+)"/g)) this.#keep(`cursor ${kind}`, cursor);
  }

  /** Picks a seen name for this place, or makes one up. */
  pick(path: string, parameter: string, index: number): string {
    const kind = parameter === 'cursor' ? `cursor ${kindOf(path)}` : kindOf(path);
    const names = this.#names.get(kind) ?? [];
    return names[index % names.length] ?? '00000000-0000-4000-8000-000000000000';
  }

  #keep(kind: string, name: string): void {
    const names = this.#names.get(kind) ?? [];
    if (names.length >= SeenNames.#MOST) names.shift();
    this.#names.set(kind, [...names, name]);
  }
}

const NAMES: Readonly<Record<string, RegExp>> = {
  jobs: /"id":"([0-9a-f-]{36})"/g,
  schedules: /"name":"([a-z0-9-]+)"/g,
  types: /"type":"([a-z0-9-]+)"/g,
  keys: /"id":"([0-9a-f]{16})"/g,
};

function kindOf(path: string): string {
  return path.split('/')[2] ?? '';
}
