import { describe, expect, test } from 'vitest';
import { authSettings } from './authSettings.ts';
import { readConfig } from './config.ts';

const settings = (env: Record<string, string>) => authSettings(readConfig(env));
const jwt = {
  JWKS_URL: 'https://id.example.com/keys',
  JWT_ISSUER: 'https://id.example.com/',
  JWT_AUDIENCE: 'jobs',
};

describe('the API is open', () => {
  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost', '::ffff:127.0.0.1'])(
    'on the loopback address %s',
    (HOST) => {
      expect(settings({ HOST }).open).toBe(true);
      expect(settings({ HOST, AUTH: 'required' }).open).toBe(false);
    },
  );

  test.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '1127.0.0.1', 'localhost.example.com', '127.0.0.1.example.com'])(
    'never on %s, even with AUTH=open',
    (HOST) => {
      expect(settings({ HOST }).open).toBe(false);
      expect(() => settings({ HOST, AUTH: 'open' })).toThrow(
        `expected AUTH to be required while HOST is not a loopback address (${HOST}), got: open`,
      );
    },
  );
});

describe('tokens', () => {
  test('are accepted when the keys, the issuer and the audience are configured', () => {
    expect(settings({}).jwt).toBeUndefined();
    expect(settings({ ...jwt, JWT_TENANT_CLAIM: 'org', JWT_TENANT_REQUIRED: 'true' }).jwt).toEqual({
      jwksUrl: 'https://id.example.com/keys',
      issuer: 'https://id.example.com/',
      audience: 'jobs',
      tenantClaim: 'org',
      tenantRequired: true,
    });
  });

  test('are refused without an issuer and an audience', () => {
    expect(() => settings({ JWKS_URL: jwt.JWKS_URL })).toThrow(
      'expected JWT_ISSUER to be given together with JWKS_URL, got: nothing\n' +
        'expected JWT_AUDIENCE to be given together with JWKS_URL, got: nothing',
    );
  });
});

describe('limits', () => {
  test('are off on a loopback address, and on elsewhere', () => {
    expect(settings({})).toMatchObject({ rateLimit: undefined, failedRateLimit: undefined });
    expect(settings({ HOST: '::' })).toMatchObject({
      rateLimit: { count: 60_000, perMs: 60_000 },
      failedRateLimit: { count: 120, perMs: 60_000 },
    });
  });

  test('have the configured value, also off', () => {
    expect(settings({ RATE_LIMIT: '5/s' }).rateLimit).toEqual({ count: 5, perMs: 1_000 });
    expect(settings({ HOST: '::', RATE_LIMIT: 'off' }).rateLimit).toBeUndefined();
  });

  test.each(['0/s', '5', '5/d', '-1/s', '1.5/s', 'OFF', '5/s '])('cannot be %j', (RATE_LIMIT) => {
    expect(() => settings({ RATE_LIMIT })).toThrow('a rate such as 100/s, 600/m or 5/h, or off');
  });
});

describe('pages in browsers', () => {
  test('may use the API from the configured origins', () => {
    expect(settings({}).corsOrigins).toEqual([]);
    const CORS_ORIGINS = 'https://app.example.com, http://localhost:5173';
    expect(settings({ CORS_ORIGINS }).corsOrigins).toEqual(['https://app.example.com', 'http://localhost:5173']);
  });

  test.each(['*', 'app.example.com', 'https://app.example.com/', 'https://APP.example.com', 'null', 'file://', ','])(
    'may not use it from the invalid origin %s',
    (CORS_ORIGINS) => {
      expect(() => settings({ CORS_ORIGINS })).toThrow('expected CORS_ORIGINS to be origins such as');
    },
  );
});
