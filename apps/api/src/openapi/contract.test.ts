import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ask, type ContractSystem, startContractSystem } from '../../testing/contract/contractSystem.ts';
import { DocumentCheck } from '../../testing/contract/documentCheck.ts';
import type { Exchange } from '../../testing/contract/exchange.ts';
import { fullAnswers } from '../../testing/contract/fullAnswers.ts';
import { jobAnswers } from '../../testing/contract/jobAnswers.ts';
import { manyJobsAnswers } from '../../testing/contract/manyJobsAnswers.ts';
import { type DocumentedOperation, operationsOf, readOpenApi } from '../../testing/contract/openApi.ts';
import { otherAnswers } from '../../testing/contract/otherAnswers.ts';
import type { Situation } from '../../testing/contract/produce.ts';
import { scheduleAnswers } from '../../testing/contract/scheduleAnswers.ts';
import { SeenParts } from '../../testing/contract/seenParts.ts';
import { usualAnswers } from '../../testing/contract/usualAnswers.ts';

const document = readOpenApi();
const check = new DocumentCheck(document);
const seen = new SeenParts(document, check);
const operations = operationsOf(document);
const special = { ...jobAnswers, ...manyJobsAnswers, ...scheduleAnswers, ...otherAnswers };
/** How the test has the server itself refuse a request. */
const HEADERS_TOO_LARGE = 431;

/** What no answer here can have, and why. */
const ELSEWHERE: readonly RegExp[] = [
  / RateLimit/, // limits.test.ts
  / Jobstream-(?:Position|Table-Lag)$/, // positions.test.ts
  /^(?:Job|Schedule)[A-Z]\w+\.(?:causationId|correlationId|tenant)$|^CloudEvent\.causationid$/, // of many events, which share an envelope
  /\.stopped$/, // killedApi.test.ts, importJobs.test.ts
  /^(?:Created)?ApiKey\.(?:lastUsedAt|madeOpen|revokedAt)$/, // authenticateKey.test.ts, keysMadeOpen.test.ts
  /^Activity\.incompleteBefore$|^Ready\.notes$/, // statsRoutes.test.ts, health.test.ts
  /^Operation\.(?:hindrance|reasons)|^OperationJob\.(?:newJobId|reason)$/, // operations.test.ts: not all APIs here have keys
  /^JobType\.(?:limits\.rate|schemaIgnored)$|^JobRequeued\.data\.discarded$/, // typeRoutes and hostileSchemas.test.ts
  /^(?:retryJob 200|signalJob 202)\./, // a Job with warnings, and with the signal
  /^Schedule\.definedBy$/, // definitions.test.ts
  /^Job\.stepsRecorded$|^JobPayloadChanged\.data\.keepSteps$/, // jobSteps.test.ts
];

const documented = operations.flatMap((operation) =>
  Object.keys(operation.responses).map((status) => ({ id: operation.id, status, operation })),
);

let system: ContractSystem;
beforeAll(async () => {
  system = await startContractSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

function situationOf(operation: DocumentedOperation): Situation {
  const other = (id: string, ask?: Ask) => {
    const found = operations.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no operation ${id}`);
    return system.ask(found, ask);
  };
  return { system, operation, other, ask: (ask) => system.ask(operation, ask) };
}

/** What is wrong with an answer, and the answer if something is. */
function faultsOf(operation: DocumentedOperation, exchange: Exchange): readonly string[] {
  const faults = check.faults(operation, exchange);
  return faults.length === 0 ? [] : [...faults, `${operation.id} ${exchange.status}: ${exchange.text.slice(0, 1_000)}`];
}

test.each(documented)('$id answers $status as documented', async ({ id, status, operation }) => {
  const produce = special[id]?.[status] ?? usualAnswers[status];
  if (produce === undefined) throw new Error('the contract test does not know how this answer comes about');
  const exchanges = [await produce(situationOf(operation))].flat();
  const expected = status === 'default' ? HEADERS_TOO_LARGE : Number(status);
  expect(exchanges.map((exchange) => exchange.status)).toEqual(exchanges.map(() => expected));
  expect(exchanges.map((exchange) => faultsOf(operation, exchange))).toEqual(exchanges.map(() => []));
  for (const exchange of exchanges) seen.add(operation, exchange);
  const types = Object.keys(operation.responses[status]?.content ?? {});
  expect([...new Set(exchanges.flatMap(({ type = [] }) => type))].toSorted()).toEqual(types.toSorted());
});

describe('every documented field and header is in an answer', () => {
  test.each(Object.entries(fullAnswers))('of %s, which has what others lack', async (id, produce) => {
    const operation = operations.find((one) => one.id === id);
    if (operation === undefined) throw new Error(`no operation ${id}`);
    const exchanges = [await produce(situationOf(operation))].flat();
    expect(exchanges.flatMap((exchange) => faultsOf(operation, exchange))).toEqual([]);
    for (const exchange of exchanges) seen.add(operation, exchange);
  });

  test('but for those that other tests look at', () => {
    expect(seen.unseen().filter((place) => !ELSEWHERE.some((pattern) => pattern.test(place)))).toEqual([]);
  });
});

test('without the log and the table every operation responds in time and as documented', async () => {
  const answers = await Promise.all(
    operations.map(async (operation) => ({
      operation,
      exchange: await system.ask(operation, sampleOf(operation), system.lost),
    })),
  );
  expect(answers.flatMap(({ operation, exchange }) => faultsOf(operation, exchange))).toEqual([]);
});

test('no known response is undocumented', () => {
  const known = Object.entries(special).flatMap(([id, answers]) =>
    Object.keys(answers).map((status) => `${id} ${status}`),
  );
  expect(known.filter((one) => !documented.some(({ id, status }) => one === `${id} ${status}`))).toEqual([]);
});

/** A request that would go through. */
function sampleOf(operation: DocumentedOperation): Ask {
  const examples = Object.values(operation.body ?? {})[0]?.examples ?? {};
  const [example] = Object.values(examples);
  return example === undefined ? {} : { body: example.value };
}
