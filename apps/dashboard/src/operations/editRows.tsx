import type { PayloadEdit } from '@jobstream/client';
import type { ComponentProps, ReactNode } from 'react';
import { readJson } from '../payloads/readJson.ts';

type EditKind = PayloadEdit['op'];

/** An edit as it is typed. */
export interface EditRow {
  readonly op: EditKind;
  readonly path: string;
  /** The new name of a field, or the value as JSON. */
  readonly other: string;
}

const KINDS: Readonly<Record<EditKind, string>> = {
  rename: 'Rename a field',
  setIfMissing: 'Set where missing',
  remove: 'Remove a field',
};

/** What stands in the second field of a row; nothing for none. */
const OTHERS: Readonly<Record<EditKind, { readonly label: string; readonly example: string } | undefined>> = {
  rename: { label: 'New path', example: '/sender' },
  setIfMissing: { label: 'Value (JSON)', example: '"en"' },
  remove: undefined,
};

/** As the attribute of a field takes it, where a slash in a class has to be escaped. */
const POINTER = String.raw`(?:\/(?:[^\/~]|~[01])*)+`;
const IS_POINTER = new RegExp(`^${POINTER}$`, 'u');

/** Edits that are given, as they would have been typed. */
export function rowsOf(edits: readonly PayloadEdit[] = []): readonly EditRow[] {
  return edits.map((edit) => {
    const other = edit.op === 'rename' ? edit.to : edit.op === 'setIfMissing' ? JSON.stringify(edit.value) : '';
    return { op: edit.op, path: edit.path, other };
  });
}

/** The edits that are typed, or undefined while one of them is not complete. */
export function editsOf(rows: readonly EditRow[]): readonly PayloadEdit[] | undefined {
  const edits = rows.map(editOf);
  return edits.every((edit) => edit !== undefined) ? edits : undefined;
}

function editOf({ op, path, other }: EditRow): PayloadEdit | undefined {
  if (!IS_POINTER.test(path)) return undefined;
  if (op === 'remove') return { op, path };
  if (op === 'rename') return IS_POINTER.test(other) ? { op, path, to: other } : undefined;
  const read = readJson(other);
  return 'value' in read ? { op, path, value: read.value } : undefined;
}

interface EditRowsProps {
  readonly rows: readonly EditRow[];
  readonly onChange: (rows: readonly EditRow[]) => void;
}

/** Changes of single fields, one a row, which are made in this order. */
export function EditRows({ rows, onChange }: EditRowsProps) {
  const put = (index: number, row: EditRow) => onChange(rows.with(index, row));
  return (
    <fieldset className="edits">
      <legend>
        Changes of single fields <span className="dim">(each job keeps its own value)</span>
      </legend>
      {rows.map((row, index) => (
        // eslint-disable-next-line react/no-array-index-key -- what is typed must not lose its place
        <OneEdit key={index} row={row} onChange={(changed) => put(index, changed)}>
          <button type="button" className="quiet" onClick={() => onChange(rows.toSpliced(index, 1))}>
            Remove <span className="sr-only">change {index + 1}</span>
          </button>
        </OneEdit>
      ))}
      <button
        type="button"
        onClick={() => onChange([...rows, { op: 'rename', path: '', other: '' }])}
        disabled={rows.length >= 20}
      >
        Add a change
      </button>
    </fieldset>
  );
}

interface OneEditProps {
  readonly row: EditRow;
  readonly onChange: (row: EditRow) => void;
  readonly children: ReactNode;
}

function OneEdit({ row, onChange, children }: OneEditProps) {
  const second = OTHERS[row.op];
  return (
    <div className="edit-row">
      <label>
        Change
        <select value={row.op} onChange={({ target }) => onChange({ ...row, op: target.value as EditKind, other: '' })}>
          {Object.entries(KINDS).map(([op, label]) => (
            <option key={op} value={op}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <TextOf
        label="Path"
        value={row.path}
        placeholder="/from"
        pattern={POINTER}
        title="A JSON pointer, such as /customer/id"
        onType={(path) => onChange({ ...row, path })}
      />
      {second !== undefined && (
        <TextOf
          label={second.label}
          value={row.other}
          placeholder={second.example}
          onType={(other) => onChange({ ...row, other })}
        />
      )}
      {children}
    </div>
  );
}

interface TextOfProps extends Pick<ComponentProps<'input'>, 'value' | 'placeholder' | 'pattern' | 'title'> {
  readonly label: string;
  readonly onType: (text: string) => void;
}

function TextOf({ label, onType, ...input }: TextOfProps) {
  return (
    <label>
      {label}
      <input
        {...input}
        className="mono"
        required
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => onType(target.value)}
      />
    </label>
  );
}
