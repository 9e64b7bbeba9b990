import { explainDefinition, explainDifference, type JobType, type JsonSchema } from '@jobstream/client';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Fact } from '../parts/fact.tsx';
import { Age } from '../parts/instant.tsx';
import { JsonTree } from '../parts/values/jsonTree.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Empty } from '../parts/notes.tsx';
import { EnqueueForm } from './enqueueForm.tsx';
import { LastJobs, TypeActivityOfHour } from './typeHistory.tsx';
import { PauseType } from './pauseType.tsx';
import { Count, limitsOf, TypeState } from './typeState.tsx';
import { useTypes } from './useTypes.ts';

const route = getRouteApi('/types/$type');

/** One job type: whether it runs, what happened lately, who runs it, what its jobs are given, and a form for one. */
export function TypeView() {
  const { type: name } = route.useParams();
  return (
    <Loaded query={useTypes()}>
      {(types) => {
        const type = types.find((one) => one.type === name);
        return type === undefined ? <UnknownType name={name} /> : <KnownType type={type} />;
      }}
    </Loaded>
  );
}

function UnknownType({ name }: { readonly name: string }) {
  return (
    <>
      <Empty title={`No type ${name}`}>
        No worker has announced it within the last day, it was never paused, and it has no pending jobs.{' '}
        <Link to="/types">All types</Link>
      </Empty>
      <LastJobs type={name} />
    </>
  );
}

function KnownType({ type: one }: { readonly type: JobType }) {
  const { type, payloadSchema, resultSchema } = one;
  return (
    <article className="job">
      <header>
        <div className="title">
          <h1>{type}</h1>
          <PauseType type={one} />
        </div>
        <p>
          <TypeState type={one} />
        </p>
        <Facts type={one} />
      </header>
      <TypeActivityOfHour type={type} />
      <Workers type={one} />
      <LastJobs type={type} />
      <EnqueueForm key={type} type={one} />
      <div className="contents">
        <Schema
          title="Schema of payloads"
          schema={payloadSchema}
          note={payloadSchema === undefined ? undefined : checkOf(one)}
        />
        <Schema title="Schema of results" schema={resultSchema} />
      </div>
    </article>
  );
}

function Facts({ type: one }: { readonly type: JobType }) {
  const { type, backlog, inFlight, limits, waitingSince } = one;
  return (
    <dl className="facts">
      <Fact name="Pending">
        <Count of={type} status="pending" jobs={backlog} />
      </Fact>
      {waitingSince !== undefined && (
        <Fact name="Oldest waits since">
          <Age at={waitingSince} />
        </Fact>
      )}
      <Fact name="With workers">
        <Count of={type} status="processing" jobs={inFlight} />
      </Fact>
      <Definition type={one} />
      <Fact name="Limits of each worker">{limitsOf(limits) ?? 'none'}</Fact>
    </dl>
  );
}

/** What its jobs get where their creators say nothing, and whether its workers agree on it. */
function Definition({ type }: { readonly type: JobType }) {
  const { definition } = type;
  if (definition === undefined) return null;
  const difference = explainDifference(type);
  return (
    <Fact name="Definition">
      {explainDefinition(definition)}, as {definition.worker} has announced
      {difference !== undefined && <p className="warn">Its workers differ: {difference}.</p>}
    </Fact>
  );
}

function Workers({ type: { workers } }: { readonly type: JobType }) {
  return (
    <section>
      <h2>Workers</h2>
      {workers.length === 0 ? (
        <p className="warn">None lives that takes this type: its jobs wait.</p>
      ) : (
        <ul className="plain">
          {workers.map(({ worker, name, version, host, startedAt }) => (
            <li key={worker}>
              <Link to="/workers" hash={worker}>
                {[name ?? worker, version ?? []].flat().join(' ')}
              </Link>{' '}
              on {host}, started <Age at={startedAt} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface SchemaProps {
  readonly title: string;
  readonly schema: JsonSchema | undefined;
  readonly note?: string | undefined;
}

function Schema({ title, schema, note }: SchemaProps) {
  return (
    <section>
      <h2>{title}</h2>
      {schema === undefined ? <p className="dim">Its workers have announced none.</p> : <JsonTree value={schema} />}
      {note !== undefined && <p className="dim">{note}</p>}
    </section>
  );
}

/** What becomes of payloads that do not match. */
function checkOf({ payloadCheck, schemasDiffer, schemaIgnored }: JobType): string | undefined {
  if (schemaIgnored !== undefined) return `It is not checked: ${schemaIgnored}.`;
  const differ =
    schemasDiffer === undefined ? '' : ` The living workers have announced ${schemasDiffer} different ones.`;
  if (payloadCheck === undefined) return differ || undefined;
  return (
    (payloadCheck === 'warn'
      ? 'Payloads that do not match are accepted with a warning.'
      : 'Payloads that do not match are refused.') + differ
  );
}
