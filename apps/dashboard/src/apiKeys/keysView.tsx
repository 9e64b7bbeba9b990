import type { ApiKey, CreatedKey } from '@jobstream/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useNow } from '../format/useNow.ts';
import { useClient } from '../live/dashboardContext.ts';
import { CopyButton } from '../parts/copyButton.tsx';
import type { Column } from '../parts/dataTable.tsx';
import { Age, Instant } from '../parts/instant.tsx';
import { ListView } from '../parts/listView.tsx';
import { Empty } from '../parts/notes.tsx';
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
  const query = useQuery({ queryKey: KEYS, queryFn: ({ signal }) => client.keys.list({ signal }) });
  const show = (key: CreatedKey) => {
    setCreated(key);
    return queryClient.invalidateQueries({ queryKey: KEYS });
  };
  return (
    <ListView
      title="API keys"
      aside={<CreateKey onCreated={show} />}
      query={query}
      empty={NO_KEYS}
      columns={COLUMNS}
      rowId={({ id }) => `key-${id}`}
    >
      {created !== undefined && <Secret created={created} onDone={() => setCreated(undefined)} />}
    </ListView>
  );
}

const NO_KEYS = (
  <Empty title="No API keys yet" code="npm run keys -- create --name root --scopes admin --expires 90d">
    With the first one, AUTH=required closes the API to everybody else:
  </Empty>
);

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

const COLUMNS: readonly Column<ApiKey>[] = [
  { name: 'Name', cell: (key) => <Name apiKey={key} /> },
  { name: 'Id', kind: 'mono', cell: ({ id }) => <AuditLink actor={id} /> },
  { name: 'State', cell: (key) => <KeyState apiKey={key} /> },
  { name: 'Scopes', cell: ({ scopes }) => scopes.join(', ') },
  { name: 'Tenant', cell: ({ tenant }) => tenant ?? '–' },
  { name: 'Created', cell: ({ createdAt }) => <Instant at={createdAt} /> },
  { name: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? NEVER : <Age at={lastUsedAt} />) },
  { name: 'Actions', kind: 'actions', cell: (key) => key.revokedAt === undefined && <RevokeKey apiKey={key} /> },
];

const NEVER = <span className="dim">never</span>;

function Name({ apiKey: { id, name } }: { readonly apiKey: ApiKey }) {
  const own = useSession().actor.id === id;
  return (
    <>
      {name}
      {own && <span className="dim"> (yours)</span>}
    </>
  );
}

function AuditLink({ actor }: { readonly actor: string }) {
  return (
    <Link to="/audit" search={{ actor }} title="What it changed">
      {actor}
    </Link>
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
