import { assert, jsonValue, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedPaths, changePayload, type PayloadChange, type PayloadEdit, replacedFields } from './payloadChange.ts';

const rename = (path: string, to: string): PayloadEdit => ({ op: 'rename', path, to });
const setIfMissing = (path: string, value: unknown): PayloadEdit => ({ op: 'setIfMissing', path, value });
const remove = (path: string): PayloadEdit => ({ op: 'remove', path });

describe('a change makes of a payload', () => {
  test.each<[PayloadEdit, unknown, unknown]>([
    [rename('/from', '/sender'), { from: 'a', n: 1 }, { sender: 'a', n: 1 }],
    [rename('/from', '/sender'), { sender: 'b' }, { sender: 'b' }],
    [rename('/from', '/sender'), { from: null }, { sender: null }],
    [rename('/order/no', '/order/number'), { order: { no: 7, at: 1 } }, { order: { number: 7, at: 1 } }],
    [rename('/id', '/order/id'), { id: 7 }, { order: { id: 7 } }],
    [rename('/a', '/a/b'), { a: 1 }, { a: { b: 1 } }],
    [rename('/a', '/b'), [{ a: 1 }], [{ a: 1 }]],
    [setIfMissing('/locale', 'en'), {}, { locale: 'en' }],
    [setIfMissing('/locale', 'en'), { locale: 'de' }, { locale: 'de' }],
    [setIfMissing('/locale', 'en'), { locale: null }, { locale: null }],
    [setIfMissing('/to/name', 'x'), { to: { mail: 'y' } }, { to: { mail: 'y', name: 'x' } }],
    [setIfMissing('/a~1b/c~0d', 1), {}, { 'a/b': { 'c~d': 1 } }],
    [setIfMissing('/', 1), {}, { '': 1 }],
    [remove('/cc'), { cc: 'x', to: 'y' }, { to: 'y' }],
    [remove('/cc/0'), { cc: ['x'] }, { cc: ['x'] }],
    [remove('/cc/to'), { cc: { to: 'x' } }, { cc: {} }],
    [remove('/cc'), 'text', 'text'],
    [remove('/toString'), {}, {}],
  ])('%j of %j: %j', (edit, before, payload) => {
    expect(changePayload(before, { edits: [edit] })).toEqual({ payload });
  });

  test('the edits one after the other, then the patch', () => {
    const edits = [rename('/from', '/sender'), setIfMissing('/from', 'new'), remove('/sender')];
    expect(changePayload({ from: 'old' }, { edits, patch: { n: 1 } })).toEqual({ payload: { from: 'new', n: 1 } });
  });

  test.each<[PayloadEdit, unknown, string]>([
    [rename('/from', '/sender'), { from: 'a', sender: 'b' }, '/sender is there already'],
    [rename('/from', '/sender'), { from: 'a', sender: null }, '/sender is there already'],
    [rename('/from', '/to/sender'), { from: 'a', to: 'b' }, '/to is no object'],
    [setIfMissing('/a/b/c', 1), { a: { b: [] } }, '/a/b is no object'],
    [setIfMissing('/a', 1), ['text'], 'the payload is no object'],
    [setIfMissing('/a', 1), null, 'the payload is no object'],
  ])('%j cannot be made of %j: %s', (edit, before, refusal) => {
    expect(changePayload(before, { edits: [edit] })).toEqual({ refusal });
  });

  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [1] }, { a: [2] }, { a: [2] }],
    [[1], { a: 1 }, { a: 1 }],
    [{ a: 1 }, 'x', 'x'],
    [{ a: 1 }, null, null],
  ])('%j patched with %j: %j', (before, patch, payload) => {
    expect(changePayload(before, { patch })).toEqual({ payload });
  });

  test('nothing else: what edits do not name stays, and the payload that was given is not changed', () => {
    assert(
      property(jsonValue(), jsonValue(), (value, rest) => {
        const before = { from: value, rest };
        const copy = structuredClone(before);
        const edits = [rename('/from', '/sender'), setIfMissing('/rest', 'x'), remove('/cc')];
        expect(changePayload(before, { edits })).toEqual({ payload: { sender: value, rest } });
        expect(before).toEqual(copy);
      }),
    );
  });
});

test.each<[PayloadChange, readonly string[]]>([
  [{ edits: [rename('/a', '/b'), remove('/c')] }, ['/a', '/b', '/c']],
  [{ edits: [setIfMissing('/a', 1)], patch: { a: 2, d: { e: null } } }, ['/a', '/d/e']],
  [{ patch: 'x' }, ['']],
])('%j touches %j', (change, paths) => {
  expect(changedPaths(change)).toEqual(paths);
});

test('a patch replaces what it sets: neither what it removes, nor what an edit touches', () => {
  const change = { edits: [setIfMissing('/a', 1)], patch: { b: { c: [1], d: null, e: {} }, f: false } };
  expect(replacedFields(change)).toEqual([
    { path: ['b', 'c'], value: [1] },
    { path: ['f'], value: false },
  ]);
  expect(replacedFields({ patch: [1] })).toEqual([{ path: [], value: [1] }]);
  expect(replacedFields({})).toEqual([]);
});
