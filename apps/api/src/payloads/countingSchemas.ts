import type { JsonSchema } from '@jobstream/eventlog';
import type { CheckBudget } from './checkBudget.ts';
import type { Mistake } from './mistakesOf.ts';
import { PayloadSchema } from './payloadSchema.ts';

interface Known {
  readonly version: unknown;
  readonly schemas: SchemaSet;
}

/** The announced schemas that count for something, ready to check payloads, until others are announced. */
export class CountingSchemas {
  readonly #known = new Map<string, Known>();

  /**
   * Returns the schemas for what is called `key`.
   *
   * @param version differs whenever other schemas count; `announced` is called only then, and has the newest first: undefined and null
   * accept every payload.
   */
  of(key: string, version: unknown, announced: () => readonly (JsonSchema | null | undefined)[]): SchemaSet {
    const known = this.#known.get(key);
    if (known !== undefined && known.version === version) return known.schemas;
    const schemas = new SchemaSet(announced(), known?.schemas);
    this.#known.set(key, { version, schemas });
    return schemas;
  }

  remove(key: string): void {
    this.#known.delete(key);
  }

  /** Removes all if there are more than so many. */
  limitTo(most: number): void {
    if (this.#known.size > most) this.#known.clear();
  }
}

/** Schemas of which each accepts a payload, each once. */
class SchemaSet {
  readonly #bySchema: ReadonlyMap<string, PayloadSchema>;
  readonly #acceptsAll: boolean;

  constructor(announced: readonly (JsonSchema | null | undefined)[], before: SchemaSet | undefined) {
    const texts = announced.flatMap((schema) => (schema == null ? [] : JSON.stringify(schema)));
    const made = before === undefined ? new Map<string, PayloadSchema>() : before.#bySchema;
    this.#acceptsAll = texts.length < announced.length;
    this.#bySchema = new Map(texts.map((text) => [text, made.get(text) ?? new PayloadSchema(JSON.parse(text))]));
  }

  /** Why one of them is not checked, or was not for a recent payload; undefined if all are. */
  get ignored(): string | undefined {
    return [...this.#bySchema.values()].find(({ ignored }) => ignored !== undefined)?.ignored;
  }

  /** Returns the mistakes by the newest schema; none if any of them accepts the payload. */
  mistakesIn(payload: unknown, budget: CheckBudget): readonly Mistake[] {
    if (this.#acceptsAll) return [];
    let ofNewest: readonly Mistake[] | undefined;
    for (const schema of this.#bySchema.values()) {
      const mistakes = schema.check(payload, budget);
      if (mistakes.length === 0) return [];
      ofNewest ??= mistakes;
    }
    return ofNewest ?? [];
  }
}
