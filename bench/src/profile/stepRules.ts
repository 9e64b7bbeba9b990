import type { StepRule } from './attributeToSteps.ts';

const NODE: readonly StepRule[] = [
  { step: 'garbage collection', frames: /^\(garbage collector\)/ },
  { step: 'engine', frames: /^\(program\)/ },
  { step: 'socket writes', frames: /^(writev|writeBuffer|write\w+String|writeGeneric|onWriteComplete)\b/ },
  { step: 'client library', frames: /@nats-io\// },
  { step: 'logging', frames: /\/pino\/|\/sonic-boom\/|runtime\/src\/logger/ },
  { step: 'metrics', frames: /[mM]etrics\.ts|\/prom-client\// },
  { step: 'tracing', frames: /runtime\/src\/trac/ },
];

const DECISIONS: readonly StepRule[] = [
  { step: 'encode', frames: /\/encodeJobEvent|^encodeJobEvent|eventlog\/src\/(appendable|subjects)/ },
  { step: 'decide and evolve', frames: /libs\/domain\// },
  {
    step: 'append',
    frames: /eventlog\/src\/(append\/|sealing\/|connection\/(publisher|headers)|eventLog\.ts)/,
  },
];

const DECODE: StepRule = {
  step: 'decode',
  frames: /eventlog\/src\/(connection\/consumerMessage|read\/logEntry)|decode(Job|Due|Event)/,
};

export const API_RULES: readonly StepRule[] = [
  ...NODE,
  { step: 'read the body', frames: /\/(body-parser|raw-body|iconv-lite|bytes)\/|http\/parsing\/jsonBody/ },
  { step: 'validate', frames: /decodeCreateJob|createJobRequest|decodeBody|limitPayload|\/effect\// },
  ...DECISIONS,
  { step: 'who may and how often', frames: /api\/src\/auth|express-rate-limit/ },
  {
    step: 'request log and headers',
    frames: /requestLog|observeRequests|http\/checks|expressMessages|\/helmet\/|\/cors\//,
  },
  { step: 'router', frames: /\/(express|router|path-to-regexp|parseurl|finalhandler|proxy-addr)\/|addRoute/ },
  { step: 'create the job', frames: /api\/src\/jobs/ },
  { step: 'answer', frames: /sendJson/ },
  {
    step: 'HTTP of Node',
    frames: /node:_http|node:internal\/http|parserOn|node:net|node:internal\/stream|node:internal\/streams/,
  },
  { step: 'promises and turns', frames: /node:internal|processTicksAndRejections/ },
];

export const WORKER_RULES: readonly StepRule[] = [
  ...NODE,
  DECODE,
  ...DECISIONS,
  {
    step: 'handler',
    frames: /attempt\/(runHandler|attempt\.ts|chain\/progressReporter)|worker\/src\/handler|\/effect\/|gate\/subjects/,
  },
  { step: 'complete', frames: /attempt\/recordOutcome/ },
  { step: 'claim', frames: /attempt\/|worker\/src\/worker/ },
  { step: 'take and acknowledge', frames: /eventlog\/src\/(queue\/|connection\/ackBuffer)/ },
  { step: 'socket reads', frames: /onStreamRead|node:net|node:internal\/stream/ },
  { step: 'promises and turns', frames: /node:internal|processTicksAndRejections/ },
];

export const PROJECTOR_RULES: readonly StepRule[] = [
  ...NODE,
  { step: 'decode', frames: DECODE.frames },
  {
    step: 'fold',
    frames: /libs\/domain\/|readmodel\/src\/projection\/(prepare|jobStateCache)|readmodel\/src\/statistics/,
  },
  { step: 'write', frames: /\/pg(-\w+)?\/|readmodel\/src/ },
  { step: 'read the log', frames: /eventlog\/src/ },
  { step: 'batches', frames: /projector\/src/ },
  { step: 'socket reads', frames: /onStreamRead|node:net|node:internal\/stream/ },
  { step: 'promises and turns', frames: /node:internal|processTicksAndRejections/ },
];

/** In this order: what a function does for another step, such as a file written for a message that is stored, is told apart first. */
export const SERVER_RULES: readonly StepRule[] = [
  { step: 'garbage collection', frames: /^runtime\.(gcBgMarkWorker|bgsweep|bgscavenge|gcAssistAlloc|gcStart)/ },
  { step: 'sync files', frames: /^syscall\.(Fsync|Fdatasync)/ },
  { step: 'socket writes', frames: /\(\*client\)\.(flushOutbound|flushClients)/ },
  { step: 'socket reads', frames: /^net\.\(\*conn\)\.Read/ },
  { step: 'batch: stage and clear away', frames: /newBatchStore|\(\*atomicBatch\)\.cleanup|deleteBatch/ },
  { step: 'check the expectation', frames: /checkMsgHeadersPreClusteredProposal/ },
  { step: 'write the message to its file', frames: /^syscall\.([pP]?[wW]rite|Pwrite)\b/ },
  { step: 'store and index the message', frames: /\(\*fileStore\)\.(StoreMsg|storeRawMsg|FlushAllPending|syncBlocks)/ },
  { step: 'batch: take in and commit', frames: /processJetStreamAtomicBatchMsg|processJetStreamBatchMsg/ },
  {
    step: 'acknowledge a delivery',
    frames: /\(\*consumer\)\.(processAck|processInboundAcks|ackMsg|pushAck)|processAckMsg/,
  },
  { step: 'deliver to the worker', frames: /\(\*consumer\)|consumerFileStore/ },
  { step: 'write the message, no batch', frames: /processJetStreamMsg|processInboundJetStreamMsg/ },
  { step: 'requests of clients: consumers, reads', frames: /processJSAPIRoutedRequests|\(\*Server\)\.js\w+Request/ },
  { step: 'receive and route', frames: /\(\*client\)\.readLoop/ },
  { step: 'hand on within the server', frames: /\(\*stream\)\.internalLoop|\(\*client\)\.writeLoop/ },
  { step: 'look for work, wake, wait', frames: /^runtime\.(mcall|schedule|findRunnable|mstart|park_m|futex|usleep)/ },
];
