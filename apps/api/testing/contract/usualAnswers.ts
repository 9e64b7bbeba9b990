import { formatApiKey, newApiKey } from '@jobstream/readmodel';
import { MAX_BODY_BYTES } from '../../src/http/parsing/jsonBody.ts';
import { MAX_BATCH_BYTES } from '../../src/jobs/create/batchRequest.ts';
import { TENANT } from './contractSystem.ts';
import type { Produce, Situation } from './produce.ts';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Produces the responses that many operations share, by status. */
export const usualAnswers: Readonly<Record<string, Produce>> = {
  '200': ({ ask }) => ask(),
  '400': ({ operation, ask }) => {
    if (operation.body !== undefined) return ask({ body: '{broken' });
    if (operation.parameters.some(({ in: place }) => place === 'query')) return ask({ query: '?nonsense=1' });
    return ask({ params: { [operation.parameters[0]?.name ?? '']: '%zz' } });
  },
  '401': async ({ ask }) => [await ask({ headers: { authorization: '' } }), await ask({ headers: bearer('nonsense') })],
  '403': (situation) => (situation.operation.scope === undefined ? asForeigner(situation) : withoutScope(situation)),
  '404': ({ ask }) => ask(),
  '413': ({ operation, ask }) => {
    const limit = operation.path === '/api/jobs/batch' ? MAX_BATCH_BYTES : MAX_BODY_BYTES;
    return ask({ body: JSON.stringify('x'.repeat(limit)) });
  },
  '415': ({ ask }) => ask({ body: 'plain', headers: { 'content-type': 'text/plain' } }),
  '422': ({ ask }) => ask({ body: { nonsense: true } }),
  '429': async ({ system, operation }) => {
    await system.ask(operation, {}, system.limited);
    return system.ask(operation, {}, system.limited);
  },
  '503': ({ system, operation }) => {
    const unknown = formatApiKey(newApiKey());
    return system.ask(operation, { headers: bearer(unknown) }, system.keyless);
  },
  // Requests that the server rejects before routing.
  default: ({ ask }) => ask({ headers: { 'x-padding': 'x'.repeat(20_000) } }),
};

function asForeigner({ system, operation }: Pick<Situation, 'system' | 'operation'>) {
  return system.ask(operation, { headers: { origin: 'https://elsewhere.example' } }, system.open);
}

async function withoutScope({ system, operation, ask }: Situation) {
  const scope = operation.scope === 'jobs:read' ? 'jobs:write' : 'jobs:read';
  const refused = [await ask({ headers: bearer(system.keyWith(scope)) }), await asForeigner({ system, operation })];
  if (operation.acrossTenants) refused.push(await ask({ headers: bearer(system.keyWith('admin', TENANT)) }));
  return refused;
}
