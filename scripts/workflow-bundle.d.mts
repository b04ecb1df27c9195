/** Returns the code of a bundle of `dist/workflows`. @param interceptors files of workflow interceptors, absolute: those of tests */
export function bundleWorkflows(interceptors?: readonly string[]): Promise<string>;
/** Returns the bundle without the texts of its sources, which its source map holds. */
export function withoutSources(code: string): string;
