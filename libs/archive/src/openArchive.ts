import { Archive } from './archive.ts';
import type { ArchiveStore } from './archiveStore.ts';
import { FolderStore } from './folderStore.ts';
import { S3Store } from './s3Store.ts';

/** By their names in the environment. */
export interface ArchiveSettings {
  /** A folder, or `s3://<bucket>/<prefix>`; undefined for no archive. */
  readonly ARCHIVE: string | undefined;
  /** Where the bucket is, unless it is at AWS. */
  readonly ARCHIVE_ENDPOINT?: string | undefined;
}

/** The archive of these settings and where its files are; undefined where there is to be none. */
export function openArchive(config: ArchiveSettings): { archive: Archive; store: ArchiveStore } | undefined {
  const place = config.ARCHIVE;
  if (place === undefined) return undefined;
  const store = place.startsWith('s3://') ? s3Store(new URL(place), config.ARCHIVE_ENDPOINT) : new FolderStore(place);
  return { archive: new Archive(store), store };
}

function s3Store({ host, pathname }: URL, endpoint: string | undefined): S3Store {
  const prefix = pathname.replaceAll(/^\/+|\/+$/g, '');
  return new S3Store({ bucket: host, prefix: prefix === '' ? '' : `${prefix}/`, endpoint });
}
