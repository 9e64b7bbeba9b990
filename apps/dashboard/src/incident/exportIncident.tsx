import { Dialog } from '@base-ui/react/dialog';
import type { Incident, IncidentSelection } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { formatBytes } from '../format/bytes.ts';
import { useClient } from '../live/dashboardContext.ts';
import { CopyButton } from '../parts/copyButton.tsx';
import { DownloadLink } from '../parts/downloadLink.tsx';
import { Failure, Loading } from '../parts/notes.tsx';
import { useSession } from '../session/session.ts';
import '../styles/incident.css';

/** The maximum number of jobs in one file. */
const MOST = 1_000;

interface ExportIncidentProps {
  /** The jobs behind the view at the moment at which they are exported. */
  readonly select: () => IncidentSelection;
  readonly className?: string;
}

/** A button that reads the jobs behind a view with all of their events, and offers them as one file. */
export function ExportIncident({ select, className }: ExportIncidentProps) {
  return (
    <Dialog.Root>
      <Dialog.Trigger className={className}>Export…</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog incident">
          <Dialog.Title>Export an incident</Dialog.Title>
          <Dialog.Description>
            The jobs behind this view with all of their events, as you may read them, to keep or to send to somebody.
          </Dialog.Description>
          {isSecureContext ? <Export select={select} /> : <NoDigest />}
          <div className="actions">
            <Dialog.Close className="quiet">Close</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Without TLS browsers compute no digest for pages of another machine. */
function NoDigest() {
  return (
    <p>
      The digest of the file needs a page over TLS or of this machine. From a terminal: <code>jobstream export</code>
    </p>
  );
}

function Export({ select }: Pick<ExportIncidentProps, 'select'>) {
  const client = useClient();
  const { open } = useSession();
  const { data, error, refetch } = useQuery({
    queryKey: ['incident'],
    queryFn: ({ signal }) =>
      client.exportIncident(select(), { limit: MOST, url: location.origin, signal, ...(open ? {} : { key: '$KEY' }) }),
    staleTime: Infinity,
    gcTime: 0,
  });
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  return data.header.jobs === 0 ? <p>No job matches now: there is nothing to export.</p> : <Exported incident={data} />;
}

function Exported({ incident: { text, sha256, header } }: { readonly incident: Incident }) {
  const { jobs, complete, commands } = header;
  const file = `incident-${sha256.slice(0, 12)}.jsonl`;
  const blob = useMemo(() => new Blob([text]), [text]);
  return (
    <>
      <p className={complete ? undefined : 'warn'} role="status">
        {jobs.toLocaleString()} {jobs === 1 ? 'job' : 'jobs'}, {formatBytes(blob.size)}
        {complete
          ? '.'
          : `: the first of the view. A file takes at most ${MOST.toLocaleString()}; narrow the view for the others.`}
      </p>
      <Text label="SHA-256, as sha256sum -c reads it" text={`${sha256}  ${file}`} />
      <Text label="Show the same again" text={commands.join('\n')} />
      <DownloadLink blob={blob} file={file} className="button primary">
        Download {file}
      </DownloadLink>
    </>
  );
}

function Text({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <section aria-label={label}>
      <h3>{label}</h3>
      <div className="code">
        <pre>{text}</pre>
        <CopyButton text={text} />
      </div>
    </section>
  );
}
