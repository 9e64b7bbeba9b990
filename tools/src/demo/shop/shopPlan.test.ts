import { expect, test } from 'vitest';
import { DEPLOYED_AT, planHour, type PlannedStep } from './shopPlan.ts';

type Creation = Extract<PlannedStep, { do: 'create' }>;

const isCreation = (step: PlannedStep): step is Creation => step.do === 'create';

function payloadOf({ job }: Creation): Readonly<Record<string, unknown>> {
  return job.payload as Readonly<Record<string, unknown>>;
}

test('a seed makes the same hour each time, and another seed another one', () => {
  expect(planHour(7)).toEqual(planHour(7));
  expect(planHour(8)).not.toEqual(planHour(7));
});

test('steps come in the order of their times, within the hour', () => {
  const times = planHour(1).map(({ at }) => at);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect([times[0], times.every((at) => at >= 0 && at <= 1.01)]).toEqual([0, true]);
});

test('from the deploy on, the webhooks of one customer lack the field that their handler reads, and no others', () => {
  for (const step of planHour(1).filter(isCreation)) {
    if (step.job.type !== 'order-webhook') continue;
    const { customer, callbackUrl, callback_url: renamed } = payloadOf(step);
    const isFaulty = customer === 'globex' && step.at >= DEPLOYED_AT;
    expect([callbackUrl === undefined, renamed !== undefined]).toEqual([isFaulty, isFaulty]);
  }
});

test('jobs are changed only after they were created', () => {
  const steps = planHour(1);
  const changed = steps.filter((step) => step.do === 'cancel' || step.do === 'retry');
  expect(changed).toHaveLength(3);
  for (const change of changed) {
    expect(steps.find((step) => isCreation(step) && step.key === change.key)?.at).toBeLessThan(change.at);
  }
});
