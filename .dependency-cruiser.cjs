// The arrows of the design: who may import whom. A file of types only (`import type`) vanishes when compiled, so where
// a rule lets types through it says so.
const srcExcept = (...parts) => `^src/(?!(${parts.join('|')})(/|\\.ts$))`;
const runtimeOnly = { dependencyTypesNot: ['type-only'] };

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment:
        'A cycle hides which of two parts knows the other. One of types alone says that a type lives in the wrong file.',
      severity: 'error',
      from: { path: '^(src|packages)/' },
      to: { circular: true },
    },
    {
      name: 'model-is-pure',
      comment: 'The model is plain computation: it imports itself and zod, nothing of Node, Temporal or AWS.',
      severity: 'error',
      from: { path: '^src/model/' },
      to: { pathNot: ['^src/model/', '(^|/)node_modules/zod/'] },
    },
    {
      name: 'workflows-know-the-model',
      comment: 'Workflow code runs in a sandbox: the model, and the activities as types.',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: srcExcept('workflows', 'model'), ...runtimeOnly },
    },
    {
      name: 'workflows-see-activities-as-types',
      comment: 'Of the other parts, only types of the activities reach workflow code.',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: srcExcept('workflows', 'model', 'activities') },
    },
    {
      name: 'workflows-packages',
      comment: 'What a workflow imports is bundled with it: only packages that are deterministic.',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { pathNot: ['^src/', '(^|/)node_modules/(@temporalio/(workflow|common)|pako|zod)/'], ...runtimeOnly },
    },
    {
      name: 'activities-know-model-aws-node',
      comment: 'One function writes the YAML that is read again: of commands, and the status in the bucket.',
      severity: 'error',
      from: { path: '^src/activities/' },
      to: { path: srcExcept('activities', 'model', 'aws', 'node-scripts', 'mirror', 'document/write') },
    },
    {
      name: 'mirror-knows-the-model',
      comment: 'The K3s release mirror is asked by activities and by commands alike.',
      severity: 'error',
      from: { path: '^src/mirror/' },
      to: { path: srcExcept('mirror', 'model') },
    },
    {
      name: 'adapters-know-the-model',
      comment: 'AWS clients and node scripts are leaves: they know the model and each other, nothing above.',
      severity: 'error',
      from: { path: '^src/(aws|node-scripts)/' },
      to: { path: srcExcept('model', 'aws', 'node-scripts') },
    },
    {
      name: 'simulator-knows-the-model-alone',
      comment:
        'The simulator stands in for AWS: if it shared code with the activities, a mistake would agree with itself.',
      severity: 'error',
      from: { path: '^packages/aws-simulator/' },
      to: { path: ['^src/(?!model/)', '^packages/(?!aws-simulator/)'] },
    },
    {
      name: 'local-stack-starts-the-parts',
      comment: 'It starts simulator and worker as processes, and runs the CLI as a person does.',
      severity: 'error',
      from: { path: '^packages/local-stack/' },
      to: { path: '^src/(?!(cli|config|model)/)' },
    },
    {
      name: 'document-knows-the-model',
      severity: 'error',
      from: { path: '^src/document/' },
      to: { path: srcExcept('document', 'model') },
    },
    {
      name: 'cli-speaks-through-temporal',
      comment: 'The CLI asks the workflow; it neither runs activities nor is a worker.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/(activities|worker)(/|\\.ts$)', ...runtimeOnly },
    },
    {
      name: 'entries-are-not-imported',
      comment: 'worker.ts and client.ts put the parts together; whoever wants them starts them as a process.',
      severity: 'error',
      from: { pathNot: '^src/(worker|client)\\.ts$' },
      to: { path: '^src/(worker|client)\\.ts$' },
    },
    {
      name: 'src-stands-alone',
      comment: 'What is shipped does not lean on the simulator, on tests, scripts or development packages.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(packages|test|bench|scripts)/' },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    // 'specify' keeps `import type` visible, and marks it.
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node-scripts', 'default', 'types'],
    },
  },
};
