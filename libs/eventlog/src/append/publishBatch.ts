import { batchHeaders } from '../connection/headers.ts';
import type { BatchPublisher, PublishOutcome } from '../connection/publisher.ts';
import type { EncodedMember } from './pendingBatch.ts';

/** Publishes an atomic batch, which has one outcome: that of its last message. It must have a member: the server would wait for ever. */
export function publishBatch(
  publisher: BatchPublisher,
  { id, members }: { readonly id: string; readonly members: readonly EncodedMember[] },
  onOutcome: (outcome: PublishOutcome) => void,
): void {
  const last = members.at(-1);
  let position = 0;
  for (const member of members) {
    const { request, body, expected, claim } = member;
    if (claim !== undefined) {
      const address = { subject: claim.subject, filter: claim.subject };
      const headers = batchHeaders(claim.expected, address, { id, position: ++position, last: false });
      publisher.publishWithoutAck(claim.subject, Buffer.from(claim.text), headers);
    }
    const headers = batchHeaders(expected, request, { id, position: ++position, last: member === last });
    if (member === last) publisher.publish(request.subject, body, headers, onOutcome);
    else publisher.publishWithoutAck(request.subject, body, headers);
  }
}
