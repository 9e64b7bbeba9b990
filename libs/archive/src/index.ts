export { Archive } from './archive.ts';
export type { ArchivedMessage } from './archivedMessage.ts';
export type { ArchiveSpan } from './archive.ts';
export type { ArchiveStore } from './archiveStore.ts';
export { ArchiveWriter } from './archiveWriter.ts';
export { ArchiveCorruptError, ArchiveUnavailableError, UnsafeStoreError } from './errors.ts';
export { FolderStore } from './folderStore.ts';
export type { SealedEntry } from './manifestEntry.ts';
export { SegmentBuilder } from './segmentBuilder.ts';
