import { isSignalName } from '@jobstream/domain';
import { MalformedMessageError, type JsonSchema, type MessageFields } from './messages/messageFields.ts';

/** The signals that jobs of a type take, by their names: JSON Schema 2020-12 of the payload, null for every payload. */
export type AnnouncedSignals = Readonly<Record<string, JsonSchema | null>>;

/** As in `defineJob.ts` of libs/client, which imports nothing of this package. */
const MOST_SIGNALS = 32;
/** Of the schemas that are kept beside the definition of a type: so many types fit into the memory of each API. */
const MOST_KEPT_CHARS = 16_384;

/** @throws MalformedMessageError */
export function signalsOf(fields: MessageFields): AnnouncedSignals {
  const names = fields.names();
  if (names.length > MOST_SIGNALS) throw new MalformedMessageError(`/signals has more than ${MOST_SIGNALS} fields`);
  return Object.fromEntries(
    names.map((name) => {
      if (!isSignalName(name)) throw new MalformedMessageError('/signals has a field that is not the name of a signal');
      return [name, fields.unchecked(name) === null ? null : fields.schema(name)];
    }),
  );
}

/** The signals as they are kept beside a definition: the schemas in their order, as far as there is room for them. */
export function keptSignals(signals: AnnouncedSignals): AnnouncedSignals {
  let left = MOST_KEPT_CHARS;
  return Object.fromEntries(
    Object.entries(signals).map(([name, schema]) => {
      left -= JSON.stringify(schema).length;
      return [name, left < 0 ? null : schema];
    }),
  );
}
