import type { ReactNode } from 'react';
import { type Column, DataTable } from './dataTable.tsx';
import { Loaded, type Reading } from './loaded.tsx';

interface ListRowsProps<Row> {
  readonly query: ListReading<Row>;
  /** Above the rows. */
  readonly children?: ReactNode;
  /** In the place of a table without rows. */
  readonly empty: ReactNode;
  readonly columns: readonly Column<Row>[];
  readonly rowId: (row: Row) => string;
  readonly className?: string;
}

interface ListViewProps<Row> extends ListRowsProps<Row> {
  readonly title: string;
  /** Beside the title. */
  readonly aside?: ReactNode;
}

interface ListReading<Row> extends Reading<readonly Row[]> {
  readonly hasNextPage?: boolean;
  readonly isFetchingNextPage?: boolean;
  readonly fetchNextPage?: () => Promise<unknown>;
}

/** A view that is a table: its title, and its rows once they are read. */
export function ListView<Row>({ title, aside, ...rows }: ListViewProps<Row>) {
  return (
    <>
      <div className="title">
        <h1>{title}</h1>
        {aside}
      </div>
      <ListRows {...rows} />
    </>
  );
}

/** The rows of a table once they are read, and the way to more of them. */
export function ListRows<Row>({ query, children, empty, ...table }: ListRowsProps<Row>) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  return (
    <>
      {children}
      <Loaded query={query}>{(rows) => (rows.length === 0 ? empty : <DataTable rows={rows} {...table} />)}</Loaded>
      {hasNextPage && (
        <button type="button" className="more" disabled={isFetchingNextPage} onClick={() => void fetchNextPage?.()}>
          Show more
        </button>
      )}
    </>
  );
}
