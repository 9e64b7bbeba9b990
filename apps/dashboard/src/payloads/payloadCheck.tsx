import type { JobType, JsonSchema, PayloadIssue } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { useSession } from '../session/session.ts';

/** What is known of a payload before it is sent. */
export interface PayloadCheckResult {
  readonly mistakes: readonly PayloadIssue[];
  /** Whether the API refuses a payload with these mistakes. */
  readonly refused: boolean;
  /** Why it was not checked here. */
  readonly unchecked?: string;
}

/** Checks a payload against the schema that workers have announced for its type; undefined until that is done. */
export function usePayloadCheck(type: string, payload: unknown): PayloadCheckResult | undefined {
  const client = useClient();
  const { tenant } = useSession();
  const types = useQuery({
    queryKey: ['types'],
    queryFn: ({ signal }) => client.types.list({ signal }),
    enabled: tenant === undefined,
  });
  const found = types.data?.find((one) => one.type === type);
  const { payloadSchema } = found ?? {};
  const check = useQuery({
    queryKey: ['payload check', type, JSON.stringify([payloadSchema, payload])],
    queryFn: () => mistakesIn(payloadSchema ?? true, payload),
    enabled: payloadSchema !== undefined,
    staleTime: Infinity,
    gcTime: 0,
  });
  if (tenant !== undefined || check.error !== null)
    return { ...nothing, unchecked: 'The API checks it when it is sent.' };
  if (types.data === undefined) return undefined;
  if (payloadSchema === undefined) return { ...nothing, unchecked: `No worker has announced a schema for ${type}.` };
  return check.data && { mistakes: check.data, refused: check.data.length > 0 && isStrict(found) };
}

const nothing = { mistakes: [], refused: false } as const;

/** Where workers differ, or the schema breaks a limit, the API may accept what this one schema does not. */
function isStrict(type: JobType | undefined): boolean {
  return type?.payloadCheck === 'refuse' && type.schemasDiffer === undefined && type.schemaIgnored === undefined;
}

/** Keywords whose mistakes are told by those further down. */
const OUTER = new Set(['properties', 'items', 'prefixItems', 'allOf', '$ref', 'patternProperties', 'dependentSchemas']);

/** Interprets the schema: the policy of the page forbids the code that other validators generate. */
async function mistakesIn(schema: JsonSchema, payload: unknown): Promise<readonly PayloadIssue[]> {
  const { Validator } = await import('@cfworker/json-schema');
  const { errors } = new Validator(schema, '2020-12', false).validate(payload);
  return errors
    .filter(({ keyword }) => !OUTER.has(keyword))
    .map(({ instanceLocation, error }) => ({ pointer: instanceLocation.slice(1), detail: error }));
}

/** Says what the workers of the type would say of a payload. */
export function PayloadVerdict({ check }: { readonly check: PayloadCheckResult | undefined }) {
  if (check === undefined) return <p className="dim">Checking…</p>;
  if (check.unchecked !== undefined) return <p className="dim">{check.unchecked}</p>;
  if (check.mistakes.length === 0) return <p>✓ It matches the schema that the workers have announced.</p>;
  return (
    <div className="failure" role="alert">
      <ul>
        {check.mistakes.map(({ pointer, detail }) => (
          <li key={`${pointer} ${detail}`}>
            <span className="mono">{pointer || '/'}</span> {detail}
          </li>
        ))}
      </ul>
      {!check.refused && <p>The API accepts it nevertheless; workers may fail.</p>}
    </div>
  );
}
