import type { Schedule } from '@jobstream/test-support';
import type { Client, QueryResult } from 'pg';

type Callback = (error: Error | undefined, result: QueryResult | undefined) => void;
type Answer = { readonly error: Error } | { readonly result: QueryResult };

/** A connection to a real Postgres whose answers arrive at points of a schedule, in the order of the queries. */
export function scheduledClient(client: Client, schedule: Schedule): Client {
  let before: Promise<unknown> = Promise.resolve();
  const arrived = (answer: Promise<Answer>): Promise<Answer> => {
    const inOrder = before;
    const arrival = schedule.during(answer).then(async (known) => {
      await inOrder;
      await schedule.point('an answer of Postgres arrives');
      return known;
    });
    before = arrival;
    return arrival;
  };
  const send = (...args: unknown[]): unknown => {
    const [query] = args as [{ callback?: Callback }];
    const { callback } = query;
    if (callback === undefined) return arrived(answerTo(client, args)).then(resultOf);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    query.callback = (error, result) => resolve(error ? { error } : { result: result as QueryResult });
    void callBack(arrived(promise), callback);
    return client.query(query as never);
  };
  return new Proxy(client, {
    get: (target, name) => (name === 'query' ? send : (Reflect.get(target, name) as unknown)),
  });
}

function answerTo(client: Client, args: readonly unknown[]): Promise<Answer> {
  const query = client.query.bind(client) as unknown as (...given: readonly unknown[]) => Promise<QueryResult>;
  return query(...args).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: error as Error }),
  );
}

async function callBack(arrival: Promise<Answer>, callback: Callback): Promise<void> {
  const answer = await arrival;
  if ('error' in answer) callback(answer.error, undefined);
  else callback(undefined, answer.result);
}

function resultOf(answer: Answer): QueryResult {
  if ('error' in answer) throw answer.error;
  return answer.result;
}
