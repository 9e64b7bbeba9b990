import { Query } from 'pg';
import type { Client, Connection, QueryResult } from 'pg';

/** Rows for a table in the text format of COPY: fields parted by tabs, each row ended by a line feed. */
export interface RowCopy {
  /** `COPY … FROM STDIN`. */
  readonly text: string;
  readonly data: string;
}

/** Sends rows along with the statement that takes them. Resolves with how many there were; rejects as `query` does. */
export function copyRows(client: Client, copy: RowCopy): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(new CopyQuery(copy, (error, result) => (error ? reject(error) : resolve(result))));
  });
}

/** What a connection of `pg` can do for a COPY, and its types leave out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

type Callback = (error: Error | undefined, result: QueryResult) => void;

/**
 * The rows go out behind the statement, before Postgres has said that it takes them: so a COPY fits into a pipeline like
 * any other statement. A server that refuses the statement passes over the rows.
 */
class CopyQuery extends Query {
  readonly #copy: RowCopy;

  constructor(copy: RowCopy, callback: Callback) {
    super({ text: copy.text }, callback);
    this.#copy = copy;
  }

  override submit = (connection: Connection): void => {
    const taker = connection as CopyConnection;
    taker.stream.cork();
    taker.query(this.#copy.text);
    taker.sendCopyFromChunk(Buffer.from(this.#copy.data));
    taker.endCopyFrom();
    taker.stream.uncork();
  };

  /** Called by `pg` when Postgres takes the rows, which are on their way already. */
  handleCopyInResponse(): void {}
}

const NEEDS_ESCAPE = /[\\\n\r\t]/;
const NEEDS_ESCAPE_ALL = /[\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The value as a field of a row; null is SQL NULL. */
export function copyField(value: string | number | null): string | number {
  if (value === null) return '\\N';
  if (typeof value === 'number' || !NEEDS_ESCAPE.test(value)) return value;
  return value.replaceAll(NEEDS_ESCAPE_ALL, (char) => ESCAPES[char] ?? char);
}
