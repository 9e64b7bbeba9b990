import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ask, type ContractSystem, startContractSystem } from '../../testing/contract/contractSystem.ts';
import { DocumentCheck } from '../../testing/contract/documentCheck.ts';
import type { Exchange } from '../../testing/contract/exchange.ts';
import { jobAnswers } from '../../testing/contract/jobAnswers.ts';
import { manyJobsAnswers } from '../../testing/contract/manyJobsAnswers.ts';
import { type DocumentedOperation, operationsOf, readOpenApi } from '../../testing/contract/openApi.ts';
import { otherAnswers } from '../../testing/contract/otherAnswers.ts';
import type { Situation } from '../../testing/contract/produce.ts';
import { scheduleAnswers } from '../../testing/contract/scheduleAnswers.ts';
import { usualAnswers } from '../../testing/contract/usualAnswers.ts';

const document = readOpenApi();
const check = new DocumentCheck(document);
const operations = operationsOf(document);
const special = { ...jobAnswers, ...manyJobsAnswers, ...scheduleAnswers, ...otherAnswers };
/** How the test has the server itself refuse a request. */
const HEADERS_TOO_LARGE = 431;

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
  const types = Object.keys(operation.responses[status]?.content ?? {});
  expect([...new Set(exchanges.flatMap(({ type = [] }) => type))].toSorted()).toEqual(types.toSorted());
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
