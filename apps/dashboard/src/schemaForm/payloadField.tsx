import type { JsonSchema, PayloadIssue } from '@jobstream/client';
import { useState } from 'react';
import { JsonTree } from '../parts/values/jsonTree.tsx';
import { fieldOf } from './field.ts';
import { JsonField } from './jsonField.tsx';
import { SchemaField } from './schemaField.tsx';
import '../styles/schemaForm.css';

interface PayloadFieldProps {
  readonly schema: JsonSchema | undefined;
  readonly value: unknown;
  readonly mistakes: readonly PayloadIssue[];
  readonly onChange: (value: unknown) => void;
}

/** The payload of a job: a form where the schema allows one, or JSON with the schema beside it. */
export function PayloadField({ schema = true, value, mistakes, onChange }: PayloadFieldProps) {
  const hasForm = fieldOf(schema, schema).kind !== 'json';
  const [asJson, setAsJson] = useState(!hasForm);
  return (
    <div className="payload-field">
      {hasForm && (
        <button type="button" className="quiet" onClick={() => setAsJson(!asJson)}>
          {asJson ? 'Fill in a form' : 'Write JSON'}
        </button>
      )}
      {asJson ? (
        <JsonPayload {...{ schema, value, onChange }} />
      ) : (
        <SchemaField {...{ schema, value, mistakes, onChange }} label="Payload" root={schema} depth={0} pointer="" />
      )}
    </div>
  );
}

function JsonPayload({ schema, value, onChange }: Required<Pick<PayloadFieldProps, 'schema' | 'value' | 'onChange'>>) {
  return (
    <div className="json-payload">
      <JsonField label="Payload, as JSON" value={value} onChange={onChange} />
      {typeof schema === 'object' && (
        <section>
          <h3>Schema</h3>
          <JsonTree value={schema} />
        </section>
      )}
    </div>
  );
}
