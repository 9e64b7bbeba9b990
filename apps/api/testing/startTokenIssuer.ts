import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JwtSettings } from '@jobstream/runtime';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

interface Signing {
  readonly alg?: string;
  /** The key that the token says it is signed with. */
  readonly kid?: string;
  readonly key?: CryptoKey | Uint8Array;
}

/** An identity provider on the loopback interface. */
export interface TokenIssuer extends AsyncDisposable {
  readonly settings: JwtSettings;
  /** How often its keys were requested. */
  readonly asked: number;
  /** Adds a key pair and publishes its public half. */
  addKey(alg: string, kid: string): Promise<void>;
  /** Signs a valid token with these claims changed; a claim that is null is left out. */
  sign(claims?: Record<string, unknown>, signing?: Signing): Promise<string>;
  stop(): Promise<void>;
}

const MINUTE_S = 60;

export async function startTokenIssuer(options: Partial<JwtSettings> = {}): Promise<TokenIssuer> {
  const published: JWK[] = [];
  const keyServer = await publish(published);
  const { url: issuer } = keyServer;
  const common = { issuer, audience: 'jobstream', tenantClaim: 'tenant', tenantRequired: false };
  const settings = { jwksUrl: `${issuer}/keys`, ...common, ...options };
  return Object.assign(keyServer, signer(published, settings), { settings });
}

/** Serves the keys at every path. */
async function publish(keys: readonly JWK[]) {
  let asked = 0;
  const server = createServer((_req, res) => {
    asked += 1;
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ keys }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function signer(published: JWK[], settings: JwtSettings): Pick<TokenIssuer, 'addKey' | 'sign'> {
  const keys = new Map<string, CryptoKey>();
  return {
    addKey: async (alg, kid) => {
      const { privateKey, publicKey } = await generateKeyPair(alg);
      keys.set(kid, privateKey);
      published.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
    },
    sign: (claims = {}, { alg = 'ES256', kid = alg, key = keys.get(kid) } = {}) => {
      if (key === undefined) throw new Error(`the issuer has no key ${kid}`);
      return new SignJWT(payload(claims, settings)).setProtectedHeader({ alg, kid }).sign(key);
    },
  };
}

function payload(claims: Record<string, unknown>, { issuer, audience }: JwtSettings): JWTPayload {
  const now = Math.floor(Date.now() / 1_000);
  const good = { iss: issuer, aud: audience, sub: 'user-1', iat: now, exp: now + MINUTE_S, scope: 'jobs:read' };
  return Object.fromEntries(Object.entries({ ...good, ...claims }).filter(([, value]) => value !== null));
}
