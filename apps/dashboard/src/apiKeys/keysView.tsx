import type { ApiKey, CreatedKey } from '@jobstream/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useNow } from '../format/useNow.ts';
import { useClient } from '../live/dashboardContext.ts';
import { CopyButton } from '../parts/copyButton.tsx';
import { Age, Instant } from '../parts/instant.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { NeedsScope } from '../parts/needsScope.tsx';
import { useMay, useSession } from '../session/session.ts';
import '../styles/administration.css';
import { CreateKey } from './createKey.tsx';
import { RevokeKey } from './revokeKey.tsx';

const KEYS = ['keys'];

/** The API keys: who may call the API, and since when they have. */
export function KeysView() {
  return useMay('admin') ? <Keys /> : <NeedsScope scope="admin" view="API keys" />;
}

function Keys() {
  const client = useClient();
  const queryClient = useQueryClient();
  const [created, setCreated] = useState<CreatedKey>();
  const { data, error, refetch } = useQuery({ queryKey: KEYS, queryFn: ({ signal }) => client.keys.list({ signal }) });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  const changed = () => queryClient.invalidateQueries({ queryKey: KEYS });
  const show = (key: CreatedKey) => {
    setCreated(key);
    return changed();
  };
  return (
    <>
      <div className="title">
        <h1>API keys</h1>
        <CreateKey onCreated={show} />
      </div>
      {error !== null && <Failure error={error} />}
      {created !== undefined && <Secret created={created} onDone={() => setCreated(undefined)} />}
      {data.length === 0 ? <NoKeys /> : <KeyTable keys={data} onRevoked={changed} />}
    </>
  );
}

function NoKeys() {
  return (
    <Empty title="No API keys yet" code="npm run keys -- create --name root --scopes admin --expires 90d">
      With the first one, AUTH=required closes the API to everybody else:
    </Empty>
  );
}

/** The key itself, while its reader is here; nothing can show it again. */
function Secret({ created: { name, key }, onDone }: { readonly created: CreatedKey; readonly onDone: () => void }) {
  return (
    <section className="secret" aria-label="The new key">
      <p>
        <strong>The key {name}.</strong> It is shown this once: only its hash is kept.
      </p>
      <div className="code">
        <pre>{key}</pre>
        <CopyButton text={key} label="Copy key" />
      </div>
      <button type="button" onClick={onDone}>
        I have kept it
      </button>
    </section>
  );
}

interface KeyTableProps {
  readonly keys: readonly ApiKey[];
  readonly onRevoked: () => Promise<unknown>;
}

function KeyTable({ keys, onRevoked }: KeyTableProps) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Id</th>
            <th>State</th>
            <th>Scopes</th>
            <th>Tenant</th>
            <th>Created</th>
            <th>Last used</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <KeyRow key={key.id} apiKey={key} onRevoked={onRevoked} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function KeyRow({ apiKey, onRevoked }: { readonly apiKey: ApiKey } & Pick<KeyTableProps, 'onRevoked'>) {
  const { id, name, scopes, tenant, createdAt, lastUsedAt } = apiKey;
  const own = useSession().actor.id === id;
  return (
    <tr>
      <td>
        {name}
        {own && <span className="dim"> (yours)</span>}
      </td>
      <td className="mono">
        <Link to="/audit" search={{ actor: id }} title="What it changed">
          {id}
        </Link>
      </td>
      <td>
        <KeyState apiKey={apiKey} />
      </td>
      <td>{scopes.join(', ')}</td>
      <td>{tenant ?? '–'}</td>
      <td>
        <Instant at={createdAt} />
      </td>
      <td>{lastUsedAt === undefined ? <span className="dim">never</span> : <Age at={lastUsedAt} />}</td>
      <td className="number">
        {apiKey.revokedAt === undefined && <RevokeKey apiKey={apiKey} own={own} onRevoked={onRevoked} />}
      </td>
    </tr>
  );
}

function KeyState({ apiKey: { revokedAt, expiresAt, madeOpen } }: { readonly apiKey: ApiKey }) {
  const now = useNow();
  const { open } = useSession();
  if (revokedAt !== undefined) {
    return (
      <span className="dim">
        ✕ revoked <Age at={revokedAt} />
      </span>
    );
  }
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return <span className="dim">✕ expired</span>;
  if (madeOpen && !open) return <span className="warn">✕ refused: made while the API was open</span>;
  return (
    <span>
      ● valid
      {expiresAt !== undefined && (
        <>
          , expires <Age at={expiresAt} />
        </>
      )}
    </span>
  );
}
