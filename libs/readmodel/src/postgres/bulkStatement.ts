import { Query } from 'pg';
import type { Client, Connection, QueryResult } from 'pg';

/** A named statement whose parameters are arrays, one element for each row. */
export interface BulkStatement {
  readonly name: string;
  readonly text: string;
  /** Array literals: `arrayLiteral`, `plainArrayLiteral`. */
  readonly values: string[];
  /** How many rows it must change; undefined for any number. */
  readonly rows: number | undefined;
}

const NEEDS_QUOTES = /["\\]/;
const NEEDS_QUOTES_ALL = /["\\]/g;

/**
 * A Postgres array as text. Ten times as fast as what `pg` makes of an array, which escapes each element twice;
 * with ten thousands of values a batch, this is where the time goes.
 */
export function arrayLiteral(values: readonly (string | number | null)[]): string {
  let [last, lastElement]: [string | number | null, string | number] = [null, 'NULL'];
  const elements = values.map((value) => {
    if (value !== last) [last, lastElement] = [value, elementOf(value)]; // jobs of a batch are much alike
    return lastElement;
  });
  return `{${elements.join(',')}}`;
}

/** As `arrayLiteral`, of values whose text never needs quotes: numbers, ids and instants. */
export function plainArrayLiteral(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

function elementOf(value: string | number | null): string | number {
  return typeof value === 'string' ? quoted(value) : (value ?? 'NULL');
}

function quoted(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll(NEEDS_QUOTES_ALL, String.raw`\$&`)}"` : `"${text}"`;
}

/** Rows for a table in the text format of COPY: fields separated by tabs, each row ended by a line feed. */
export interface RowCopy {
  /** `COPY … FROM STDIN`. */
  readonly text: string;
  readonly data: string;
}

/** Sends rows together with their COPY statement. Resolves with the number of rows; rejects as `query` does. */
export function copyRows(client: Client, copy: RowCopy): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(new CopyQuery(copy, (error, result) => (error ? reject(error) : resolve(result))));
  });
}

/** Methods of a `pg` connection that its types leave out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

type Callback = (error: Error | undefined, result: QueryResult) => void;

/**
 * Sends the rows right behind the statement, before Postgres has accepted it, so that a COPY fits into a pipeline like
 * any other statement. A server that refuses the statement skips the rows.
 */
class CopyQuery extends Query {
  readonly #copy: RowCopy;

  constructor(copy: RowCopy, callback: Callback) {
    super({ text: copy.text }, callback);
    this.#copy = copy;
  }

  override submit = (connection: Connection): void => {
    const target = connection as CopyConnection;
    target.stream.cork();
    target.query(this.#copy.text);
    target.sendCopyFromChunk(Buffer.from(this.#copy.data));
    target.endCopyFrom();
    target.stream.uncork();
  };

  /** Called by `pg` when Postgres accepts the rows, which were sent already. */
  handleCopyInResponse(): void {}
}

const NEEDS_ESCAPE = /[\\\n\r\t]/;
const NEEDS_ESCAPE_ALL = /[\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The value as a field of a COPY row; null is SQL NULL. */
export function copyField(value: string | number | null): string | number {
  if (value === null) return '\\N';
  if (typeof value === 'number' || !NEEDS_ESCAPE.test(value)) return value;
  return value.replaceAll(NEEDS_ESCAPE_ALL, (char) => ESCAPES[char] ?? char);
}
