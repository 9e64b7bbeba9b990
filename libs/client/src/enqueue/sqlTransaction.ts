/**
 * A transaction of the application's own database, in the form in which its library has it:
 *
 * - pg: a client; TypeORM: an EntityManager or QueryRunner;
 * - postgres.js: the `sql` of `sql.begin`;
 * - drizzle, kysely: the transaction;
 * - Prisma: the client of `$transaction`.
 *
 * Anything else that has one of these methods does as well.
 */
export type SqlTransaction =
  | { query(text: string, values: unknown[]): PromiseLike<unknown> }
  | { unsafe(text: string, values: never[]): PromiseLike<unknown> }
  | { $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown> }
  | { executeQuery(query: never): PromiseLike<unknown> }
  | { execute(query: never): PromiseLike<unknown> };

type Run = (text: string, values: readonly unknown[]) => PromiseLike<unknown>;
type Row = Readonly<Record<string, unknown>>;
type Methods = Readonly<Partial<Record<string, (...args: unknown[]) => PromiseLike<unknown>>>>;

/** How each method takes a statement. `query` is last: drizzle has something else of that name. */
const ways: Readonly<Record<string, (transaction: Methods) => Run>> = {
  unsafe: (postgres) => (text, values) => call(postgres, 'unsafe', text, values),
  $queryRawUnsafe: (prisma) => (text, values) => call(prisma, '$queryRawUnsafe', text, ...values),
  executeQuery: (kysely) => (text, values) => call(kysely, 'executeQuery', compiledQuery(text, values)),
  execute: (drizzle) => (text, values) => call(drizzle, 'execute', sqlWrapper(text, values)),
  query: (client) => (text, values) => call(client, 'query', text, values),
};

/**
 * Runs one statement with parameters in a transaction.
 *
 * @returns the first row; undefined if there is none.
 * @throws TypeError if `transaction` is none that can run a statement; what the library throws.
 */
export async function firstRow(
  transaction: SqlTransaction,
  text: string,
  values: readonly unknown[],
): Promise<Row | undefined> {
  const methods = transaction as unknown as Methods;
  const way = Object.entries(ways).find(([name]) => typeof methods[name] === 'function')?.[1];
  if (way === undefined) throw new TypeError('expected a transaction that can run a statement with parameters');
  const result = await way(methods)(text, values);
  const rows = Array.isArray(result) ? result : (result as { readonly rows?: readonly Row[] }).rows;
  return rows?.[0] as Row | undefined;
}

function call(transaction: Methods, name: string, ...args: readonly unknown[]): PromiseLike<unknown> {
  const method = transaction[name];
  if (method === undefined) throw new TypeError(`expected a transaction with the method ${name}`);
  return method.apply(transaction, [...args]);
}

/** What `CompiledQuery.raw` of kysely makes. */
function compiledQuery(sql: string, parameters: readonly unknown[]): object {
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] };
  return { sql, parameters, query, queryId: { queryId: 'jobstream' } };
}

/** What drizzle asks of its `sql` templates. */
function sqlWrapper(sql: string, params: readonly unknown[]): object {
  return { getSQL: () => ({ toQuery: () => ({ sql, params }) }) };
}
