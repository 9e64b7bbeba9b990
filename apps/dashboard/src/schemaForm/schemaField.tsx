import type { JsonSchema, PayloadIssue } from '@jobstream/client';
import { useId, useState } from 'react';
import { alternativeOf, type Field, fieldOf, initialValue, resolved } from './field.ts';
import { JsonField } from './jsonField.tsx';

export interface SchemaFieldProps {
  readonly label: string;
  readonly schema: JsonSchema;
  /** The whole schema, which references refer into. */
  readonly root: JsonSchema;
  readonly depth: number;
  readonly pointer: string;
  readonly required?: boolean;
  /** Undefined for what is left out. */
  readonly value: unknown;
  readonly mistakes: readonly PayloadIssue[];
  readonly onChange: (value: unknown) => void;
}

/** A field for a value of a schema, and for the values in it. */
export function SchemaField(props: SchemaFieldProps) {
  const field = fieldOf(props.schema, props.root, props.depth);
  switch (field.kind) {
    case 'object':
      return <ObjectField {...props} field={field} />;
    case 'list':
      return <ListField {...props} field={field} />;
    case 'alternatives':
      return <AlternativesField {...props} field={field} />;
    case 'text':
    case 'number':
    case 'boolean':
    case 'choice':
      return <ScalarField {...props} field={field} />;
    case 'json':
      return <AnyField {...props} />;
  }
}

type Of<Kind extends Field['kind']> = SchemaFieldProps & { readonly field: Extract<Field, { kind: Kind }> };

function ObjectField({ field, label, root, depth, pointer, value, mistakes, onChange }: Of<'object'>) {
  const members = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const change = (name: string, member: unknown) => {
    const { [name]: _before, ...others } = members;
    const changed = member === undefined ? others : { ...members, [name]: member };
    // An object in another one is left out as long as nothing in it is filled in.
    onChange(depth > 0 && Object.keys(changed).length === 0 ? undefined : changed);
  };
  return (
    <fieldset className={depth > 0 ? 'nested' : undefined}>
      <legend>{label}</legend>
      {field.members.map(({ name, schema, required }) => (
        <SchemaField
          key={name}
          {...{ schema, root, required, mistakes }}
          label={name}
          depth={depth + 1}
          pointer={`${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`}
          value={members[name]}
          onChange={(member) => change(name, member)}
        />
      ))}
    </fieldset>
  );
}

function ListField({ field, label, root, depth, pointer, value, mistakes, onChange }: Of<'list'>) {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const { keys, addKey, removeKey } = useItemKeys(items.length);
  const change = (changed: readonly unknown[]) => onChange(changed.length === 0 ? undefined : changed);
  const add = () => {
    addKey();
    change([...items, initialValue(field.items, root, depth + 1) ?? '']);
  };
  const remove = (index: number) => {
    removeKey(index);
    change(items.toSpliced(index, 1));
  };
  return (
    <fieldset className="nested">
      <legend>{label}</legend>
      {items.map((item, index) => (
        <div className="item" key={keys[index]}>
          <SchemaField
            {...{ root, mistakes }}
            schema={field.items}
            label={`${label} ${index + 1}`}
            depth={depth + 1}
            pointer={`${pointer}/${index}`}
            value={item}
            onChange={(one) => change(items.with(index, one ?? null))}
          />
          <button type="button" className="quiet" onClick={() => remove(index)}>
            Remove<span className="sr-only"> {`${label} ${index + 1}`}</span>
          </button>
        </div>
      ))}
      <button type="button" onClick={add}>
        Add to {label}
      </button>
    </fieldset>
  );
}

/** Keys that stay with the items of a list when one of them is removed: fields keep what is no JSON yet. */
function useItemKeys(count: number) {
  const [keys, setKeys] = useState<readonly number[]>(() => Array.from({ length: count }, (_item, index) => index));
  return {
    keys,
    addKey: () => setKeys([...keys, Math.max(-1, ...keys) + 1]),
    removeKey: (index: number) => setKeys(keys.toSpliced(index, 1)),
  };
}

function AlternativesField({ field, ...props }: Of<'alternatives'>) {
  const { label, root, depth, value, onChange } = props;
  const [chosen, choose] = useState(() => alternativeOf(field.schemas, root, value));
  return (
    <div className="alternatives">
      <SchemaField {...props} schema={field.schemas[chosen] ?? true} depth={depth + 1} />
      <select
        aria-label={`Kind of ${label}`}
        value={chosen}
        onChange={({ target }) => {
          choose(Number(target.value));
          onChange(undefined);
        }}
      >
        {field.schemas.map((schema, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- alternatives stay in their order
          <option key={index} value={index}>
            {nameOf(schema, root, index)}
          </option>
        ))}
      </select>
    </div>
  );
}

function nameOf(schema: JsonSchema, root: JsonSchema, index: number): string {
  const { title, type } = resolved(schema, root) ?? {};
  return [title, type].find((name) => typeof name === 'string') ?? `variant ${index + 1}`;
}

type Scalar = Exclude<Field['kind'], 'object' | 'list' | 'alternatives' | 'json'>;

function ScalarField({ field, label, schema, root, required = false, pointer, value, mistakes, onChange }: Of<Scalar>) {
  const id = useId();
  const { description } = resolved(schema, root) ?? {};
  const wrong = mistakes.filter((mistake) => mistake.pointer === pointer);
  return (
    <div className="schema-field">
      <label htmlFor={id}>
        <Label label={label} required={required} />
      </label>
      <Input {...{ id, field, value, onChange }} invalid={wrong.length > 0} describedBy={`${id}-note`} />
      <span id={`${id}-note`} className={wrong.length > 0 ? 'warn' : 'dim'}>
        {wrong.length > 0
          ? wrong.map(({ detail }) => detail).join(' ')
          : typeof description === 'string' && description}
      </span>
    </div>
  );
}

/** A value that has no form of its own. */
function AnyField({ label, required = false, value, onChange }: SchemaFieldProps) {
  return (
    <div className="schema-field">
      <JsonField label={<Label label={label} required={required} />} value={value} onChange={onChange} />
    </div>
  );
}

function Label({ label, required }: { readonly label: string; readonly required: boolean }) {
  return (
    <>
      {label}
      {required && <span className="dim"> required</span>}
    </>
  );
}

interface InputProps extends Pick<Of<Scalar>, 'field' | 'value' | 'onChange'> {
  readonly id: string;
  readonly invalid: boolean;
  readonly describedBy: string;
}

function Input({ field, value, onChange, id, invalid, describedBy }: InputProps) {
  const common = { id, 'aria-invalid': invalid, 'aria-describedby': describedBy };
  switch (field.kind) {
    case 'text': {
      const text = typeof value === 'string' ? value : '';
      const change = ({ target }: { target: { value: string } }) => onChange(target.value || undefined);
      if (field.long) return <textarea {...common} rows={4} value={text} onChange={change} />;
      return <input {...common} value={text} onChange={change} autoComplete="off" />;
    }
    case 'number':
      return (
        <input
          {...common}
          type="number"
          step={field.integer ? 1 : 'any'}
          value={typeof value === 'number' ? value : ''}
          onChange={({ target }) => onChange(target.value === '' ? undefined : target.valueAsNumber)}
        />
      );
    case 'boolean':
      return <Choice {...common} options={[true, false]} value={value} onChange={onChange} />;
    case 'choice':
      return <Choice {...common} options={field.options} value={value} onChange={onChange} />;
  }
}

interface ChoiceProps extends Pick<InputProps, 'id' | 'value' | 'onChange'> {
  readonly options: readonly unknown[];
}

/** One of some values, or none: to leave a value out is not the same as `false`. */
function Choice({ options, value, onChange, ...common }: ChoiceProps) {
  return (
    <select
      {...common}
      value={options.indexOf(value)}
      onChange={({ target }) => onChange(options[Number(target.value)])}
    >
      <option value={-1}>left out</option>
      {options.map((option, index) => (
        <option key={JSON.stringify(option)} value={index}>
          {typeof option === 'string' ? option : JSON.stringify(option)}
        </option>
      ))}
    </select>
  );
}
