import type { BuildOptions } from 'esbuild';

/** How esbuild bundles a program of ours. */
export const PROGRAM: BuildOptions;
