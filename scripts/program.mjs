/** How esbuild bundles a program of ours. */
export const PROGRAM = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // ES modules where there are any: only what is used of them comes along.
  mainFields: ['module', 'main'],
  legalComments: 'linked',
  // Names stay, for stacks.
  minifyWhitespace: true,
  logLevel: 'warning',
  // What comes in CommonJS asks for Node's own modules by `require`, which an ES module does not have.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
};
