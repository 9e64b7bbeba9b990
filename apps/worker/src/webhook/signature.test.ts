import { expect, test } from 'vitest';
import { signature } from './signature.ts';

// printf '%s' 'job-1.1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
test('the signature is the one that openssl computes', () => {
  expect(signature({ jobId: 'job-1', timestamp: '1700000000', body: '{"a":1}' }, 'secret')).toBe(
    'v1=5a04ece7188ad92e8a4d90c74e67a8f34bfe5603115325a72d6f3549143879c8',
  );
});
