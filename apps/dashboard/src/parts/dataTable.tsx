import { type ReactNode, useRef } from 'react';
import { useRowKeys } from '../keys/useRowKeys.ts';
import { useTarget } from './useTarget.ts';

/** What stands above a column, and in its cell of each row. */
export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  /** In the place of its name, where its order can be turned round. */
  readonly head?: ReactNode;
  /** The order of the rows, if it is by this column. */
  readonly sorted?: 'ascending' | 'descending';
  /** Of what is not plain text; `actions` are buttons, whose head is only heard. */
  readonly kind?: 'number' | 'mono' | 'names' | 'why' | 'actions';
}

interface DataTableProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** The name of a row in the address, after `#`. */
  readonly rowId: (row: Row) => string;
  readonly className?: string;
}

/** A table whose rows `j` and `k` go through; a view has one. On a phone each row is a card. */
export function DataTable<Row>({ columns, rows, rowId, className }: DataTableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const target = useTarget();
  useRowKeys(scroller, { count: rows.length });
  return (
    <div className="scroll" ref={scroller}>
      <table className={className === undefined ? 'cards' : `cards ${className}`}>
        <thead>
          <tr>
            {columns.map(({ name, head = name, kind, sorted }) => (
              <th key={name} className={kind === 'number' ? kind : undefined} aria-sort={sorted}>
                {kind === 'actions' ? <span className="sr-only">{name}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={rowId(row)} {...target(rowId(row))} data-row={index}>
              {columns.map(({ name, kind, cell }, column) => (
                <td
                  key={name}
                  className={kind === 'actions' ? 'number' : kind}
                  data-name={column === 0 || kind === 'why' || kind === 'actions' ? undefined : name}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
