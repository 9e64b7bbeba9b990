import swc from '@swc/core/Visitor.js';
import bench from './bench/package.json' with { type: 'json' };
import lock from './package-lock.json' with { type: 'json' };
// The rooms of each package, from the bottom up: a room imports only rooms before it.
import rooms from './tools/house/rooms.json' with { type: 'json' };

// dependency-cruiser cannot read TypeScript 7, so @swc/core parses; its visitor does not know `using` declarations yet.
const visitStatement = swc.Visitor.prototype.visitStatement;
swc.Visitor.prototype.visitStatement = function visitUsingToo(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  this.visitVariableDeclarators(statement.decls);
  return statement;
};

/** The code of apps and libraries that is shipped: what tests and measurements use is not for it. */
const product = '^(apps|libs(?!/(test-support|servers)/))/[^/]+/src/(?!.*[.]test[.]ts$)';
/** Types alone, which the build of a package takes over. */
const standardSchema = '(^|/)node_modules/@standard-schema/spec/';
/** What a user of the worker package may have beside it: optional peer dependencies. */
const optionalPeers = '(^|/)node_modules/(@opentelemetry/api|@valibot/to-json-schema|prom-client)/';
const testing = '[.]test[.]ts$|^(apps|libs)/[^/]+/testing/';
/** What only `npm run bench:install` installs, for the benchmarks that run peers. */
const ofPeers = Object.keys(bench.dependencies).filter((name) => !(`node_modules/${name}` in lock.packages));
const workspace = '^(apps|libs|tools|e2e|bench)/';

/** Entrances of libraries beside their index, which no published package has but that for @jobstream/testing. */
const entrances =
  '^libs/(domain/src/messages/logging|worker/(src/(engine|testEngine)|testing/[^/]+)|eventlog/testing/(publishRaw|streamConsumers|logStages|memoryParts)|servers/src/nats/resolveNatsServer|test-support/src/containers/startContainer)[.]ts$';

/** What the simulation runs of the apps: the core of the API, and the keeper. */
const simulated = '^apps/(api/src/jobs/change/applyCommand|projector/src/keeper/keeper)[.]ts$';

/** The rules that no room imports one that stands after it. */
function roomRules(source, names) {
  return names.slice(0, -1).map((name, index) => ({
    name: 'rooms-have-one-direction',
    severity: 'error',
    from: { path: `^${source}/${name}/[^/]+$`, pathNot: testing },
    to: { path: `^${source}/(${names.slice(index + 1).join('|')})/[^/]+$` },
  }));
}

/** A rule that code at `from` imports nothing of the workspace but what `may` matches, and its own package. */
function layer(name, from, may) {
  return { name: `layer-${name}`, severity: 'error', from, to: { path: workspace, pathNot: may } };
}

/** A rule that only code at `owners` imports the package `name`. */
function owner(name, packages, owners) {
  return { name: `owner-of-${name}`, severity: 'error', from: { pathNot: owners }, to: { path: packages } };
}

const rules = [
  {
    name: 'no-cycles',
    comment: 'Files that need each other, be it for a type, cannot be understood one at a time.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'resolvable',
    severity: 'error',
    from: { pathNot: '^(bench|e2e/packages/prisma)/' },
    to: { couldNotResolve: true },
  },
  {
    name: 'declared-dependency',
    comment: 'What a package imports stands in its package.json.',
    severity: 'error',
    from: { pathNot: '^bench/' },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'no-development-dependency-in-the-product',
    severity: 'error',
    from: { path: product, pathNot: '^libs/worker/src/(announcing|telemetry)/' },
    to: { dependencyTypes: ['npm-dev'], pathNot: standardSchema },
  },
  {
    name: 'no-development-dependency-in-the-product',
    severity: 'error',
    from: { path: '^libs/worker/src/(announcing|telemetry)/', pathNot: testing },
    to: { dependencyTypes: ['npm-dev'], pathNot: [optionalPeers, standardSchema] },
  },
  {
    name: 'through-the-index',
    comment: 'Another package is imported by its name, never by the path of one of its files.',
    severity: 'error',
    from: { path: '^((?:apps|libs)/[^/]+|tools|e2e|bench)/' },
    to: {
      path: workspace,
      pathNot: ['^$1/', '^(apps|libs)/[^/]+/src/index[.]ts$', '^tools/src/index[.]ts$', entrances, simulated],
    },
  },
  layer('domain', { path: '^libs/domain/src/', pathNot: testing }, '^libs/domain/'),
  {
    name: 'domain-is-pure',
    comment: 'The domain has no clock, no randomness and no I/O: it knows effect alone.',
    severity: 'error',
    from: { path: '^libs/domain/src/', pathNot: testing },
    to: { pathNot: ['^libs/domain/', '(^|/)node_modules/effect/'] },
  },
  {
    name: 'named-after-its-content',
    comment: 'A name such as utils or types does not say what is in a file or folder.',
    severity: 'error',
    from: {},
    to: { path: '/(utils?|common|shared|helpers?|types|lib|misc)[./]', pathNot: 'node_modules' },
  },
  {
    name: 'one-index-a-package',
    comment: 'The entrance of a package is src/index.ts; no other file only passes on what others export.',
    severity: 'error',
    from: {},
    to: { path: '/index[.]ts$', pathNot: ['node_modules', '^((apps|libs)/[^/]+|tools)/src/index[.]ts$'] },
  },
  {
    name: 'no-re-exports',
    severity: 'error',
    from: { path: workspace, pathNot: ['/src/index[.]ts$', entrances] },
    to: { path: workspace, dependencyTypes: ['export'] },
  },
  {
    name: 'runtime-loads-fast',
    comment:
      'Each process and command loads it. The index of the domain brings Effect, with which that takes twice as long.',
    severity: 'error',
    from: { path: '^libs/runtime/src/', pathNot: testing },
    to: { path: '^libs/domain/', pathNot: '^libs/domain/src/messages/logging[.]ts$' },
  },
  {
    name: 'client-needs-nothing',
    comment:
      'The client runs in browsers and brings all that it needs; the types of Standard Schema are built into it.',
    severity: 'error',
    from: { path: '^libs/client/src/', pathNot: testing },
    to: { pathNot: ['^libs/client/', standardSchema] },
  },
  layer(
    'libraries',
    { path: '^libs/(archive|client|eventlog|outbox|readmodel|runtime)/src/', pathNot: testing },
    '^libs/(domain|$1)/',
  ),
  layer('libraries-tests', { path: `^libs/(archive|client|domain|eventlog|outbox|readmodel|runtime)/` }, [
    '^libs/(domain|test-support|servers)/',
    '^libs/$1/',
  ]),
  layer('creation-library', { path: '^libs/creation/src/', pathNot: testing }, '^libs/(creation|domain|eventlog)/'),
  layer('worker-library', { path: '^libs/worker/src/', pathNot: testing }, '^libs/(client|domain|eventlog|worker)/'),
  layer('testing-kit', { path: '^libs/testing-kit/src/', pathNot: testing }, [
    '^libs/(client|worker|testing-kit)/',
    '^libs/servers/src/nats/resolveNatsServer[.]ts$', // built into the package, without the servers
  ]),
  layer('servers', { path: '^libs/servers/' }, '^libs/servers/'),
  layer('test-support', { path: '^libs/test-support/' }, '^libs/(test-support|servers|domain)/'),
  layer('apps', { path: '^apps/([^/]+)/src/', pathNot: testing }, [
    '^libs/(archive|client|creation|domain|eventlog|outbox|readmodel|runtime|worker)/',
    '^apps/$1/',
  ]),
  layer('command-line', { path: '^apps/cli/src/', pathNot: testing }, '^(libs/client|apps/cli)/'),
  layer('dashboard', { path: '^apps/dashboard/src/', pathNot: testing }, '^(libs/client|apps/dashboard)/'),
  layer('apps-tests', { path: '^apps/([^/]+)/' }, ['^libs/', '^apps/$1/']),
  layer('worker-without-read-model', { path: '^apps/worker/' }, [
    '^libs/(archive|client|domain|eventlog|runtime|worker|test-support|servers)/',
    '^apps/worker/',
  ]),
  layer('tools-and-system-tests', { path: '^(tools|e2e)/', pathNot: '^e2e/simulation/' }, '^(libs|tools|e2e)/'),
  layer('simulation', { path: '^e2e/simulation/' }, ['^(libs|tools|e2e)/', simulated]),
  layer('benchmarks', { path: '^bench/' }, '^(libs|tools|bench)/'),
  {
    name: 'runs-without-peers',
    comment: 'bench:gate, bench:ab and bench:profile run where nothing but the project is installed.',
    severity: 'error',
    from: { path: '^bench/src/(gate|ab|profile)/' },
    to: { path: ofPeers.flatMap((name) => [`^${name}$`, `/node_modules/${name}/`]), reachable: true },
  },
  ...Object.entries(rooms).flatMap(([source, names]) => roomRules(source, names)),
  owner('postgres', '(^|/)node_modules/pg/', '^(libs/(outbox|readmodel|test-support|servers)|tools|e2e|bench)/'),
  owner('migrations', '(^|/)node_modules/node-pg-migrate/', '^libs/readmodel/'),
  owner('nats', '(^|/)node_modules/@nats-io/', '^(libs/eventlog|e2e|bench)/'),
];

export default {
  forbidden: rules,
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)[.]data/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
