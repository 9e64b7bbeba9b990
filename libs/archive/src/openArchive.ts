import { Archive } from './archive.ts';
import type { ArchiveStore } from './archiveStore.ts';
import { FolderStore } from './folderStore.ts';
import { S3Store } from './s3Store.ts';

export interface ArchiveSettings {
  /** A folder, or `s3://<bucket>/<prefix>`; undefined for no archive. */
  readonly place: string | undefined;
  /** Where the bucket is, unless it is at AWS. */
  readonly endpoint?: string | undefined;
}

/** The archive of these settings and where its files are; undefined where there is to be none. */
export function openArchive({
  place,
  endpoint,
}: ArchiveSettings): { archive: Archive; store: ArchiveStore } | undefined {
  if (place === undefined) return undefined;
  const store = place.startsWith('s3://') ? s3Store(new URL(place), endpoint) : new FolderStore(place);
  return { archive: new Archive(store), store };
}

function s3Store({ host, pathname }: URL, endpoint: string | undefined): S3Store {
  const prefix = pathname.replaceAll(/^\/+|\/+$/g, '');
  return new S3Store({ bucket: host, prefix: prefix === '' ? '' : `${prefix}/`, endpoint });
}
