/**
 * The arrows of the house as lint rules: each room of src/ may import itself, the ground floor and the rooms named
 * here, and nothing else. CONTRIBUTING.md draws the same map for people; test/house/arrows.test.ts proves that the
 * rules bite.
 */

const ground = '^src/(errors|duration|clock|events|next-turn|option-names|warn)\\.ts$';
const contract = '^src/store/contract\\.ts$';
// How every store waits for its server when it is opened.
const opening = '^src/store/opening\\.ts$';
// What the stores on SQL have in common.
const sql = '^src/store/sql-[^/]*\\.ts$';
// What the stores on somebody else's get and set have in common, and the line in which their verbs wait.
const row = '^src/store/row-[^/]*\\.ts$';
const line = '^src/store/(queue|workerd)\\.ts$';
// Stores around a store: they stand above keys and codec, and know no backend.
const decorators = '^src/store/(encrypted|migrating)[-.]';
// What the core does with every store: deadlines, queues, reads that travel together.
const desk = '^src/store/(alarm|deadline|pulse|queue|turn-reads|workerd)\\.ts$';
// The front door is index.ts and the factories that it hands out.
const front = '^src/(index|create-sessions|create-cookie-sessions)\\.ts$';
const room = (name) => (name === 'index' ? front : `^src/${name}(/|\\.ts$)`);
const any = '^src/';

/** Room -> what it may import beside itself and the ground floor. */
const rooms = {
  keys: [],
  codec: [contract],
  cookie: [room('keys')],
  session: [room('codec'), room('keys'), contract],
  interface: [room('session'), room('cookie'), room('keys'), room('codec'), contract, desk],
  login: [room('session'), room('interface'), room('cookie'), room('keys'), room('codec'), room('flash')],
  csrf: [room('session'), room('interface'), room('cookie'), room('keys')],
  flash: [room('session'), room('interface'), room('codec')],
  interop: [room('codec'), room('keys'), room('cookie')],
  http: [room('interface'), room('session'), room('login'), room('csrf'), room('flash')],
  url: [room('store')],
  env: [
    front,
    room('url'),
    room('interface'),
    room('session'),
    room('cookie'),
    room('keys'),
    room('codec'),
    room('login'),
    contract,
  ],
  index: [
    room('interface'),
    room('session'),
    room('cookie'),
    room('keys'),
    room('codec'),
    room('login'),
    room('csrf'),
    room('flash'),
    contract,
    desk,
    '^src/store/memory(/|\\.ts$)',
  ],
  testing: ['^src/(?!http(/|\\.ts$))'],
  cli: [any],
  inspector: [any],
};

const known = [ground, room('store'), ...Object.keys(rooms).map(room)];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Two files that need each other are one concept, or hide a third: move what both need one floor down.',
      severity: 'error',
      from: { path: any },
      to: { circular: true },
    },
    {
      name: 'ground-imports-nothing-above',
      comment: 'The ground floor carries everything, so it stands on nothing but itself.',
      severity: 'error',
      from: { path: ground },
      to: { path: any, pathNot: [ground] },
    },
    ...Object.entries(rooms).map(([name, allowed]) => ({
      name: `arrows-of-${name}`,
      comment: `src/${name} may not import this: see the map in CONTRIBUTING.md.`,
      severity: 'error',
      from: { path: room(name) },
      to: { path: any, pathNot: [ground, room(name), ...allowed] },
    })),
    {
      name: 'arrows-of-store',
      comment:
        'A store is sqlite.ts and its sqlite-*.ts; it knows the contract, opening.ts and the ground floor, and no other store.',
      severity: 'error',
      from: {
        path: '^src/store/([^/.-]+)',
        pathNot: [desk, row, decorators, '^src/store/(sqlite|postgres|mysql|express|unstorage|keyv)[-.]'],
      },
      to: { path: any, pathNot: [ground, contract, opening, '^src/store/$1[-./]'] },
    },
    {
      name: 'arrows-of-stores-around-stores',
      comment: 'A store around a store takes it as an argument; beside the contract it knows keys and codec.',
      severity: 'error',
      from: { path: '^src/store/(encrypted|migrating)[-.]' },
      to: { path: any, pathNot: [ground, contract, room('keys'), room('codec'), '^src/store/$1[-./]'] },
    },
    {
      name: 'arrows-of-stores-on-sql',
      comment: 'A store on SQL knows in addition what those have in common: sql-*.ts.',
      severity: 'error',
      from: { path: '^src/store/(sqlite|postgres|mysql)[-.]' },
      to: { path: any, pathNot: [ground, contract, opening, sql, '^src/store/$1[-./]'] },
    },
    {
      name: 'arrows-of-stores-on-rows',
      comment: 'A store on somebody else’s get and set knows in addition what those have in common: row-*.ts.',
      severity: 'error',
      from: { path: '^src/store/(express|unstorage|keyv)[-.]' },
      to: { path: any, pathNot: [ground, contract, row, '^src/store/$1[-./]'] },
    },
    {
      name: 'arrows-of-rows',
      comment: 'What those have in common knows the contract and the queue, and no store.',
      severity: 'error',
      from: { path: row },
      to: { path: any, pathNot: [ground, contract, row, line] },
    },
    {
      name: 'arrows-of-the-desk',
      comment: 'What serves every store knows the contract and no store.',
      severity: 'error',
      from: { path: desk },
      to: { path: any, pathNot: [ground, contract, desk] },
    },
    {
      name: 'codec-takes-only-types-of-the-store',
      comment: 'A codec needs the Document type, and nothing that a store does.',
      severity: 'error',
      from: { path: room('codec') },
      to: { path: contract, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'url-loads-stores-lazily',
      comment: 'Who asks for one store must not load the others: import() inside the function that needs it.',
      severity: 'error',
      from: { path: room('url') },
      to: { path: '^src/store/', pathNot: [contract], dependencyTypesNot: ['type-only', 'dynamic-import'] },
    },
    {
      name: 'no-third-party',
      comment: 'The package has no dependencies: node: builtins, and drivers handed in through structural types.',
      severity: 'error',
      from: { path: any },
      // A missing file of our own is the compiler's to report.
      to: { path: '.', pathNot: [any, '^\\.'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-unknown-room',
      comment: 'A new room needs its arrows in .dependency-cruiser.cjs and its line in CONTRIBUTING.md.',
      severity: 'error',
      from: { path: any, pathNot: known },
      to: {},
    },
    {
      name: 'no-arrow-to-an-unknown-room',
      comment: 'A new room needs its arrows in .dependency-cruiser.cjs and its line in CONTRIBUTING.md.',
      severity: 'error',
      from: { path: any },
      to: { path: any, pathNot: known },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Type imports are arrows too: a circle of types is a circle of thoughts.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
