import type { ClientBase } from 'pg';

/**
 * The paths by which jobs can be searched, by job type: names of fields separated by dots, in the payload, or in the result
 * after `result:`.
 */
export type SearchPaths = ReadonlyMap<string, readonly string[]>;

const SAVE = `WITH named AS (SELECT * FROM unnest($1::text[], $2::text[]) AS named(type, path)),
    gone AS (DELETE FROM search_paths s WHERE NOT EXISTS (SELECT FROM named n WHERE (n.type, n.path) = (s.type, s.path)))
  INSERT INTO search_paths SELECT * FROM named ON CONFLICT DO NOTHING`;

/** Replaces the stored paths. Only jobs projected from now on are searchable by a new one. */
export async function saveSearchPaths(client: ClientBase, paths: SearchPaths): Promise<void> {
  const pairs = [...paths].flatMap(([type, named]) => named.map((path) => [type, path] as const));
  await client.query(SAVE, [pairs.map(([type]) => type), pairs.map(([, path]) => path)]);
}

/** Reads the stored paths; `schema` is that of the live tables, where the connection has another. */
export async function readSearchPaths(database: Pick<ClientBase, 'query'>, schema?: string): Promise<SearchPaths> {
  const table = schema === undefined ? 'search_paths' : `${schema}.search_paths`;
  const { rows } = await database.query<{ type: string; path: string }>(
    `SELECT type, path FROM ${table} ORDER BY type, path`,
  );
  const types = Map.groupBy(rows, ({ type }) => type);
  return new Map([...types].map(([type, named]) => [type, named.map(({ path }) => path)]));
}
