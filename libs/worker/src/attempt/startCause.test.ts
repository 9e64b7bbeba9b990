import { expect, test } from 'vitest';
import { startCause, startingDelivery } from './startCause.ts';

test.each([1, 2, 17])('delivery %d of a message can be read back from what it started', (deliveryCount) => {
  const startedBy = startCause({ causationId: 'timer:5', deliveryCount });
  expect(startingDelivery(startedBy, 'timer:5')).toBe(deliveryCount);
});

test('a first delivery is named by its message alone', () => {
  expect(startCause({ causationId: 'event-id', deliveryCount: 1 })).toBe('event-id');
});

test('another message is distinguished, also when its name begins alike', () => {
  expect(startingDelivery('timer:55', 'timer:5')).toBeUndefined();
  expect(startingDelivery('timer:55#2', 'timer:5')).toBeUndefined();
});

test('an attempt without a cause may have been started by any message', () => {
  expect(startingDelivery(undefined, 'timer:5')).toBe(1);
});
