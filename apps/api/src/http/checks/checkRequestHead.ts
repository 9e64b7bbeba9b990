import { Problem } from '../../problems/problem.ts';
import type { Check } from './checkAll.ts';

const CONTINUE = /^\s*100-continue\s*$/i;

/**
 * Rejects what node:http would reject without a body, so that these responses are problem details like all others:
 * HTTP/1.1 without `Host`, and an `Expect` other than `100-continue`, to which node:http itself responds.
 */
export const checkRequestHead: Check = ({ headers, httpVersion }) => {
  if (headers.host === undefined && httpVersion === '1.1') throw mistake('malformed-request', 'Host', 'is required');
  const { expect } = headers;
  if (expect !== undefined && !CONTINUE.test(expect)) {
    throw mistake('expectation-failed', 'Expect', 'must be 100-continue, or be left out');
  }
};

function mistake(code: 'malformed-request' | 'expectation-failed', header: string, detail: string): Problem {
  return new Problem(code, { detail: `${header} ${detail}`, errors: [{ header, detail }] });
}
