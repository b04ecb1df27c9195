import { workflowBundle } from './workflow-bundle.js';

/** Global setup of tests that run workflows: the first file that needs the bundle finds it, and so do those beside it. */
export default async function bundleWorkflows(): Promise<void> {
  await workflowBundle();
}
